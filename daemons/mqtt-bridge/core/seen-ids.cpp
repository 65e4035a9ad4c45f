#include "daemons/mqtt-bridge/core/seen-ids.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::string_view of_window = "seen/", of_others = "other/";

std::optional<std::pair<std::string_view, std::uint64_t>> sender_and_number(std::string_view id) {
  auto slash = id.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  auto digits = id.substr(slash + 1);
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number == 0) return std::nullopt;
  return std::pair{id.substr(0, slash), number};
}

std::int64_t count(Seconds time) { return time.time_since_epoch().count(); }
Seconds time_of(std::int64_t seconds) { return Seconds{std::chrono::seconds{seconds}}; }

} // namespace

void SeenIds::Window::shift(std::uint64_t by) {
  constexpr std::size_t bits = 64;
  if (by >= window) return seen.fill(0);
  auto words = static_cast<std::size_t>(by / bits), rest = static_cast<std::size_t>(by % bits);
  for (std::size_t i = seen.size(); i-- > 0;) {
    auto high = i >= words ? seen.at(i - words) << rest : 0;
    auto low = rest > 0 && i > words ? seen.at(i - words - 1) >> (bits - rest) : 0;
    seen.at(i) = high | low;
  }
}

bool SeenIds::Window::take(std::uint64_t number) {
  if (number > highest) {
    shift(number - highest);
    highest = number;
  }
  auto place = highest - number;
  if (place >= window) return false;
  auto& word = seen.at(static_cast<std::size_t>(place / 64));
  auto bit = std::uint64_t{1} << (place % 64);
  bool is_new = (word & bit) == 0;
  word |= bit;
  return is_new;
}

SeenIds::SeenIds(bridge::Memory& memory, const Records& records) : memory_{memory} {
  for (auto record = records.lower_bound(of_window); record != records.end() && record->first.starts_with(of_window);
       ++record) {
    base::ByteReader reader{record->second};
    Window entry;
    entry.highest = reader.number();
    entry.last = time_of(reader.number<std::int64_t>());
    for (auto& word : entry.seen) word = reader.number();
    if (reader.outcome()) windows_.emplace(record->first, entry);
  }
  for (auto record = records.lower_bound(of_others); record != records.end() && record->first.starts_with(of_others);
       ++record) {
    base::ByteReader reader{record->second};
    Others entry;
    entry.last = time_of(reader.number<std::int64_t>());
    auto ids = reader.texts();
    entry.ids.assign(ids.begin(), ids.end());
    if (reader.outcome()) others_.emplace(record->first, std::move(entry));
  }
}

bool SeenIds::take(std::string_view id, std::string_view node, std::string_view topic, Seconds now) {
  if (auto known = sender_and_number(id))
    return take_number(std::string{of_window}.append(known->first).append("/").append(topic), known->second, now);
  return take_other(std::string{of_others}.append(node), id, now);
}

bool SeenIds::take_number(const std::string& key, std::uint64_t number, Seconds now) {
  auto& entry = windows_[key];
  if (!entry.take(number)) return false;
  entry.last = now;
  keep(key, entry);
  make_room(now);
  return true;
}

bool SeenIds::take_other(const std::string& node, std::string_view id, Seconds now) {
  auto& entry = others_[node];
  if (std::ranges::contains(entry.ids, id)) return false;
  entry.last = now;
  entry.ids.emplace_back(id);
  if (entry.ids.size() > most_others) entry.ids.pop_front();
  keep(node, entry);
  make_room(now);
  return true;
}

void SeenIds::keep(const std::string& key, const Window& entry) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(entry.highest);
  writer.number(count(entry.last));
  for (auto word : entry.seen) writer.number(word);
  memory_.put(key, std::move(bytes));
}

void SeenIds::keep(const std::string& key, const Others& entry) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(count(entry.last));
  writer.texts({entry.ids.begin(), entry.ids.end()});
  memory_.put(key, std::move(bytes));
}

void SeenIds::forget_old(Seconds now) {
  auto forget = [&](auto& entries) {
    for (auto entry = entries.begin(); entry != entries.end();) {
      bool is_old = now - entry->second.last > session_expiry;
      if (is_old) memory_.erase(entry->first);
      entry = is_old ? entries.erase(entry) : std::next(entry);
    }
  };
  forget(windows_);
  forget(others_);
}

template <typename Entries> void SeenIds::drop_tenth(Entries& entries) {
  std::vector<std::pair<Seconds, std::string_view>> by_age;
  by_age.reserve(entries.size());
  for (const auto& [key, entry] : entries) by_age.emplace_back(entry.last, key);
  auto tenth = by_age.begin() + static_cast<std::ptrdiff_t>(by_age.size() / 10);
  std::ranges::nth_element(by_age, tenth);
  by_age.erase(tenth, by_age.end());
  for (const auto& [last, key] : by_age) {
    memory_.erase(key);
    entries.erase(entries.find(std::string{key}));
  }
}

// Looked for once for many, so that a flood of senders costs little each.
void SeenIds::make_room(Seconds now) {
  if (size() <= most_entries) return;
  forget_old(now);
  if (size() <= most_entries) return;
  drop_tenth(windows_);
  drop_tenth(others_);
}

} // namespace upstart::mqtt_bridge
