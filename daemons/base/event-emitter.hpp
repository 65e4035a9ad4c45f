// Emits events to the event broker over a connection that comes back, and tells when each has finished. An emission is
// kept until then: what was not answered when the connection went is sent again, in order, when it is back (see
// Emission::keep), with the same token, by which the broker knows it again if it had accepted it; what was answered is
// asked after by id. So every emission is one event, and is answered once, by `finished`; at destruction nothing more
// is told.
//
// The owner has the connection (a ReconnectingConnection) and tells of it by `connected` and `lost`. Nothing here
// waits. Names and environments are bytes here and escaped on the way (protocol/text.hpp).
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/base/repeated-message.hpp"
#include "protocol/environment.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace upstart::base {

// As the broker gives them out.
using EventId = std::uint64_t;
// Descriptors that an event brings along; shared, since the event may be sent again. What is sent is a duplicate.
using SharedFiles = std::vector<std::shared_ptr<const FileDescriptor>>;

// 32 random hexadecimal digits.
[[nodiscard]] std::string random_identity();

struct Emission {
  std::string name;
  protocol::Environment environment{};
  SharedFiles files{};
  std::optional<Caller> emitter{}; // who emits it, where that is not this process
  // False: what the broker had not accepted when the connection went is not sent again but concluded as failed. For
  // what keeps asking by itself, such as a client that waits at a socket.
  bool keep = true;
  // By which the broker knows it again, also when another process sends it: unique among those of this user, 100 bytes
  // at most. Empty: the emitter makes one.
  std::string token{};
};

class EventEmitter {
public:
  // How it learns that an accepted event has finished.
  enum class Learns {
    by_asking, // calls WaitFor for each event
    by_signal, // the owner hears the broker's signal EventFinished and hands it on; WaitFor only after a reconnection
  };
  // `failed`: a job failed because of the event, or the broker refuses it (that is logged).
  using Finished = std::function<void(bool failed)>;
  using Accepted = std::function<void(EventId)>;

  EventEmitter(EventLoop& loop, Learns learns);
  EventEmitter(const EventEmitter&) = delete;
  EventEmitter& operator=(const EventEmitter&) = delete;
  ~EventEmitter();

  // From now on events go this way; sends at once what was kept.
  void connected(BusConnection& broker);
  // To be called before that connection is destroyed.
  void lost();

  // Either function may be empty. Both are called from the loop, never from within this call.
  void emit(Emission emission, Finished finished, Accepted accepted = {});
  // Tells when an event that an earlier process emitted has finished. An event that the broker has forgotten counts as
  // finished without failure.
  void await(EventId id, Finished finished);
  // The broker says that this event has finished. False where it is none that was emitted here.
  bool event_finished(EventId id, bool failed);

private:
  struct Unaccepted {
    Emission emission;
    Finished finished;
    Accepted accepted;
    // The broker may know it from an earlier connection or process, and it may have finished since.
    bool sent_again = false;
  };
  using Ticket = std::uint64_t;
  using Entry = std::map<Ticket, Unaccepted>::iterator;

  void send(Entry entry);
  void ask(EventId id);
  void accepted(Ticket ticket, EventId id);
  void refused(Ticket ticket, const std::string& why);
  void unsendable(Entry entry, const std::string& why);
  void conclude(Finished finished, bool failed);

  EventLoop& loop_;
  Learns learns_;
  RepeatedMessage refusals_;
  std::string name_; // random: its tokens begin with it
  std::unique_ptr<sdbus::IProxy> broker_;
  Ticket last_ticket_ = 0;
  std::map<Ticket, Unaccepted> unaccepted_; // sent or to be sent, in order
  std::unordered_map<EventId, Finished> unfinished_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::base
