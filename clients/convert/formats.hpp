// The kinds of files that can be converted, and which kind a file is. One entry of the table is the whole of one kind.
#pragma once

#include "clients/convert/output/job.hpp"

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace upstart::convert {

enum class Whose { systems, sessions }; // the jobs that are made

struct Format {
  std::string_view name; // "systemd"
  const char* what;      // for the help
  // Whether the file is of this kind, by its name and what is in it (of a directory: nothing).
  bool (*is_one)(const std::string& path, const std::string& text, bool is_directory);
  std::vector<Converted> (*convert)(const std::vector<std::string>& paths, Whose whose);
};

[[nodiscard]] std::span<const Format> formats();
// Nothing where there is none of this name.
[[nodiscard]] const Format* format_of_name(std::string_view name);

// Each path, or with `format` all of them as one of that kind; what nobody knows is told as a failure. In the order of
// the paths, as far as they are of the same kind.
[[nodiscard]] std::vector<Converted> convert(const std::vector<std::string>& paths, const Format* format,
                                             Whose whose = Whose::systems);

} // namespace upstart::convert
