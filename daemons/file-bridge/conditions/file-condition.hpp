// One `file` match of a job's expression, understood: which path it wants to hear of, and which changes of it.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace upstart::file_bridge {

inline constexpr const char* event_name = "file";

enum class Change : std::uint8_t { create, modify, remove };
// The value of EVENT: "create", "modify", "delete".
[[nodiscard]] std::string_view name_of(Change change);

enum class Kind : std::uint8_t {
  file,      // the path itself
  directory, // written with a slash at its end: the directory itself, and what is directly in it
  matches,   // a pattern as the last element: what fits it in the directory before
};

struct FileCondition {
  std::string file; // as written; FILE of the event
  Kind kind = Kind::file;
  std::string path;             // absolute, without "." or a slash at its end; of matches, the directory they are in
  std::string pattern;          // of matches: fnmatch(3), as a shell has it for the elements of a path
  std::optional<Change> change; // nothing: each
  friend bool operator==(const FileCondition&, const FileCondition&) = default;
};

// Whether the name of something in the directory fits the pattern.
[[nodiscard]] bool fits(const FileCondition& condition, const std::string& name);

// Where paths that are not absolute begin: the home directory of a session's user. Nothing: they are refused, as on the
// system.
using Home = std::optional<std::string>;

// `arguments` are those that follow the event's name.
[[nodiscard]] std::expected<FileCondition, bridge::ConditionFault>
parse_condition(std::span<const std::string> arguments, const Home& home);

} // namespace upstart::file_bridge
