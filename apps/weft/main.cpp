// SPDX-License-Identifier: Apache-2.0
// apps/weft/main.cpp - the `weft` command.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <apps/weft/fetch/command.hpp>
#include <apps/weft/process.hpp>
#include <apps/weft/remote_tasks.hpp>
#include <apps/weft/show.hpp>

namespace {

using namespace weft::app;

constexpr const char* exit_codes =
    "The process is neither stopped nor slowed: its memory is read as it runs.\n"
    "Needs the rights of a debugger: to be its user (with kernel.yama.ptrace_scope 0) or root,\n"
    "or CAP_SYS_PTRACE.\n\n"
    "Exit codes: 0 shown, 1 no such process, 2 wrong usage, 3 no permission, 4 not a weft "
    "program,\n"
    "5 its weft has another version of the debug table, 6 its memory makes no sense.";

struct Options {
    int pid = 0;
    bool json = false;
    bool everything = false;
};

CLI::App* add_command(CLI::App& app, const char* name, const char* text, Options& options) {
    CLI::App* command = app.add_subcommand(name, text);
    command->add_option("PID", options.pid, "number of the process")->required();
    command->add_flag("--json", options.json, "one JSON object, with all that was read");
    command->footer(exit_codes);
    return command;
}

int show(const Options& options, bool tree) {
    const Process process(options.pid);
    const Snapshot snapshot = take_snapshot(process);
    const std::string text = options.json ? as_json(snapshot)
                             : tree       ? as_tree(snapshot, options.everything)
                                          : as_table(snapshot);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return static_cast<int>(ExitCode::success);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Looks into programs that are written with weft, and downloads.", "weft");
    app.set_version_flag("--version", "weft " WEFT_RELEASE);
    app.require_subcommand(1);
    app.footer("weft COMMAND --help tells more of each.");
    int exit_code = 0;
    add_fetch(app, exit_code);
    Options options;
    CLI::App* table = add_command(app, "ps", "A line for each task of a running process", options);
    CLI::App* tree = add_command(app, "pstree",
                                 "The tasks of a running process as a tree: who "
                                 "awaits whom, and where",
                                 options);
    tree->add_flag("-a,--all", options.everything,
                   "also weft's own frames, and each of many tasks that do the same");
    try {
        app.parse(argc, argv);
        if (table->parsed() || tree->parsed()) exit_code = show(options, tree->parsed());
        return exit_code;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
    } catch (const Failed& failed) {
        std::fprintf(stderr, "weft: %s\n", failed.what());
        return static_cast<int>(failed.code);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "weft: %s\n", error.what());
        return static_cast<int>(ExitCode::unreadable);
    }
}
