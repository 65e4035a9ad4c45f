// Commands between nodes: calls that this node makes, each answered once, and calls of others, which are executed if
// the configuration allows it. A request names where the reply goes (response topic) and which it is (correlation
// data).
//
// A call is executed at once or not at all: the broker drops one that is older than its time limit, and one that comes
// twice is executed once at most, also where this process was killed meanwhile: the last ones are in the bridge's
// memory, and each is executed when that is written. Calls of one node, and all together, are bounded.
#pragma once

#include "daemons/mqtt-bridge/commands/command-runner.hpp"
#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"
#include "daemons/mqtt-bridge/fleet/questions.hpp"

#include "daemons/base/repeated-message.hpp"

namespace upstart::mqtt_bridge {

class Calls {
public:
  static constexpr std::size_t most_running = 32, most_of_one_node = 8, most_remembered = 1000;
  using Answer = std::function<void(std::expected<ReplyMessage, std::string>)>;

  struct World {
    base::EventLoop& loop;
    Link& link;
    Questions& questions;
    const Topics& topics;
    const FleetConfiguration& configuration;
    bridge::Memory& memory;
    const SeenIds::Records& records; // what the memory holds
    std::string initctl;             // path of the program
  };
  explicit Calls(World world);
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;
  ~Calls() = default;

  // The words of a command line to a node. The error says in words why there is no reply.
  void call(const std::string& node, std::vector<std::string> words, std::chrono::seconds limit, Answer answer);

  void take_call(const Message& message);
  // The calls of this batch of messages are written down, and are executed now; or could not be, and are forgotten: the
  // broker sends them again.
  void batch_over(bool written);
  // `from` is the node whose topic it came on.
  void take_reply(const Message& message, const std::string& from);
  void connection_lost();

private:
  struct Pending {
    std::string node;
    std::unique_ptr<base::Timer> limit;
    Answer answer;
  };

  struct Taken {
    CallMessage call;
    std::string reply_topic, correlation;
    std::uint64_t number = 0; // in recent_
  };

  void send(const std::string& node, const std::string& key, CallMessage call);
  void finish(const std::string& key, std::expected<ReplyMessage, std::string> outcome);
  // Its number; nothing where it was there before.
  [[nodiscard]] std::optional<std::uint64_t> remember(const std::string& call);
  void forget(std::uint64_t number);
  void execute(const Taken& taken);
  void reply(const std::string& topic, const std::string& correlation, const ReplyMessage& reply);

  World world_;
  CommandRunner runner_;
  base::RepeatedMessage refusals_;
  std::map<std::string, Pending> pending_;      // by correlation data
  std::map<std::string, std::size_t> running_;  // by node
  std::vector<Taken> taken_;                    // of this batch
  std::map<std::uint64_t, std::string> recent_; // calls that were executed here, by number; outlives the process
};

} // namespace upstart::mqtt_bridge
