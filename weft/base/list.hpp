// SPDX-License-Identifier: Apache-2.0
// weft/base/list.hpp - a doubly linked list through its members: O(1) removal, no allocation.
#pragma once

#include <cstddef>

namespace weft {
namespace internal {
struct DebugOffsets;  // tells another process where the links are
}

/// A member of a List. Unlinks itself when destroyed; neither copied nor moved.
class ListNode {
public:
    ListNode() = default;
    ListNode(const ListNode&) = delete;
    ListNode& operator=(const ListNode&) = delete;
    ~ListNode() { unlink(); }

    [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }
    void unlink() noexcept {
        if (!linked()) return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        prev_ = next_ = nullptr;
    }

private:
    template <class T>
    friend class List;
    friend struct internal::DebugOffsets;
    ListNode* prev_ = nullptr;
    ListNode* next_ = nullptr;
};

/// A list of `T`, which derives from ListNode; owns nothing. Members that outlive the list are
/// unlinked by its destructor.
template <class T>
class List {
public:
    List() noexcept { root_.prev_ = root_.next_ = &root_; }
    List(const List&) = delete;
    List& operator=(const List&) = delete;
    ~List() {
        while (!empty()) front().unlink();
        root_.next_ = nullptr;  // nothing left for its destructor to unlink
    }

    [[nodiscard]] bool empty() const noexcept { return root_.next_ == &root_; }
    [[nodiscard]] T& front() const noexcept { return static_cast<T&>(*root_.next_); }
    [[nodiscard]] T& back() const noexcept { return static_cast<T&>(*root_.prev_); }

    void push_back(T& member) noexcept { insert(*root_.prev_, member, root_); }
    void push_front(T& member) noexcept { insert(root_, member, *root_.next_); }
    void insert_before(T& place, T& member) noexcept {
        ListNode& after = place;
        insert(*after.prev_, member, after);
    }
    T* pop_front() noexcept {
        if (empty()) return nullptr;
        T& member = front();
        member.unlink();
        return &member;
    }

    /// Moves all members of `other` behind those of this list.
    void splice_back(List& other) noexcept {
        while (T* member = other.pop_front()) push_back(*member);
    }

    class iterator {
    public:
        explicit iterator(ListNode* at) : at_(at) {}
        T& operator*() const noexcept { return static_cast<T&>(*at_); }
        iterator& operator++() noexcept {
            at_ = next_of(at_);
            return *this;
        }
        friend bool operator==(const iterator&, const iterator&) = default;

    private:
        ListNode* at_;
    };
    /// Iteration allows no removal of the member at hand.
    [[nodiscard]] iterator begin() const noexcept { return iterator(root_.next_); }
    [[nodiscard]] iterator end() const noexcept { return iterator(const_cast<ListNode*>(&root_)); }

private:
    static ListNode* next_of(ListNode* node) noexcept { return node->next_; }
    static void insert(ListNode& before, ListNode& member, ListNode& after) noexcept {
        member.prev_ = &before;
        member.next_ = &after;
        before.next_ = &member;
        after.prev_ = &member;
    }

    // Self-linked when empty.
    ListNode root_;
};

}  // namespace weft
