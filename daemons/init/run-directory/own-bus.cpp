#include "daemons/init/run-directory/own-bus.hpp"

#include "protocol/bridges.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <format>
#include <fstream>
#include <string_view>

namespace upstart::init {

namespace fs = std::filesystem;

namespace {

// Where dbus-daemon has it.
constexpr std::array session_configurations{"/usr/share/dbus-1/session.conf", "/etc/dbus-1/session.conf"};

std::string as_xml(std::string_view text) {
  std::string result;
  for (char byte : text)
    if (byte == '&') result += "&amp;";
    else if (byte == '<') result += "&lt;";
    else if (byte == '>') result += "&gt;";
    else result += byte;
  return result;
}

// A word of the command line in a service file, which is split as a shell would.
std::string as_word(std::string_view text) {
  std::string result = "'";
  for (char byte : text)
    if (byte == '\'') result += "'\\''";
    else result += byte;
  return result + "'";
}

bool write_file(const fs::path& path, const std::string& text) {
  std::ofstream file{path, std::ios::trunc};
  file << text;
  file.close();
  return file.good();
}

std::string configuration(std::string_view basis, const fs::path& services) {
  return std::format("<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
                     " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                     "<busconfig>\n  <include>{}</include>\n  <servicedir>{}</servicedir>\n</busconfig>\n",
                     basis, as_xml(services.native()));
}

// The bus holds a call until somebody owns the name, unless this `command` of initctl fails.
bool write_service(const fs::path& services, const std::string& name, const std::string& initctl,
                   const std::string& command) {
  return write_file(services / (name + ".service"), std::format("[D-BUS Service]\nName={}\nExec={} --quiet --user {}\n",
                                                                name, as_word(initctl), command));
}

} // namespace

std::optional<std::string> write_own_bus_configuration(const std::string& run_directory, const std::string& initctl) {
  std::error_code error;
  const auto* basis =
      std::ranges::find_if(session_configurations, [&](const char* path) { return fs::exists(path, error); });
  if (basis == session_configurations.end()) return std::nullopt;
  auto services = fs::path{run_directory} / "bus-services";
  fs::create_directory(services, error);
  bool written = !error;
  for (const auto* name : {protocol::bus_name::upstart, protocol::bus_name::event_broker})
    written = written && write_service(services, name, initctl, "version");
  for (const auto& bridge : protocol::bridges)
    written = written && write_service(services, protocol::daemon_bus_name(bridge.name), initctl,
                                       std::format("bridges --start {}", bridge.name));
  auto path = fs::path{run_directory} / "bus.conf";
  written = written && write_file(path, configuration(*basis, services));
  return written ? std::optional{path.native()} : std::nullopt;
}

} // namespace upstart::init
