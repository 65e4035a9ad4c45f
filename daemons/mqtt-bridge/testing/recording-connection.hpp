// A connection to a broker for tests, and what the broker keeps of a node's session over its connections and processes.
// The test says when there is a connection and what comes over it; all that the bridge asks for is recorded, and
// answered a turn of the loop later, as long as that connection lasts.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/mqtt-bridge/connection/mqtt-connection.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace upstart::mqtt_bridge {

struct RecordedSession {
  std::set<std::string> filters;      // that are subscribed to
  std::set<std::string> refused;      // that the broker's access list does not allow
  std::vector<Publication> published; // the oldest first
};

class RecordingConnection final : public MqttConnection {
public:
  static constexpr const char* refusal = "refused by the broker's access list";

  RecordingConnection(base::EventLoop& loop, RecordedSession& session, Events events)
      : loop_{loop}, session_{session}, events_{std::move(events)} {}

  std::expected<Ticket, std::string> publish(const Publication& publication) override {
    session_.published.push_back(publication);
    return answered([this](Ticket ticket) { events_.published(ticket, ""); });
  }
  std::expected<Ticket, std::string> subscribe(const std::string& filter, Retained) override {
    bool is_refused = session_.refused.contains(filter);
    if (!is_refused) session_.filters.insert(filter);
    return answered([this, is_refused](Ticket ticket) { events_.subscribed(ticket, is_refused ? refusal : ""); });
  }
  std::expected<Ticket, std::string> unsubscribe(const std::string& filter) override {
    session_.filters.erase(filter);
    return answered([this](Ticket ticket) { events_.unsubscribed(ticket); });
  }
  void pause_reading(bool paused) override { reading_paused_ = paused; }

  void connect(bool session_present) {
    alive_ = std::make_shared<bool>(true);
    events_.connected(session_present);
  }
  void lose() {
    alive_.reset();
    events_.lost("it is lost");
  }
  // As one batch. Whether the broker may forget them; if not, the connection ends.
  bool deliver(const std::vector<Message>& messages) {
    for (const auto& message : messages) events_.message(message);
    bool written = events_.batch_over();
    if (!written) lose();
    return written;
  }
  [[nodiscard]] bool reading_is_paused() const { return reading_paused_; }

private:
  template <typename Answer> Ticket answered(Answer answer) {
    auto ticket = ++last_;
    loop_.defer([alive = std::weak_ptr{alive_}, ticket, answer] {
      if (!alive.expired()) answer(ticket);
    });
    return ticket;
  }

  base::EventLoop& loop_;
  RecordedSession& session_;
  Events events_;
  std::shared_ptr<bool> alive_; // this connection; nothing: there is none
  Ticket last_ = 0;
  bool reading_paused_ = false;
};

} // namespace upstart::mqtt_bridge
