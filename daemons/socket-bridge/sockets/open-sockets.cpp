#include "daemons/socket-bridge/sockets/open-sockets.hpp"

#include "daemons/base/service-manager.hpp"
#include "daemons/socket-bridge/sockets/backlog.hpp"
#include "protocol/text.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>

namespace upstart::socket_bridge {

namespace {

std::string directory_of(const SocketAddress& address) {
  return address.path.substr(0, std::max<std::size_t>(address.path.rfind('/'), 1));
}

bool has_manager() { return std::getenv("NOTIFY_SOCKET") != nullptr; }

} // namespace

OpenSockets::OpenSockets(base::EventLoop& loop, Events events)
    : events_{std::move(events)},
      watcher_{loop, [this](int fd) { client_came(fd); }},
      files_{loop, [this](const auto& address) { events_.file_may_be_gone(address); }} {}

// Files of sockets that nobody keeps are removed with them.
OpenSockets::~OpenSockets() {
  for (const auto& [address, open] : sockets_)
    if (!open.kept) open.socket.remove_file();
}

std::vector<SocketAddress> OpenSockets::adopt(std::multimap<std::string, base::FileDescriptor>& inherited) {
  std::vector<SocketAddress> adopted;
  for (auto& [name, fd] : inherited) {
    auto address = address_of_descriptor_name(name);
    if (!address || sockets_.contains(*address)) continue;
    auto socket = ListeningSocket::adopt(*address, std::move(fd));
    if (!socket) {
      spdlog::warn("the inherited socket {} cannot be used: {}; it is closed", text_of(*address), socket.error());
      base::forget_descriptor(name);
      continue;
    }
    spdlog::info("{} is inherited from the bridge before the restart", text_of(*address));
    put(*address, std::move(*socket), true);
    adopted.push_back(*address);
  }
  return adopted;
}

std::expected<void, std::string> OpenSockets::open(const SocketAddress& address, const Permissions& permissions) {
  auto directory = directories_.find(address);
  bool again = directory != directories_.end();
  DirectoryOwner before = again ? directory->second : DirectoryOwner{};
  close(address);
  if (again) directories_[address] = before;
  if (again) make_directory_again(address);
  auto socket = ListeningSocket::open(address, permissions);
  if (!socket) return std::unexpected(socket.error());
  put(address, std::move(*socket), false);
  keep(address, sockets_.at(address));
  return {};
}

void OpenSockets::put(const SocketAddress& address, ListeningSocket socket, bool kept) {
  sockets_.insert_or_assign(address, Open{std::move(socket), kept});
  if (!address.has_file()) return;
  note_directory(address);
  files_.watch(address);
}

void OpenSockets::note_directory(const SocketAddress& address) {
  struct stat directory{};
  if (::stat(directory_of(address).c_str(), &directory) == 0)
    directories_[address] = {.mode = directory.st_mode & 07777, .user = directory.st_uid, .group = directory.st_gid};
}

void OpenSockets::make_directory_again(const SocketAddress& address) {
  if (!address.has_file()) return;
  auto path = directory_of(address);
  auto made = make_directory(path, directories_.at(address));
  if (!made) spdlog::warn("{}: the directory {} cannot be made again: {}", text_of(address), path, made.error());
  else if (*made) spdlog::warn("{}: the directory {} was gone and is made again", text_of(address), path);
}

void OpenSockets::keep(const SocketAddress& address, Open& open) {
  if (!has_manager()) return;
  auto name = descriptor_name(address);
  open.kept = name && base::keep_descriptor(*name, open.socket.fd());
  if (!open.kept)
    spdlog::warn("{} will not outlive a restart of the bridge: the service manager does not keep it", text_of(address));
}

void OpenSockets::close(const SocketAddress& address) {
  auto place = sockets_.find(address);
  if (place == sockets_.end()) return;
  auto& open = place->second;
  if (auto name = descriptor_name(address); name && open.kept) base::forget_descriptor(*name);
  open.socket.remove_file();
  watch(address, false);
  files_.unwatch(address);
  directories_.erase(address);
  sockets_.erase(place);
}

std::optional<SocketAddress> OpenSockets::in_the_way_of(const SocketAddress& address) const {
  for (const auto& [other, open] : sockets_)
    if (open.socket.is_in_the_way_of(address)) return other;
  return std::nullopt;
}

std::expected<void, std::string> OpenSockets::set_permissions(const SocketAddress& address,
                                                              const Permissions& permissions) {
  auto place = sockets_.find(address);
  if (place == sockets_.end()) return {};
  return place->second.socket.set_permissions(permissions);
}

void OpenSockets::watch(const SocketAddress& address, bool on) {
  auto place = sockets_.find(address);
  if (place == sockets_.end()) return;
  int fd = place->second.socket.fd();
  if (!on) {
    if (watched_.erase(fd) > 0) watcher_.unwatch(fd);
    return;
  }
  place->second.socket.dissolve_connection();
  // A job may have taken the socket down with it.
  if (auto why = place->second.socket.why_unreachable(); !why.empty()) return events_.lost(address, why);
  if (watched_.emplace(fd, address).second) watcher_.watch(fd);
}

void OpenSockets::client_came(int fd) {
  auto place = watched_.find(fd);
  if (place == watched_.end()) return; // unwatched since
  auto address = place->second;
  auto why = sockets_.at(address).socket.why_unreachable();
  if (why.empty()) events_.client_came(address, clients_waiting(fd));
  else events_.lost(address, why);
}

void OpenSockets::check(const SocketAddress& address, bool only_if_free) {
  auto place = sockets_.find(address);
  auto why = place != sockets_.end() ? place->second.socket.why_unreachable() : "";
  if (why.empty()) return;
  struct stat file{};
  if (only_if_free && ::lstat(address.path.c_str(), &file) == 0) return;
  events_.lost(address, why);
}

// The inode of a socket, which no other one has as long as it is there.
std::string OpenSockets::identity_of(const SocketAddress& address) const {
  auto place = sockets_.find(address);
  struct stat socket{};
  if (place == sockets_.end() || ::fstat(place->second.socket.fd(), &socket) < 0) return {};
  return std::format("{}#{}", protocol::escaped(text_of(address)), socket.st_ino);
}

std::shared_ptr<const base::FileDescriptor> OpenSockets::copy_of(const SocketAddress& address) const {
  auto place = sockets_.find(address);
  if (place == sockets_.end()) return {};
  auto copy = std::make_shared<base::FileDescriptor>(::fcntl(place->second.socket.fd(), F_DUPFD_CLOEXEC, 3));
  if (*copy) return copy;
  spdlog::error("{}: unable to copy the descriptor: {}; the job gets none", text_of(address), std::strerror(errno));
  return {};
}

std::optional<unsigned> OpenSockets::clients_at(const SocketAddress& address) const {
  auto place = sockets_.find(address);
  return place != sockets_.end() ? clients_waiting(place->second.socket.fd()) : std::nullopt;
}

base::SharedFiles OpenSockets::for_event(const SocketAddress& address) const {
  auto place = sockets_.find(address);
  if (place == sockets_.end()) return {};
  place->second.socket.set_blocking();
  auto copy = copy_of(address);
  return copy ? base::SharedFiles{std::move(copy)} : base::SharedFiles{};
}

} // namespace upstart::socket_bridge
