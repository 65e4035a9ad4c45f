// Text on D-Bus must be UTF-8; job files, environments and names are bytes. Two ways over that border:
// - *escaped*, between our own daemons: reversible, so that a job gets the very bytes that the job file or the emitter
// gave.
//   A byte that belongs to no UTF-8 text stands as the character U+F700 + byte; a character U+F780 … U+F7FF in the text
//   itself is escaped byte by byte, so that nothing has two meanings. All other text stands for itself.
// - *readable*, towards clients, which get to see such a byte as U+FFFD: no call fails because of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace upstart::protocol {

[[nodiscard]] std::string escaped(std::string_view bytes);
[[nodiscard]] std::string unescaped(std::string_view text);
[[nodiscard]] std::string readable(std::string_view bytes);

// A list of strings so converted: the list itself and no copy, where there is nothing to convert (nearly always). Lives
// no longer than the list.
class Converted {
public:
  using Strings = std::vector<std::string>;
  Converted(const Converted&) = delete;
  Converted& operator=(const Converted&) = delete;
  operator const Strings&() const { return *strings_; } // NOLINT: to be passed on as what it stands for

private:
  friend Converted escaped(const Strings&);
  friend Converted unescaped(const Strings&);
  friend Converted readable(const Strings&);
  Converted(const Strings& strings, bool (*stands_for_itself)(std::string_view),
            std::string (*convert)(std::string_view));

  const Strings* strings_;
  Strings own_;
};
[[nodiscard]] Converted escaped(const std::vector<std::string>& strings);
[[nodiscard]] Converted unescaped(const std::vector<std::string>& strings);
[[nodiscard]] Converted readable(const std::vector<std::string>& strings);
[[nodiscard]] std::vector<std::vector<std::string>> escaped(std::vector<std::vector<std::string>> lists);
[[nodiscard]] std::vector<std::vector<std::string>> unescaped(std::vector<std::vector<std::string>> lists);
[[nodiscard]] std::vector<std::vector<std::string>> readable(std::vector<std::vector<std::string>> lists);

} // namespace upstart::protocol
