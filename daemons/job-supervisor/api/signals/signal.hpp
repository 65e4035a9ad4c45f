// One signal of the public interface. It is built when it is first sent, once, and the same message goes to every
// connection: a thousand clients cost a thousand times the sending, and no more.
#pragma once

#include "daemons/job-supervisor/jobs/values/notice.hpp"

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace upstart::supervisor {

class Signal {
public:
  // The signal that tells it, whether or not its object was ever addressed. The notice outlives this.
  explicit Signal(const Notice& notice);
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // PropertiesChanged: this property of text has this value now, and another one, if named, has changed and is to be
  // asked for. To this unique name on the bus alone, unless it is empty.
  static Signal property_changed(std::string path, const char* interface, const char* property, std::string value,
                                 const char* to_be_asked = nullptr, std::string to = {});

  // Restarted: init was executed anew.
  static Signal restarted();

  // The message, built on this connection if none is there yet. Null where it cannot be built, or there is none for
  // this notice; `problem` says why.
  [[nodiscard]] sd_bus_message* message(sd_bus* bus);
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // When what it tells has happened.
  [[nodiscard]] std::chrono::steady_clock::time_point time() const { return time_; }
  // About how large the message is.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
  using Message = std::unique_ptr<sd_bus_message, sd_bus_message* (*)(sd_bus_message*)>;
  // 0 or more; a negative number is the error.
  using Build = std::function<int(sd_bus* bus, sd_bus_message** message)>;
  Signal(Build build, std::size_t bytes) : build_{std::move(build)}, bytes_{bytes} {}

  Build build_;
  std::size_t bytes_;
  std::chrono::steady_clock::time_point time_ = std::chrono::steady_clock::now();
  Message message_{nullptr, sd_bus_message_unref};
  std::string problem_;
};

} // namespace upstart::supervisor
