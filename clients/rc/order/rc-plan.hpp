// Which scripts a change of the runlevel runs, and in which order: first those that stop something (K20name stop), then
// those that start something (S20name start), each by number, then by name. Values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::client {

enum class RcKind : bool { stop, start };

// What the name of a file in rcN.d says.
struct RcScript {
  std::string file; // "S20name"
  RcKind kind = RcKind::start;
  int number = 0; // 20
  std::string name;
  friend bool operator==(const RcScript&, const RcScript&) = default;
};

// Nothing for a file of another form, and for what packagers and editors leave behind (name~, name.dpkg-old).
[[nodiscard]] std::optional<RcScript> read_script_name(std::string_view file);

// The scripts to run, from the names of the files of the new runlevel and those of the previous one. A start that the
// previous runlevel has had too is left out, unless the new one has stopped it before.
[[nodiscard]] std::vector<RcScript> scripts_to_run(const std::vector<std::string>& files,
                                                   const std::vector<std::string>& files_of_previous);

[[nodiscard]] inline const char* argument_of(RcKind kind) { return kind == RcKind::start ? "start" : "stop"; }

} // namespace upstart::client
