// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/internal/key_log.hpp>

#include <cerrno>
#include <exception>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <weft/base/log.hpp>
#include <weft/base/os_error.hpp>

namespace weft::ssl::internal {

KeyLog::KeyLog(const std::string& filename)
    : filename_(filename),
      fd_(::open(filename.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600)) {
    if (fd_ < 0) throw_os_error(errno, "'" + filename + "'");
}

KeyLog::~KeyLog() { ::close(fd_); }

void KeyLog::write(const char* line) const noexcept {
    try {
        const std::string whole = std::string(line) + "\n";
        if (::write(fd_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
            log(LogLevel::warning,
                "key log '" + filename_ + "': " + std::generic_category().message(errno));
        }
    } catch (const std::exception&) {  // no memory for the line
    }
}

}  // namespace weft::ssl::internal
