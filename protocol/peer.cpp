#include "protocol/peer.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace upstart::protocol {

namespace {

constexpr std::chrono::milliseconds pause_when_out_of_descriptors{100};
constexpr std::chrono::milliseconds between_warnings{60'000};
// As many clients as are looked at before everything else gets its turn: one that is refused may come again and again.
constexpr int turn = 64;

} // namespace

PeerServer::PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client, Admission admission, Warn warn)
    : loop_{loop}, listening_{std::move(listening)}, on_client_{std::move(on_client)}, admission_{std::move(admission)}, warn_{std::move(warn)},
      watcher_{loop, listening_.get(), [this](unsigned) { accept_some(); }},
      pause_{loop, [this] { watcher_.watch(FdWatcher::readable); }}, quiet_{loop, [] {}} {
  watcher_.watch(FdWatcher::readable);
}

void PeerServer::accept_some() {
  for (int i = 0; i < turn; ++i) {
    FileDescriptor accepted{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (accepted) {
      if (admits(accepted)) greet(std::move(accepted));
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

void PeerServer::greet(FileDescriptor accepted) {
  auto place = greetings_.emplace(greetings_.end());
  *place = Greeting::from_client(loop_, std::move(accepted), [this, place](auto outcome) {
    auto greeting = std::move(*place);
    greetings_.erase(place);
    // A client that cannot greet is its own trouble; it was hung up on.
    if (outcome) on_client_(std::move(*outcome));
    else if (greeting->out_of_descriptors()) out_of_descriptors();
  });
}

void PeerServer::out_of_descriptors() {
  watcher_.watch(0);
  pause_.start(pause_when_out_of_descriptors);
  if (quiet_.active()) return;
  quiet_.start(between_warnings);
  if (warn_) warn_("too many descriptors are open: clients wait, or are hung up on");
}

} // namespace upstart::protocol
