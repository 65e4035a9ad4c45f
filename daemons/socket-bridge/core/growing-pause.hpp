// How long to wait before the next attempt: from a tenth of a second, doubled each time, to ten seconds.
#pragma once

#include <algorithm>
#include <chrono>

namespace upstart::socket_bridge {

class GrowingPause {
public:
  static constexpr std::chrono::milliseconds shortest{100};
  static constexpr std::chrono::milliseconds longest{10'000};

  // The pause before the coming attempt; the one after that is longer.
  [[nodiscard]] std::chrono::milliseconds next() {
    auto pause = pause_;
    pause_ = std::min(pause_ * 2, longest);
    return pause;
  }
  void reset() { pause_ = shortest; }

private:
  std::chrono::milliseconds pause_ = shortest;
};

} // namespace upstart::socket_bridge
