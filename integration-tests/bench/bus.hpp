// The little of sd-bus that a measurement needs: owned connections and messages, results that throw.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

namespace upstart::bench {

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_close_unref)>;
using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

inline int check(int result, const char* what) {
  if (result < 0) throw std::system_error{-result, std::generic_category(), what};
  return result;
}

// The error of a call, freed when it goes.
struct CallError {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  CallError() = default;
  CallError(const CallError&) = delete;
  CallError& operator=(const CallError&) = delete;
  ~CallError() { sd_bus_error_free(&error); }
};

inline Message call(sd_bus* bus, sd_bus_message* request) {
  CallError failure;
  sd_bus_message* reply = nullptr;
  int result = sd_bus_call(bus, request, UINT64_MAX, &failure.error, &reply);
  if (result < 0)
    throw std::runtime_error{failure.error.message != nullptr ? failure.error.message
                                                              : std::generic_category().message(-result)};
  return {reply, &sd_bus_message_unref};
}

} // namespace upstart::bench
