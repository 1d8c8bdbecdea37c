// SPDX-License-Identifier: Apache-2.0
// weft/http/headers.hpp - Headers: the header fields of a message, in their order.
//
//   bytes_    H o s t : ␣ a . e x a m p l e ␍ ␊ A c c e p t : ␣ * / * ␍ ␊ …
//             ╰name─╯   ╰───value───────╯       ╰─name──╯   ╰val╯
//   places_   one for each field, 16 bytes: where its name and its value lie
//
// A parser puts all fields that came together into `bytes_` at once, with what stands between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// The header fields of a message: an ordered map from names to values that keeps several of a
/// name, and to which "Host" and "host" are the same name.
///
///     Headers headers{{"Accept", "*/*"}};
///     headers.add("Accept", "text/html");
///     for (const auto& [name, value] : headers) …
///
/// Names are tokens, and values hold no control byte but the tab, so that no header can become
/// two; white space around a value does not belong to it. What is not so is refused when it is
/// added, with a ValueError that tells the name and never the value, which may be a secret.
///
/// Lifetime: the views that it gives are valid until it is changed or gone. What it is given may
///           be such a view of itself.
/// Cost:     two blocks of memory, whatever the number of fields; looking up allocates nothing and
///           compares with each name.
/// Spec:     multidict's CIMultiDict as aiohttp uses it; RFC 9110 §5. `getall()` of what is not
///           there is empty, where Python throws, and `pop` of one or all is `remove`.
class Headers {
public:
    struct Field {
        std::string_view name;
        std::string_view value;
        friend bool operator==(const Field&, const Field&) = default;
    };
    class Iterator;
    class Values;

    Headers() = default;
    /// Errors: as add().
    Headers(std::initializer_list<Field> fields);

    /// The first value of that name; nullopt where there is none.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
    /// The same, with a value for where there is none.
    [[nodiscard]] std::string_view get(std::string_view name,
                                       std::string_view otherwise) const noexcept;
    /// The first value of that name.
    /// Errors: KeyError   there is none.
    [[nodiscard]] std::string_view getone(std::string_view name) const;
    /// Each value of that name, in order: a range of std::string_view.
    [[nodiscard]] Values getall(std::string_view name) const noexcept;
    [[nodiscard]] bool contains(std::string_view name) const noexcept;

    /// Adds a field at the end, whatever there is of that name.
    /// Errors: ValueError   the name is no token, the value holds a control byte, or all together
    ///                      passes `bytes_max`; nothing was changed.
    void add(std::string_view name, std::string_view value);
    /// Makes this the only field of that name, in the place of the first one: Python's
    /// `headers[name] = value`.
    /// Errors: as add().
    void set(std::string_view name, std::string_view value);
    /// The first value of that name, which is added where there is none.
    /// Errors: as add().
    std::string_view setdefault(std::string_view name, std::string_view value);
    /// Adds all of the other's fields.
    /// Errors: as add().
    void extend(const Headers& other);
    /// Takes each name that the other has from this one, then adds all of the other's fields.
    /// Errors: as add().
    void update(const Headers& other);
    /// Takes all fields of that name away.
    /// Returns: how many there were.
    std::size_t remove(std::string_view name) noexcept;
    void clear() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
    [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
    [[nodiscard]] Field operator[](std::size_t index) const noexcept;
    [[nodiscard]] Iterator begin() const noexcept;
    [[nodiscard]] Iterator end() const noexcept;

    /// Whether both have the same fields in the same order; case matters in values only.
    friend bool operator==(const Headers& a, const Headers& b) noexcept;

    /// Names and values together: what places can tell.
    static constexpr std::size_t bytes_max = 0xffff'ffff;

    // Implementation: what parsers add, fields that they have judged.
    struct Place {
        std::uint32_t name;
        std::uint32_t name_size;
        std::uint32_t value;
        std::uint32_t value_size;
    };
    /// Adds the fields at these places of `block`. A parser's limits keep it from passing
    /// `bytes_max`.
    void add_judged(std::string_view block, std::span<const Place> places);

private:
    [[nodiscard]] std::size_t find(std::string_view name, std::size_t from) const noexcept;
    [[nodiscard]] bool is_named(const Place& place, std::string_view name) const noexcept;
    [[nodiscard]] Place append(std::string_view name, std::string_view value);
    void drop_unused_bytes();

    std::string bytes_;
    std::vector<Place> places_;
    std::size_t unused_ = 0;  // bytes of fields that were taken away or replaced
};

class Headers::Iterator {
public:
    using iterator_category = std::input_iterator_tag;  // it gives values, no references
    using iterator_concept = std::random_access_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(const Headers& headers, std::size_t index) noexcept
        : headers_(&headers), index_(static_cast<difference_type>(index)) {}

    Field operator*() const noexcept { return (*headers_)[static_cast<std::size_t>(index_)]; }
    Field operator[](difference_type n) const noexcept { return *(*this + n); }
    Iterator& operator+=(difference_type n) noexcept {
        index_ += n;
        return *this;
    }
    Iterator& operator-=(difference_type n) noexcept { return *this += -n; }
    Iterator& operator++() noexcept { return *this += 1; }
    Iterator& operator--() noexcept { return *this -= 1; }
    Iterator operator++(int) noexcept {
        const Iterator before = *this;
        ++*this;
        return before;
    }
    Iterator operator--(int) noexcept {
        const Iterator before = *this;
        --*this;
        return before;
    }
    friend Iterator operator+(Iterator a, difference_type n) noexcept { return a += n; }
    friend Iterator operator+(difference_type n, Iterator a) noexcept { return a += n; }
    friend Iterator operator-(Iterator a, difference_type n) noexcept { return a -= n; }
    friend difference_type operator-(const Iterator& a, const Iterator& b) noexcept {
        return a.index_ - b.index_;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
        return a.index_ == b.index_;
    }
    friend auto operator<=>(const Iterator& a, const Iterator& b) noexcept {
        return a.index_ <=> b.index_;
    }

private:
    const Headers* headers_ = nullptr;
    difference_type index_ = 0;
};

inline Headers::Iterator Headers::begin() const noexcept { return {*this, 0}; }
inline Headers::Iterator Headers::end() const noexcept { return {*this, size()}; }

/// The values of one name: a view, valid until the headers are changed or gone. It refers to the
/// name that it was asked for, too.
class Headers::Values : public std::ranges::view_interface<Headers::Values> {
public:
    class iterator {
    public:
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;

        iterator() = default;
        iterator(const Headers& headers, std::string_view name, std::size_t from) noexcept
            : headers_(&headers), name_(name), index_(headers.find(name, from)) {}

        std::string_view operator*() const noexcept { return (*headers_)[index_].value; }
        iterator& operator++() noexcept {
            index_ = headers_->find(name_, index_ + 1);
            return *this;
        }
        iterator operator++(int) noexcept {
            const iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.index_ == b.index_;
        }

    private:
        const Headers* headers_ = nullptr;
        std::string_view name_;
        std::size_t index_ = 0;
    };

    Values(const Headers& headers, std::string_view name) noexcept
        : headers_(&headers), name_(name) {}
    [[nodiscard]] iterator begin() const noexcept { return {*headers_, name_, 0}; }
    [[nodiscard]] iterator end() const noexcept { return {*headers_, name_, headers_->size()}; }

private:
    const Headers* headers_;
    std::string_view name_;
};

inline Headers::Values Headers::getall(std::string_view name) const noexcept {
    return {*this, name};
}

}  // namespace weft::http
