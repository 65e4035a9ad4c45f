// The first reading of a session's job files, in parts: between them the loop serves clients, so that who asks what no
// file says, or what one says, does not wait for thousands. Whatever needs them all has them read at once (`finish`);
// nobody ever sees some of the jobs for all. Owned by the daemon.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/configuration/configuration.hpp"

#include <functional>
#include <string>

namespace upstart::supervisor {

class FirstLoad {
public:
  // `over` is called once, when all files have been read: from the loop, or from `finish`.
  FirstLoad(base::EventLoop& loop, std::function<void()> over) : loop_{loop}, over_{std::move(over)} {}

  // Finds out which files there are; reads them from the loop. The configuration outlives this.
  void begin(Configuration& configuration);
  // True until `over` is called.
  [[nodiscard]] bool is_under_way() const { return configuration_ != nullptr; }
  // Reads all that are left. Does nothing where nothing is under way, or from within a report of the configuration.
  void finish();
  // Reads the files of this job, if they have not been read.
  void load_job(const std::string& name);

private:
  void go_on();
  void read(std::size_t most);

  base::EventLoop& loop_;
  std::function<void()> over_;
  Configuration* configuration_ = nullptr;
  bool reading_ = false;
};

} // namespace upstart::supervisor
