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

Subscriber::~Subscriber() = default;

Subscriber::Subscriber(base::EventLoop& loop, base::BusConnection& connection, std::string sender,
                       std::function<void()> gone)
    : watch_{loop, connection, std::move(sender), std::move(gone)},
      handler_{std::make_unique<Handler>(connection.sdbus(), watch_.sender())} {}

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
