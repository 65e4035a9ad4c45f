// A client connection as a listener to the signals. The bus gets them all. A peer that has made a call is taken to
// listen, since the original's clients never say so, and is cut off when it does not read (BusConnection); one that has
// never said a word gets them only as long as it reads what it has got. PropertiesChanged of an instance goes to those
// that have read properties of it on this connection, and might keep what they read.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/job-supervisor/api/signals/signal.hpp"

#include <chrono>
#include <string>
#include <unordered_set>

namespace upstart::supervisor {

class Listener {
public:
  // The connection outlives this.
  explicit Listener(base::BusConnection& connection) : connection_{connection} {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The other end has called a method.
  void has_called() { has_called_ = true; }
  // It has read properties of the instance at this path.
  void has_read(const std::string& path);

  // Sends the signal, if this listens now.
  void tell(Signal& signal);
  // The signal of this notice has been sent: tells what it changes in properties that were read.
  void tell_properties(const Notice& notice);

private:
  [[nodiscard]] bool listens(std::chrono::steady_clock::time_point now);
  void misses(const std::string& why);

  base::BusConnection& connection_;
  std::unordered_set<std::string> read_; // paths
  std::chrono::steady_clock::time_point deaf_until_{};
  bool has_called_ = false;
  bool misses_signals_ = false; // warned of
};

} // namespace upstart::supervisor
