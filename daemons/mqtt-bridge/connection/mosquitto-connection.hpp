// A connection to an MQTT 5 broker on the event loop, over libmosquitto: TLS 1.2 or later with the broker's certificate
// and host name verified, always. It connects when it is made, and again after growing pauses, for ever.
//
// Looking up the broker's name and connecting to it may take minutes and cannot be done piecemeal with the library, so
// each attempt has a thread of its own until the TCP connection is there; all else is done on the loop. Each attempt
// has a library object of its own: what was on its way when a connection went is the owner's to send again.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/values/growing-pause.hpp"
#include "daemons/mqtt-bridge/connection/mqtt-connection.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

struct mosquitto;

namespace upstart::mqtt_bridge {

struct BrokerSettings {
  std::string host;
  std::uint16_t port = 8883;
  std::string client_id; // by which the broker knows the session
  std::string ca, certificate, key;
  std::string username, password;
  std::chrono::seconds session_expiry{};
  Publication will; // published by the broker, retained, when this node is gone for longer than `will_delay`
  std::chrono::seconds will_delay{5};
};

class MosquittoConnection final : public MqttConnection {
public:
  // A message that is larger is not sent by the broker.
  static constexpr std::uint32_t most_message_bytes = 2U << 20U;
  static constexpr std::uint16_t most_unacknowledged = 200; // that the broker sends at a time

  MosquittoConnection(base::EventLoop& loop, BrokerSettings settings, Events events);
  ~MosquittoConnection() override;

  std::expected<Ticket, std::string> publish(const Publication& publication) override;
  std::expected<Ticket, std::string> subscribe(const std::string& filter, Retained retained) override;
  std::expected<Ticket, std::string> unsubscribe(const std::string& filter) override;
  void pause_reading(bool paused) override;
  // Tries now instead of after the pause.
  void connect_now();

private:
  class Attempt; // the library's object, and a thread's work on it
  friend class Attempt;

  void begin();
  void attempted();
  void happened(unsigned events);
  void write();
  void write_later();
  void watch();
  void misc();
  // To be called where the library says that it failed, never from within a callback of it.
  void lost(int error);
  void end(const std::string& why);
  void try_later(const std::string& why);

  void on_connected(int reason, bool session_present);
  void on_disconnected(int reason);

  base::EventLoop& loop_;
  BrokerSettings settings_;
  Events events_;
  base::GrowingPause pause_;
  std::shared_ptr<Attempt> attempt_;
  std::unique_ptr<base::FdWatcher> watcher_;
  base::Timer retry_, misc_, connect_limit_;
  bool connected_ = false, reading_paused_ = false, write_is_due_ = false;
  bool has_received_ = false; // a message, since the last batch was over
  int refusal_ = 0;           // the reason of a broker that does not let this node in, or sends it away
  std::chrono::steady_clock::time_point connected_since_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::mqtt_bridge
