#include "daemons/file-bridge/conditions/file-condition.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <format>

namespace upstart::file_bridge {

namespace {

using bridge::ConditionFault;
using Outcome = std::expected<void, ConditionFault>;

constexpr std::array<std::string_view, 3> change_names{"create", "modify", "delete"};
constexpr std::string_view pattern_characters = "*?[\\";

std::unexpected<ConditionFault> fault(std::string_view variable, std::string message) {
  return std::unexpected{ConditionFault{std::string{variable}, std::move(message)}};
}

bool is_pattern(std::string_view text) { return text.find_first_of(pattern_characters) != std::string_view::npos; }

Outcome only_known(const protocol::Environment& variables) {
  for (const auto& entry : variables.strings())
    if (auto key = protocol::key_of(entry); key != "FILE" && key != "EVENT" && key != "MATCH")
      return fault(key, "not a variable of this event; known are FILE, EVENT, MATCH");
  return {};
}

Outcome take_change(const protocol::Environment& variables, FileCondition& condition) {
  auto value = variables.get("EVENT");
  if (!value) return {};
  auto found = std::ranges::find(change_names, *value);
  if (found == change_names.end())
    return fault("EVENT", std::format("unknown value {}; create, modify or delete is needed, or no EVENT for all three",
                                      *value));
  condition.change = static_cast<Change>(found - change_names.begin());
  return {};
}

// The path as it is looked for; what is written may begin at home.
std::expected<std::string, ConditionFault> absolute(std::string_view file, const Home& home) {
  if (file.starts_with('/')) return std::string{file};
  if (!home)
    return fault("FILE", std::format("{} is not an absolute path, which is needed on the system (a session also takes "
                                     "paths below the home directory)",
                                     file));
  if (file == "~" || file.starts_with("~/"))
    return *home + "/" + std::string{file.substr(std::min<std::size_t>(2, file.size()))};
  if (file.starts_with('~'))
    return fault("FILE", std::format("{} is the home of another user; write an absolute path", file));
  return *home + "/" + std::string{file};
}

// The last element is a pattern, which the supervisor has to find in the FILE that the event has: as it is written.
Outcome take_pattern(FileCondition& condition, std::string pattern) {
  if (::fnmatch(condition.file.c_str(), condition.file.c_str(), 0) != 0)
    return fault("FILE", std::format("the pattern {} does not match the value that it is itself; only * and ? are "
                                     "possible here, and MATCH=… can say the rest",
                                     condition.file));
  condition.kind = Kind::matches;
  condition.pattern = std::move(pattern);
  return {};
}

Outcome take_file(const protocol::Environment& variables, const Home& home, FileCondition& condition) {
  auto file = variables.get("FILE");
  if (!file || file->empty())
    return fault("FILE", file ? "is empty; a path is needed" : "is missing; a path is needed");
  condition.file = *file;
  auto path = absolute(*file, home);
  if (!path) return std::unexpected(path.error());
  bool is_directory = path->ends_with('/');
  auto normal = std::filesystem::path{*path}.lexically_normal().string();
  while (normal.size() > 1 && (normal.ends_with('/') || normal.starts_with("//")))
    normal.ends_with('/') ? normal.pop_back() : void(normal.erase(0, 1));
  auto slash = normal.rfind('/');
  auto last = normal.substr(slash + 1);
  condition.path = is_pattern(last) && slash > 0 ? normal.substr(0, slash) : is_pattern(last) ? "/" : normal;
  if (is_pattern(condition.path) || (is_pattern(last) && is_directory))
    return fault("FILE", std::format("{}: only the last element of the path may be a pattern", *file));
  condition.kind = is_directory ? Kind::directory : Kind::file;
  return is_pattern(last) ? take_pattern(condition, std::move(last)) : Outcome{};
}

} // namespace

std::string_view name_of(Change change) { return change_names.at(static_cast<std::size_t>(change)); }

bool fits(const FileCondition& condition, const std::string& name) {
  return ::fnmatch(condition.pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

std::expected<FileCondition, ConditionFault> parse_condition(std::span<const std::string> arguments, const Home& home) {
  auto variables = bridge::variables_of(arguments, bridge::Patterns::allowed);
  if (!variables) return std::unexpected(variables.error());
  FileCondition condition;
  auto outcome = only_known(*variables).and_then([&] { return take_file(*variables, home, condition); }).and_then([&] {
    return take_change(*variables, condition);
  });
  if (!outcome) return std::unexpected(outcome.error());
  return condition;
}

} // namespace upstart::file_bridge
