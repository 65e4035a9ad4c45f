#include "clients/convert/formats.hpp"

#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/services.hpp"
#include "clients/convert/systemd/units.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>

namespace upstart::convert {

namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

std::expected<std::string, std::string> content_of(const std::string& path) {
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file.is_open() || file.bad()) return std::unexpected(std::strerror(errno != 0 ? errno : EIO));
  return text;
}

// A file at a time, by its text.
template <std::vector<Converted> (*convert_one)(const std::string&, std::string_view)>
std::vector<Converted> each(const Paths& paths, Whose) {
  std::vector<Converted> result;
  for (const auto& path : paths) {
    auto text = content_of(path);
    if (text) std::ranges::move(convert_one(path, *text), std::back_inserter(result));
    else result.push_back({.source = path, .failure = text.error()});
  }
  return result;
}

template <std::vector<Converted> (*convert_one)(const std::string&)>
std::vector<Converted> each_directory(const Paths& paths, Whose) {
  std::vector<Converted> result;
  for (const auto& path : paths) std::ranges::move(convert_one(path), std::back_inserter(result));
  return result;
}

std::vector<Converted> procfile(const std::string& path, std::string_view text) {
  auto variables = content_of(fs::path{path}.replace_filename(".env"));
  return convert_procfile(path, text, variables.value_or(""));
}

std::vector<Converted> units(const Paths& paths, Whose whose) {
  return systemd::convert_units(paths, whose == Whose::sessions);
}

bool has(const std::string& directory, const char* entry) {
  std::error_code error;
  return fs::exists(fs::path{directory} / entry, error);
}

bool is_unit(const std::string& path, const std::string&, bool is_directory) {
  constexpr std::array kinds{".service", ".socket", ".timer",     ".path",  ".target", ".mount",
                             ".swap",    ".slice",  ".automount", ".scope", ".device"};
  return !is_directory && std::ranges::any_of(kinds, [&](const char* kind) { return path.ends_with(kind); });
}
bool is_supervisord(const std::string&, const std::string& text, bool) { return text.contains("[program:"); }
bool is_procfile(const std::string& path, const std::string&, bool is_directory) {
  return !is_directory && file_name(path).starts_with("Procfile");
}
bool is_inittab(const std::string& path, const std::string&, bool is_directory) {
  return !is_directory && file_name(path).contains("inittab");
}
bool is_lsb(const std::string&, const std::string& text, bool) { return text.contains("### BEGIN INIT INFO"); }
bool is_s6(const std::string& path, const std::string&, bool is_directory) {
  return is_directory &&
         (has(path, "type") || (has(path, "run") && (has(path, "notification-fd") || has(path, "timeout-kill"))));
}
bool is_runit(const std::string& path, const std::string&, bool is_directory) {
  return is_directory && has(path, "run");
}

constexpr std::array table{
    Format{"systemd", "services, sockets, timers, paths, with the drop-ins beside them", is_unit, units},
    Format{"supervisord", "the programs of a configuration of supervisord", is_supervisord, each<convert_supervisord>},
    Format{"procfile", "a Procfile, and the file .env beside it", is_procfile, each<procfile>},
    Format{"inittab", "the lines of an inittab", is_inittab, each<convert_inittab>},
    Format{"lsb", "a script of System V, by its LSB header", is_lsb, each<convert_lsb_script>},
    Format{"s6", "a service directory of s6 or s6-rc", is_s6, each_directory<convert_s6>},
    Format{"runit", "a service directory of runit", is_runit, each_directory<convert_runit>}};

const Format* format_of(const std::string& path) {
  std::error_code error;
  bool is_directory = fs::is_directory(path, error);
  auto text = is_directory ? std::expected<std::string, std::string>{} : content_of(path);
  auto found = std::ranges::find_if(
      table, [&](const Format& format) { return format.is_one(path, text.value_or(""), is_directory); });
  return found == table.end() ? nullptr : &*found;
}

std::string why_unknown(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error))
    if (auto text = content_of(path); !text) return text.error();
  return "nothing tells what kind of file this is; say it before the files, such as `upstart-convert systemd FILE'";
}

std::vector<Converted> convert_each_kind(const Paths& paths, Whose whose) {
  std::vector<Converted> result;
  std::vector<std::pair<const Format*, Paths>> groups;
  for (const auto& path : paths) {
    const auto* kind = format_of(path);
    if (kind == nullptr) {
      result.push_back({.source = path, .failure = why_unknown(path)});
      continue;
    }
    auto group = std::ranges::find(groups, kind, [](const auto& pair) { return pair.first; });
    if (group == groups.end()) group = groups.insert(groups.end(), {kind, {}});
    group->second.push_back(path);
  }
  for (const auto& [kind, its_paths] : groups)
    std::ranges::move(kind->convert(its_paths, whose), std::back_inserter(result));
  return result;
}

} // namespace

std::span<const Format> formats() { return table; }

const Format* format_of_name(std::string_view name) {
  auto found = std::ranges::find(table, name, &Format::name);
  return found == table.end() ? nullptr : &*found;
}

std::vector<Converted> convert(const Paths& paths, const Format* format, Whose whose) {
  auto result = format != nullptr ? format->convert(paths, whose) : convert_each_kind(paths, whose);
  if (whose == Whose::sessions)
    for (auto& converted : result) std::ranges::for_each(converted.jobs, &Job::move_to_session);
  return result;
}

} // namespace upstart::convert
