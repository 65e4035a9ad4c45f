#include "daemons/dbus-bridge/bus-listener.hpp"

#include "daemons/dbus-bridge/signal-message.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstring>
#include <format>

namespace upstart::dbus_bridge {

namespace {

constexpr const char* driver = "org.freedesktop.DBus";
constexpr const char* driver_path = "/org/freedesktop/DBus";

std::string owner_rule(const std::string& name) {
  return std::format("type='signal',sender='{0}',path='{1}',interface='{0}',member='NameOwnerChanged',arg0='{2}'",
                     driver, driver_path, name);
}

std::string now() {
  return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
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

BusListener::BusListener(base::EventLoop& loop, Bus bus, std::string address, Events events)
    : bus_{bus},
      address_{std::move(address)},
      events_{std::move(events)},
      connection_{loop,
                  {.kind = base::ReconnectingConnection::Kind::bus,
                   .other_end = std::format("{} bus", name_of(bus)),
                   .watch_path = true},
                  {.connected = [this](auto& connection) { connected(connection); },
                   .lost =
                       [this] {
                         disconnected();
                         lost_ = "it hung up at " + now();
                       },
                   .attempt_failed = [this](const auto& why) { lost_ = why; }}} {}

BusListener::~BusListener() { disconnected(); }

void BusListener::want(const Wishes& wishes) {
  if (wishes == wishes_) return;
  wishes_ = wishes;
  if (raw_ != nullptr) bring_into_force();
  if (wishes_.empty()) {
    disconnected();
    connection_.disconnect();
  } else if (!address_.empty() && connection_.address().empty()) connection_.connect_to(address_);
}

std::string BusListener::state(const std::string& rule) const {
  if (address_.empty()) return std::format("the address of the {} bus is not known", name_of(bus_));
  if (raw_ == nullptr) return std::format("no connection to the {} bus: {}", name_of(bus_), lost_);
  auto found = rules_.find(rule);
  return found == rules_.end() ? "not wanted" : found->second;
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
  rules_.clear();
  names_.clear();
  events_.gone();
}

void BusListener::bring_into_force() {
  for (const auto& name : wishes_.names)
    if (!names_.contains(name)) follow(name);
  for (const auto& [rule, jobs] : wishes_.rules)
    if (!rules_.contains(rule)) add_rule(rule);
  std::erase_if(rules_, [this](const auto& entry) {
    if (wishes_.rules.contains(entry.first)) return false;
    ask("RemoveMatch", entry.first, {});
    return true;
  });
  std::erase_if(names_, [this](const auto& name) {
    if (wishes_.names.contains(name)) return false;
    ask("RemoveMatch", owner_rule(name), {});
    return true;
  });
}

void BusListener::ask(const char* method, const std::string& argument, std::function<void(sd_bus_message*)> answered) {
  auto call = std::make_unique<Call>(this, std::move(answered));
  int error = sd_bus_call_method_async(raw_, &call->slot, driver, driver_path, driver, method, Call::answer, call.get(),
                                       "s", argument.c_str());
  if (error < 0) return spdlog::debug("the {} bus cannot be asked: {}", name_of(bus_), std::strerror(-error));
  auto* key = call.get();
  calls_.emplace(key, std::move(call));
}

void BusListener::follow(const std::string& name) {
  names_.insert(name);
  ask("AddMatch", owner_rule(name), {});
  ask("GetNameOwner", name, [this, name](sd_bus_message* reply) {
    const char* owner = "";
    if (sd_bus_message_get_error(reply) != nullptr || sd_bus_message_read(reply, "s", &owner) < 0) owner = "";
    events_.owner(name, owner);
  });
}

void BusListener::add_rule(const std::string& rule) {
  rules_[rule] = "asking";
  ask("AddMatch", rule, [this, rule](sd_bus_message* reply) {
    if (!rules_.contains(rule)) return;
    const auto* error = sd_bus_message_get_error(reply);
    if (error == nullptr) return set_state(rule, "listening since " + now());
    spdlog::error("the {} bus refuses the match rule {}: {}; its signals make no event", name_of(bus_), rule,
                  error->message);
    set_state(rule, std::format("refused: {}", error->message));
  });
}

void BusListener::received(sd_bus_message* message) {
  auto signal = signal_of(message);
  if (!signal) return;
  if (signal->sender == driver && signal->member == "NameOwnerChanged" && signal->arguments.size() == 3 &&
      names_.contains(*signal->arguments[0]))
    events_.owner(*signal->arguments[0], *signal->arguments[2]);
  events_.signal(*signal);
}

void BusListener::set_state(const std::string& rule, std::string state) {
  spdlog::debug("{} bus: {}: {}", name_of(bus_), rule, state);
  rules_[rule] = state;
  events_.changed(rule, state);
}

} // namespace upstart::dbus_bridge
