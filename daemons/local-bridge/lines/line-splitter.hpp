// What a client writes, as lines: bytes go in as they come, whole lines come out. Pure.
//
// Invariant: at most `longest` bytes are kept. The rest of a line that is longer is skipped, and told once.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace upstart::local_bridge {

class LineSplitter {
public:
  static constexpr std::size_t longest = 65'536; // bytes of a line, without its end

  struct Sink {
    std::function<void(std::string_view line)> line;
    std::function<void()> too_long; // a line is longer than that; it is skipped
  };

  void take(std::string_view bytes, const Sink& sink);
  // The client has gone: what it wrote last is a line, also without its end.
  void end(const Sink& sink);

private:
  void append(std::string_view bytes, const Sink& sink);
  void finish(const Sink& sink);

  std::string begun_;
  bool passes_over_ = false; // the rest of a line that is too long
};

} // namespace upstart::local_bridge
