#include "daemons/bridge/bus-listener.hpp"

#include "daemons/bridge/conditions/match-rule.hpp"

#include <spdlog/spdlog.h>

#include <cstring>
#include <format>

namespace upstart::bridge {

namespace {

using Clock = std::chrono::system_clock;

constexpr const char* driver = "org.freedesktop.DBus";
constexpr const char* driver_path = "/org/freedesktop/DBus";
constexpr const char* owner_changed = "NameOwnerChanged";

std::string owner_rule(const std::string& name) {
  return std::format("type='signal',sender='{0}',path='{1}',interface='{0}',member='{2}',arg0={3}", driver, driver_path,
                     owner_changed, quoted_in_rule(name));
}

} // namespace

struct BusListener::Call {
  BusListener* listener;
  std::function<void(sd_bus_message*)> answered;
  sd_bus_slot* slot = nullptr;

  Call(BusListener* whose, std::function<void(sd_bus_message*)> then) : listener{whose}, answered{std::move(then)} {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { sd_bus_slot_unref(slot); }

  static int answer(sd_bus_message* reply, void* self, sd_bus_error*) {
    auto* call = static_cast<Call*>(self);
    auto ended = call->listener->calls_.extract(call);
    if (call->answered) call->answered(reply);
    return 1;
  }
};

BusListener::BusListener(base::EventLoop& loop, std::string label, std::string address, Events events)
    : label_{std::move(label)},
      address_{std::move(address)},
      events_{std::move(events)},
      lost_{std::format("no connection to the {} yet", label_), Clock::now()},
      connection_{loop,
                  {.kind = base::ReconnectingConnection::Kind::bus, .other_end = label_, .watch_path = true},
                  {.connected = [this](auto& connection) { connected(connection); },
                   .lost =
                       [this] {
                         disconnected();
                         lost("it hung up");
                       },
                   .attempt_failed = [this](const auto& why) { lost(why); }}} {
  if (address_.empty()) lost_.text = std::format("the address of the {} is not known", label_);
}

BusListener::~BusListener() { disconnected(); }

void BusListener::lost(const std::string& why) {
  auto text = std::format("no connection to the {}: {}", label_, why);
  if (lost_.text != text) lost_ = {std::move(text), Clock::now()};
}

void BusListener::want(std::set<std::string> rules, std::set<std::string> names) {
  rules_ = std::move(rules);
  names_ = std::move(names);
  if (raw_ != nullptr) bring_into_force();
  if (rules_.empty()) {
    disconnected();
    connection_.disconnect();
  } else if (!address_.empty() && connection_.address().empty()) connection_.connect_to(address_);
}

BusListener::State BusListener::state(const std::string& rule) const {
  auto found = asked_for_.find(rule);
  return found == asked_for_.end() ? lost_ : found->second;
}

void BusListener::connected(base::BusConnection& connection) {
  raw_ = connection.raw();
  sd_bus_slot* filter = nullptr;
  auto heard = [](sd_bus_message* message, void* self, sd_bus_error*) {
    if (sd_bus_message_is_signal(message, nullptr, nullptr) > 0) static_cast<BusListener*>(self)->received(message);
    return 0;
  };
  if (sd_bus_add_filter(raw_, &filter, heard, this) >= 0) filter_.reset(filter);
  bring_into_force();
}

void BusListener::disconnected() {
  calls_.clear();
  filter_.reset();
  if (std::exchange(raw_, nullptr) == nullptr) return;
  asked_for_.clear();
  followed_.clear();
  if (events_.gone) events_.gone();
}

void BusListener::bring_into_force() {
  for (const auto& name : names_)
    if (!followed_.contains(name)) follow(name);
  for (const auto& rule : rules_)
    if (!asked_for_.contains(rule)) add_rule(rule);
  std::erase_if(asked_for_, [this](const auto& entry) {
    if (rules_.contains(entry.first)) return false;
    ask("RemoveMatch", entry.first, {});
    return true;
  });
  std::erase_if(followed_, [this](const auto& name) {
    if (names_.contains(name)) return false;
    ask("RemoveMatch", owner_rule(name), {});
    return true;
  });
}

void BusListener::ask(const char* method, const std::string& argument, std::function<void(sd_bus_message*)> answered) {
  auto call = std::make_unique<Call>(this, std::move(answered));
  int error = sd_bus_call_method_async(raw_, &call->slot, driver, driver_path, driver, method, Call::answer, call.get(),
                                       "s", argument.c_str());
  if (error < 0) return spdlog::debug("the {} cannot be asked: {}", label_, std::strerror(-error));
  auto* key = call.get();
  calls_.emplace(key, std::move(call));
}

void BusListener::follow(const std::string& name) {
  followed_.insert(name);
  ask("AddMatch", owner_rule(name), {});
  ask("GetNameOwner", name, [this, name](sd_bus_message* reply) {
    const char* owner = "";
    if (sd_bus_message_get_error(reply) != nullptr || sd_bus_message_read(reply, "s", &owner) < 0) owner = "";
    events_.owner(name, owner);
  });
}

void BusListener::add_rule(const std::string& rule) {
  asked_for_[rule] = {"asking", Clock::now()};
  ask("AddMatch", rule, [this, rule](sd_bus_message* reply) {
    auto asked = asked_for_.find(rule);
    if (asked == asked_for_.end()) return;
    const auto* error = sd_bus_message_get_error(reply);
    if (error != nullptr)
      spdlog::error("the {} refuses the match rule {}: {}; its signals make no event", label_, rule, error->message);
    else spdlog::debug("the {} sends what matches {}", label_, rule);
    asked->second = {error == nullptr ? "listening" : std::format("refused: {}", error->message), Clock::now()};
  });
}

void BusListener::received(sd_bus_message* message) {
  note_owner(message);
  events_.signal(message);
}

void BusListener::note_owner(sd_bus_message* message) {
  const char* sender = sd_bus_message_get_sender(message);
  if (followed_.empty() || sender == nullptr || std::strcmp(sender, driver) != 0 ||
      sd_bus_message_is_signal(message, driver, owner_changed) <= 0)
    return;
  const char *name = nullptr, *before = nullptr, *owner = nullptr;
  bool readable = sd_bus_message_read(message, "sss", &name, &before, &owner) > 0;
  if (readable && followed_.contains(name)) events_.owner(name, owner);
  sd_bus_message_rewind(message, 1);
}

} // namespace upstart::bridge
