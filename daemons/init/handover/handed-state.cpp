#include "daemons/init/handover/handed-state.hpp"

#include <nlohmann/json.hpp>

#include <format>

namespace upstart::base {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OrphanExit, pid, status, start_ticks, session, reaped_ns)
}

namespace upstart::init {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HandedDescriptor, name, fd)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HandedDaemon, program, pid, wanted, ready, was_ready, sockets, kept)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HandedState, format, version, directory, lock, goes_on, private_address,
                                   notify_socket, session_file, open_files, daemons, exits, exits_forgotten, command)

namespace {

using nlohmann::json;

bool is_text(const std::string& string) {
  try {
    (void)json(string).dump();
    return true;
  } catch (const json::type_error&) { return false; }
}

// Paths and names may be any bytes. Those that are no UTF-8, which JSON cannot hold, are written as {"bytes": [...]}.
void put_bytes_aside(json& value) {
  if (value.is_string() && !is_text(value.get_ref<const std::string&>())) {
    const auto& string = value.get_ref<const std::string&>();
    value = json{{"bytes", std::vector<unsigned char>(string.begin(), string.end())}};
  } else if (value.is_structured()) {
    for (auto& each : value) put_bytes_aside(each);
  }
}

void take_bytes_back(json& value) {
  if (value.is_object() && value.size() == 1 && value.contains("bytes")) {
    auto bytes = value["bytes"].get<std::vector<unsigned char>>();
    value = std::string(bytes.begin(), bytes.end());
  } else if (value.is_structured()) {
    for (auto& each : value) take_bytes_back(each);
  }
}

} // namespace

std::string to_text(const HandedState& state) {
  json document = state;
  put_bytes_aside(document);
  return document.dump();
}

std::expected<HandedState, std::string> parse_state(std::string_view text) try {
  auto document = json::parse(text);
  auto format = document.at("format").get<unsigned>();
  if (format != HandedState::present_format)
    return std::unexpected(std::format("the state is of format {}, and this init (upstart {}) knows format {}", format,
                                       UPSTART_VERSION, HandedState::present_format));
  take_bytes_back(document);
  auto state = document.get<HandedState>();
  if (state.directory.empty() || state.notify_socket < 0)
    return std::unexpected("the state names no run directory, or no notification socket");
  return state;
} catch (const json::exception& fault) {
  return std::unexpected(std::string{"the state cannot be read: "} + fault.what());
}

std::vector<int> descriptors_of(const HandedState& state) {
  std::vector<int> result{state.lock, state.notify_socket};
  for (const auto& daemon : state.daemons)
    for (const auto* list : {&daemon.sockets, &daemon.kept})
      for (const auto& descriptor : *list) result.push_back(descriptor.fd);
  std::erase_if(result, [](int fd) { return fd < 0; });
  return result;
}

} // namespace upstart::init
