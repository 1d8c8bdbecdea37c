// SPDX-License-Identifier: Apache-2.0
// tests/conformance/subprocess_cases.cpp - SUB: subprocesses.
#include <cerrno>
#include <csignal>
#include <optional>

#include "cases.hpp"
#include <signal.h>

#include <weft/base/bytes.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/subprocess.hpp>

namespace conformance {
namespace {

using subprocess::pipe;

Json size_of(const std::optional<Bytes>& data) { return data ? Json(data->size()) : Json(); }
Json code_of(const Process& p) { return p.returncode() ? Json(*p.returncode()) : Json(); }

const Case sub_01("SUB-01-communicate-large", real_time, []() -> Coro<Json> {
    Process p = co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe, .stdout_ = pipe});
    const auto [o, e] = co_await p.communicate(Bytes(3'000'000, 'x'));
    co_return list(size_of(o), size_of(e), code_of(p));
});

const Case sub_02("SUB-02-broken-pipe", real_time, []() -> Coro<Json> {
    Process p = co_await create_subprocess_exec({"true"},
                                                {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe});
    const auto [o, e] = co_await p.communicate(Bytes(1'000'000, 'x'));
    co_return list(size_of(o), size_of(e), code_of(p));
});

const Case sub_03("SUB-03-wait-cancel-does-not-kill", real_time, []() -> Coro<Json> {
    Process p = co_await create_subprocess_exec({"sleep", "5"});
    Task<int> k = create_task(p.wait());
    co_await sleep(10ms);
    k.cancel();
    co_await tr(k);
    Json::List r;
    r.emplace_back(code_of(p));
    p.kill();
    r.emplace_back(co_await p.wait());
    co_return r;
});

const Case sub_05("SUB-05-signals", real_time, []() -> Coro<Json> {
    Process p = co_await create_subprocess_exec({"sleep", "5"});
    p.terminate();
    Json::List r;
    r.emplace_back(co_await p.wait());
    try {
        p.kill();
        r.emplace_back("no error");
    } catch (...) {
        r.emplace_back(type_name());
    }
    co_return r;
});

const Case sub_06("SUB-06-not-found", real_time, []() -> Coro<Json> {
    const Json r = co_await tr(create_subprocess_exec({"/no/such/prog"}));
    const std::string& text = r[1].text();
    co_return text.substr(0, text.find(':'));
});

const Case sub_07("SUB-07-read-after-exit", real_time, []() -> Coro<Json> {
    Process p = co_await create_subprocess_exec({"printf", "hello"}, {.stdout_ = pipe});
    co_await p.wait();
    co_return co_await p.stdout_()->read();
});

const Case sub_08("SUB-08-wait-deadlock-pipe-full", real_time, []() -> Coro<Json> {
    Process p = co_await create_subprocess_exec({"sh", "-c", "head -c 1000000 /dev/zero"},
                                                {.stdout_ = pipe});
    const Json r = co_await tr(wait_for(p.wait(), 200ms));
    p.kill();
    co_await p.communicate();
    co_return r;
});

const Case sub_09("SUB-09-communicate-cancel", real_time, []() -> Coro<Json> {
    Process p = co_await create_subprocess_exec({"sleep", "5"}, {.stdout_ = pipe});
    Json::List o;
    o.emplace_back(co_await tr(wait_for(p.communicate(), 20ms)));
    o.emplace_back(code_of(p));
    p.kill();
    co_await p.wait();
    co_return o;
});

// asyncio's transport is closed, whose counterpart is the last handle.
const Case sub_11("SUB-11-gc-kills", real_time, []() -> Coro<Json> {
    std::optional<Process> p = co_await create_subprocess_exec({"sleep", "30"});
    const int pid = p->pid();
    p.reset();
    const auto alive = [=] { return ::kill(pid, 0) == 0 || errno != ESRCH; };
    for (int i = 0; i < 300 && alive(); ++i) co_await sleep(10ms);
    co_return alive();
});

}  // namespace
}  // namespace conformance
