#include "daemons/base/guards/bus-allowance.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

namespace upstart::base {

namespace {

constexpr std::size_t small_answer = 512;
// The bus is asked about a caller that may have so much unread.
constexpr std::size_t worth_asking = std::size_t{1} << 20;
constexpr std::size_t most_entries = 4096;

// From a{sv}.
std::optional<std::size_t> outgoing_bytes(sd_bus_message* reply) {
  if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0) return std::nullopt;
  while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
    const char* key = nullptr;
    std::uint32_t number = 0;
    if (sd_bus_message_read(reply, "s", &key) < 0) break;
    if (std::strcmp(key, "OutgoingBytes") == 0)
      return sd_bus_message_read(reply, "v", "u", &number) < 0 ? std::nullopt : std::optional<std::size_t>{number};
    if (sd_bus_message_skip(reply, "v") < 0 || sd_bus_message_exit_container(reply) < 0) break;
  }
  return std::nullopt;
}

} // namespace

BusAllowance::Verdict BusAllowance::call(std::string_view sender, uid_t user) {
  auto found = entries_.find(sender);
  if (found == entries_.end()) {
    make_room();
    found = entries_.emplace(std::string{sender}, Entry{}).first;
    found->second.name = sender;
    found->second.owner = this;
    found->second.user = user;
  }
  auto unread = users_[user];
  if (unread <= most_unread) {
    add(found->second, small_answer);
    return Verdict::answer;
  }
  for (auto& [_, entry] : entries_)
    if (entry.user == user) ask(entry);
  if (unread > 2 * most_unread) return Verdict::ignore;
  add(found->second, small_answer);
  return Verdict::refuse;
}

void BusAllowance::charge(std::string_view sender, std::size_t bytes) {
  if (auto found = entries_.find(sender); found != entries_.end()) add(found->second, bytes);
}

void BusAllowance::add(Entry& entry, std::size_t bytes) {
  set(entry, entry.bytes + bytes);
  if (entry.bytes > worth_asking) ask(entry);
}

void BusAllowance::set(Entry& entry, std::size_t bytes) {
  users_[entry.user] += bytes - entry.bytes;
  entry.bytes = bytes;
}

void BusAllowance::ask(Entry& entry) {
  if (entry.question || entry.bytes == 0) return;
  auto answer = [](sd_bus_message* reply, void* data, sd_bus_error*) {
    auto& asked = *static_cast<Entry*>(data);
    asked.owner->answered(asked, reply);
    return 0;
  };
  sd_bus_slot* slot = nullptr;
  entry.asked = entry.bytes;
  sd_bus_call_method_async(bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", answer, &entry, "s",
                           entry.name.c_str());
  entry.question.reset(slot);
}

// An error means that the caller has gone, and what it had not read with it; or that this bus does not tell.
void BusAllowance::answered(Entry& entry, sd_bus_message* reply) {
  entry.question.reset();
  bool failed = sd_bus_message_is_method_error(reply, nullptr) > 0;
  auto unread = failed ? std::optional<std::size_t>{0} : outgoing_bytes(reply);
  set(entry, entry.bytes - entry.asked + std::min(entry.asked, unread.value_or(0)));
}

// Those that have little unread are forgotten, as if they had read it.
void BusAllowance::make_room() {
  if (entries_.size() < most_entries) return;
  std::erase_if(entries_, [this](auto& item) {
    auto& entry = item.second;
    if (entry.question || entry.bytes > worth_asking) return false;
    set(entry, 0);
    return true;
  });
  std::erase_if(users_, [](const auto& user) { return user.second == 0; });
}

} // namespace upstart::base
