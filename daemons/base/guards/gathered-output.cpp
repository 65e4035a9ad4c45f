#include "daemons/base/guards/gathered-output.hpp"

#include "daemons/base/guards/read-ahead.hpp"

#include <csignal>
#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace upstart::base {

namespace {

// So much of a turn is kept at most. A message that is larger goes out by itself.
constexpr std::size_t most_kept = 65'536;
// So much more is kept where there is no room.
constexpr std::size_t most_behind = std::size_t{64} << 20U;
constexpr std::chrono::milliseconds longest_kept{2};
// So much memory stays with a connection that keeps nothing.
constexpr std::size_t capacity_left = 4096;

// By descriptor. A connection belongs to the thread that made it, as its loop does; a daemon has one.
thread_local std::vector<GatheredOutput*> by_descriptor;
// Those that keep something, and since when the first of them may have done so.
thread_local std::vector<GatheredOutput*> keeping;
thread_local std::chrono::steady_clock::time_point keeping_since;

ssize_t write_at_once(int fd, const msghdr& message, int flags) { return ::syscall(SYS_sendmsg, fd, &message, flags); }

std::size_t size_of(const msghdr& message) {
  std::size_t bytes = 0;
  for (const auto& part : std::span{message.msg_iov, message.msg_iovlen}) bytes += part.iov_len;
  return bytes;
}

ssize_t fail(int error) {
  errno = error;
  return -1;
}

void append(std::string& bytes, const msghdr& message) {
  for (const auto& part : std::span{message.msg_iov, message.msg_iovlen})
    bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
}

} // namespace

GatheredOutput::GatheredOutput(int fd, std::function<void()> begun, Clock clock)
    : fd_{fd}, begun_{std::move(begun)}, clock_{clock} {
  if (fd_ < 0) return;
  auto place = static_cast<std::size_t>(fd_);
  if (by_descriptor.size() <= place) by_descriptor.resize(place + 1);
  by_descriptor[place] = this;
}

void GatheredOutput::end() {
  if (fd_ < 0) return;
  flush();
  if (!kept_.empty()) kept_nothing_more();
  if (of(fd_) == this) by_descriptor[static_cast<std::size_t>(fd_)] = nullptr;
  fd_ = -1;
}

GatheredOutput* GatheredOutput::of(int fd) {
  auto place = static_cast<std::size_t>(fd);
  return fd >= 0 && place < by_descriptor.size() ? by_descriptor[place] : nullptr;
}

void GatheredOutput::flush() {
  while (!kept_.empty()) {
    iovec rest{.iov_base = kept_.data(), .iov_len = kept_.size()};
    msghdr message{};
    message.msg_iov = &rest;
    message.msg_iovlen = 1;
    auto bytes = write_at_once(fd_, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (bytes > 0) {
      wrote(static_cast<std::size_t>(bytes));
    } else if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) {
      return;
    } else {
      error_ = errno;
      kept_nothing_more();
    }
  }
}

void GatheredOutput::wrote(std::size_t bytes) {
  written_ += bytes;
  kept_.erase(0, bytes);
  if (!kept_.empty()) return;
  if (behind_.empty()) return kept_nothing_more();
  kept_ = std::move(behind_.front().bytes);
  behind_bytes_ -= kept_.size();
  behind_messages_ -= behind_.front().messages;
  behind_.pop_front();
}

void GatheredOutput::kept_nothing_more() {
  if (kept_.capacity() > capacity_left) std::string{}.swap(kept_); // an assignment would keep the memory
  kept_.clear();
  std::deque<Chunk>{}.swap(behind_);
  behind_bytes_ = behind_messages_ = 0;
  keeping.back()->place_ = place_;
  keeping[place_] = keeping.back();
  keeping.pop_back();
}

void GatheredOutput::flush_old(std::chrono::steady_clock::time_point now) {
  if (now - keeping_since < longest_kept) return;
  flush_all();
  keeping_since = now;
}

void GatheredOutput::flush_all() {
  for (auto left = keeping.size(); left > 0; --left) keeping[left - 1]->flush();
}

void GatheredOutput::flush_before(std::span<pollfd> waiting) {
  flush_all();
  if (keeping.empty()) return;
  for (auto& one : waiting)
    if (const auto* output = of(one.fd); output != nullptr && output->waits_for_room())
      one.events = static_cast<short>(one.events | POLLOUT);
}

ssize_t GatheredOutput::write(int fd, const msghdr& message, int flags) {
  auto* output = of(fd);
  return output != nullptr ? output->take(message, flags) : write_at_once(fd, message, flags);
}

// Descriptors go with the first byte of their message, which must not be gathered with others.
ssize_t GatheredOutput::take(const msghdr& message, int flags) {
  auto bytes = size_of(message);
  if (bytes == 0) return write_at_once(fd_, message, flags);
  bool alone = message.msg_controllen > 0 || bytes > most_kept;
  auto has_room = [&] { return kept_.empty() || (!alone && behind_.empty() && kept_.size() + bytes <= most_kept); };
  // Where there was no room lately it is not asked for with each message: the other end would be woken for a few bytes.
  if (!has_room() && behind_.empty()) flush();
  if (error_ != 0) return fail(error_);
  bool fits = has_room();
  if (!fits && (alone || behind_bytes_ + bytes > most_behind)) return fail(EAGAIN);
  if (alone) {
    auto sent = write_at_once(fd_, message, flags);
    written_ += static_cast<std::uint64_t>(std::max<ssize_t>(sent, 0));
    return sent;
  }
  if (fits) keep(message);
  else keep_behind(message, bytes);
  return static_cast<ssize_t>(bytes);
}

void GatheredOutput::keep_behind(const msghdr& message, std::size_t bytes) {
  if (behind_.empty() || behind_.back().bytes.size() + bytes > most_kept) {
    behind_.emplace_back();
    behind_.back().bytes.reserve(most_kept);
  }
  append(behind_.back().bytes, message);
  ++behind_.back().messages;
  behind_bytes_ += bytes;
  ++behind_messages_;
}

void GatheredOutput::keep(const msghdr& message) {
  auto now = clock_();
  bool first = kept_.empty();
  append(kept_, message);
  if (first) {
    if (keeping.empty()) keeping_since = now;
    place_ = keeping.size();
    keeping.push_back(this);
    begun_();
  }
  flush_old(now);
}

} // namespace upstart::base

// Both stand before the C library's for the whole program, and do the same where nothing is gathered.
extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  return upstart::base::GatheredOutput::write(socket, *message, flags);
}

// With this the library waits for the answer of a call, which has to leave first, and may have been read already.
extern "C" int ppoll(pollfd* descriptors, nfds_t count, const timespec* limit, const sigset_t* mask) {
  std::span waiting{descriptors, count};
  upstart::base::GatheredOutput::flush_before(waiting);
  auto was_read = [](const pollfd& one) {
    return (one.events & POLLIN) != 0 && upstart::base::ReadAhead::has_bytes(one.fd);
  };
  bool waits = std::ranges::none_of(waiting, was_read);
  timespec left = waits && limit != nullptr ? *limit : timespec{}; // the kernel writes to it
  constexpr std::size_t mask_bytes = 8;                            // the kernel's
  auto ready = static_cast<int>(
      ::syscall(SYS_ppoll, descriptors, count, waits && limit == nullptr ? nullptr : &left, mask, mask_bytes));
  for (auto& one : waiting) {
    if (ready < 0 || !was_read(one)) continue;
    ready += one.revents == 0 ? 1 : 0;
    one.revents = static_cast<short>(one.revents | POLLIN);
  }
  return ready;
}
