#include "daemons/mqtt-bridge/places.hpp"

#include "daemons/base/event-emitter.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <sstream>

namespace upstart::mqtt_bridge {

std::string state_directory(const std::optional<std::string>& home) {
  if (!home) return "/var/lib/upstart";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return std::string{state} + "/upstart";
  return *home + "/.local/state/upstart";
}

std::expected<std::string, std::string> content_of(const std::string& path) {
  std::ifstream file{path};
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return std::unexpected(std::format("{} cannot be read: {}", path, std::strerror(errno)));
  return content.str();
}

std::expected<std::string, std::string> password_in(const std::string& path) {
  if (path.empty()) return "";
  return content_of(path).transform([](const std::string& content) { return content.substr(0, content.find('\n')); });
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) < 0) return {};
  return name.data();
}

std::string life_of(const std::string& run_directory) {
  auto path = run_directory + "/mqtt-bridge.life";
  if (auto known = content_of(path); known && !known->empty()) return *known;
  auto life = base::random_identity();
  std::ofstream file{path};
  file << life << std::flush;
  return file ? life : std::string{};
}

FileWatch::FileWatch(base::EventLoop& loop, const std::string& path, std::function<void()> changed)
    : name_{std::filesystem::path{path}.filename()},
      changed_{std::move(changed)},
      inotify_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {
  auto directory = std::filesystem::path{path}.parent_path();
  constexpr std::uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
  if (!inotify_ || ::inotify_add_watch(inotify_.get(), directory.c_str(), changes) < 0) return;
  watcher_ = std::make_unique<base::FdWatcher>(loop, inotify_.get(), [this](unsigned) { happened(); });
  watcher_->watch(base::FdWatcher::readable);
}

void FileWatch::happened() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  bool is_it = false;
  for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;)
    for (ssize_t place = 0; place < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + place);
      is_it = is_it || (event->len > 0 && name_ == event->name) || (event->mask & IN_Q_OVERFLOW) != 0;
      place += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  if (is_it) changed_();
}

} // namespace upstart::mqtt_bridge
