// What is written to a connection within one turn of the loop, in one system call. sd-bus writes each message at once,
// with a call of its own that wakes the other end; one start of a job is a dozen signals. So gathered-output.cpp puts a
// sendmsg before that of the C library, and a ppoll, by which the library waits for the answer of a call: what the
// library writes to a descriptor that has a GatheredOutput is kept, in order, until it is flushed. Owned by the
// connection, which flushes before the loop waits and after it has handled its messages; what has been kept for two
// milliseconds is flushed with the next message of any connection.
//
// Where the other end does not read, more is kept: what waits as bytes takes a third of the memory that it takes as
// messages of the library, and leaves no holes in it. There is a bound, beyond which the library keeps the rest.
//
// Bytes that have been kept and not flushed are lost when the process dies, as messages are that the library queues.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <poll.h>
#include <span>
#include <string>
#include <sys/socket.h>

namespace upstart::base {

class GatheredOutput {
public:
  using Clock = std::chrono::steady_clock::time_point (*)();

  // Gathers what is written to this descriptor from now on. `begun` is called when something is kept where nothing was.
  // The clock tells for how long something has been kept.
  GatheredOutput(int fd, std::function<void()> begun, Clock clock = &std::chrono::steady_clock::now);
  GatheredOutput(const GatheredOutput&) = delete;
  GatheredOutput& operator=(const GatheredOutput&) = delete;
  ~GatheredOutput() { end(); }

  // Writes what is kept, as far as there is room. After an error the rest is dropped, and the library is told with its
  // next message.
  void flush();
  // There was no room for all: flush again when the descriptor is writable.
  [[nodiscard]] bool waits_for_room() const { return !kept_.empty(); }
  // How much is kept, in bytes.
  [[nodiscard]] std::size_t kept() const { return kept_.size() + behind_bytes_; }
  // How many messages are kept beyond what a turn of the loop gathers.
  [[nodiscard]] std::size_t messages_behind() const { return behind_messages_; }
  // How many bytes the kernel has taken.
  [[nodiscard]] std::uint64_t written() const { return written_; }
  // Flushes and gathers nothing more; to be called before the descriptor is closed. May be called again.
  void end();

  // What every connection keeps.
  static void flush_all();
  // The same, before the library waits for these. One that has no room for all is waited for, too:
  // the library then asks again.
  static void flush_before(std::span<pollfd> waiting);
  // The library's sendmsg, on any descriptor.
  static ssize_t write(int fd, const msghdr& message, int flags);

private:
  [[nodiscard]] static GatheredOutput* of(int fd);
  static void flush_old(std::chrono::steady_clock::time_point now);
  ssize_t take(const msghdr& message, int flags);
  void keep(const msghdr& message);
  void keep_behind(const msghdr& message, std::size_t bytes);
  void wrote(std::size_t bytes);
  void kept_nothing_more();

  int fd_; // -1: has ended
  int error_ = 0;
  std::string kept_; // what is written next
  struct Chunk {
    std::string bytes;
    std::size_t messages = 0;
  };
  std::deque<Chunk> behind_; // what did not fit into it, since there was no room
  std::size_t behind_bytes_ = 0, behind_messages_ = 0;
  std::uint64_t written_ = 0;
  std::size_t place_ = 0; // among those that keep something, while this does
  std::function<void()> begun_;
  Clock clock_;
};

} // namespace upstart::base
