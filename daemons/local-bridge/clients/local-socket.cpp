#include "daemons/local-bridge/clients/local-socket.hpp"

#include <spdlog/spdlog.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>

namespace upstart::local_bridge {

namespace {

using namespace std::chrono_literals;

constexpr mode_t all_but_the_owner = 0177, execution = 0111; // of the socket file, taken away
constexpr std::size_t bytes_at_a_time = 16'384;
constexpr auto rest_without_descriptors = 1s;

struct Address {
  sockaddr_un name{};
  socklen_t size = 0;
};

std::expected<Address, std::string> address_of(const std::string& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  if (path.size() < 2 || (path.front() != '@' && path.front() != '/'))
    return std::unexpected(std::format("{} is neither an absolute path nor @ and a name", path));
  if (path.size() >= sizeof address.name.sun_path)
    return std::unexpected(std::format("{} is longer than the {} bytes that a socket's path may have", path,
                                       sizeof address.name.sun_path - 1));
  std::memcpy(address.name.sun_path, path.data(), path.size());
  if (path.front() == '@') address.name.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  return address;
}

std::unexpected<std::string> failure(const std::string& path) {
  return std::unexpected(std::format("unable to listen at {}: {}", path, std::strerror(errno)));
}

bool somebody_listens(const Address& address) {
  base::FileDescriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return false;
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.name), address.size) == 0 || errno == EAGAIN;
}

// A socket that a former process has left behind makes room; whatever else is there stays.
void remove_left_behind(const std::string& path, const Address& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && !somebody_listens(address))
    ::unlink(path.c_str());
}

// What a log line may show of what somebody wrote.
std::string shown(std::string_view line) {
  constexpr std::size_t most = 80;
  std::string text{line.substr(0, most)};
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text + (line.size() > most ? "…" : "");
}

} // namespace

std::expected<std::unique_ptr<LocalSocket>, std::string> LocalSocket::open(base::EventLoop& loop,
                                                                           SocketSettings settings, Line line) {
  auto address = address_of(settings.path);
  if (!address) return std::unexpected(address.error());
  base::FileDescriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return failure(settings.path);
  bool named = settings.path.front() == '/';
  if (named) remove_left_behind(settings.path, *address);
  auto mask = ::umask(settings.any_user ? execution : all_but_the_owner); // its path may soon be another file's
  int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address->name), address->size);
  ::umask(mask);
  if (bound < 0) return failure(settings.path);
  if (::listen(fd.get(), SOMAXCONN) < 0) return failure(settings.path);
  return std::unique_ptr<LocalSocket>{new LocalSocket{loop, std::move(settings), std::move(fd), std::move(line)}};
}

LocalSocket::LocalSocket(base::EventLoop& loop, SocketSettings settings, base::FileDescriptor listening, Line line)
    : loop_{loop},
      settings_{std::move(settings)},
      line_{std::move(line)},
      refusals_{loop, [](const std::string& text) { spdlog::warn("{}", text); }},
      listening_{std::move(listening)},
      watcher_{loop, listening_.get(), [this](unsigned) { accept_clients(); }},
      rest_{loop, [this] { watch(); }} {
  struct stat status{};
  if (settings_.path.front() == '/' && ::lstat(settings_.path.c_str(), &status) == 0) inode_ = status.st_ino;
  watch();
}

LocalSocket::~LocalSocket() {
  struct stat status{};
  if (inode_ != 0 && ::lstat(settings_.path.c_str(), &status) == 0 && status.st_ino == inode_)
    ::unlink(settings_.path.c_str());
}

void LocalSocket::pause(bool pauses) {
  if (std::exchange(pauses_, pauses) != pauses) watch();
}

void LocalSocket::watch() {
  unsigned events = pauses_ ? 0U : base::FdWatcher::readable;
  watcher_.watch(rest_.active() ? 0U : events);
  for (auto& client : clients_) client.watcher->watch(events);
}

void LocalSocket::accept_clients() {
  for (;;) {
    base::FileDescriptor fd{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (fd) {
      admit(std::move(fd));
      continue;
    }
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (errno == EAGAIN) return;
    refusals_.tell(std::format("a client cannot be accepted: {}", std::strerror(errno)));
    rest_.start(rest_without_descriptors);
    return watch();
  }
}

void LocalSocket::admit(base::FileDescriptor fd) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) < 0) return;
  if (!settings_.any_user && who.uid != ::geteuid())
    return refusals_.tell(std::format("process {} of user {} may not write here: only user {} may, or every one with "
                                      "--any-user",
                                      who.pid, who.uid, ::geteuid()));
  if (clients_.size() >= most_clients)
    return refusals_.tell(
        std::format("process {} of user {} is hung up on: {} clients are connected, the most that may "
                    "be",
                    who.pid, who.uid, most_clients));
  if (who.uid != ::geteuid() && clients_of(who.uid) >= most_clients_of_another_user)
    return refusals_.tell(std::format("process {} of user {} is hung up on: {} clients of this user are connected, the "
                                      "most that may be",
                                      who.pid, who.uid, most_clients_of_another_user));
  auto client = clients_.emplace(clients_.end());
  client->origin = {.path = settings_.path, .uid = who.uid, .gid = who.gid, .pid = who.pid};
  client->fd = std::move(fd);
  client->watcher =
      std::make_unique<base::FdWatcher>(loop_, client->fd.get(), [this, client](unsigned) { read(client); });
  client->watcher->watch(pauses_ ? 0U : base::FdWatcher::readable);
}

std::size_t LocalSocket::clients_of(uid_t user) const {
  return static_cast<std::size_t>(std::ranges::count(clients_, user, [](const auto& one) { return one.origin.uid; }));
}

void LocalSocket::read(Place client) {
  std::array<char, bytes_at_a_time> bytes{};
  auto size = ::read(client->fd.get(), bytes.data(), bytes.size());
  if (size > 0) return client->lines.take({bytes.data(), static_cast<std::size_t>(size)}, sink_of(client));
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  client->lines.end(sink_of(client));
  clients_.erase(client);
}

LineSplitter::Sink LocalSocket::sink_of(Place client) {
  auto who = [client] { return std::format("process {} of user {}", client->origin.pid, client->origin.uid); };
  return {.line =
              [this, client, who](std::string_view line) {
                if (auto environment = environment_of(line, client->origin)) return line_(std::move(*environment));
                else
                  refusals_.tell(
                      std::format("a line of {} is skipped: {}: {}", who(), shown(line), environment.error()));
              },
          .too_long =
              [this, who] {
                refusals_.tell(
                    std::format("a line of {} is skipped: it is longer than {} bytes", who(), LineSplitter::longest));
              }};
}

} // namespace upstart::local_bridge
