#include "daemons/job-supervisor/language/model/job-files.hpp"

#include <algorithm>
#include <array>
#include <ranges>

namespace upstart::supervisor {

namespace {

// What begins the last suffix of a file that a package manager put aside.
constexpr std::array<std::string_view, 2> put_aside{".dpkg-", ".rpm"};

std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool any_part_is_ignored(std::string_view path) {
  return std::ranges::any_of(path | std::views::split('/'),
                             [](auto part) { return is_ignored_name(std::string_view(part)); });
}

} // namespace

Dialect dialect_of_directory(std::string_view directory) {
  return last_part(without_trailing_slashes(directory)) == "event.d" ? Dialect::event_d : Dialect::conf;
}

bool is_ignored_name(std::string_view name) {
  if (name.empty() || name.starts_with('.') || name.ends_with('~') || name.ends_with(".bak")) return true;
  if (name.starts_with('#') && name.ends_with('#')) return true;
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  return std::ranges::any_of(put_aside, [&](auto suffix) { return name.substr(dot).starts_with(suffix); });
}

std::optional<JobFile> job_file(std::string_view path_below, Dialect dialect) {
  if (any_part_is_ignored(path_below)) return std::nullopt;
  if (dialect == Dialect::event_d) return JobFile{.name = std::string(path_below), .kind = JobFile::Kind::job};
  for (const auto& [suffix, kind] : {std::pair{std::string_view(".conf"), JobFile::Kind::job},
                                     std::pair{std::string_view(".override"), JobFile::Kind::override}})
    if (path_below.ends_with(suffix))
      return JobFile{.name = std::string(path_below.substr(0, path_below.size() - suffix.size())), .kind = kind};
  return std::nullopt;
}

} // namespace upstart::supervisor
