#include "daemons/event-broker/test/peer.hpp"

namespace upstart::broker::test {

namespace {

std::string joined(std::string line, const Lines& words) {
  for (const auto& word : words) line += " " + word;
  return line;
}

std::string event_line(const char* what, std::uint64_t id, const std::string& name) {
  return std::string{what} + " " + std::to_string(id) + " " + name;
}

std::string error_line(const sdbus::Error& error) {
  std::string name = error.getName();
  return "error " + name.substr(name.rfind('.') + 1) + ": " + error.getMessage();
}

const char* text_of(bool failed) { return failed ? "failed" : "ok"; }

} // namespace

void HandlerObject::Handle(const uint64_t& id, const std::string& name, const std::vector<std::string>& env,
                           const std::vector<sdbus::UnixFd>& files, const bool& again) {
  peer_.files = files;
  peer_.hear(joined(event_line("handle", id, name), env) + (again ? " again" : ""));
}

void BrokerProxy::onEventEmitted(const uint64_t& id, const std::string& name, const std::vector<std::string>&) {
  peer_.hear(event_line("emitted", id, name));
}

void BrokerProxy::onEventFinished(const uint64_t& id, const std::string& name, const std::vector<std::string>&,
                                  const bool& failed) {
  peer_.hear(event_line("finished", id, name) + " " + text_of(failed));
}

void BrokerProxy::onInterestChanged(const std::vector<std::string>& wanted_by_others) {
  peer_.hear(joined("others", wanted_by_others));
}

void BrokerProxy::onEmitReply(const uint64_t& id, std::optional<sdbus::Error> error) {
  peer_.last_id = id;
  peer_.hear(error ? error_line(*error) : "reply " + std::to_string(id));
}

void BrokerProxy::onWaitForReply(const bool& failed, std::optional<sdbus::Error> error) {
  peer_.hear(error ? error_line(*error) : std::string{"outcome "} + text_of(failed));
}

void BrokerProxy::onAttachReply(const std::vector<std::string>& wanted_by_others, std::optional<sdbus::Error> error) {
  peer_.attached = true;
  peer_.hear(error ? error_line(*error) : joined("attached", wanted_by_others));
}

void BrokerProxy::onAttachWithTicketReply(const std::vector<std::string>& wanted_by_others,
                                          const std::vector<uint64_t>& unfinished, std::optional<sdbus::Error> error) {
  peer_.unfinished = unfinished;
  onAttachReply(wanted_by_others, std::move(error));
}

void BrokerProxy::onDisplaced(const std::string& handler) { peer_.hear("displaced " + handler); }

void BrokerProxy::onListenReply(std::optional<sdbus::Error> error) {
  peer_.listening = true;
  if (error) peer_.hear(error_line(*error));
}

void BrokerProxy::onSubscribeReply(std::optional<sdbus::Error> error) {
  peer_.hear(error ? error_line(*error) : "subscribed");
}

void BrokerProxy::onJoinBusReply(std::optional<sdbus::Error> error) {
  peer_.hear(error ? error_line(*error) : "joining");
}

} // namespace upstart::broker::test
