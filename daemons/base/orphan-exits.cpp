#include "daemons/base/orphan-exits.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace upstart::base {

namespace {

enum class Read { packet, nothing_now, over };

Read read_packet(int fd, OrphanExit& into) {
  ssize_t length = 0;
  do { length = ::recv(fd, &into, sizeof into, MSG_DONTWAIT); } while (length < 0 && errno == EINTR);
  if (length == static_cast<ssize_t>(sizeof into)) return Read::packet;
  return length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Read::nothing_now : Read::over;
}

bool readable_within(int fd, std::chrono::steady_clock::time_point end) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  pollfd wanted{fd, POLLIN, 0};
  return left.count() > 0 && ::poll(&wanted, 1, static_cast<int>(left.count())) >= 0;
}

} // namespace

OrphanExits::OrphanExits(FileDescriptor inherited) : source_{std::move(inherited)} {}

OrphanExits::Kept OrphanExits::read_kept(std::chrono::milliseconds limit) {
  Kept result;
  auto end = std::chrono::steady_clock::now() + limit;
  while (source_) {
    OrphanExit packet;
    auto read = read_packet(source_.get(), packet);
    if (read == Read::over) source_.reset();
    else if (read == Read::nothing_now) {
      if (!readable_within(source_.get(), end)) return result;
    } else if (packet.pid == 0) {
      result.forgotten = static_cast<std::uint32_t>(packet.status);
      result.complete = true;
      return result;
    } else result.exits.push_back(packet);
  }
  return result;
}

void OrphanExits::watch(EventLoop& loop, Ended ended) {
  if (!source_) return;
  watcher_.emplace(loop, source_.get(), [this, ended = std::move(ended)](unsigned) { drain(ended); });
  watcher_->watch(FdWatcher::readable);
}

void OrphanExits::drain(const Ended& ended) {
  OrphanExit packet;
  auto read = Read::packet;
  while (watcher_ && (read = read_packet(source_.get(), packet)) == Read::packet)
    if (packet.pid != 0) ended(packet);
  if (read != Read::over) return;
  watcher_.reset();
  source_.reset();
}

} // namespace upstart::base
