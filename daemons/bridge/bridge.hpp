// What a bridge is: a daemon that turns what happens outside into events, for the jobs that ask for them. A bridge
// implements `Bridge`, over the `Services` that main.hpp gives it: it learns what jobs want, watches that and nothing
// else, and emits.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/bridge/broker-session.hpp"
#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/bridge/public-object.hpp"

#include <map>
#include <string>

namespace upstart::bridge {

// What a bridge is given when it is made; all of it lives longer than the bridge.
struct Services {
  base::EventLoop& loop;
  Emitter& emitter;
  PublicObject& object; // to be told what to serve before the bridge's constructor returns
  std::multimap<std::string, base::FileDescriptor>& inherited; // descriptors kept by the bridge before, by name
  const std::string& run_directory;                            // for what must survive the bridge
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
};

} // namespace upstart::bridge
