// The bridge: an event for each line that a client of the socket writes.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/event-journal.hpp"
#include "daemons/local-bridge/clients/local-socket.hpp"

#include <chrono>
#include <set>
#include <string>

namespace upstart::local_bridge {

struct Options {
  std::string event;
  SocketSettings socket;
};

class LocalBridge final : public bridge::Bridge {
public:
  // Throws where the socket cannot be made.
  LocalBridge(bridge::Services services, Options options);

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  void broker_ready() override;
  void broker_gone() override;
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void emit(protocol::Environment environment);
  void pause_if_needed();

  bridge::Services services_;
  Options options_;
  bridge::EventJournal memory_; // what was read, and the broker does not have yet
  std::set<std::string> jobs_;
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  bool broker_is_there_ = false;
  std::size_t unfinished_ = 0;
  std::unique_ptr<LocalSocket> socket_;
};

} // namespace upstart::local_bridge
