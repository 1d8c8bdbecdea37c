// SPDX-License-Identifier: Apache-2.0
// weft/testing/certificates.hpp - certificates for tests, made anew, so that none is ever too old.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace weft::testing {

/// What a certificate says. The defaults are what a server on this machine needs.
struct CertificateRequest {
    std::string common_name = "weft test";
    /// Names, and numeric addresses.
    std::vector<std::string> names = {"localhost", "127.0.0.1"};
    std::chrono::seconds valid_from = -std::chrono::hours(1);  ///< from now
    std::chrono::seconds valid_to = std::chrono::hours(24);    ///< from now
    std::string key_password = {};                             ///< empty: the key is plain
};

/// Paths of PEM files.
struct CertificateFiles {
    std::string certificate;
    std::string key;
};

/// Issues certificates into a folder of its own, which goes with it.
class CertificateAuthority {
public:
    CertificateAuthority();
    CertificateAuthority(const CertificateAuthority&) = delete;
    CertificateAuthority& operator=(const CertificateAuthority&) = delete;
    ~CertificateAuthority();

    /// Its own certificate, which those who trust it are to load.
    [[nodiscard]] const std::string& certificate() const noexcept { return certificate_; }
    [[nodiscard]] CertificateFiles issue(const CertificateRequest& request = {});
    /// A file in the folder with such a text.
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const;

private:
    struct Keys;
    std::filesystem::path folder_;
    std::unique_ptr<Keys> keys_;
    std::string certificate_;
    int issued_ = 0;
};

}  // namespace weft::testing
