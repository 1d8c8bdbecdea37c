// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/digest_auth.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/http/auth_challenge.hpp>
#include <weft/http/client/internal/digest.hpp>
#include <weft/http/client/internal/random_digits.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/url.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

using internal::DigestChallenge;

// What the servers have told so far, by their origins.
class DigestAuthMiddleware::State {
public:
    State(std::string login, std::string password, DigestAuthOptions options)
        : login_(std::move(login)), password_(std::move(password)), options_(options) {}

    [[nodiscard]] bool is_preemptive() const noexcept { return options_.preemptive; }
    /// The value of an Authorization header; nothing where the server has told nothing yet.
    [[nodiscard]] std::optional<std::string> answer_for(const ClientRequest& request);
    void learn(const ClientRequest& request, DigestChallenge challenge) {
        const std::string origin = request.url.origin().to_string();
        if (told_.size() >= origins_max && !told_.contains(origin)) told_.erase(told_.begin());
        told_.insert_or_assign(origin, Told{.challenge = std::move(challenge), .count = 0});
    }

private:
    static constexpr std::size_t origins_max = 100;
    struct Told {
        DigestChallenge challenge;
        std::uint32_t count;
    };

    std::string login_;
    std::string password_;
    DigestAuthOptions options_;
    std::map<std::string, Told> told_;
};

std::optional<std::string> DigestAuthMiddleware::State::answer_for(const ClientRequest& request) {
    const auto found = told_.find(request.url.origin().to_string());
    if (found == told_.end()) return std::nullopt;
    const std::string client_nonce = internal::random_digits();
    return internal::digest_answer(found->second.challenge, {.login = login_,
                                                             .password = password_,
                                                             .method = request.method.name(),
                                                             .target = request.url.raw_path_qs(),
                                                             .count = ++found->second.count,
                                                             .client_nonce = client_nonce});
}

DigestAuthMiddleware::DigestAuthMiddleware(std::string login, std::string password,
                                           DigestAuthOptions options) {
    if (value_prefix(login) != login.size()) {
        throw ValueError("the login of a digest authentication holds a control byte");
    }
    state_ = std::make_shared<State>(std::move(login), std::move(password), options);
}

Coro<ClientResponse> DigestAuthMiddleware::operator()(ClientRequest& request,
                                                      const Next& next) const {
    co_await transparent;
    const std::shared_ptr<State> state = state_;
    if (request.is_redirected_elsewhere) co_return co_await next(request);
    // A server that is answered with what it has just told, and asks again, refuses the login. One that
    // was answered with what it told earlier may only want another nonce.
    bool is_answered = false;
    std::optional<std::string> answer;
    if (state->is_preemptive()) answer = state->answer_for(request);
    for (;;) {
        if (answer) request.headers.set("Authorization", *answer);
        auto response = co_await next(request);
        if (response.status() != 401 || !request.body.is_repeatable()) co_return response;
        auto challenge = DigestChallenge::best_of(auth_challenges(response.headers()));
        if (!challenge || is_answered) co_return response;
        is_answered = true;
        state->learn(request, *std::move(challenge));
        answer = state->answer_for(request);
        co_await response.drain();
    }
}

}  // namespace weft::http
