#include "protocol/peer.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace upstart::protocol {

namespace {

constexpr std::chrono::milliseconds pause_when_out_of_descriptors{100};

} // namespace

PeerServer::PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client, Admission admission)
    : loop_{loop}, listening_{std::move(listening)}, on_client_{std::move(on_client)}, admission_{std::move(admission)},
      watcher_{loop, listening_.get(), [this](unsigned) { accept_all(); }},
      pause_{loop, [this] { watcher_.watch(FdWatcher::readable); }} {
  watcher_.watch(FdWatcher::readable);
}

void PeerServer::accept_all() {
  for (;;) {
    FileDescriptor accepted{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (accepted) {
      if (admits(accepted)) greet(std::move(accepted));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      watcher_.watch(0); // the client stays in the backlog
      pause_.start(pause_when_out_of_descriptors);
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

bool PeerServer::admits(const FileDescriptor& accepted) const {
  if (!admission_) return true;
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(accepted.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && admission_(who.uid);
}

void PeerServer::greet(FileDescriptor accepted) {
  auto place = greetings_.emplace(greetings_.end());
  *place = Greeting::from_client(loop_, std::move(accepted), [this, place](auto outcome) {
    auto greeting = std::move(*place);
    greetings_.erase(place);
    // A client that cannot greet is its own trouble; it was hung up on.
    if (outcome) on_client_(std::move(*outcome));
  });
}

} // namespace upstart::protocol
