// A unit of systemd as its files have it: the assignments, in order, those of drop-ins (NAME.d/*.conf beside it) after
// its own, and without what an empty assignment takes back.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::convert::systemd {

struct Assignment {
  std::string section, key, value;
  std::string place; // "nginx.service:12"

  [[nodiscard]] std::string text() const { return key + "=" + value; }
};

struct Unit {
  std::string path;
  std::string name;   // "getty@tty1.service"
  std::string stem;   // "getty@tty1"
  std::string kind;   // "service"
  std::string prefix; // "getty"
  bool is_template = false;
  std::string instance{};    // "tty1"
  bool of_user = false;      // of a session, not of the system
  bool has_namesake = false; // a template, beside which there is a unit of its name without the @
  std::vector<Assignment> assignments{};

  // The last value; empty where there is none.
  [[nodiscard]] std::string_view last(std::string_view section, std::string_view key) const;
};

// Reads the file, and its drop-ins. An instance (getty@tty1.service) for which there is no file is read from its
// template. The error says what is wrong, of a drop-in with its path.
[[nodiscard]] std::expected<Unit, std::string> read_unit(const std::string& path);
// The same, of a text.
[[nodiscard]] Unit parse_unit(const std::string& path, std::string_view text);

} // namespace upstart::convert::systemd
