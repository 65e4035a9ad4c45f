#include "daemons/mqtt-bridge/mqtt-bridge-object.hpp"

#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::uint32_t longest_limit = 24 * 60 * 60; // seconds

std::chrono::seconds bounded(std::uint32_t limit) { return std::chrono::seconds{std::clamp(limit, 1U, longest_limit)}; }

sdbus::Error error_of(const std::string& why) {
  bool is_bound = why.starts_with("the queue is full");
  return sdbus::Error{
      sdbus::Error::Name{is_bound ? protocol::error_name::limits_exceeded : protocol::error_name::failed},
      protocol::readable(why)};
}

sdbus::Error invalid(const std::string& why) {
  return sdbus::Error{sdbus::Error::Name{protocol::error_name::invalid_args}, why};
}

uid_t peer_of(int socket) {
  ucred peer{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = static_cast<gid_t>(-1)};
  socklen_t size = sizeof peer;
  ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer.uid;
}

// An answer that is given later, to a caller who may have gone with the connection by then.
template <typename... Values> class Later {
public:
  Later(sdbus::Result<Values...>&& result, std::shared_ptr<bool> alive)
      : result_{std::make_shared<sdbus::Result<Values...>>(std::move(result))}, alive_{std::move(alive)} {}
  void value(const Values&... values) const {
    if (*alive_) (void)base::send_if_connected([&] { result_->returnResults(values...); });
  }
  void error(const std::string& why) const {
    if (*alive_) (void)base::send_if_connected([&] { result_->returnError(error_of(why)); });
  }

private:
  std::shared_ptr<sdbus::Result<Values...>> result_;
  std::shared_ptr<bool> alive_;
};

} // namespace

MqttBridgeObject::MqttBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Find find)
    : AdaptorInterfaces(connection, path),
      find_{std::move(find)},
      peer_{peer_of(connection.getEventLoopPollData().fd)} {
  registerAdaptor();
}

Fleet& MqttBridgeObject::fleet() const {
  auto message = getObject().getCurrentlyProcessedMessage();
  const char* sender = message.getSender();
  bool on_bus = sender != nullptr && *sender == ':';
  auto user = on_bus ? static_cast<uid_t>(-1) : peer_;
  if (user != 0 && user != ::getuid())
    throw sdbus::Error{sdbus::Error::Name{protocol::error_name::permission_denied},
                       on_bus ? "This is for the bridge's own socket, and not for the bus"
                              : "Only root, in a session its user, may ask other machines for something"};
  auto found = find_();
  if (!found) throw error_of(found.error());
  return **found;
}

void MqttBridgeObject::Emit(sdbus::Result<std::vector<std::string>>&& result, std::string token, std::string nodes,
                            std::string name, std::vector<std::string> env, bool wait, uint32_t limit) {
  constexpr std::size_t longest_token = 100, longest_name = 1000;
  auto& members = fleet();
  if (name.empty()) throw invalid("Name may not be empty string");
  if (name.size() > longest_name || token.size() > longest_token) throw invalid("The name or the token is too long");
  if (is_node_event(name)) throw invalid("Each node makes this event for itself");
  Fleet::Emission emission{.token = std::move(token),
                           .name = protocol::unescaped(name),
                           .env = protocol::unescaped(env),
                           .wait = wait,
                           .limit = bounded(limit)};
  if (auto fault = protocol::environment_fault(emission.env)) throw invalid(*fault);
  Later later{std::move(result), alive_};
  auto answer = [later](const auto& notes) { notes ? later.value(*notes) : later.error(notes.error()); };
  if (nodes.empty()) members.emit_to_all(emission, answer);
  else members.emit_to_nodes(nodes, emission, answer);
}

void MqttBridgeObject::Call(sdbus::Result<int32_t, std::string, std::string>&& result, std::string node,
                            std::vector<std::string> words, uint32_t limit) {
  auto& members = fleet();
  if (words.empty()) throw invalid("A command is needed");
  if (!is_node_name(node)) throw error_of("`" + node + "' is not the name of a node");
  Later later{std::move(result), alive_};
  members.call(node, protocol::unescaped(words), bounded(limit), [later](const auto& reply) {
    if (!reply) return later.error(reply.error());
    later.value(reply->status, protocol::escaped(reply->output), protocol::escaped(reply->errors));
  });
}

void MqttBridgeObject::ListNodes(sdbus::Result<std::string, std::vector<Node>>&& result, uint32_t limit) {
  auto& members = fleet();
  Later later{std::move(result), alive_};
  members.ask_nodes(bounded(limit), [later, name = members.configuration().fleet](const auto& states) {
    if (!states) return later.error(states.error());
    std::vector<Node> nodes;
    for (const auto& [node, state] : *states)
      nodes.emplace_back(node, state.online, static_cast<uint64_t>(std::max<std::int64_t>(state.since, 0)),
                         protocol::readable(state.version), protocol::readable(state.boot), state.running,
                         protocol::readable(state.failed));
    later.value(name, nodes);
  });
}

} // namespace upstart::mqtt_bridge
