#include "daemons/base/guards/bus-callers.hpp"

#include <cstring>

namespace upstart::base {

namespace {

constexpr std::size_t most_known = 1024;
constexpr std::size_t most_held_of_one = 1024;

bool is_call(sd_bus_message* message) {
  std::uint8_t type = 0;
  return sd_bus_message_get_type(message, &type) >= 0 && type == SD_BUS_MESSAGE_METHOD_CALL;
}

// From a{sv}: UnixUserID and ProcessID; other entries are skipped.
Caller read_credentials(sd_bus_message* reply) {
  Caller caller;
  if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0) return caller;
  while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
    const char* key = nullptr;
    std::uint32_t number = 0;
    if (sd_bus_message_read(reply, "s", &key) < 0) break;
    bool is_user = std::strcmp(key, "UnixUserID") == 0, is_process = std::strcmp(key, "ProcessID") == 0;
    if (is_user || is_process) {
      if (sd_bus_message_read(reply, "v", "u", &number) < 0) break;
      if (is_user) caller.uid = number;
      else caller.pid = static_cast<pid_t>(number);
    } else if (sd_bus_message_skip(reply, "v") < 0) {
      break;
    }
    if (sd_bus_message_exit_container(reply) < 0) break;
  }
  return caller;
}

} // namespace

const Caller* BusCallers::find(std::string_view sender) const {
  auto found = entries_.find(sender);
  return found != entries_.end() && found->second.caller ? &*found->second.caller : nullptr;
}

bool BusCallers::hold(sd_bus_message* message) {
  const char* sender = sd_bus_message_get_sender(message);
  if (sender == nullptr || !is_call(message)) return false;
  auto found = entries_.find(std::string_view{sender});
  if (found != entries_.end())
    return found->second.caller ? returns(found->second, message) : keep(found->second, message);
  make_room();
  auto& entry = entries_[sender];
  entry.name = sender;
  entry.owner = this;
  if (ask(entry)) return keep(entry, message);
  entries_.erase(sender);
  return false; // it is nobody's
}

bool BusCallers::keep(Entry& entry, sd_bus_message* message) {
  if (entry.held.size() < most_held_of_one) {
    entry.held.emplace_back(sd_bus_message_ref(message), sd_bus_message_unref);
    return true;
  }
  sd_bus_error error =
      SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many calls before the bus has said who you are");
  sd_bus_reply_method_error(message, &error);
  return true;
}

// True for a call that has overtaken those that were held: it goes behind them.
bool BusCallers::returns(Entry& entry, sd_bus_message* message) {
  if (entry.returning.empty()) return false;
  if (entry.returning.front().get() == message) {
    entry.returning.pop_front();
    return false;
  }
  give_back(entry, {sd_bus_message_ref(message), sd_bus_message_unref});
  return true;
}

bool BusCallers::ask(Entry& entry) {
  auto answer = [](sd_bus_message* reply, void* data, sd_bus_error*) {
    auto& asked = *static_cast<Entry*>(data);
    asked.owner->answered(asked, reply);
    return 0;
  };
  sd_bus_slot* slot = nullptr;
  int error =
      sd_bus_call_method_async(bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                               "GetConnectionCredentials", answer, &entry, "s", entry.name.c_str());
  entry.question.reset(slot);
  return error >= 0;
}

// An error means that the caller has gone: its calls are made by nobody, and refused accordingly.
void BusCallers::answered(Entry& entry, sd_bus_message* reply) {
  entry.caller = sd_bus_message_is_method_error(reply, nullptr) > 0 ? Caller{} : read_credentials(reply);
  for (; !entry.held.empty(); entry.held.pop_front()) give_back(entry, std::move(entry.held.front()));
}

void BusCallers::give_back(Entry& entry, Message message) {
  if (sd_bus_enqueue_for_read(bus_, message.get()) >= 0) entry.returning.push_back(std::move(message));
}

void BusCallers::make_room() {
  if (entries_.size() < most_known) return;
  std::erase_if(entries_, [](const auto& entry) { return entry.second.caller && entry.second.returning.empty(); });
}

} // namespace upstart::base
