// One client as the public objects see it: the connection that it has, what its calls are about, and how they are
// answered.
#pragma once

#include "daemons/job-supervisor/api/daemon-control.hpp"
#include "daemons/job-supervisor/api/pending-replies.hpp"
#include "daemons/job-supervisor/jobs/jobs.hpp"

#include <functional>

namespace upstart::supervisor {

class Client {
public:
  // Finds the object that is made for a path, if there is one.
  using FindObject = std::function<std::shared_ptr<void>(const std::string& path)>;

  // All of them outlive this.
  Client(base::BusConnection& connection, Jobs& jobs, DaemonControl& control, FindObject find_object)
      : connection_{connection},
        jobs_{jobs},
        control_{control},
        find_object_{std::move(find_object)},
        replies_{connection} {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] base::BusConnection& connection() { return connection_; }
  [[nodiscard]] Jobs& jobs() { return jobs_; }
  [[nodiscard]] DaemonControl& control() { return control_; }

  // Who has sent the call that this object is answering.
  [[nodiscard]] base::Caller caller(const sdbus::IObject& called) {
    return connection_.caller_of(called.getCurrentlyProcessedMessage());
  }
  // A reply that is given when the job has got there, or never, if the client has gone by then.
  template <typename... Values>
  [[nodiscard]] Asker reply_later(const sdbus::IObject& called, sdbus::Result<Values...>&& result) {
    auto by = caller(called);
    Asker asker{replies_.add(find_object_(called.getObjectPath()), std::move(result))};
    asker.uid = by.uid;
    asker.pid = static_cast<std::uint32_t>(by.pid);
    return asker;
  }

private:
  base::BusConnection& connection_;
  Jobs& jobs_;
  DaemonControl& control_;
  FindObject find_object_;
  PendingReplies replies_;
};

} // namespace upstart::supervisor
