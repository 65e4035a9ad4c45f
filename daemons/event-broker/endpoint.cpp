#include "daemons/event-broker/endpoint.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

namespace upstart::broker {

class Endpoint::Handler : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventHandler1_proxy> {
public:
  Handler(sdbus::IConnection& connection, const std::string& sender)
      : ProxyInterfaces(connection, sdbus::ServiceName{sender}, sdbus::ObjectPath{protocol::path::event_handler}) {
    registerProxy();
  }
  ~Handler() { unregisterProxy(); }
};

Endpoint::Endpoint(base::EventLoop& loop, Link& link, std::string sender, std::function<void()> gone)
    : loop_{loop},
      link_{link},
      sender_{std::move(sender)},
      gone_{std::move(gone)},
      handler_{std::make_unique<Handler>(link.connection().sdbus(), sender_)} {
  if (!sender_.empty()) watch();
}

Endpoint::~Endpoint() { *alive_ = false; }

void Endpoint::watch() {
  auto rule =
      "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
      "member='NameOwnerChanged',arg0='" +
      sender_ + "'";
  name_watch_ = link_.connection().sdbus().addMatchAsync(
      rule, [this](sdbus::Message) { left(); }, [this](sdbus::Message) { ask_whether_it_is_there(); },
      sdbus::return_slot);
}

// It may have gone before the bus watched it for us.
void Endpoint::ask_whether_it_is_there() {
  auto answered = [](sd_bus_message* reply, void* endpoint, sd_bus_error*) {
    int there = 1;
    if (sd_bus_message_read(reply, "b", &there) >= 0 && there == 0) static_cast<Endpoint*>(endpoint)->left();
    return 0;
  };
  sd_bus_slot* question = nullptr;
  sd_bus_call_method_async(link_.connection().raw(), &question, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "NameHasOwner", answered, this, "s", sender_.c_str());
  question_.reset(question);
}

void Endpoint::left() {
  loop_.defer([this, alive = alive_] {
    if (*alive && gone_) std::exchange(gone_, nullptr)(); // destroys this
  });
}

void Endpoint::handle(const Event& event, std::span<const base::FileDescriptor> files, bool again) {
  std::vector<sdbus::UnixFd> handed;
  for (const auto& file : files)
    if (file) handed.emplace_back(file.get());
  if (handed.size() < event.files)
    spdlog::warn("event {} ({}) came with {} descriptors, of which {} are left", event.id, event.name, event.files,
                 handed.size());
  handler_->Handle(event.id, event.name, event.env, handed, again);
}

} // namespace upstart::broker
