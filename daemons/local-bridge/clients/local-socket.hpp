// The listening socket and its clients: who may write, and the lines that come. Malformed lines are told in the log and
// skipped. A client that writes is read a little at a time, and not at all while `pause` says so, so that what it
// writes waits in its own connection.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/repeated-message.hpp"
#include "daemons/local-bridge/lines/line-event.hpp"
#include "daemons/local-bridge/lines/line-splitter.hpp"

#include <expected>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace upstart::local_bridge {

struct SocketSettings {
  std::string path; // a path, or @ and a name
  bool any_user = false;
};

class LocalSocket {
public:
  static constexpr std::size_t most_clients = 256;
  static constexpr std::size_t most_clients_of_another_user = 32; // than the bridge's: none shuts out all
  using Line = std::function<void(protocol::Environment)>;        // that it makes

  // Listens from now on; a socket file that is there already and that nobody listens at is replaced. The error says why
  // it cannot.
  [[nodiscard]] static std::expected<std::unique_ptr<LocalSocket>, std::string>
  open(base::EventLoop& loop, SocketSettings settings, Line line);
  LocalSocket(const LocalSocket&) = delete;
  LocalSocket& operator=(const LocalSocket&) = delete;
  // Removes the socket file, if it is still this one.
  ~LocalSocket();

  void pause(bool pauses);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

private:
  struct Client {
    base::FileDescriptor fd;
    Origin origin;
    LineSplitter lines;
    std::unique_ptr<base::FdWatcher> watcher;
  };
  using Place = std::list<Client>::iterator;

  LocalSocket(base::EventLoop& loop, SocketSettings settings, base::FileDescriptor listening, Line line);
  void accept_clients();
  void admit(base::FileDescriptor fd);
  [[nodiscard]] std::size_t clients_of(uid_t user) const;
  void read(Place client);
  [[nodiscard]] LineSplitter::Sink sink_of(Place client);
  void watch();

  base::EventLoop& loop_;
  SocketSettings settings_;
  Line line_;
  base::RepeatedMessage refusals_;
  bool pauses_ = false;
  ino_t inode_ = 0; // of the socket file
  base::FileDescriptor listening_;
  base::FdWatcher watcher_;
  base::Timer rest_; // after descriptors ran out
  std::list<Client> clients_;
};

} // namespace upstart::local_bridge
