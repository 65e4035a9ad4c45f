// What clients may ask of the broker, as its D-Bus object passes it on: two small ports, of events and of buses, that
// the broker implements.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/event-broker/queue/queue.hpp"
#include "daemons/event-broker/shell/descriptors.hpp"
#include "daemons/event-broker/shell/permissions.hpp"
#include "protocol/names.hpp"

namespace upstart::broker {

class Session;

// What a caller is told: a D-Bus error name and a message.
struct Fault {
  const char* name = nullptr;
  std::string message;
};

// Who called: on which connection, under which unique name (empty on a peer connection), and as which user.
struct Origin {
  Session& session;
  std::string sender;
  base::Caller caller;
};

class EventRequests {
public:
  virtual ~EventRequests() = default;
  // With a token (see Event), the id of the event that was accepted with it, if one was.
  virtual std::expected<EventId, Fault> emit(NewEvent event, Descriptors::Files files) = 0;
  // Takes `result` if the answer comes later, and answers it at once if it is known.
  virtual std::expected<void, Fault> wait(Session& session, EventId id, sdbus::Result<bool>& result) = 0;
  struct Attached {
    std::vector<std::string> wanted_by_others;
    std::vector<EventId> unfinished; // given to it before, and now again
  };
  // `ticket`: empty where the handler has none.
  virtual std::expected<Attached, Fault> attach(const Origin& from, const std::string& handler,
                                                const std::vector<std::string>& events, const std::string& ticket) = 0;
  virtual std::expected<void, Fault> subscribe(const Origin& from, const std::vector<std::string>& add,
                                               const std::vector<std::string>& remove) = 0;
  // Signals of these events go to the caller from now on: their acceptance, their end.
  virtual std::expected<void, Fault> listen(const Origin& from, const std::vector<std::string>& emitted,
                                            const std::vector<std::string>& finished) = 0;
  virtual void finished(const Origin& from, EventId id, bool failed, JobActions done) = 0;
  virtual void record(const Origin& from, const std::string& name, const std::vector<std::string>& env,
                      Emitter emitter) = 0;
  [[nodiscard]] virtual const Queue& queue() const = 0;
};

class BusRequests {
public:
  virtual ~BusRequests() = default;
  // Joins the bus at this address, again and again until it is there; nothing new for one it joins already.
  virtual std::expected<void, Fault> join_bus(const std::string& address) = 0;
};

struct Requests {
  EventRequests& events;
  BusRequests& buses;
  const Permissions& permissions;
};

[[nodiscard]] inline std::unexpected<Fault> invalid(std::string message) {
  return std::unexpected(Fault{protocol::error_name::invalid_args, std::move(message)});
}

} // namespace upstart::broker
