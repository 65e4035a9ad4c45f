#include "clients/initctl/log/log-file.hpp"

#include "clients/base/read-to-end.hpp"
#include "clients/base/supervisor.hpp"
#include "protocol/log-names.hpp"
#include "protocol/names.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace upstart::client {

namespace {

constexpr const char* system_directory = "/var/log/upstart";

// What the daemon says; nothing where it is one that does not tell.
std::optional<std::string> told_directory(Upstart& upstart) {
  try {
    return Supervisor{upstart.connection()}.log_directory();
  } catch (const sdbus::Error&) { return std::nullopt; }
}

std::filesystem::path session_directory(const ProcessContext& context) {
  if (auto cache = context.variable("XDG_CACHE_HOME")) return std::filesystem::path{*cache} / "upstart";
  return std::filesystem::path{context.variable("HOME").value_or("/")} / ".cache" / "upstart";
}

// Where the last `lines` lines of a text begin; nothing if it has no more than these.
std::optional<std::size_t> start_of_last(std::string_view text, std::size_t lines) {
  std::size_t begin = text.size();
  if (text.ends_with('\n')) --begin;
  for (; begin > 0; --begin)
    if (text[begin - 1] == '\n' && --lines == 0) return begin;
  return std::nullopt;
}

std::expected<std::string, int> read_between(int descriptor, std::size_t begin, std::size_t end) {
  std::string text(end - begin, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    ssize_t count = ::pread(descriptor, text.data() + filled, text.size() - filled, static_cast<off_t>(begin + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected{errno};
    if (count == 0) break; // cut short meanwhile
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

} // namespace

std::optional<std::filesystem::path> log_directory(const ProcessContext& context, Upstart& upstart) {
  if (auto told = told_directory(upstart))
    return told->empty() ? std::nullopt : std::optional<std::filesystem::path>{*told};
  if (auto set = context.variable("UPSTART_LOGDIR")) return *set;
  bool session = upstart.connection().target().address.starts_with(protocol::address::session_prefix);
  return session ? session_directory(context) : std::filesystem::path{system_directory};
}

std::filesystem::path log_path(const std::filesystem::path& directory, const std::string& job,
                               const std::string& instance) {
  auto usual = directory / protocol::log_name(job, instance),
       other = directory / protocol::unlike_log_name(job, instance);
  std::error_code none;
  return std::filesystem::exists(other, none) ? other : usual;
}

std::expected<LogText, int> read_log(const std::filesystem::path& path, std::optional<std::size_t> lines) {
  constexpr std::size_t first_guess = 8192;
  base::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat now{};
  if (!file || ::fstat(file.get(), &now) < 0) return std::unexpected{errno};
  auto end = static_cast<std::size_t>(now.st_size);
  for (std::size_t length = lines ? first_guess : end;; length *= 2) {
    std::size_t begin = end - std::min(length, end);
    auto text = read_between(file.get(), begin, end);
    if (!text) return std::unexpected{text.error()};
    auto start = lines ? start_of_last(*text, *lines) : std::nullopt;
    if (start || begin == 0) return LogText{text->substr(start.value_or(0)), begin + text->size()};
  }
}

GrowingFile::GrowingFile(std::filesystem::path path, std::size_t offset)
    : path_{std::move(path)}, changes_{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)} {
  watch();
  open_anew();
  if (file_)
    ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET); // without one: from its beginning, when it comes
}

// The directory may come into being later.
void GrowingFile::watch() {
  constexpr auto changes = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY;
  if (!is_watched_) is_watched_ = ::inotify_add_watch(changes_.get(), path_.parent_path().c_str(), changes) >= 0;
}

void GrowingFile::open_anew() { file_ = base::FileDescriptor{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)}; }

bool GrowingFile::was_replaced() const {
  struct stat named{}, open{};
  if (::stat(path_.c_str(), &named) < 0) return false;
  if (!file_ || ::fstat(file_.get(), &open) < 0) return true;
  return named.st_ino != open.st_ino || named.st_dev != open.st_dev;
}

std::string GrowingFile::read_on() { return file_ ? read_to_end(file_.get()) : std::string{}; }

// A file that was cut short is read from its beginning again.
std::string GrowingFile::added() {
  watch();
  forget_changes(); // before looking: what comes afterwards is told anew
  for (;;) {
    struct stat now{};
    if (file_ && ::fstat(file_.get(), &now) == 0 && now.st_size < ::lseek(file_.get(), 0, SEEK_CUR))
      ::lseek(file_.get(), 0, SEEK_SET);
    if (auto text = read_on(); !text.empty() || !was_replaced()) return text;
    open_anew();
  }
}

void GrowingFile::forget_changes() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (::read(changes_.get(), events.data(), events.size()) > 0) {}
}

} // namespace upstart::client
