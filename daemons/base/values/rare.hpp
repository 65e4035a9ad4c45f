// A value that few have: where it is as it begins, it takes a pointer's room. Copied and compared as the value itself.
#pragma once

#include <memory>

namespace upstart::base {

template <class Value> class Rare {
public:
  Rare() = default;
  Rare(const Rare& other) : value_{other.value_ ? std::make_unique<Value>(*other.value_) : nullptr} {}
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) {
    if (this != &other) *this = Rare{other};
    return *this;
  }
  Rare& operator=(Rare&&) noexcept = default;
  ~Rare() = default;

  [[nodiscard]] const Value& operator*() const {
    static const Value none{};
    return value_ ? *value_ : none;
  }
  [[nodiscard]] const Value* operator->() const { return &**this; }
  // To be changed: it takes its own room from now on, until `reset` or `tidy`.
  [[nodiscard]] Value& edit() {
    if (!value_) value_ = std::make_unique<Value>();
    return *value_;
  }
  // Whether it may differ from what it begins as.
  [[nodiscard]] explicit operator bool() const { return value_ != nullptr; }
  // As it began.
  void reset() { value_.reset(); }
  // Gives up its room where it is as it began.
  void tidy() {
    if (value_ && *value_ == Value{}) value_.reset();
  }
  friend bool operator==(const Rare& left, const Rare& right) { return *left == *right; }

private:
  std::unique_ptr<Value> value_;
};

} // namespace upstart::base
