// The MQTT bridge of this machine, asked for what other machines are to do or to tell (MqttBridge1): at its own socket
// in the run directory. initctl itself speaks no MQTT.
#pragma once

#include "clients/base/upstart.hpp"
#include "clients/initctl/command/call.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace upstart::client {

struct FleetNode {
  std::string name;
  bool online = false;
  std::chrono::sys_time<std::chrono::microseconds> since{}; // of its connection to the broker
  std::string version, boot;
  std::uint64_t running = 0;       // instances of jobs
  std::vector<std::string> failed; // jobs
};

struct FleetNodes {
  std::string fleet;
  std::vector<FleetNode> nodes; // sorted
};

struct NodeReply {
  int status = 0;
  std::string output, errors;
};

class FleetBridge {
public:
  // `upstart` outlives this; `limit` is that of each question.
  FleetBridge(Upstart& upstart, std::chrono::seconds limit) : upstart_{upstart}, limit_{limit} {}

  // To the nodes that fit the pattern; all, where it is empty. The answer: what became of nodes that it was not sent
  // to.
  [[nodiscard]] std::expected<std::vector<std::string>, Failure>
  emit(const std::string& nodes, const std::string& event, const std::vector<std::string>& environment, bool wait);
  [[nodiscard]] std::expected<NodeReply, Failure> call(const std::string& node, const std::vector<std::string>& words);
  [[nodiscard]] std::expected<FleetNodes, Failure> nodes();

private:
  template <typename Answer, typename Ask> std::expected<Answer, Failure> ask(bool may_repeat, Ask ask_once);
  [[nodiscard]] std::expected<std::unique_ptr<Connection>, Failure> connect();

  Upstart& upstart_;
  std::chrono::seconds limit_;
};

// The time limit that the command line gives, or the usual one; the failure says what would be right.
[[nodiscard]] std::expected<std::chrono::seconds, Failure> time_limit(const Call& call);

} // namespace upstart::client
