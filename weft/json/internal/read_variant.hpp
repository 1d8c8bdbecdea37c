// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/read_variant.hpp - the alternative of a union that fits a value best.
//
// As pydantic's smart mode: first without conversions between JSON's types, then with them. Of several
// that fit, the one counts that has the most fields in the text, and of as many the first.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

#include <weft/json/field.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/model.hpp>
#include <weft/json/internal/read_tagged.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/internal/type_name.hpp>

namespace weft::json::internal {

template <class T>
bool read_value(Reading& in, Place at, T& out);
template <Model T>
std::size_t count_present(const Tape& tape, Place object);

// How well an alternative fits that has been read. An integer is no float where it can be an int.
template <class T>
std::size_t fit_of(const Tape& tape, Place at) {
    if constexpr (std::floating_point<T>) return tag(at) == 'd' ? 1 : 0;
    if constexpr (Model<T> && !Converted<T>) return 1 + count_present<T>(tape, at);
    return 1;
}

template <Variant T>
class VariantReader {
public:
    VariantReader(Reading& in, Place at, T& out)
        : in_(in), at_(at), out_(out), before_(in.recorded()), was_trying_(in.is_trying()) {}

    bool read() { return try_all(true) || (!was_trying_ && try_all(false)); }

private:
    // What a pass over all alternatives recorded stays only where it is the last one and none fits.
    bool try_all(bool is_trying) {
        in_.forget_since(before_);
        in_.set_trying(is_trying);
        const bool goes_on = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (try_one<I>() && ...);
        }(std::make_index_sequence<std::variant_size_v<T>>());
        in_.set_trying(was_trying_);
        if (!goes_on || !is_found_) return false;
        in_.forget_since(before_);
        return true;
    }

    // Returns whether there is enough left to try another.
    template <std::size_t I>
    bool try_one() {
        using Alternative = std::variant_alternative_t<I, T>;
        if (!in_.pay_for_trial(at_)) return false;
        const std::size_t mark = in_.mark();
        Alternative value{};
        if (!read_value(in_, at_, value)) {
            if (!in_.is_trying()) in_.within(mark, type_name<Alternative>());
            return true;
        }
        const std::size_t fit = fit_of<Plain<Alternative>>(in_.tape(), at_);
        if (is_found_ && fit <= fit_) return true;
        out_.template emplace<I>(std::move(value));
        is_found_ = true;
        fit_ = fit;
        return true;
    }

    Reading& in_;
    const Place at_;
    T& out_;
    const Reading::Recorded before_;
    const bool was_trying_;
    bool is_found_ = false;
    std::size_t fit_ = 0;
};

template <Field F, Variant T>
bool read_variant(Reading& in, Place at, T& out) {
    if constexpr (!F.discriminator.empty()) return read_tagged<F.discriminator>(in, at, out);
    return VariantReader<T>(in, at, out).read();
}

}  // namespace weft::json::internal
