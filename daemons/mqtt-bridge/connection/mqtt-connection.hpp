// What the bridge needs of an MQTT broker: a port with a real side (mosquitto-connection.hpp) and one for tests
// (testing/recording-connection.hpp). The connection comes back by itself; the broker keeps the session meanwhile.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace upstart::mqtt_bridge {

struct Publication {
  std::string topic, payload;
  bool retain = false;
  std::string response_topic{}, correlation{}; // of a call
  unsigned expiry = 0;                         // seconds that the broker may keep it; 0: without end
};

struct Message {
  std::string topic, payload;
  bool retained = false; // it stood there before
  std::string response_topic{}, correlation{};
};

enum class Retained {
  always,           // what stands there comes, each time that this is subscribed to
  for_new_sessions, // only where the session has no such subscription yet
  never,
};

class MqttConnection {
public:
  // What is given back for a message, to know its acknowledgement by; of this connection only.
  using Ticket = int;
  struct Events {
    // `session_present`: the broker has this node's subscriptions still.
    std::function<void(bool session_present)> connected;
    std::function<void(const std::string& why)> lost; // or an attempt failed; in words, for a user
    std::function<void(Message)> message;
    // Messages that were told of since the last time are acknowledged to the broker when this returns, and not before:
    // whoever must not lose them writes them down here. False: that was not possible; then none is acknowledged and the
    // connection ends, so that the broker keeps them and sends them again.
    std::function<bool()> batch_over;
    // The broker has it. `refusal` is empty, or why it does not take it, in words.
    std::function<void(Ticket, const std::string& refusal)> published;
    std::function<void(Ticket, const std::string& refusal)> subscribed;
    std::function<void(Ticket)> unsubscribed; // also from what was not subscribed to
  };

  MqttConnection() = default;
  MqttConnection(const MqttConnection&) = delete;
  MqttConnection& operator=(const MqttConnection&) = delete;
  virtual ~MqttConnection() = default;

  // To be called while connected, with QoS 1; the error is a reason that is final for this message.
  virtual std::expected<Ticket, std::string> publish(const Publication& publication) = 0;
  virtual std::expected<Ticket, std::string> subscribe(const std::string& filter, Retained retained) = 0;
  virtual std::expected<Ticket, std::string> unsubscribe(const std::string& filter) = 0;
  // Takes nothing more from the broker until it is called again with false: the broker keeps the messages.
  virtual void pause_reading(bool paused) = 0;
};

} // namespace upstart::mqtt_bridge
