// Starts instances of jobs with a connection, by the job supervisor.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/socket-bridge/sharing/options.hpp"

#include <functional>
#include <memory>
#include <string>

namespace upstart::socket_bridge {

class JobStarter {
public:
  enum class Outcome {
    started, // it has the descriptor
    busy,    // it runs already
    refused, // it cannot be started; `why` says why
    away,    // the supervisor is not there
  };
  using Done = std::function<void(Outcome, const std::string& why)>;

  // `address` is that of the supervisor's own socket.
  JobStarter(base::EventLoop& loop, const std::string& address);
  JobStarter(const JobStarter&) = delete;
  JobStarter& operator=(const JobStarter&) = delete;
  ~JobStarter();

  // `done` is called once, from the loop or, where the supervisor is away, at once. The same token is the same start,
  // which is done once.
  void start(const InstanceName& name, const std::string& token, int descriptor, Done done);

private:
  class Proxy;

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  base::ReconnectingConnection connection_;
  std::unique_ptr<Proxy> proxy_;
};

} // namespace upstart::socket_bridge
