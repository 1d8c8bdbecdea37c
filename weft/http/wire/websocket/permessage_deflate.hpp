// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/permessage_deflate.hpp - what both sides agree on before they compress.
//
//   client  Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
//   server  Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http::wire {

/// How messages are compressed.
///
/// A window of 15 bits takes some 256 KiB of memory for each connection on the side that
/// compresses; smaller ones take less, and compress less. Without context takeover each message is
/// compressed on its own.
struct DeflateParams {
    static constexpr int window_bits_max = 15;

    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    int server_max_window_bits = window_bits_max;
    int client_max_window_bits = window_bits_max;

    friend bool operator==(const DeflateParams&, const DeflateParams&) = default;
};

/// What a client puts into Sec-WebSocket-Extensions: it would like these, and takes what is less.
///
/// Errors: ValueError   a window is not of 9 to 15 bits: zlib compresses with no smaller one.
/// Spec:   RFC 7692 §7.1.
[[nodiscard]] std::string deflate_offer(const DeflateParams& wanted = {});

/// What both sides do, and what the server puts into Sec-WebSocket-Extensions to say so.
struct DeflateAgreement {
    DeflateParams params;
    std::string response;
};

/// What a server makes of the header of a client: the first offer that it can accept, with no
/// larger windows and no more context than `wanted`. nullopt where there is none, or none that
/// makes sense.
///
/// Errors: ValueError   as deflate_offer().
/// Spec:   RFC 7692 §7.1; other extensions are passed over.
[[nodiscard]] std::optional<DeflateAgreement> accept_deflate(std::string_view offers,
                                                             const DeflateParams& wanted = {});

/// What a client makes of the header of a server; nullopt where that is empty: no compression.
///
/// Errors: the text that says why the connection is to be failed: another extension than the one
///         that was offered, or parameters that were not.
/// Spec:   RFC 7692 §7.1, RFC 6455 §4.1.
[[nodiscard]] std::expected<std::optional<DeflateParams>, std::string> read_deflate_response(
    std::string_view response, const DeflateParams& offered = {});

}  // namespace weft::http::wire
