// Which handlers want which events. A name is found by hash; only patterns (fnmatch) are tried one after another. The
// interest of a handler that is away stays, so that events are kept for it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upstart::broker {

using HandlerId = std::uint32_t;

class Interest {
public:
  // Who else wants exactly this name or pattern; ascending. Both do nothing where nothing changes.
  using Others = std::vector<HandlerId>;
  Others add(HandlerId handler, const std::string& wanted);
  Others remove(HandlerId handler, const std::string& wanted);

  // The handlers that want an event of this name, each once, ascending.
  [[nodiscard]] std::vector<HandlerId> wanting(const std::string& name) const;
  // Names and patterns that handlers other than this one want, sorted.
  [[nodiscard]] std::vector<std::string> wanted_by_others(HandlerId handler) const;

private:
  using Handlers = std::vector<HandlerId>; // ascending
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::unordered_map<std::string, Handlers, Hash, std::equal_to<>> names_;
  std::map<std::string, Handlers, std::less<>> patterns_;
};

[[nodiscard]] bool is_pattern(std::string_view wanted);

} // namespace upstart::broker
