// This node as a member of its fleet: all parts together, on one connection to the broker.
//
// What comes in is written down before it is acknowledged, what goes out before its emitter is answered; so each of the
// processes on the way may be killed at any moment, and each event is handled once.
#pragma once

#include "daemons/mqtt-bridge/core/node-table.hpp"
#include "daemons/mqtt-bridge/fleet/calls.hpp"
#include "daemons/mqtt-bridge/fleet/events-in.hpp"
#include "daemons/mqtt-bridge/fleet/events-out.hpp"
#include "daemons/mqtt-bridge/fleet/presence.hpp"

namespace upstart::mqtt_bridge {

struct FleetPlaces {
  std::string run_directory, state_directory;
  std::string jobs_address; // of the public interface of this Upstart
  std::string initctl;      // path of the program
  std::string life;         // of this Upstart: another one after each start of it
};

class Fleet {
public:
  // Makes the connection: the real one, or that of a test (testing/recording-connection.hpp).
  using MakeConnection = std::function<std::unique_ptr<MqttConnection>(const FleetConfiguration&, Publication will,
                                                                       MqttConnection::Events)>;
  using Problem = std::string;

  // The error says why this node cannot be a member: its files in the state directory cannot be used.
  static std::expected<std::unique_ptr<Fleet>, Problem> join(base::EventLoop& loop, bridge::Emitter& emitter,
                                                             FleetConfiguration configuration, FleetPlaces places,
                                                             const MakeConnection& make);
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;
  ~Fleet();

  // Returns what cannot be served.
  [[nodiscard]] std::vector<bridge::ConditionWarning> jobs_changed(const bridge::ConditionsUpdate& update);
  [[nodiscard]] std::vector<bridge::Watch> watches() const;

  // For users. Each is answered once, within the limit; the error is for them. What is said besides is in `notes`.
  struct Emission {
    std::string token, name;
    std::vector<std::string> env;
    bool wait = true; // for the broker's acknowledgement
    std::chrono::milliseconds limit{};
  };
  using Notes = std::vector<std::string>;
  using Emitted = std::function<void(std::expected<Notes, Problem>)>;
  void emit_to_all(const Emission& emission, Emitted answer);
  void emit_to_nodes(const std::string& pattern, const Emission& emission, Emitted answer);
  void call(const std::string& node, std::vector<std::string> words, std::chrono::seconds limit, Calls::Answer answer) {
    calls_.call(node, std::move(words), limit, std::move(answer));
  }
  void ask_nodes(std::chrono::milliseconds limit, Questions::Answer answer) {
    questions_.ask("+", limit, std::move(answer));
  }
  [[nodiscard]] const FleetConfiguration& configuration() const { return configuration_; }

private:
  Fleet(base::EventLoop& loop, bridge::Emitter& emitter, FleetConfiguration configuration, FleetPlaces places,
        OutgoingQueue queue, const MakeConnection& make);

  void connected(bool session_present);
  void lost();
  void received(const Message& message);
  void take_state(const std::string& node, const Message& message);
  [[nodiscard]] bool batch_over();
  void want(bool all);
  void emit_to(const NodeStates& states, const std::string& pattern, const Emission& emission, const Emitted& answer);
  void conclude(const EventsOut::Numbers& numbers, Notes notes, const Emission& emission, const Emitted& answer);

  FleetConfiguration configuration_;
  Topics topics_;
  bridge::EventJournal memory_;
  NodeTable nodes_;
  Link link_;
  Questions questions_;
  Calls calls_;
  EventsIn in_;
  EventsOut out_;
  Presence presence_;
};

} // namespace upstart::mqtt_bridge
