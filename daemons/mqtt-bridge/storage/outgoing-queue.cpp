#include "daemons/mqtt-bridge/storage/outgoing-queue.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/base/event-emitter.hpp"

#include <algorithm>
#include <format>

namespace upstart::mqtt_bridge {

namespace {

constexpr unsigned form_of_records = 1;
constexpr const char* identity_key = "identity";
constexpr const char* life_key = "life";
constexpr const char* last_key = "last";
constexpr const char* heard_key = "heard";
constexpr std::string_view of_event = "event/", of_token = "token/";

std::string event_key(std::uint64_t number) { return std::format("{}{:020}", of_event, number); }
std::string token_key(std::uint64_t number) { return std::format("{}{:020}", of_token, number); }

std::string number_bytes(std::uint64_t number) {
  std::string bytes;
  base::ByteWriter{bytes}.number(number);
  return bytes;
}

std::string event_bytes(std::uint64_t number, const std::string& topic, const std::string& payload) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(number);
  writer.text(topic);
  writer.text(payload);
  return bytes;
}

std::string token_bytes(std::uint64_t number, const std::string& token, const std::string& receiver) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(number);
  writer.text(token);
  writer.text(receiver);
  return bytes;
}

std::function<void(std::uint64_t)> forgotten_in(base::RecordStore& store) {
  return [&store](std::uint64_t number) { store.erase(token_key(number)); };
}

std::string heard_bytes(const std::string& life, std::uint64_t id) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(id);
  writer.text(life);
  return bytes;
}

} // namespace

std::size_t OutgoingQueue::Entry::bytes() const {
  constexpr std::size_t of_each = 200; // in memory and on disk, besides its text
  return of_each + topic.size() + payload.size();
}

std::expected<OutgoingQueue, std::string> OutgoingQueue::open(const std::string& path, std::uint64_t bound,
                                                              const std::string& life,
                                                              std::vector<std::string>& faults) {
  auto found = base::RecordStore::open(path, "upstart mqtt-bridge queue", form_of_records);
  if (!found) return std::unexpected(found.error());
  faults = std::move(found->faults);
  OutgoingQueue queue{std::move(found->store), bound};
  for (const auto& [key, bytes] : found->records) queue.take(key, bytes);
  if (queue.identity_.empty() || queue.life_ != life || life.empty()) queue.begin_life(life);
  queue.connection_lost();
  return queue;
}

void OutgoingQueue::begin_life(const std::string& life) {
  identity_ = base::random_identity();
  life_ = life;
  store_.put(identity_key, identity_);
  store_.put(life_key, life_);
  write();
}

void OutgoingQueue::take(const std::string& key, const std::string& bytes) {
  base::ByteReader reader{bytes};
  if (key == identity_key) identity_ = bytes;
  else if (key == life_key) life_ = bytes;
  else if (key == last_key) last_ = std::max(last_, reader.number());
  else if (key == heard_key) {
    heard_ = reader.number();
    heard_life_ = reader.text();
  } else if (key.starts_with(of_token)) {
    auto number = reader.number();
    auto token = reader.text();
    tokens_.add(token, reader.text(), number, forgotten_in(store_));
  } else if (key.starts_with(of_event)) {
    auto number = reader.number();
    Entry entry{.topic = reader.text(), .payload = reader.text()};
    if (!reader.outcome()) return;
    last_ = std::max(last_, number);
    bytes_ += entry.bytes();
    events_.emplace(number, std::move(entry));
  }
}

std::expected<OutgoingQueue::Number, std::string> OutgoingQueue::append(const std::string& topic, EventMessage event) {
  auto number = last_ + 1;
  event.id = std::format("{}/{}", identity_, number);
  Entry entry{.topic = topic, .payload = to_json(event)};
  if (entry.payload.size() > most_event_bytes)
    return std::unexpected(std::format("the event is too large for other nodes: {} bytes, and {} are the most",
                                       entry.payload.size(), most_event_bytes));
  if (bytes_ + entry.bytes() > bound_)
    return std::unexpected(std::format("the queue is full: {} events ({} bytes) wait for the broker, and `queue' in "
                                       "fleet.conf allows {} bytes",
                                       waiting(), bytes_, bound_));
  last_ = number;
  store_.put(event_key(number), event_bytes(number, entry.topic, entry.payload));
  store_.put(last_key, number_bytes(number));
  bytes_ += entry.bytes();
  events_.emplace(number, std::move(entry));
  return number;
}

std::expected<void, std::string> OutgoingQueue::write_or_take_back(Number number) {
  auto written = store_.write([this](const auto& put) { for_each_record(put); });
  if (written) return {};
  auto event = events_.find(number);
  bytes_ -= event->second.bytes();
  events_.erase(event);
  return std::unexpected("the queue cannot be written: " + written.error());
}

std::expected<OutgoingQueue::Number, std::string> OutgoingQueue::add(const std::string& topic, EventMessage event,
                                                                     const std::string& token,
                                                                     const std::string& receiver) {
  if (!token.empty())
    if (auto before = tokens_.find(token, receiver)) return *before;
  auto number = append(topic, std::move(event));
  if (!number) return number;
  if (!token.empty()) store_.put(token_key(*number), token_bytes(*number, token, receiver));
  if (auto written = write_or_take_back(*number); !written) return std::unexpected(written.error());
  if (!token.empty()) tokens_.add(token, receiver, *number, forgotten_in(store_));
  return number;
}

std::expected<void, std::string> OutgoingQueue::add_heard(const std::string& topic, EventMessage event,
                                                          const std::string& life, std::uint64_t id) {
  if (life == heard_life_ && id <= heard_) return {};
  heard_life_ = life;
  heard_ = id;
  store_.put(heard_key, heard_bytes(life, id));
  auto number = append(topic, std::move(event));
  if (!number) {
    write();
    return std::unexpected(number.error());
  }
  return write_or_take_back(*number);
}

std::vector<OutgoingQueue::Publication> OutgoingQueue::take_sendable() {
  std::vector<Publication> result;
  for (auto next = events_.upper_bound(sent_); next != events_.end(); ++next) {
    auto oldest = in_flight_.empty() ? next->first : *in_flight_.begin();
    if (in_flight_.size() >= most_in_flight || next->first - oldest >= most_in_flight) break;
    sent_ = next->first;
    in_flight_.insert(sent_);
    result.push_back({sent_, next->second.topic, next->second.payload});
  }
  return result;
}

void OutgoingQueue::acknowledged(Number number, Time now) {
  in_flight_.erase(number);
  if (!events_.contains(number)) return;
  acknowledged_.insert(number);
  settling_.emplace_back(now, number);
}

void OutgoingQueue::refused(Number number) {
  in_flight_.erase(number);
  forget(number);
}

bool OutgoingQueue::settle(Time now) {
  for (; !settling_.empty() && settling_.front().first + settle_time <= now; settling_.pop_front())
    forget(settling_.front().second);
  return !settling_.empty();
}

void OutgoingQueue::forget(Number number) {
  acknowledged_.erase(number);
  auto event = events_.find(number);
  if (event == events_.end()) return;
  bytes_ -= event->second.bytes();
  events_.erase(event);
  store_.erase(event_key(number));
}

void OutgoingQueue::connection_lost() {
  in_flight_.clear();
  settling_.clear(); // it settles anew
  sent_ = 0;
}

void OutgoingQueue::write() {
  // What fails here is tried again with the next event, which tells of it.
  if (store_.has_unwritten()) (void)store_.write([this](const auto& put) { for_each_record(put); });
}

void OutgoingQueue::for_each_record(const base::RecordStore::Put& put) const {
  put(identity_key, identity_);
  put(life_key, life_);
  put(last_key, number_bytes(last_));
  if (!heard_life_.empty()) put(heard_key, heard_bytes(heard_life_, heard_));
  tokens_.for_each([&](const auto& token, const auto& receiver, Number number) {
    put(token_key(number), token_bytes(number, token, receiver));
  });
  for (const auto& [number, event] : events_) put(event_key(number), event_bytes(number, event.topic, event.payload));
}

} // namespace upstart::mqtt_bridge
