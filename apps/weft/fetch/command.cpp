// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/command.hpp>

#include <cstddef>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <apps/weft/fetch/fetch.hpp>
#include <apps/weft/fetch/options.hpp>
#include <apps/weft/fetch/url_list.hpp>

#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::app {
namespace {

constexpr std::size_t concurrency_max = 1000;
constexpr std::size_t retries_max = 100;
constexpr double seconds_max = 100'000;

constexpr const char* footer = R"(Examples:
  weft fetch https://example.com/a.iso
      into ./a.iso; again after Ctrl-C or a crash, it goes on where it was
  weft fetch --from urls.txt --out pages --concurrency 32
      one URL a line; those that begin with # are left out
  grep -o 'https://[^ "]*\.png' page.html | weft fetch --from - --out png
      a list that another program makes
  weft fetch --from urls.txt --skip-existing --json > results.jsonl
      only what is not there yet; a JSON object a line for each URL, and a summary
  weft fetch -H 'Authorization: Bearer …' --name data.json https://example.com/v1/export?id=5
      a header of each request, and a name in place of 'export'

A file has its name once it is whole. Until then it is NAME.part, beside NAME.part.json, which tells
what of: the next run asks for the rest, and begins anew where the server has another version. The
name is the last part of the URL's path, made harmless; 'index.html' where there is none, and
'NAME-2.ext' where an earlier URL of the same run has that name.

http_proxy, https_proxy, all_proxy and no_proxy are heeded, SSL_CERT_FILE and SSL_CERT_DIR, too.

Exit codes: 0 all are there, 1 some failed, 2 wrong usage, 130 Ctrl-C.)";

constexpr int exit_usage = 2;
constexpr int exit_failed = 1;

CLI::App* add_command(CLI::App& app, FetchArguments& arguments) {
    CLI::App* command = app.add_subcommand(
        "fetch", "Downloads URLs, many at once, and goes on where it was cut off");
    command->add_option("URL", arguments.urls, "what to download")->type_name("");
    command
        ->add_option("--from", arguments.lists, "a list of more, one a line; - is standard input")
        ->type_name("FILE")
        ->allow_extra_args(false);
    command->add_option("-o,--out", arguments.out, "where the files go; made where it is missing")
        ->type_name("DIR")
        ->capture_default_str();
    command->add_option("--name", arguments.name, "what the file is called, of one URL alone")
        ->type_name("NAME");
    command->add_option("-n,--concurrency", arguments.concurrency, "how many are fetched at once")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, concurrency_max))
        ->capture_default_str();
    command
        ->add_option("--retries", arguments.retries,
                     "how often a request that failed or was cut off is sent again")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, retries_max))
        ->capture_default_str();
    command
        ->add_option("--timeout", arguments.timeout,
                     "for a connection, and for a server to send something more")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.001, seconds_max))
        ->capture_default_str();
    command->add_option("--max-time", arguments.max_time, "for each URL, retries included")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.001, seconds_max));
    command->add_option("-H,--header", arguments.headers, "of each request; may be given again")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    command->add_option("--proxy", arguments.proxy, "http://, socks5:// or socks5h://HOST:PORT")
        ->type_name("URL");
    command->add_flag("--skip-existing", arguments.skip_existing,
                      "leaves files alone that are there; else they are replaced");
    command->add_flag("--json", arguments.json,
                      "a JSON object a line for each URL, and one with the summary");
    command->footer(footer);
    return command;
}

int complain(const UsageError& error) {
    std::fprintf(stderr, "weft fetch: %s\n", error.what());
    return exit_usage;
}

Coro<int> fetch_or_complain(const FetchOptions& options, const FetchArguments& arguments) {
    // That a busy machine is slow is nothing to tell whoever fetches: they can change nothing.
    get_running_loop().slow_callback_duration = Nanoseconds::zero();
    try {
        co_return co_await fetch(options, arguments);
    } catch (const UsageError& error) {
        co_return complain(error);
    }
}

// A disk that is full, say: whoever reads the output must not take it for all.
int checked_output(int exit_code) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
    std::fprintf(stderr, "weft fetch: standard output cannot be written to\n");
    return exit_code == 0 ? exit_failed : exit_code;
}

// The list is read before there is a loop: nobody else waits for it, and Ctrl-C ends the wait.
int run_fetch(const FetchArguments& arguments) {
    try {
        const FetchOptions options = read_arguments(arguments);
        return checked_output(main_of(fetch_or_complain, options, arguments));
    } catch (const UsageError& error) {
        return complain(error);
    }
}

}  // namespace

void add_fetch(CLI::App& app, int& exit_code) {
    const auto arguments = std::make_shared<FetchArguments>();
    add_command(app, *arguments)->callback([arguments, &exit_code] {
        exit_code = run_fetch(*arguments);
    });
}

}  // namespace weft::app
