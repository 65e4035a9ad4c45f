#include "daemons/init/processes/process-stat.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace upstart::init {

namespace {

constexpr int state_field = 3; // the first after the name
constexpr int parent_field = 4;
constexpr int session_field = 6;
constexpr int start_field = 22;

template <typename Number> Number number(std::string_view text) {
  Number result{};
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

} // namespace

// "PID (NAME) STATE PARENT …", where the name may hold anything.
std::optional<ProcessStat> process_stat(pid_t pid) {
  base::FileDescriptor file{::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 1024> text{};
  auto length = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (length <= 0) return std::nullopt;
  std::string_view rest{text.data(), static_cast<std::size_t>(length)};
  auto name_end = rest.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(name_end + 2);
  ProcessStat result;
  for (int field = state_field; field <= start_field; ++field) {
    auto word = rest.substr(0, rest.find(' '));
    if (field == parent_field) result.parent = number<pid_t>(word);
    if (field == session_field) result.session = number<pid_t>(word);
    if (field == start_field) result.start_ticks = number<std::uint64_t>(word);
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  return result;
}

} // namespace upstart::init
