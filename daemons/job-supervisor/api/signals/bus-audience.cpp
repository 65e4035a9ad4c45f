#include "daemons/job-supervisor/api/signals/bus-audience.hpp"

#include "daemons/base/guards/input-count.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace upstart::supervisor {

namespace {

constexpr const char* bus_name = "org.freedesktop.DBus";
constexpr const char* bus_path = "/org/freedesktop/DBus";
constexpr const char* name_changes =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged'";

bool is_unique(const std::string& name) { return name.starts_with(':'); }

// Buses number their connections: ":1.7" is the eighth. Nothing where the name is of another form.
std::optional<std::uint64_t> number_of(const std::string& name) {
  constexpr std::string_view prefix = ":1.";
  std::uint64_t number = 0;
  if (!name.starts_with(prefix)) return std::nullopt;
  const char* end = name.data() + name.size();
  auto [last, error] = std::from_chars(name.data() + prefix.size(), end, number);
  return error == std::errc{} && last == end ? std::optional{number} : std::nullopt;
}

std::string own_name(sd_bus* bus) {
  const char* name = nullptr;
  return sd_bus_get_unique_name(bus, &name) < 0 ? std::string{} : std::string{name};
}

} // namespace

BusAudience::BusAudience(base::BusConnection& connection) : connection_{connection} {
  sd_bus_slot* slot = nullptr;
  int error = sd_bus_add_match_async(
      connection_.raw(), &slot, name_changes,
      [](sd_bus_message* message, void* self, sd_bus_error*) {
        const char *name = nullptr, *before = nullptr, *after = nullptr;
        if (sd_bus_message_read(message, "sss", &name, &before, &after) > 0)
          static_cast<BusAudience*>(self)->name_changed(name, before, after);
        return 0;
      },
      [](sd_bus_message* answer, void* self, sd_bus_error*) {
        if (sd_bus_message_is_method_error(answer, nullptr) > 0) static_cast<BusAudience*>(self)->give_up();
        return 0;
      },
      this);
  changes_.reset(slot);
  if (error < 0) give_up();
  ask(
      "ListNames", nullptr,
      [](sd_bus_message* answer, void* self, sd_bus_error*) {
        static_cast<BusAudience*>(self)->take_names(answer);
        return 0;
      },
      names_);
  ask(
      "GetNameOwner", protocol::bus_name::event_broker,
      [](sd_bus_message* answer, void* self, sd_bus_error*) {
        auto& audience = *static_cast<BusAudience*>(self);
        const char* owner = nullptr;
        if (sd_bus_message_read(answer, "s", &owner) > 0) audience.strangers_.erase(owner);
        audience.broker_known_ = true; // or is not there yet: name_changed will tell
        return 0;
      },
      broker_);
  connection_.has_sent();
}

void BusAudience::ask(const char* method, const char* argument, sd_bus_message_handler_t answered, Slot& slot) {
  sd_bus_slot* made = nullptr;
  int error = sd_bus_call_method_async(connection_.raw(), &made, bus_name, bus_path, bus_name, method, answered, this,
                                       argument != nullptr ? "s" : nullptr, argument);
  slot.reset(made);
  if (error < 0) give_up();
}

// Final: nothing more is asked of the bus. The library holds a slot whose handler runs, which may be the one that goes.
void BusAudience::give_up() {
  may_be_watched_ = true;
  changes_.reset();
  strangers_.clear();
}

bool BusAudience::is_own(const std::string& name) const { return name == own_name(connection_.raw()); }

void BusAudience::name_changed(const std::string& name, const std::string& before, const std::string& after) {
  if (name == protocol::bus_name::event_broker) strangers_.erase(after);
  if (!is_unique(name) || is_own(name)) return;
  if (before.empty()) strangers_.insert(name);
  else if (after.empty() && strangers_.erase(name) > 0) give_up();
}

void BusAudience::take_names(sd_bus_message* names) {
  if (may_be_watched_) return;
  const char* name = nullptr;
  std::uint64_t earlier = 0;
  auto own = number_of(own_name(connection_.raw()));
  if (!own || sd_bus_message_enter_container(names, 'a', "s") < 0) return give_up();
  while (sd_bus_message_read(names, "s", &name) > 0) {
    if (!is_unique(name) || is_own(name)) continue;
    strangers_.insert(name);
    auto number = number_of(name);
    if (number && *number < *own) ++earlier;
  }
  names_known_ = true;
  if (earlier < *own) give_up(); // somebody has gone
}

bool BusAudience::may_listen() {
  if (may_be_watched_ || !names_known_ || !broker_known_ || !strangers_.empty()) return true;
  if (auto now = base::InputCount::now(); std::exchange(looked_at_, now) != now) has_input_ = connection_.has_input();
  return has_input_;
}

} // namespace upstart::supervisor
