// The sockets that are open, watched or not, each with a copy kept by the manager so that it outlives this process.
// `client_came` is called again and again while a client waits at a watched socket; an unwatched socket costs nothing.
#pragma once

#include "daemons/base/event-emitter.hpp"
#include "daemons/socket-bridge/sockets/client-watcher.hpp"
#include "daemons/socket-bridge/sockets/file-watch.hpp"
#include "daemons/socket-bridge/sockets/listening-socket.hpp"
#include "daemons/socket-bridge/sockets/socket-directory.hpp"

#include <functional>
#include <map>
#include <vector>

namespace upstart::socket_bridge {

class OpenSockets {
public:
  struct Events {
    std::function<void(const SocketAddress&, std::optional<unsigned> waiting)> client_came;
    std::function<void(const SocketAddress&, const std::string& why)> lost; // it must be opened again
    std::function<void(const SocketAddress&)> file_may_be_gone;             // to be checked
  };

  OpenSockets(base::EventLoop& loop, Events events);
  ~OpenSockets();
  OpenSockets(const OpenSockets&) = delete;
  OpenSockets& operator=(const OpenSockets&) = delete;

  // Takes over those of the inherited descriptors that are sockets of the bridge before; says which.
  std::vector<SocketAddress> adopt(std::multimap<std::string, base::FileDescriptor>& inherited);
  // Replaces the one that is open at this address. The directory of one that was lost is made again where it is gone.
  std::expected<void, std::string> open(const SocketAddress& address, const Permissions& permissions);
  void close(const SocketAddress& address);
  // The open socket because of which none can be opened at this address.
  [[nodiscard]] std::optional<SocketAddress> in_the_way_of(const SocketAddress& address) const;
  std::expected<void, std::string> set_permissions(const SocketAddress& address, const Permissions& permissions);
  void watch(const SocketAddress& address, bool on);
  // Tells of one that clients do not reach any more as lost; where `only_if_free`, only if nothing is at its path.
  void check(const SocketAddress& address, bool only_if_free);
  // Which open socket is at this address, over restarts of the bridge too; empty: none is.
  [[nodiscard]] std::string identity_of(const SocketAddress& address) const;
  // A copy of the descriptor, as it is; empty where none is open.
  [[nodiscard]] std::shared_ptr<const base::FileDescriptor> copy_of(const SocketAddress& address) const;
  // How many clients wait, where the kernel tells.
  [[nodiscard]] std::optional<unsigned> clients_at(const SocketAddress& address) const;
  // What goes with an event: a copy of the descriptor, in blocking mode whatever the last job made of it; nothing where
  // none is open.
  [[nodiscard]] base::SharedFiles for_event(const SocketAddress& address) const;

private:
  struct Open {
    ListeningSocket socket;
    bool kept = false;
  };

  void put(const SocketAddress& address, ListeningSocket socket, bool kept);
  void keep(const SocketAddress& address, Open& open);
  void client_came(int fd);
  void note_directory(const SocketAddress& address);
  void make_directory_again(const SocketAddress& address);

  Events events_;
  std::map<SocketAddress, Open> sockets_;
  std::map<int, SocketAddress> watched_;
  std::map<SocketAddress, DirectoryOwner> directories_; // of sockets that have a file
  ClientWatcher watcher_;
  FileWatch files_;
};

} // namespace upstart::socket_bridge
