#include "daemons/base/processes/process-stat.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

namespace upstart::base {

namespace {

// Numbered as in proc(5); the first behind the name is the state.
enum Field : unsigned {
  state = 3,
  parent = 4,
  session = 6,
  user_ticks = 14,
  system_ticks = 15,
  threads = 20,
  start = 22,
  resident = 24
};

std::int64_t number(std::string_view text) {
  std::int64_t result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

} // namespace

// "PID (NAME) STATE PARENT …"
std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  auto name = text.find('('), name_end = text.rfind(") ");
  if (name == std::string_view::npos || name_end == std::string_view::npos || name_end < name) return std::nullopt;
  std::array<std::int64_t, Field::resident + 1> fields{};
  auto rest = text.substr(name_end + 2);
  for (unsigned field = Field::state; field <= Field::resident; ++field) {
    if (rest.empty()) return std::nullopt;
    auto word = rest.substr(0, rest.find(' '));
    fields[field] = number(word);
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  auto counted = [&](Field field) { return static_cast<std::uint64_t>(fields[field]); };
  return ProcessStat{.pid = static_cast<pid_t>(number(text)),
                     .parent = static_cast<pid_t>(fields[Field::parent]),
                     .session = static_cast<pid_t>(fields[Field::session]),
                     .name = text.substr(name + 1, name_end - name - 1),
                     .processor_ticks = counted(Field::user_ticks) + counted(Field::system_ticks),
                     .threads = counted(Field::threads),
                     .start_ticks = counted(Field::start),
                     .resident_pages = counted(Field::resident)};
}

std::optional<ProcessStat> process_stat(pid_t pid) {
  FileDescriptor file{::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 1024> text{};
  auto length = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (length <= 0) return std::nullopt;
  auto stat = parse_process_stat({text.data(), static_cast<std::size_t>(length)});
  if (stat) stat->name = {};
  return stat;
}

} // namespace upstart::base
