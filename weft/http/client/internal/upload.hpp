// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/upload.hpp - Upload: a request with its body on its way to the server.
//
// It has a task of its own, since a server may answer before it has all of a body, and even
// without having read it.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/upload_sink.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/runtime/task.hpp>

namespace weft::http::internal {

struct UploadOptions {
    std::optional<Delay> sock_write = std::nullopt;  ///< for the server to take a piece
    /// Whether the body waits until the server has asked for it, or has not answered for a second.
    /// Spec: RFC 9110 §10.1.1, by which nobody waits for ever.
    bool awaits_continue = false;
    std::function<void(BytesView)> tell_sent = nullptr;  ///< of each piece; null: nobody
};

class Upload {
public:
    /// Begins to send.
    Upload(std::unique_ptr<UploadSink> sink, std::unique_ptr<PayloadReader> body,
           UploadOptions options);
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    /// Stops it.
    ~Upload();

    /// Whether the server is to ask for the body, and nothing of it was sent so far.
    [[nodiscard]] bool awaits_continue() const noexcept;
    /// The server asks for it.
    void go_on() noexcept;
    /// Sends nothing more. A body that is cut off so has no end: the connection is of no more use.
    void stop() noexcept;

    /// Whether all of the body was handed to the connection.
    [[nodiscard]] bool is_complete() const noexcept;
    /// When the last of it was; now, while it goes on.
    [[nodiscard]] TimePoint sent_at() const;
    /// What the body was lost with; null where it was not, or the connection was lost before. The
    /// connection is aborted then, so that whoever waits for the response looks here.
    [[nodiscard]] std::exception_ptr error() const noexcept;

private:
    class State;
    std::shared_ptr<State> state_;  // the task's, too, which ends a turn later than this
    Task<void> task_;
};

}  // namespace weft::http::internal
