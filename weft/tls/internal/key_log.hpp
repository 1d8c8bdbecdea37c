// SPDX-License-Identifier: Apache-2.0
// weft/tls/internal/key_log.hpp - a file for the secrets of connections, as SSLKEYLOGFILE wants it.
#pragma once

#include <string>

namespace weft::ssl::internal {

/// Appends lines to a file that only its owner can read.
/// Thread: any; a line is one write(2), so that processes may share the file.
/// Spec:   draft-ietf-tls-keylogfile.
class KeyLog {
public:
    /// Errors: OSError
    explicit KeyLog(const std::string& filename);
    KeyLog(const KeyLog&) = delete;
    KeyLog& operator=(const KeyLog&) = delete;
    ~KeyLog();

    /// Errors: those of the file are logged.
    void write(const char* line) const noexcept;

private:
    std::string filename_;
    int fd_;
};

}  // namespace weft::ssl::internal
