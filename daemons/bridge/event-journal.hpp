// The memory of a bridge whose source does not keep what happened: records by key, and the events that the broker has
// not accepted yet, on a journal in the run directory (NAME.journal). What is put and emitted in one turn of the loop
// is written at its end, in one write, and only then the events leave. Each has a token of its own from that write on:
// the bridge that comes after one that was killed sends those again that may not have arrived, and the broker knows
// them.
//
// At most `most_in_flight` events are on their way at a time, which is far less than the tokens that the broker
// remembers of events that have ended.
//
// It is bounded: a source that is faster than the broker, or that goes on while there is none, fills neither memory nor
// the run directory.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/files/record-store.hpp"
#include "daemons/base/repeated-message.hpp"
#include "daemons/bridge/broker-session.hpp"
#include "daemons/bridge/ports/memory.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace upstart::bridge {

// What becomes of events that cannot be written, as where the disk is full.
enum class Unwritten {
  leaves, // they are emitted nevertheless, and may be lost or come twice if the bridge dies
  waits,  // they are emitted when they are written: for a source that keeps what it was not told of as taken
};

class EventJournal final : public Memory {
public:
  static constexpr std::size_t most_in_flight = 1000;
  static constexpr std::size_t most_bytes = 32U << 20U; // of events that the broker does not have yet

  // `directory` is the run directory, `bridge` the name of the bridge, `form` that of its records: what was written in
  // another form is set aside. What is wrong with the file is logged; without one, nothing outlives the process. What
  // an earlier process had not seen accepted is emitted.
  //
  // Where `room` is given, the owner looks at `is_full` before it takes more from its source, and is called when there
  // is room again: nothing is dropped. Else what is emitted while it is full is dropped, with a warning.
  EventJournal(base::EventLoop& loop, Emitter& emitter, const std::string& directory, const std::string& bridge,
               unsigned form, std::function<void()> room = {}, Unwritten unwritten = Unwritten::leaves);
  ~EventJournal() override;

  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& records() const { return records_; }
  void put(std::string_view key, std::string bytes) override;
  void erase(std::string_view key) override;
  void emit(std::string name, protocol::Environment environment) override {
    emit(std::move(name), std::move(environment), {});
  }
  // `finished` is called once, from the loop, when the event has finished; not of events of an earlier process.
  void emit(std::string name, protocol::Environment environment, std::function<void()> finished);
  [[nodiscard]] std::size_t not_accepted() const override { return events_.size(); }
  [[nodiscard]] bool is_full() const { return bytes_ >= most_bytes; }
  // For `Watch::state` of what is watched: the same, or with how many events were dropped.
  [[nodiscard]] std::string with_losses(std::string state) const;
  // Writes now, and lets the events leave. Whether all of it is written.
  bool commit();
  // Why nothing outlives the process: there can be no file. Empty: there is one.
  [[nodiscard]] const std::string& problem() const { return problem_; }

private:
  struct Event {
    std::string name;
    protocol::Environment environment;
    std::size_t bytes = 0;
    std::function<void()> finished = {};
  };
  using Number = std::uint64_t;

  void take(const std::string& key, const std::string& bytes);
  [[nodiscard]] bool write();
  void commit_later();
  void send();
  void keep(Number number, Event event);
  void accepted(Number number);
  void for_each_record(const base::RecordStore::Put& put) const;

  base::EventLoop& loop_;
  Emitter& emitter_;
  std::optional<base::RecordStore> store_;
  std::string problem_;
  bool behind_was_said_ = false;
  std::string identity_; // its tokens begin with it
  std::map<std::string, std::string, std::less<>> records_;
  std::map<Number, Event> events_; // not accepted yet
  Number last_ = 0;                // number that was given to an event
  Number sent_ = 0;                // up to this one
  std::size_t in_flight_ = 0;
  std::size_t bytes_ = 0; // of events_
  std::size_t dropped_ = 0;
  std::function<void()> room_;
  bool room_is_awaited_ = false;
  Unwritten unwritten_;
  base::Timer write_again_; // while what waits cannot be written
  base::RepeatedMessage losses_;
  bool commit_is_due_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::bridge
