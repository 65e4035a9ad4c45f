// A socket (or FIFO) that clients reach: opened here, or inherited from the bridge before. It is the open descriptor
// and, where the address has a file, the knowledge of which file is ours, so that no other one is ever removed.
//
// Whether it blocks is shared with the jobs that have it, so that is only touched when it is handed to the next one.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/socket-bridge/values/permissions.hpp"
#include "daemons/socket-bridge/values/socket-address.hpp"

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>

namespace upstart::socket_bridge {

class ListeningSocket {
public:
  // Binds and listens. A stale socket file is replaced, one that somebody listens on is not. The error says what and
  // why.
  [[nodiscard]] static std::expected<ListeningSocket, std::string> open(const SocketAddress& address,
                                                                        const Permissions& permissions);
  // Takes over a descriptor that was kept; the error says why it is not what its name says.
  [[nodiscard]] static std::expected<ListeningSocket, std::string> adopt(const SocketAddress& address,
                                                                         base::FileDescriptor fd);

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Whether clients still reach it: a job may have removed its file, or shut it down for all.
  [[nodiscard]] bool is_reachable() const { return why_unreachable().empty(); }
  // Empty: it is reachable.
  [[nodiscard]] std::string why_unreachable() const;
  // Whether none can be opened at the other address while this one is there: the same one in other words, or one that
  // is part of it.
  [[nodiscard]] bool is_in_the_way_of(const SocketAddress& other) const;
  // A service that answers one client may have connected a datagram socket to it: no other one gets through.
  void dissolve_connection() const;
  // Most jobs expect accept(2) to wait, whatever the job before made of it.
  void set_blocking() const;
  // Owner and mode of its file.
  [[nodiscard]] std::expected<void, std::string> set_permissions(const Permissions& permissions) const;
  // Removes its file, if it is still ours. The descriptor stays.
  void remove_file() const;

private:
  struct File {
    dev_t device;
    ino_t inode;
    friend bool operator==(const File&, const File&) = default;
  };

  ListeningSocket(SocketAddress address, base::FileDescriptor fd) : address_{std::move(address)}, fd_{std::move(fd)} {}
  [[nodiscard]] std::expected<void, std::string> bind_and_listen(const Permissions& permissions);
  [[nodiscard]] static std::expected<ListeningSocket, std::string> open_fifo(const SocketAddress& address,
                                                                             const Permissions& permissions);
  [[nodiscard]] std::expected<void, std::string> set_owner_and_mode(const Permissions& permissions,
                                                                    std::optional<unsigned> mode) const;
  // The file at its path now, and the file that it is bound to, as far as the kernel tells, else that at its path.
  [[nodiscard]] std::optional<File> file_there() const;
  [[nodiscard]] std::optional<File> bound_file() const;
  // Its own file, for changes of owner and mode: never one that was put in its place. Empty: there is none any more.
  [[nodiscard]] base::FileDescriptor own_file() const;
  [[nodiscard]] bool is_what_it_should_be() const;

  SocketAddress address_;
  base::FileDescriptor fd_;
  std::optional<File> file_;
};

} // namespace upstart::socket_bridge
