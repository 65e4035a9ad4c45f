#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

std::optional<std::string> read_file(const std::string& path) {
  base::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t got; (got = ::read(file.get(), buffer.data(), buffer.size())) != 0;) {
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    else if (errno != EINTR) break;
  }
  return text;
}

constexpr unsigned exiting_flag = 0x4; // PF_EXITING

std::string proc(pid_t pid, const std::string& what) { return "/proc/" + std::to_string(pid) + "/" + what; }

// The numbers of a text; stops where something else comes.
class Numbers {
public:
  explicit Numbers(std::string_view text) : rest_{text} {}
  template <typename Number> std::optional<Number> next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
    Number number{};
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc{}) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return number;
  }
  void skip(int count) {
    for (; count > 0; --count) (void)next<long long>();
  }

private:
  std::string_view rest_;
};

std::vector<pid_t> all_pids(std::string_view text) {
  std::vector<pid_t> pids;
  Numbers numbers{text};
  while (auto pid = numbers.next<pid_t>()) pids.push_back(*pid);
  return pids;
}

// Where the kernel keeps no list of children.
std::vector<pid_t> children_by_search(pid_t parent) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", ignored}) {
    auto pid = Numbers{entry.path().filename().native()}.next<pid_t>();
    if (!pid) continue;
    if (auto facts = facts_of(*pid); facts && facts->parent == parent) found.push_back(*pid);
  }
  return found;
}

} // namespace

std::optional<ProcessFacts> parse_stat(std::string_view text) {
  std::size_t name_end = text.rfind(')');
  if (name_end == text.npos || name_end + 4 > text.size()) return std::nullopt;
  ProcessFacts facts;
  facts.pid = Numbers{text}.next<pid_t>().value_or(0);
  facts.state = text[name_end + 2];
  Numbers numbers{text.substr(name_end + 3)};
  facts.parent = numbers.next<pid_t>().value_or(0);
  facts.group = numbers.next<pid_t>().value_or(0);
  facts.session = numbers.next<pid_t>().value_or(0);
  facts.terminal = numbers.next<int>().value_or(0);
  numbers.skip(1); // the terminal's foreground group
  facts.ending = (numbers.next<unsigned>().value_or(0) & exiting_flag) != 0;
  numbers.skip(4); // counts of faults
  auto user = numbers.next<std::uint64_t>(), system = numbers.next<std::uint64_t>();
  numbers.skip(6); // children's times, priority, nice, threads, timer
  auto started = numbers.next<std::uint64_t>();
  if (!user || !system || !started) return std::nullopt;
  facts.processor_time = *user + *system;
  facts.started = *started;
  return facts;
}

std::optional<ProcessFacts> facts_of(pid_t pid) {
  auto text = read_file(proc(pid, "stat"));
  return text ? parse_stat(*text) : std::nullopt;
}

// The kernel leaves one out where the one before it is reaped while the list is read. So it is read until two agree;
// nobody reaps this process's own meanwhile.
std::vector<pid_t> children_of(pid_t pid) {
  constexpr int most_reads = 20;
  std::string path = proc(pid, "task/" + std::to_string(pid) + "/children");
  auto text = read_file(path);
  if (!text)
    return ::access("/proc/self/task", F_OK) == 0 && facts_of(pid) ? children_by_search(pid) : std::vector<pid_t>{};
  for (int reads = 1; pid != ::getpid() && reads < most_reads; ++reads) {
    auto again = read_file(path);
    if (!again) return {};
    if (again == text) break;
    text = std::move(again);
  }
  return all_pids(*text);
}

std::vector<pid_t> pids_listed_in(const std::string& path) { return all_pids(read_file(path).value_or("")); }

std::vector<pid_t> tree_of(pid_t pid) {
  std::vector<pid_t> tree{pid};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    auto children = children_of(tree[i]);
    tree.insert(tree.end(), children.begin(), children.end());
  }
  return tree;
}

HasEnvironment environment_has(pid_t pid, const std::vector<std::string>& strings) {
  auto text = read_file(proc(pid, "environ"));
  if (!text && errno == EACCES) return HasEnvironment::no; // another user's
  if (!text || text->empty()) return HasEnvironment::unknown;
  std::string block = '\0' + *text;
  bool has = std::ranges::all_of(strings, [&](const auto& string) { return block.contains('\0' + string + '\0'); });
  return has ? HasEnvironment::yes : HasEnvironment::no;
}

std::optional<std::string> environment_value(pid_t pid, std::string_view name) {
  std::string block = '\0' + process_file(pid, "environ");
  std::string key = '\0' + std::string{name} + '=';
  std::size_t found = block.find(key);
  if (found == block.npos) return std::nullopt;
  std::size_t begin = found + key.size();
  return block.substr(begin, std::min(block.find('\0', begin), block.size()) - begin);
}

std::string link_of(pid_t pid, const std::string& name) {
  std::array<char, 4096> target;
  ssize_t length = ::readlink(proc(pid, name).c_str(), target.data(), target.size());
  return length < 0 ? "" : std::string{target.data(), static_cast<std::size_t>(length)};
}

std::string process_file(pid_t pid, const std::string& name) { return read_file(proc(pid, name)).value_or(""); }

std::uint64_t ticks_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return static_cast<std::uint64_t>(now.tv_sec) * per_second +
         static_cast<std::uint64_t>(now.tv_nsec) * per_second / 1'000'000'000;
}

} // namespace upstart::supervisor
