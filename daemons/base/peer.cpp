#include "daemons/base/peer.hpp"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <format>
#include <span>
#include <system_error>

namespace upstart::base {

namespace {

constexpr std::chrono::milliseconds pause_when_out_of_descriptors{100};
constexpr std::chrono::milliseconds between_warnings{60'000};
// As many clients as are looked at before everything else gets its turn: one that is refused may come again and again.
constexpr int turn = 256;
constexpr std::size_t most_newcomers = 128;
constexpr std::chrono::seconds patience{10}; // with one that does not greet

enum class Greeting { there, not_yet, hung_up };

// Whether the first line has come. What cannot be seen whole, since descriptors came with it, or since it is long, is
// for the handshake to judge.
Greeting greeting_on(int socket) {
  std::array<char, 256> bytes;
  auto got = ::recv(socket, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? Greeting::not_yet : Greeting::hung_up;
  if (got == 0) return Greeting::hung_up;
  auto seen = std::span{bytes}.first(static_cast<std::size_t>(got));
  if (seen.size() == bytes.size() || std::ranges::contains(seen, '\n')) return Greeting::there;
  int waiting = 0;
  return ::ioctl(socket, FIONREAD, &waiting) == 0 && waiting == got ? Greeting::not_yet : Greeting::there;
}

FileDescriptor new_epoll() {
  FileDescriptor set{::epoll_create1(EPOLL_CLOEXEC)};
  if (!set) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
  return set;
}

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
      silent_{new_epoll()},
      watcher_{loop, listening_.get(), [this](unsigned) { accept_some(); }},
      silent_watcher_{loop, silent_.get(), [this](unsigned) { somebody_speaks(); }},
      pause_{loop, [this] { watcher_.watch(FdWatcher::readable); }},
      quiet_{loop, [] {}},
      patience_{loop, [this] { give_up_silent(); }} {
  watcher_.watch(FdWatcher::readable);
  silent_watcher_.watch(FdWatcher::readable);
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
  if (auto place = place_for(who.uid))
    return take_in({.process = who.pid, .place = std::move(place), .socket = std::move(accepted)});
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

void PeerServer::take_in(Newcomer newcomer) {
  if (newcomers_.size() >= most_newcomers) give_up_one();
  look_at(newcomers_.insert(newcomers_.end(), std::move(newcomer)));
}

void PeerServer::look_at(Newcomers::iterator newcomer) {
  switch (greeting_on(newcomer->socket.get())) {
  case Greeting::there: return begin_handshake(newcomer);
  case Greeting::hung_up: return forget(newcomer);
  case Greeting::not_yet:
    if (!newcomer->is_silent) wait_for(newcomer);
  }
}

// Told of once when something comes, not as long as it is there: the handshake reads it.
void PeerServer::wait_for(Newcomers::iterator newcomer) {
  int socket = newcomer->socket.get();
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.fd = socket}};
  if (::epoll_ctl(silent_.get(), EPOLL_CTL_ADD, socket, &event) < 0) return begin_handshake(newcomer);
  newcomer->is_silent = true;
  if (silent_count_++ == 0) patience_.start(patience);
}

void PeerServer::not_silent(Newcomer& newcomer) {
  if (!std::exchange(newcomer.is_silent, false)) return;
  ::epoll_ctl(silent_.get(), EPOLL_CTL_DEL, newcomer.socket.get(), nullptr);
  if (--silent_count_ == 0) patience_.stop();
}

void PeerServer::forget(Newcomers::iterator newcomer) {
  not_silent(*newcomer);
  newcomers_.erase(newcomer);
}

void PeerServer::somebody_speaks() {
  std::array<epoll_event, turn> events;
  int count = ::epoll_wait(silent_.get(), events.data(), turn, 0);
  for (const auto& event : std::span{events}.first(static_cast<std::size_t>(std::max(count, 0)))) {
    auto newcomer = std::ranges::find_if(
        newcomers_, [&](const Newcomer& one) { return one.is_silent && one.socket.get() == event.data.fd; });
    if (newcomer != newcomers_.end()) look_at(newcomer);
  }
}

void PeerServer::give_up_silent() {
  auto now = std::chrono::steady_clock::now();
  for (auto next = newcomers_.begin(); next != newcomers_.end();) {
    auto newcomer = next++;
    if (!newcomer->is_silent) continue;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(newcomer->since + patience - now);
    if (left.count() > 0) return patience_.start(left); // those behind it came later
    forget(newcomer);
  }
}

void PeerServer::begin_handshake(Newcomers::iterator newcomer) {
  not_silent(*newcomer);
  newcomer->handshake = Handshake::from_client(loop_, std::move(newcomer->socket), [this, newcomer](auto outcome) {
    Newcomer kept = std::move(*newcomer); // with the handshake this goes, too
    newcomers_.erase(newcomer);
    // A client whose handshake fails is disconnected; nobody else is concerned.
    if (outcome) {
      (*outcome)->keep(std::move(kept.place));
      on_client_(std::move(*outcome));
    } else if (kept.handshake->out_of_descriptors()) {
      out_of_descriptors();
    }
  });
}

void PeerServer::give_up_one() {
  std::unordered_map<pid_t, std::size_t> of_process;
  for (const auto& newcomer : newcomers_) ++of_process[newcomer.process];
  auto most = std::ranges::max_element(of_process, {}, [](const auto& each) { return each.second; })->first;
  forget(std::ranges::find(newcomers_, most, &Newcomer::process));
}

void PeerServer::out_of_descriptors() {
  watcher_.watch(0);
  pause_.start(pause_when_out_of_descriptors);
  if (quiet_.active()) return;
  quiet_.start(between_warnings);
  if (warn_) warn_("too many descriptors are open: clients wait, or are hung up on");
}

} // namespace upstart::base
