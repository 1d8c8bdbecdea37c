// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/reading.hpp - one text that is being read: its tape, and what is wrong with it.
//
// Reading goes on after an error, so that all are told at once. A place costs nothing while all is well:
// an error is recorded without one, and each container that an error passes on its way out adds its
// step to the errors since its `mark()`.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <weft/json/field.hpp>
#include <weft/json/internal/document.hpp>
#include <weft/json/internal/numbers.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/read_options.hpp>
#include <weft/json/validation_error.hpp>

namespace weft::json::internal {

class Reading {
public:
    /// Parses the text; root() is null where it is no JSON.
    Reading(std::string_view text, const ReadOptions& options);

    [[nodiscard]] Place root() const noexcept { return tape_.root; }
    [[nodiscard]] const Tape& tape() const noexcept { return tape_; }
    [[nodiscard]] const ReadOptions& options() const noexcept { return options_; }
    [[nodiscard]] ValidationErrors take_errors();
    /// Throws JSONDecodeError or ValidationError.
    [[noreturn]] void raise();

    // ---- errors. Each of these returns false.

    /// Of a kind whose message has no variables.
    bool fail(std::string_view type, Place at);
    /// `constraint` is the Field's: "gt", "multiple_of". In the context a bound is a number of the
    /// field's type.
    bool fail_bound(std::string_view constraint, const Bound& bound, bool is_real, Place at);
    bool fail_string_length(bool is_too_long, std::size_t bound, Place at);
    /// `actual` is nullopt where it was not counted.
    bool fail_length(std::string_view field_type, bool is_too_long, std::size_t bound,
                     std::optional<std::size_t> actual, Place at);
    bool fail_missing(std::string_view name, Place object);
    /// It is none of these texts.
    bool fail_expected(std::string_view type, std::span<const std::string_view> expected, Place at);
    bool fail_pattern(std::string_view pattern, Place at);
    /// Of a kind whose message ends with what a parser said.
    bool fail_parsing(std::string_view type, std::string_view why, Place at);
    /// Of a union whose field `discriminator` is not in the object, or has a value that is none of these.
    bool fail_tag(std::string_view discriminator, Place tag, std::span<const std::string_view> tags,
                  Place object);
    /// In the words of whoever refused it.
    bool fail_value(std::string_view why, Place at);

    // ---- their places

    [[nodiscard]] std::size_t mark() const noexcept { return errors_.errors.size(); }
    bool within(std::size_t mark, std::string_view name);
    bool within(std::size_t mark, std::size_t index);

    /// Forgets the errors since `mark` whose outermost step is this name.
    void forget_named(std::size_t mark, std::string_view name);

    /// Forgets what was recorded since, of an alternative that another one made up for.
    struct Recorded {
        std::size_t errors;
        std::size_t omitted;
    };
    [[nodiscard]] Recorded recorded() const noexcept { return {mark(), errors_.omitted}; }
    void forget_since(const Recorded& then);

    // ---- unions

    /// While an alternative is tried, nothing is converted, and no error recorded.
    [[nodiscard]] bool is_trying() const noexcept { return is_trying_; }
    void set_trying(bool is_trying) noexcept { is_trying_ = is_trying; }
    /// Whether a value of another JSON type is converted, for a field that is strict or not.
    [[nodiscard]] bool is_lax(bool strict) const noexcept {
        return !strict && !is_trying_ && !options_.strict;
    }

    /// Pays for one alternative of a union at this place.
    /// Returns: whether there was enough left; where not, an error was recorded.
    bool pay_for_trial(Place at);

    // ---- scalars

    bool read_bool(Place at, bool& out, bool strict) {
        const char found = tag(at);
        out = found == 't';
        return found == 't' || found == 'f' || read_odd_bool(at, out, strict);
    }

    bool read_string(Place at, std::string& out) {
        if (tag(at) != '"') return fail("string_type", at);
        out = tape_.text(at);
        return true;
    }

    template <std::floating_point N>
    bool read_number(Place at, N& out, bool strict) {
        double value = 0;
        if (tag(at) == 'd') {
            value = double_at(at);
        } else if (tag(at) == 'l') {
            value = static_cast<double>(signed_at(at));
        } else if (!read_odd_double(at, value, strict)) {
            return false;
        }
        out = static_cast<N>(value);
        if constexpr (sizeof(N) < sizeof(double)) {
            if (value > std::numeric_limits<N>::max() || value < std::numeric_limits<N>::lowest()) {
                return fail("finite_number", at);
            }
        }
        return true;
    }

    template <std::integral N>
    bool read_number(Place at, N& out, bool strict) {
        if (tag(at) == 'l') {
            const std::int64_t value = signed_at(at);
            out = static_cast<N>(value);
            if (std::in_range<N>(value)) [[likely]]
                return true;
        }
        Integer integer;
        if (!read_odd_integer(at, integer, strict)) return false;
        constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<N>::max());
        if (integer.is_negative) {
            constexpr std::uint64_t lowest = std::signed_integral<N> ? max + 1 : 0;
            if (integer.magnitude > lowest) return fail_range(lowest, true, sizeof(N), at);
            out = static_cast<N>(0 - integer.magnitude);
        } else {
            if (integer.magnitude > max) return fail_range(max, false, sizeof(N), at);
            out = static_cast<N>(integer.magnitude);
        }
        return true;
    }

private:
    // What is of another JSON type, or too big.
    bool read_odd_bool(Place at, bool& out, bool strict);
    bool read_odd_double(Place at, double& out, bool strict);
    bool read_odd_integer(Place at, Integer& out, bool strict);
    bool fail_range(std::uint64_t bound, bool is_negative, std::size_t bytes, Place at);
    bool record(std::string_view type, std::string message, std::string context, Place at);

    const ReadOptions options_;
    std::string_view text_;
    Document document_;
    Tape tape_;
    std::optional<SyntaxFault> fault_;
    ValidationErrors errors_;
    bool is_trying_ = false;
    std::optional<std::uint64_t> trials_left_;
};

/// Appends the value at `at` as compact JSON.
/// Returns: false where that passes `bytes_max`; `out` is then worthless.
bool append_input(const Tape& tape, Place at, std::size_t bytes_max, std::string& out);

}  // namespace weft::json::internal
