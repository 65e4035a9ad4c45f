#include "daemons/event-broker/shell/subscriber.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

namespace upstart::broker {

class Subscriber::Handler : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventHandler1_proxy> {
public:
  Handler(sdbus::IConnection& connection, const std::string& sender)
      : ProxyInterfaces(connection, sdbus::ServiceName{sender}, sdbus::ObjectPath{protocol::path::event_handler}) {
    registerProxy();
  }
  ~Handler() { unregisterProxy(); }
};

Subscriber::Subscriber(base::EventLoop& loop, base::BusConnection& connection, std::string sender,
                       std::function<void()> gone)
    : loop_{loop},
      connection_{connection},
      sender_{std::move(sender)},
      gone_{std::move(gone)},
      handler_{std::make_unique<Handler>(connection.sdbus(), sender_)} {
  if (!sender_.empty()) watch();
}

Subscriber::~Subscriber() { *alive_ = false; }

void Subscriber::watch() {
  auto rule =
      "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
      "member='NameOwnerChanged',arg0='" +
      sender_ + "'";
  name_watch_ = connection_.sdbus().addMatchAsync(
      rule, [this](sdbus::Message) { left(); }, [this](sdbus::Message) { ask_whether_it_is_there(); },
      sdbus::return_slot);
}

// It may have gone before the bus watched it for us.
void Subscriber::ask_whether_it_is_there() {
  auto answered = [](sd_bus_message* reply, void* subscriber, sd_bus_error*) {
    int there = 1;
    if (sd_bus_message_read(reply, "b", &there) >= 0 && there == 0) static_cast<Subscriber*>(subscriber)->left();
    return 0;
  };
  sd_bus_slot* question = nullptr;
  sd_bus_call_method_async(connection_.raw(), &question, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "NameHasOwner", answered, this, "s", sender_.c_str());
  question_.reset(question);
}

void Subscriber::left() {
  loop_.defer([this, alive = alive_] {
    if (*alive && gone_) std::exchange(gone_, nullptr)(); // destroys this
  });
}

void Subscriber::handle(const Event& event, std::span<const base::FileDescriptor> files, bool again) {
  std::vector<sdbus::UnixFd> handed;
  for (const auto& file : files)
    if (file) handed.emplace_back(file.get());
  if (handed.size() < event.files)
    spdlog::warn("event {} ({}) came with {} descriptors, of which {} are left", event.id, event.name, event.files,
                 handed.size());
  handler_->Handle(event.id, event.name, event.env, handed, again);
}

} // namespace upstart::broker
