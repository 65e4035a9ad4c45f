#include "clients/initctl/log-file.hpp"

#include "protocol/names.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <format>

namespace upstart::client {

namespace {

constexpr const char* system_directory = "/var/log/upstart";

// What the daemon says; nothing where it is one that does not tell.
std::optional<std::string> told_directory(Upstart& upstart) {
  try {
    auto supervisor = sdbus::createProxy(upstart.connection().sdbus(), upstart.connection().destination(), sdbus::ObjectPath{protocol::path::job_supervisor});
    return supervisor->getProperty("log_directory").onInterface("com.ubuntu.Upstart.JobSupervisor1").get<std::string>();
  } catch (const sdbus::Error&) {
    return std::nullopt;
  }
}

std::filesystem::path session_directory(const Call& call) {
  if (auto cache = call.variable("XDG_CACHE_HOME")) return std::filesystem::path{*cache} / "upstart";
  return std::filesystem::path{call.variable("HOME").value_or("/")} / ".cache" / "upstart";
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 16384> buffer;
  ssize_t count = 0;
  while ((count = ::read(descriptor, buffer.data(), buffer.size())) > 0 || (count < 0 && errno == EINTR))
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

} // namespace

std::optional<std::filesystem::path> log_directory(const Call& call, Upstart& upstart) {
  if (auto told = told_directory(upstart)) return told->empty() ? std::nullopt : std::optional<std::filesystem::path>{*told};
  if (auto set = call.variable("UPSTART_LOGDIR")) return *set;
  bool session = upstart.connection().target().address.contains("upstart-session");
  return session ? session_directory(call) : std::filesystem::path{system_directory};
}

std::string log_name(const std::string& job, const std::string& instance) {
  std::string name = instance.empty() ? job : std::format("{}-{}", job, instance);
  std::ranges::replace(name, '/', '_');
  return name + ".log";
}

std::string_view last_lines(std::string_view text, std::size_t lines) {
  std::size_t begin = text.size();
  if (text.ends_with('\n') && begin > 0) --begin;
  for (; begin > 0; --begin)
    if (text[begin - 1] == '\n' && --lines == 0) break;
  return text.substr(begin);
}

std::expected<std::string, int> read_file(const std::filesystem::path& path) {
  protocol::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::unexpected{errno};
  return read_all(file.get());
}

GrowingFile::GrowingFile(std::filesystem::path path, std::size_t offset) : path_{std::move(path)}, changes_{::inotify_init1(IN_CLOEXEC)} {
  ::inotify_add_watch(changes_.get(), path_.parent_path().c_str(), IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY);
  open_anew();
  ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET);
}

void GrowingFile::open_anew() { file_ = protocol::FileDescriptor{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)}; }

bool GrowingFile::was_replaced() const {
  struct stat named {}, open {};
  if (::stat(path_.c_str(), &named) < 0) return false;
  if (!file_ || ::fstat(file_.get(), &open) < 0) return true;
  return named.st_ino != open.st_ino || named.st_dev != open.st_dev;
}

std::string GrowingFile::read_on() { return file_ ? read_all(file_.get()) : std::string{}; }

// A file that was cut short is read from its beginning again.
std::string GrowingFile::next() {
  for (;;) {
    struct stat now {};
    if (file_ && ::fstat(file_.get(), &now) == 0 && now.st_size < ::lseek(file_.get(), 0, SEEK_CUR)) ::lseek(file_.get(), 0, SEEK_SET);
    if (auto text = read_on(); !text.empty()) return text;
    if (was_replaced()) {
      open_anew();
      continue;
    }
    wait_for_change();
  }
}

void GrowingFile::wait_for_change() {
  alignas(inotify_event) std::array<char, 4096> events;
  [[maybe_unused]] auto count = ::read(changes_.get(), events.data(), events.size());
}

} // namespace upstart::client
