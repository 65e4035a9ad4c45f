// The terminal, while top runs: the whole screen, keys one at a time. What it was before comes back when this goes.
#pragma once

#include "clients/top/model/frame.hpp"

#include <optional>
#include <utility>

namespace upstart::top {

struct PressedKey {
  Key key = Key::other;
  char character = '\0';
};

class Terminal {
public:
  // Standard input and output are a terminal.
  Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  [[nodiscard]] Size size() const;
  void draw(const std::vector<Line>& lines);
  // The next key that has been pressed already; nothing: none. A change of the size is a key of kind other.
  [[nodiscard]] std::optional<PressedKey> key();
  // All is drawn anew the next time: somebody else has written on the terminal.
  void forget_screen();
};

} // namespace upstart::top
