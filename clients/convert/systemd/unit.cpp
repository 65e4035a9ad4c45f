#include "clients/convert/systemd/unit.hpp"

#include "clients/convert/output/shell-words.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>

namespace upstart::convert::systemd {

namespace {

namespace fs = std::filesystem;

// The place of a unit's file, or of the template of which it is an instance.
std::string file_of(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error)) return path;
  auto name = file_name(path);
  auto at = name.find('@'), dot = name.rfind('.');
  if (at == std::string::npos || dot == std::string::npos || dot < at) return path;
  auto folder = path.substr(0, path.size() - name.size());
  return folder + name.substr(0, at + 1) + name.substr(dot);
}

bool is_null(const std::string& path) {
  std::error_code error;
  return fs::canonical(path, error) == "/dev/null";
}

std::expected<std::string, std::string> content_of(const std::string& path) {
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file.is_open() || file.bad() || fs::is_directory(path))
    return std::unexpected(std::strerror(errno != 0 ? errno : EISDIR));
  return text;
}

// Lines with what continues them, each with the number of its first.
struct Line {
  std::size_t number;
  std::string text;
};
std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  bool continues = false;
  std::size_t number = 0;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    std::string line{trimmed(text.substr(0, end))};
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    bool is_comment = line.starts_with('#') || line.starts_with(';');
    if (is_comment) continue; // also between continued lines
    bool goes_on = line.ends_with('\\');
    if (goes_on) line.back() = ' ';
    if (continues) lines.back().text += line;
    else lines.push_back({number, line});
    continues = goes_on;
  }
  return lines;
}

// Nothing is a value of this one.
bool means_none(std::string_view key) { return key == "CapabilityBoundingSet"; }

void add_assignments(Unit& unit, const std::string& file, std::string_view text) {
  std::string section;
  for (const auto& [number, line] : lines_of(text)) {
    if (line.starts_with('[') && line.ends_with(']')) section = line.substr(1, line.size() - 2);
    auto equals = line.find('=');
    if (line.starts_with('[') || equals == std::string::npos) continue;
    Assignment one{.section = section,
                   .key = std::string{trimmed(std::string_view{line}.substr(0, equals))},
                   .value = std::string{trimmed(std::string_view{line}.substr(equals + 1))},
                   .place = std::format("{}:{}", file, number)};
    if (one.value.empty())
      std::erase_if(unit.assignments, [&](const auto& old) { return old.section == section && old.key == one.key; });
    if (!one.value.empty() || means_none(one.key)) unit.assignments.push_back(std::move(one));
  }
}

} // namespace

std::string_view Unit::last(std::string_view section, std::string_view key) const {
  std::string_view value;
  for (const auto& one : assignments)
    if (one.section == section && one.key == key) value = one.value;
  return value;
}

Unit parse_unit(const std::string& path, std::string_view text) {
  Unit unit{.path = path, .name = file_name(path), .stem = {}, .kind = {}, .prefix = {}};
  auto dot = unit.name.rfind('.');
  unit.stem = unit.name.substr(0, dot);
  unit.kind = dot == std::string::npos ? "" : unit.name.substr(dot + 1);
  auto at = unit.stem.find('@');
  unit.prefix = unit.stem.substr(0, at);
  unit.is_template = at != std::string::npos && at + 1 == unit.stem.size();
  if (at != std::string::npos) unit.instance = unit.stem.substr(at + 1);
  unit.of_user = path.contains("/systemd/user/");
  add_assignments(unit, unit.name, text);
  return unit;
}

std::expected<Unit, std::string> read_unit(const std::string& path) {
  auto file = file_of(path);
  if (is_null(file)) return std::unexpected("it is masked: a link to /dev/null");
  auto text = content_of(file);
  if (!text) return std::unexpected(text.error());
  if (trimmed(*text).empty()) return std::unexpected("it is empty, and so masked");
  auto unit = parse_unit(path, *text);
  std::error_code error;
  std::vector<fs::path> more;
  for (fs::directory_iterator entry{path + ".d", error}, end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".conf") more.push_back(entry->path());
  std::ranges::sort(more);
  for (const auto& drop_in : more) {
    auto part = content_of(drop_in);
    if (!part) return std::unexpected(std::format("{}: {}", drop_in.string(), part.error()));
    add_assignments(unit, unit.name + ".d/" + drop_in.filename().string(), *part);
  }
  return unit;
}

} // namespace upstart::convert::systemd
