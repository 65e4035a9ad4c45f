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
                                   notify_socket, session_file, open_files, daemons, exits, exits_forgotten)

// Paths may be any bytes: those that are no UTF-8 are written as the code points of their number, and come back so.
std::string to_text(const HandedState& state) {
  return nlohmann::json(state).dump(-1, ' ', false, nlohmann::json::error_handler_t::strict);
}

std::expected<HandedState, std::string> parse_state(std::string_view text) try {
  auto json = nlohmann::json::parse(text);
  auto format = json.at("format").get<unsigned>();
  if (format != HandedState::present_format)
    return std::unexpected(std::format("the state is of format {}, and this init (upstart {}) knows format {}", format,
                                       UPSTART_VERSION, HandedState::present_format));
  auto state = json.get<HandedState>();
  if (state.directory.empty() || state.notify_socket < 0)
    return std::unexpected("the state names no run directory, or no notification socket");
  return state;
} catch (const nlohmann::json::exception& fault) {
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
