#include "daemons/base/peer.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace upstart::base {

namespace {

constexpr std::chrono::milliseconds pause_when_out_of_descriptors{100};
constexpr std::chrono::milliseconds between_warnings{60'000};
// As many clients as are looked at before everything else gets its turn: one that is refused may come again and again.
constexpr int turn = 64;

} // namespace

PeerServer::PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client, Admission admission, Warn warn)
    : loop_{loop},
      listening_{std::move(listening)},
      on_client_{std::move(on_client)},
      admission_{std::move(admission)},
      warn_{std::move(warn)},
      watcher_{loop, listening_.get(), [this](unsigned) { accept_some(); }},
      pause_{loop, [this] { watcher_.watch(FdWatcher::readable); }},
      quiet_{loop, [] {}} {
  watcher_.watch(FdWatcher::readable);
}

void PeerServer::accept_some() {
  for (int i = 0; i < turn; ++i) {
    FileDescriptor accepted{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (accepted) {
      if (admits(accepted)) begin_handshake(std::move(accepted));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return out_of_descriptors(); // the client stays in the backlog
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

void PeerServer::begin_handshake(FileDescriptor accepted) {
  auto place = handshakes_.emplace(handshakes_.end());
  *place = Handshake::from_client(loop_, std::move(accepted), [this, place](auto outcome) {
    auto handshake = std::move(*place);
    handshakes_.erase(place);
    // A client whose handshake fails is disconnected; nobody else is concerned.
    if (outcome) on_client_(std::move(*outcome));
    else if (handshake->out_of_descriptors()) out_of_descriptors();
  });
}

void PeerServer::out_of_descriptors() {
  watcher_.watch(0);
  pause_.start(pause_when_out_of_descriptors);
  if (quiet_.active()) return;
  quiet_.start(between_warnings);
  if (warn_) warn_("too many descriptors are open: clients wait, or are hung up on");
}

} // namespace upstart::base
