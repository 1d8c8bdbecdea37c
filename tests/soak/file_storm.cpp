// SPDX-License-Identifier: Apache-2.0
// Files in the storm. What was given up may still happen, later than what comes after it: so each
// byte of a file is the pattern's at its place, whoever writes it and how often.
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "pattern.hpp"
#include "storm.hpp"
#include "storms.hpp"

#include <weft/base/bytes.hpp>
#include <weft/io/directories.hpp>
#include <weft/io/file.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::soak {
namespace {

constexpr int steps = 12;

std::ptrdiff_t as_count(std::size_t bytes) { return static_cast<std::ptrdiff_t>(bytes); }

// Opens it until it is open.
Coro<File> open(Player& me, const std::string& path, const std::string& mode) {
    std::optional<File> file;
    while (!file) file = co_await me.in_haste(open_file(path, mode));
    co_return std::move(*file);
}

// A file that only grows, and its size as far as it was promised.
struct Growing {
    File file;
    std::size_t size = 0;
};

// At the position, which moves only when it was done.
Coro<void> append_at_position(Player& me, Growing& growing) {
    growing.file.seek(as_count(growing.size));
    const BytesView data = pattern(growing.size, me.dice.magnitude(100'000));
    while (!co_await me.in_haste(growing.file.write(data))) {
        me.expect(growing.file.tell() == as_count(growing.size),
                  "a write that was given up has moved the position");
    }
    growing.size += data.size();
    me.expect(growing.file.tell() == as_count(growing.size),
              "a write has moved the position wrong");
}

Coro<void> write_at(Player& me, Growing& growing) {
    const std::size_t at = me.dice.up_to(growing.size);
    const BytesView data = pattern(at, me.dice.magnitude(100'000));
    if (!co_await me.in_haste(growing.file.pwrite(data, as_count(at)))) co_return;
    growing.size = std::max(growing.size, at + data.size());
}

Coro<void> read_at_position(Player& me, Growing& growing) {
    const std::size_t at = me.dice.up_to(growing.size);
    const std::size_t count = me.dice.up_to(growing.size - at);
    growing.file.seek(as_count(at));
    std::optional<Bytes> data;
    while (!data) {
        data = co_await me.in_haste(growing.file.read(as_count(count)));
        me.expect(growing.file.tell() == as_count(data ? at + count : at),
                  "a read has moved the position wrong");
    }
    me.expect(data->size() == count && is_pattern(*data, at), "read() gave other bytes");
}

Coro<void> read_at(Player& me, Growing& growing) {
    const std::size_t at = me.dice.up_to(growing.size);
    const std::size_t count = std::min<std::size_t>(me.dice.up_to(growing.size - at), 50'000);
    if (me.dice.one_in(2)) {
        const auto data = co_await me.in_haste(growing.file.pread(as_count(count), as_count(at)));
        me.expect(!data || (data->size() == count && is_pattern(*data, at)),
                  "pread() gave other bytes");
        co_return;
    }
    std::array<char, 50'000> buffer;
    const auto into = std::as_writable_bytes(std::span(buffer)).first(count);
    const auto got = co_await me.in_haste(growing.file.pread_into(into, as_count(at)));
    me.expect(!got || (*got == count && is_pattern(BytesView(buffer.data(), count), at)),
              "pread_into() gave other bytes");
}

Coro<void> read_all(Player& me, const Growing& growing) {
    const auto all = co_await me.in_haste(read_bytes(growing.file.name()));
    me.expect(!all || (all->size() >= growing.size && is_pattern(*all, 0)),
              "read_bytes() gave other bytes");
}

// A file that several grow, each with whole lines: what was done is there once, what was given up
// once or not at all.
Coro<void> append_lines(Player& me, const std::string& path) {
    std::set<std::string> done;
    std::set<std::string> given_up;
    {
        const File file = co_await open(me, path, "a");
        for (int i = 0; i < steps; ++i) {
            const std::string line =
                std::to_string(i) + std::string(me.dice.magnitude(4'000), '.') + "\n";
            const bool is_done = co_await me.in_haste(file.write(line));
            (is_done ? done : given_up).insert(line);
        }
    }
    const Bytes all = co_await read_bytes(path);
    std::set<std::string> there;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = all.find('\n', at) + 1;
        me.expect(end > 0, "a line was cut");
        if (end == 0) break;
        const bool is_new = there.insert(all.substr(at, end - at)).second;
        me.expect(is_new, "a line was appended twice");
        at = end;
    }
    me.expect(std::ranges::includes(there, done), "a line was lost");
    std::ranges::for_each(there, [&](const std::string& line) {
        me.expect(done.contains(line) || given_up.contains(line), "a line was changed");
    });
}

// Whoever reads it finds one version, whole.
Coro<void> replace(Player& me, const std::string& path) {
    for (int i = 0; i < steps; ++i) {
        const std::size_t size = me.dice.magnitude(50'000);
        const Bytes version = std::to_string(size) + " " + Bytes(pattern(0, size));
        co_await me.in_haste(write_bytes(path, version, {.atomic = true}));
        if (!co_await os::exists(path)) continue;
        const auto found = co_await me.in_haste(read_bytes(path));
        if (!found) continue;
        const std::size_t space = found->find(' ');
        me.expect(space != Bytes::npos && std::stoull(*found) == found->size() - space - 1 &&
                      is_pattern(BytesView(*found).substr(space + 1), 0),
                  "an atomic replacement was seen half done");
    }
}

class FileStorm final : public Part {
public:
    explicit FileStorm(std::string folder) : folder_(std::move(folder) + "/files") {}

    [[nodiscard]] std::string name() const override { return "files"; }
    Coro<void> open(Player&) override { co_await os::makedirs(folder_); }
    Coro<void> close(Player&) override { co_return; }

    Coro<void> round(Player& me) override {
        const std::string path = folder_ + "/" + std::to_string(++files_);
        switch (me.dice.up_to(3)) {
            case 0:
                co_await append_lines(me, path);
                break;
            case 1:
                co_await replace(me, path);
                break;
            default:
                co_await grow(me, path);
                break;
        }
        // What was given up may make it once more: the folder goes when the loop has ended.
        if (co_await os::exists(path)) co_await me.in_haste(os::remove(path));
    }

private:
    static Coro<void> grow(Player& me, const std::string& path) {
        {
            const File made = co_await open_file(path, "x");
        }
        Growing growing{.file = co_await soak::open(me, path, "r+")};
        for (int i = 0; i < steps; ++i) {
            switch (me.dice.up_to(5)) {
                case 0:
                    co_await append_at_position(me, growing);
                    break;
                case 1:
                    co_await write_at(me, growing);
                    break;
                case 2:
                    co_await read_at_position(me, growing);
                    break;
                case 3:
                    co_await read_at(me, growing);
                    break;
                case 4:
                    co_await read_all(me, growing);
                    break;
                default:
                    co_await me.in_haste(growing.file.sync());
                    break;
            }
        }
        growing.file.close();
        const Bytes all = co_await read_bytes(path);
        me.expect(all.size() >= growing.size && is_pattern(all, 0), "the file is another one");
    }

    std::string folder_;
    int files_ = 0;
};

}  // namespace

std::shared_ptr<Part> file_storm(const std::string& folder) {
    return std::make_shared<FileStorm>(folder);
}

}  // namespace weft::soak
