// A slave: attaches to the master of a socket and serves its connections, by what it becomes, by a program for each, or
// on its own standard input and output. Owned by the main program, which ends the process at SIGTERM and SIGINT
// whatever is being done here: much of it waits outside of the loop.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/socket-bridge/sharing/options.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace upstart::socket_bridge {

class Slave {
public:
  // `ready` is called when it is attached first.
  Slave(base::EventLoop& loop, const SharingOptions& options, std::function<void()> ready);
  Slave(const Slave&) = delete;
  Slave& operator=(const Slave&) = delete;
  ~Slave();

  // Serves until there is no master any more (and none is waited for); the exit status. Does not return where it
  // becomes the command.
  [[nodiscard]] int run();

private:
  class Proxy;

  void connected(base::BusConnection& connection);
  void no_master(const std::string& why);
  void attached(std::vector<base::FileDescriptor> listening, const std::string& address);
  void not_attached(const std::string& why);
  void given(std::uint64_t connection, base::FileDescriptor socket);
  void serve(std::uint64_t connection, const base::FileDescriptor& socket);
  void ended(std::uint64_t connection);
  void reap();
  void stop(int status);
  [[nodiscard]] int serve_listening(base::FileDescriptor listening);

  base::EventLoop& loop_;
  const SharingOptions& options_;
  std::function<void()> ready_;
  std::optional<int> status_;              // to be ended with
  base::FileDescriptor listening_;         // of a master that does not accept
  std::map<pid_t, std::uint64_t> running_; // which connection each program serves
  std::unique_ptr<base::SignalWatcher> children_;
  base::ReconnectingConnection connection_;
  std::unique_ptr<Proxy> proxy_;
};

} // namespace upstart::socket_bridge
