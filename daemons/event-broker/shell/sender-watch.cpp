#include "daemons/event-broker/shell/sender-watch.hpp"

namespace upstart::broker {

SenderWatch::SenderWatch(base::EventLoop& loop, base::BusConnection& connection, std::string sender,
                         std::function<void()> gone)
    : loop_{loop}, connection_{connection}, sender_{std::move(sender)}, gone_{std::move(gone)} {
  if (sender_.empty()) return;
  auto rule =
      "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
      "member='NameOwnerChanged',arg0='" +
      sender_ + "'";
  name_watch_ = connection_.sdbus().addMatchAsync(
      rule, [this](sdbus::Message) { left(); }, [this](sdbus::Message) { ask_whether_it_is_there(); },
      sdbus::return_slot);
}

SenderWatch::~SenderWatch() { *alive_ = false; }

// It may have gone before the bus watched it for us.
void SenderWatch::ask_whether_it_is_there() {
  auto answered = [](sd_bus_message* reply, void* watch, sd_bus_error*) {
    int there = 1;
    if (sd_bus_message_read(reply, "b", &there) >= 0 && there == 0) static_cast<SenderWatch*>(watch)->left();
    return 0;
  };
  sd_bus_slot* question = nullptr;
  sd_bus_call_method_async(connection_.raw(), &question, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "NameHasOwner", answered, this, "s", sender_.c_str());
  question_.reset(question);
}

void SenderWatch::left() {
  loop_.defer([this, alive = alive_] {
    if (*alive && gone_) std::exchange(gone_, nullptr)(); // may destroy this
  });
}

} // namespace upstart::broker
