// A client connection as a listener to the signals. A bus gets them all, while anybody is there (bus-audience.hpp). A
// peer that has made a call is assumed to listen, since the original's clients never say so, and is cut off when it
// does not read (BusConnection); one that has never said a word gets them only as long as it reads what it has got.
// PropertiesChanged of an object goes to those alone that have read properties of it, and might keep what they read:
// the original sends none. An instance that has gone and comes again has the same path: its readers are told of it,
// too.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/job-supervisor/api/signals/bus-audience.hpp"
#include "daemons/job-supervisor/api/signals/signal.hpp"

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace upstart::supervisor {

class Listener {
public:
  // The connection outlives this.
  explicit Listener(base::BusConnection& connection)
      : connection_{connection},
        audience_{connection.is_peer() ? nullptr : std::make_unique<BusAudience>(connection)} {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The other end has called a method.
  void has_called() { has_called_ = true; }
  // Properties of the object at this path have been read, or would have been if it were there; `reader` is the reader's
  // unique name on the bus, and empty on a peer connection.
  void has_read(const std::string& path, const std::string& reader, bool exists);

  // Sends the signal, if this listens now.
  void tell(Signal& signal);
  // The signal of this notice has been sent: tells what it changes in properties that were read.
  void tell_properties(const Notice& notice);
  // PropertiesChanged to those who have read properties of the object: this property of text has this value now, and
  // another one, if named, has changed and is to be asked for.
  void tell_property(const std::string& path, const char* interface, const char* property, std::string_view value,
                     const char* to_be_asked = nullptr);

private:
  [[nodiscard]] bool listens(std::chrono::steady_clock::time_point now);
  void has_gone(const std::string& path);
  void misses(const std::string& why);

  base::BusConnection& connection_;
  std::unique_ptr<BusAudience> audience_;                            // on a bus
  std::unordered_map<std::string, std::deque<std::string>> readers_; // by path; the last ones
  std::deque<std::string> gone_; // paths of them where nothing is now; the last ones
  std::chrono::steady_clock::time_point deaf_until_{};
  bool has_called_ = false;
  bool misses_signals_ = false; // warned of
};

} // namespace upstart::supervisor
