// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/partial_file.hpp - PartialFile: a file that is not whole yet.
//
//   NAME.part         its bytes from the first on; locked while somebody writes them
//   NAME.part.json    of which version of which content they are
//
// The note goes before bytes of an old version do, and comes before those of a new one. So whenever the
// process ends, what the note says is true of all the bytes beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/io/file.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// What tells whether bytes are the beginning of others. Members are those of the note.
struct ContentVersion {
    std::string url_sha256;  ///< not the URL, which may hold a secret
    std::string validator;   ///< for If-Range: an entity tag, or a date
    std::optional<std::uint64_t> size = std::nullopt;
    friend bool operator==(const ContentVersion&, const ContentVersion&) = default;
};

/// The bytes that there are of a file, which become it by finish(). Destroyed before, they stay for
/// another one if there are some and it is known what of; else they go.
///
/// Errors: OSError, which leaves what there is.
/// Cancel: all that is done on the disk is shielded: a write that goes on when nobody waits for it
///         could meet those of the next one.
class PartialFile {
public:
    /// Takes up the bytes that are there, or none. `path` is that of the file.
    ///
    /// Errors: BlockingIOError   somebody else has it open
    ///         IsADirectoryError, FileExistsError   `path` is there, and is no regular file
    [[nodiscard]] static Coro<PartialFile> open(std::string path);
    PartialFile(PartialFile&& other) noexcept;
    PartialFile& operator=(PartialFile&&) = delete;
    ~PartialFile();

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// What the bytes are of; nullopt: nobody knows, or is to know.
    [[nodiscard]] const std::optional<ContentVersion>& version() const noexcept { return version_; }
    /// Where the bytes are.
    [[nodiscard]] std::string part_path() const;

    /// Begins with no bytes of another version.
    [[nodiscard]] Coro<void> begin(std::optional<ContentVersion> version);
    /// Writes bytes behind those that are there.
    /// Lifetime: `data` must live until it has returned.
    [[nodiscard]] Coro<void> append(BytesView data);
    /// Drops the bytes from `size` on.
    [[nodiscard]] Coro<void> cut(std::uint64_t size);
    /// Gives the file its name. `sync`: all of it is on the disk then.
    [[nodiscard]] Coro<void> finish(bool sync);
    /// The bytes are of no use to anybody.
    void give_up() noexcept { version_.reset(); }

private:
    PartialFile(std::string path, File file, const std::optional<Bytes>& note);

    std::string path_;
    std::optional<File> file_;  // nothing once it is finished
    bool has_note_;             // be it one that says nothing
    std::optional<ContentVersion> version_;
    std::uint64_t size_ = 0;
};

}  // namespace weft::http::internal
