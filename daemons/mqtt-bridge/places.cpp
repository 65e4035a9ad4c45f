#include "daemons/mqtt-bridge/places.hpp"

#include "daemons/base/event-emitter.hpp"

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

} // namespace upstart::mqtt_bridge
