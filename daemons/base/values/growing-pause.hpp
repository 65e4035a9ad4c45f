// How long to wait before the next attempt at something that failed: a first pause, doubled each time up to a longest.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace upstart::base {

struct PauseRange {
  std::chrono::milliseconds first;
  std::chrono::milliseconds longest;
};

class GrowingPause {
public:
  explicit GrowingPause(PauseRange range) : range_{range}, next_{range.first} {}

  // The pause before the coming attempt; the one after that is longer.
  [[nodiscard]] std::chrono::milliseconds next() { return std::exchange(next_, std::min(next_ * 2, range_.longest)); }
  // What `next` will answer.
  [[nodiscard]] std::chrono::milliseconds coming() const { return next_; }
  // It worked: the next failure begins with the first pause.
  void reset() { next_ = range_.first; }

private:
  PauseRange range_;
  std::chrono::milliseconds next_;
};

} // namespace upstart::base
