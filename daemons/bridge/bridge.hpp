// What a bridge is: a daemon that turns what happens outside into events, for the jobs that ask for them. A bridge
// implements `Bridge`, over the `Services` that main.hpp gives it: it learns what jobs want, watches that and nothing
// else, and emits.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/bridge/broker-session.hpp"
#include "daemons/bridge/condition-warnings.hpp"
#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/bridge/public-object.hpp"
#include "daemons/bridge/socket-offers.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upstart::bridge {

// What a bridge is given when it is made; all of it lives longer than the bridge.
struct Services {
  base::EventLoop& loop;
  Emitter& emitter;
  PublicObject& object; // to be told, before the bridge's constructor returns, of an interface of its own
  std::multimap<std::string, base::FileDescriptor>& inherited; // descriptors kept by the bridge before, by name
  const std::string& run_directory;
  const std::string& own_directory;  // for what must survive the bridge
  SocketOffers& offers;              // listening descriptors that jobs get however they are started
  ConditionWarnings& warnings;       // what is said of conditions goes there
  std::optional<std::string> home{}; // of the user whose session this is; nothing on the system
};

// Something outside that is watched, for whoever asks why a job does not start.
struct Watch {
  std::string what;              // in words: "file /run/app.pid"
  std::string state = "watched"; // or why it is not
  std::chrono::system_clock::time_point since{};
  std::vector<std::string> jobs{}; // whose conditions ask for it
};

class Bridge {
public:
  Bridge() = default;
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;
  virtual ~Bridge() = default;

  // The first one has all jobs, perhaps none; until it comes nothing is known and nothing should be closed.
  virtual void jobs_changed(const ConditionsUpdate& update) = 0;
  // Whether events are taken. What is emitted while they are not is kept, unless the emission says otherwise.
  virtual void broker_ready() {}
  virtual void broker_gone() {}
  // All that is watched, or should be; sorted. Shown by the interface Bridge1 of the bridge's object.
  [[nodiscard]] virtual std::vector<Watch> watches() const { return {}; }
};

} // namespace upstart::bridge
