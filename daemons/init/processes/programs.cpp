#include "daemons/init/processes/programs.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <format>
#include <ranges>
#include <vector>

namespace upstart::init {

namespace {

namespace fs = std::filesystem;

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<fs::path> places(const std::optional<std::string>& directory) {
  if (directory) return {*directory};
  auto beside = fs::path{own_path().value_or("")}.parent_path();
  return {beside, beside.parent_path() / UPSTART_PROGRAM_DIRECTORY};
}

} // namespace

std::expected<std::string, std::string> find_daemon(const std::string& program,
                                                    const std::optional<std::string>& directory) {
  auto searched = places(directory);
  std::string list;
  for (const auto& place : searched) {
    if (is_program(place / program)) return place / program;
    list += (list.empty() ? "" : ", ") + place.string();
  }
  return std::unexpected(std::format("unable to find the program {} in {}", program, list));
}

ProgramVersion version_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) < 0) return {};
  constexpr std::int64_t ns_per_second = 1'000'000'000;
  return {status.st_dev, status.st_ino, status.st_mtim.tv_sec * ns_per_second + status.st_mtim.tv_nsec};
}

bool is_program_of_daemon(const std::string& path, const std::string& program,
                          const std::optional<std::string>& directory) {
  fs::path whole{path};
  std::error_code error;
  auto place = fs::weakly_canonical(whole.parent_path(), error);
  return whole.filename() == program && std::ranges::any_of(places(directory), [&](const fs::path& searched) {
           return fs::weakly_canonical(searched, error) == place;
         });
}

std::optional<std::string> own_path() { return program_of("/proc/self"); }

std::optional<std::string> program_of(const std::string& proc_directory) {
  constexpr std::string_view replaced = " (deleted)";
  std::error_code error;
  auto path = fs::read_symlink(proc_directory + "/exe", error).string();
  if (error) return std::nullopt;
  if (path.ends_with(replaced)) path.resize(path.size() - replaced.size());
  return path;
}

std::optional<std::string> find_in_path(const std::string& program, std::string_view path) {
  for (auto part : std::views::split(path, ':'))
    if (fs::path directory{std::string_view{part}}; !directory.empty() && is_program(directory / program))
      return directory / program;
  return std::nullopt;
}

} // namespace upstart::init
