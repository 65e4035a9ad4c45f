#include "daemons/bridge/event-journal.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/base/fault-point.hpp"

#include <spdlog/spdlog.h>

#include <format>

namespace upstart::bridge {

namespace {

// The first letter of a key on disk says what the record is.
constexpr char of_bridge = 'r', of_event = 'e';
constexpr const char* identity_key = "identity";
constexpr const char* last_key = "last";
constexpr std::chrono::seconds pause_of_full_disk{5};

std::string event_key(std::uint64_t number) { return std::format("{}{:020}", of_event, number); }
std::string record_key(std::string_view key) { return of_bridge + std::string{key}; }

} // namespace

EventJournal::EventJournal(base::EventLoop& loop, Emitter& emitter, const std::string& directory,
                           const std::string& bridge, unsigned form, std::function<void()> room, Unwritten unwritten)
    : loop_{loop},
      emitter_{emitter},
      room_{std::move(room)},
      unwritten_{unwritten},
      write_again_{loop, [this] { commit(); }},
      losses_{loop, [](const std::string& text) { spdlog::warn("{}", text); }} {
  auto found = base::RecordStore::open(directory + "/" + bridge + ".journal", "upstart " + bridge, form);
  if (!found) {
    problem_ = found.error();
    spdlog::error("{}; events may be lost or come twice if this bridge dies", problem_);
  } else {
    for (const auto& fault : found->faults) spdlog::warn("{}", fault);
    for (const auto& [key, bytes] : found->records) take(key, bytes);
    store_.emplace(std::move(found->store));
  }
  if (identity_.empty()) {
    identity_ = base::random_identity();
    if (store_) store_->put(identity_key, identity_);
  }
  if (!events_.empty()) {
    sent_ = events_.begin()->first - 1;
    spdlog::info("{} events that the broker may not have are emitted again", events_.size());
  } else {
    sent_ = last_;
  }
  commit_later();
}

EventJournal::~EventJournal() {
  *alive_ = false;
  (void)write(); // logged
}

void EventJournal::take(const std::string& key, const std::string& bytes) {
  base::ByteReader reader{bytes};
  if (key == identity_key) identity_ = bytes;
  else if (key == last_key) last_ = std::max(last_, reader.number<Number>());
  else if (key.starts_with(of_bridge)) records_.emplace(key.substr(1), bytes);
  else if (key.starts_with(of_event)) {
    auto number = reader.number<Number>();
    Event event{.name = reader.text(), .environment = protocol::Environment{reader.texts()}};
    last_ = std::max(last_, number);
    keep(number, std::move(event));
  }
}

void EventJournal::keep(Number number, Event event) {
  constexpr std::size_t of_each = 200; // in memory and on disk, besides its text
  event.bytes = of_each + event.name.size();
  for (const auto& entry : event.environment.strings()) event.bytes += entry.size();
  bytes_ += event.bytes;
  events_.emplace(number, std::move(event));
  if (is_full()) room_is_awaited_ = true;
}

std::string EventJournal::with_losses(std::string state) const {
  if (dropped_ == 0) return state;
  return std::format("{}, but {} events were dropped that the broker did not take in time", state, dropped_);
}

void EventJournal::put(std::string_view key, std::string bytes) {
  if (store_) store_->put(record_key(key), bytes);
  records_.insert_or_assign(std::string{key}, std::move(bytes));
  commit_later();
}

void EventJournal::erase(std::string_view key) {
  auto place = records_.find(key);
  if (place == records_.end()) return;
  if (store_) store_->erase(record_key(key));
  records_.erase(place);
  commit_later();
}

void EventJournal::emit(std::string name, protocol::Environment environment, std::function<void()> finished) {
  if (is_full() && !room_) {
    ++dropped_;
    if (finished) loop_.defer(std::move(finished));
    return losses_.tell(
        std::format("an event {} is dropped: {} events that the event broker has not taken yet are kept, "
                    "which is the most that may be",
                    name, events_.size()));
  }
  auto number = ++last_;
  Event event{.name = std::move(name), .environment = std::move(environment), .finished = std::move(finished)};
  if (store_) {
    std::string bytes;
    base::ByteWriter writer{bytes};
    writer.number(number);
    writer.text(event.name);
    writer.texts(event.environment.strings());
    store_->put(event_key(number), bytes);
    bytes.clear();
    writer.number(last_);
    store_->put(last_key, bytes);
  }
  keep(number, std::move(event));
  commit_later();
}

void EventJournal::for_each_record(const base::RecordStore::Put& put) const {
  put(identity_key, identity_);
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(last_);
  put(last_key, bytes);
  for (const auto& [key, value] : records_) put(record_key(key), value);
  for (const auto& [number, event] : events_) {
    bytes.clear();
    writer.number(number);
    writer.text(event.name);
    writer.texts(event.environment.strings());
    put(event_key(number), bytes);
  }
}

void EventJournal::commit_later() {
  if (std::exchange(commit_is_due_, true)) return;
  loop_.defer([this, alive = alive_] {
    if (!*alive) return;
    commit_is_due_ = false;
    commit();
  });
}

bool EventJournal::write() {
  if (!store_) return false;
  if (!store_->has_unwritten()) return true;
  auto written = store_->write([this](const auto& put) { for_each_record(put); });
  if (!written && !std::exchange(behind_was_said_, true))
    spdlog::error("{}; {}", written.error(),
                  unwritten_ == Unwritten::waits ? "events wait until it can be written"
                                                 : "events may be lost or come twice if this bridge dies");
  if (written) behind_was_said_ = false;
  return written.has_value();
}

bool EventJournal::commit() {
  bool written = write();
  base::fault_point("bridge-written");
  if (written || unwritten_ == Unwritten::leaves) send();
  else if (!write_again_.active()) write_again_.start(pause_of_full_disk);
  return written;
}

void EventJournal::send() {
  for (auto next = events_.upper_bound(sent_); next != events_.end() && in_flight_ < most_in_flight; ++next) {
    auto number = sent_ = next->first;
    ++in_flight_;
    emitter_.emit(
        {.name = next->second.name,
         .environment = next->second.environment,
         .token = std::format("{}/{}", identity_, number)},
        [this, alive = alive_, number, finished = std::move(next->second.finished)](bool) {
          if (!*alive) return;
          accepted(number); // also where the broker refuses it
          if (finished) finished();
        },
        [this, alive = alive_, number] {
          if (*alive) accepted(number);
        });
  }
}

void EventJournal::accepted(Number number) {
  auto event = events_.find(number);
  if (event == events_.end()) return;
  bytes_ -= event->second.bytes;
  events_.erase(event);
  --in_flight_;
  if (store_) store_->erase(event_key(number));
  commit_later();
  if (bytes_ > most_bytes / 2 || !std::exchange(room_is_awaited_, false)) return;
  if (room_) room_();
}

} // namespace upstart::bridge
