// A value that is not changed any more and that many may have alike: a copy costs a count, and takes a pointer's room.
// Compared by what it is. Not for several threads.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace upstart::base {

template <class Value> class Shared {
public:
  Shared() = default;
  explicit Shared(Value value) : held_{value == Value{} ? nullptr : new Held{.value = std::move(value)}} {}
  Shared(const Shared& other) : held_{other.held_} {
    if (held_ != nullptr) ++held_->uses;
  }
  Shared(Shared&& other) noexcept : held_{std::exchange(other.held_, nullptr)} {}
  Shared& operator=(Shared other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Shared() {
    if (held_ != nullptr && --held_->uses == 0) delete held_;
  }

  [[nodiscard]] const Value& operator*() const {
    static const Value none{};
    return held_ != nullptr ? held_->value : none;
  }
  [[nodiscard]] const Value* operator->() const { return &**this; }
  [[nodiscard]] bool shares_with(const Shared& other) const { return held_ != nullptr && held_ == other.held_; }
  friend bool operator==(const Shared& left, const Shared& right) {
    return left.held_ == right.held_ || *left == *right;
  }

private:
  struct Held {
    std::size_t uses = 1;
    Value value;
  };
  Held* held_ = nullptr; // null: the value as it begins
};

// The values that were shared last, so that equal ones become one. It keeps as many as it has slots.
template <class Value, std::size_t slots = 8> class RecentlyShared {
public:
  // `value`, or an equal one that others have.
  [[nodiscard]] Shared<Value> share(Value value) { return share(Shared<Value>{std::move(value)}); }
  [[nodiscard]] Shared<Value> share(Shared<Value> value) {
    for (const auto& kept : recent_)
      if (kept == value) return kept;
    recent_[next_] = value;
    next_ = (next_ + 1) % slots;
    return value;
  }

private:
  std::array<Shared<Value>, slots> recent_;
  std::size_t next_ = 0;
};

} // namespace upstart::base
