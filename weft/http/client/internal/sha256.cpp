// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/sha256.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/free_with.hpp>
#include <weft/base/os_error.hpp>
#include <weft/http/client/internal/hexadecimal.hpp>

namespace weft::http::internal {
namespace {

constexpr std::size_t read_bytes = std::size_t{256} * 1024;

void check(int result) {
    if (result != 1) throw RuntimeError("OpenSSL computes no SHA-256 here");
}

class Sha256 {
public:
    Sha256() { check(context_ ? EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) : 0); }
    void update(BytesView data) const {
        check(EVP_DigestUpdate(context_.get(), data.data(), data.size()));
    }
    [[nodiscard]] std::string finish() const {
        std::array<unsigned char, 32> digest{};
        check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
        return in_hexadecimal(digest);
    }

private:
    std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context_{EVP_MD_CTX_new()};
};

class ReadOnly {
public:
    explicit ReadOnly(const std::string& path)
        : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (fd_ < 0) throw_os_error(errno, "'" + path_ + "'");
    }
    ReadOnly(const ReadOnly&) = delete;
    ReadOnly& operator=(const ReadOnly&) = delete;
    ~ReadOnly() { ::close(fd_); }

    /// Returns: nothing at the end.
    BytesView read_into(std::vector<char>& buffer) const {
        ssize_t count = 0;
        do {
            count = ::read(fd_, buffer.data(), buffer.size());
        } while (count < 0 && errno == EINTR);
        if (count < 0) throw_os_error(errno, "'" + path_ + "'");
        return {buffer.data(), static_cast<std::size_t>(count)};
    }

private:
    const std::string& path_;
    int fd_;
};

}  // namespace

std::string sha256_of(BytesView data) {
    const Sha256 digest;
    digest.update(data);
    return digest.finish();
}

std::string sha256_of_file(const std::stop_token& stop, const std::string& path) {
    const ReadOnly file(path);
    const Sha256 digest;
    std::vector<char> buffer(read_bytes);
    while (!stop.stop_requested()) {
        const BytesView data = file.read_into(buffer);
        if (data.empty()) break;
        digest.update(data);
    }
    return digest.finish();
}

}  // namespace weft::http::internal
