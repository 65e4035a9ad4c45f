#include "daemons/base/peer.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <format>

namespace upstart::base {

namespace {

constexpr std::chrono::milliseconds pause_when_out_of_descriptors{100};
constexpr std::chrono::milliseconds between_warnings{60'000};
// As many clients as are looked at before everything else gets its turn: one that is refused may come again and again.
constexpr int turn = 64;
constexpr std::size_t most_handshakes = 128;

// As many connections as one user may have.
std::size_t most_connections(uid_t user) {
  constexpr std::size_t of_one = 4; // descriptors
  constexpr std::size_t at_least = 32, at_most = 1 << 20;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return at_most;
  auto descriptors = std::min<std::size_t>(limit.rlim_cur, at_most);
  return std::max((user == 0 ? descriptors / 4 * 3 : descriptors / 2) / of_one, at_least);
}

} // namespace

PeerServer::PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client, Admission admission, Warn warn)
    : loop_{loop},
      listening_{std::move(listening)},
      on_client_{std::move(on_client)},
      admission_{std::move(admission)},
      warn_{std::move(warn)},
      too_many_{loop,
                [this](const std::string& text) {
                  if (warn_) warn_(text);
                }},
      watcher_{loop, listening_.get(), [this](unsigned) { accept_some(); }},
      pause_{loop, [this] { watcher_.watch(FdWatcher::readable); }},
      quiet_{loop, [] {}} {
  watcher_.watch(FdWatcher::readable);
}

void PeerServer::accept_some() {
  for (int i = 0; i < turn; ++i) {
    FileDescriptor accepted{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (accepted) {
      admit(std::move(accepted));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return out_of_descriptors(); // the client stays in the backlog
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void PeerServer::admit(FileDescriptor accepted) {
  ucred who{};
  socklen_t size = sizeof who;
  bool known = ::getsockopt(accepted.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
  if (!known || (admission_ && !admission_(who.uid))) return;
  if (auto place = place_for(who.uid)) return begin_handshake(std::move(accepted), who.pid, std::move(place));
  too_many_.tell(std::format("user {} has {} connections open, as many as one user may have; process {} was hung up on",
                             who.uid, (*users_)[who.uid], who.pid));
}

std::shared_ptr<void> PeerServer::place_for(uid_t user) {
  if ((*users_)[user] >= most_connections(user)) return nullptr;
  ++(*users_)[user];
  return {users_.get(), [users = users_, user](void*) {
            if (--(*users)[user] == 0) users->erase(user);
          }};
}

void PeerServer::begin_handshake(FileDescriptor accepted, pid_t process, std::shared_ptr<void> place) {
  if (handshakes_.size() >= most_handshakes) give_up_one();
  auto at = handshakes_.emplace(handshakes_.end(), process, nullptr);
  at->handshake =
      Handshake::from_client(loop_, std::move(accepted), [this, at, place = std::move(place)](auto outcome) {
        auto kept = place; // the handshake goes, and this with it
        auto handshake = std::move(at->handshake);
        handshakes_.erase(at);
        // A client whose handshake fails is disconnected; nobody else is concerned.
        if (outcome) {
          (*outcome)->keep(std::move(kept));
          on_client_(std::move(*outcome));
        } else if (handshake->out_of_descriptors()) {
          out_of_descriptors();
        }
      });
}

void PeerServer::give_up_one() {
  std::unordered_map<pid_t, std::size_t> of_process;
  for (const auto& begun : handshakes_) ++of_process[begun.process];
  auto most = std::ranges::max_element(of_process, {}, [](const auto& each) { return each.second; })->first;
  handshakes_.erase(std::ranges::find(handshakes_, most, &Begun::process));
}

void PeerServer::out_of_descriptors() {
  watcher_.watch(0);
  pause_.start(pause_when_out_of_descriptors);
  if (quiet_.active()) return;
  quiet_.start(between_warnings);
  if (warn_) warn_("too many descriptors are open: clients wait, or are hung up on");
}

} // namespace upstart::base
