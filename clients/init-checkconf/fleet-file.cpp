#include "clients/init-checkconf/fleet-file.hpp"

#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"

#include <filesystem>
#include <sstream>

namespace upstart::client {

namespace {

using supervisor::Diagnostic;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool is_fleet_file(const CheckedFile& file) {
  std::filesystem::path path{file.path};
  if (path.filename() != "fleet.conf") return false;
  if (path.parent_path().filename() == "upstart") return true;
  for (const auto& line : lines_of(file.text)) {
    std::istringstream words{line};
    std::string first, second;
    words >> first >> second;
    if ((first == "broker" || first == "fleet") && second == "=") return true;
    if (first.starts_with("broker=") || first.starts_with("fleet=")) return true;
  }
  return false;
}

} // namespace

// The host's name is not looked at: a file may be checked on another machine.
void check_fleet_file(CheckedFile& file) {
  if (!is_fleet_file(file)) return;
  auto parsed = mqtt_bridge::parse_configuration(file.text, "host");
  file.result = {};
  if (parsed) {
    file.result.job_class = std::make_shared<supervisor::JobClass>();
    return;
  }
  auto lines = lines_of(file.text);
  for (const auto& fault : parsed.error()) {
    auto source = fault.line > 0 && fault.line <= lines.size() ? lines[fault.line - 1] : "";
    file.result.diagnostics.push_back(
        {.severity = Diagnostic::Severity::error, .line = fault.line, .message = fault.message, .source = source});
  }
}

} // namespace upstart::client
