#include "daemons/local-bridge/lines/line-splitter.hpp"

#include <utility>

namespace upstart::local_bridge {

void LineSplitter::take(std::string_view bytes, const Sink& sink) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    append(bytes.substr(0, end), sink);
    finish(sink);
    bytes.remove_prefix(end + 1);
  }
  append(bytes, sink);
}

void LineSplitter::end(const Sink& sink) { finish(sink); }

void LineSplitter::append(std::string_view bytes, const Sink& sink) {
  if (passes_over_) return;
  if (begun_.size() + bytes.size() <= longest) {
    begun_ += bytes;
    return;
  }
  passes_over_ = true;
  begun_ = {};
  sink.too_long();
}

void LineSplitter::finish(const Sink& sink) {
  auto line = std::exchange(begun_, {});
  if (!std::exchange(passes_over_, false) && !line.empty()) sink.line(line);
}

} // namespace upstart::local_bridge
