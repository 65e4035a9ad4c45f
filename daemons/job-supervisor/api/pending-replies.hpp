// The results of calls that are answered later. They belong to one connection and die with it; whoever is to answer
// holds no more than a number, and answers nobody when the client has gone by then.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/job-supervisor/jobs/values/command.hpp"

#include <sdbus-c++/sdbus-c++.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace upstart::supervisor {

class PendingReplies {
public:
  // The connection outlives this.
  explicit PendingReplies(base::BusConnection& connection) : pending_{std::make_shared<Pending>(connection)} {}

  // An answer that cannot be sent for itself, because it is too large or an instance's name makes no object path, is
  // told as an error. `object`, the one that was called, stays until the reply is given: sd-bus compares the reply with
  // the signature that the object's table has.
  [[nodiscard]] Reply add(std::shared_ptr<void> object, sdbus::Result<sdbus::ObjectPath>&& result);
  [[nodiscard]] Reply add(std::shared_ptr<void> object, sdbus::Result<>&& result);

private:
  struct Pending {
    explicit Pending(base::BusConnection& of) : connection{of} {}
    void give(std::uint64_t number, Outcome outcome);
    base::BusConnection& connection;
    std::uint64_t next = 0;
    std::unordered_map<std::uint64_t, Reply> replies;
  };
  template <typename Result, typename Answer> Reply add(std::shared_ptr<void> object, Result&& result, Answer answer);

  std::shared_ptr<Pending> pending_;
};

} // namespace upstart::supervisor
