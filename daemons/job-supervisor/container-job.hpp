// The job that a container is there for: it is started when the supervisor begins, once, whoever dies, and when its
// last instance has gone init is told to end the container, with the job's exit status. What it must know of an earlier
// supervisor is kept with the jobs.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/jobs/jobs.hpp"

#include <functional>
#include <string>
#include <vector>

namespace upstart::supervisor {

class ContainerJob {
public:
  // `name` is empty where the container has no such job: then nothing is done. `about_unknown` says why there is no
  // job of this name. `jobs` may be used from `begin` on.
  ContainerJob(base::EventLoop& loop, Jobs& jobs, std::string name, std::vector<std::string> environment,
               std::function<std::string(const std::string&)> about_unknown)
      : loop_{loop},
        jobs_{jobs},
        name_{std::move(name)},
        environment_{std::move(environment)},
        about_unknown_{std::move(about_unknown)} {}

  // When the jobs are as they were, and the startup event is on its way.
  void begin();
  void hear(const Notice& notice);

private:
  void start();
  void look_soon();
  void look();
  void end(int status);

  base::EventLoop& loop_;
  Jobs& jobs_;
  const std::string name_;
  const std::vector<std::string> environment_;
  const std::function<std::string(const std::string&)> about_unknown_;
  bool begun_ = false;
  bool ended_ = false;
};

} // namespace upstart::supervisor
