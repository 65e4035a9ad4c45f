#include "daemons/job-supervisor/api/signals/signal.hpp"

#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <cstring>
#include <utility>

namespace upstart::supervisor {

namespace {

namespace interface_name = protocol::interface_name;

// Bytes of a message besides what is in its arguments.
constexpr std::size_t frame = 256;

int append(sd_bus_message* message, const std::vector<std::string>& strings) {
  int error = sd_bus_message_open_container(message, 'a', "s");
  for (const auto& string : strings) {
    if (error < 0) return error;
    error = sd_bus_message_append(message, "s", string.c_str());
  }
  return error < 0 ? error : sd_bus_message_close_container(message);
}

int append(sd_bus_message* message, const std::vector<std::vector<std::string>>& lists) {
  int error = sd_bus_message_open_container(message, 'a', "as");
  for (const auto& list : lists) {
    if (error < 0) return error;
    error = append(message, list);
  }
  return error < 0 ? error : sd_bus_message_close_container(message);
}

// One function for each kind of notice: the signal that tells it.
struct BuildSignal {
  sd_bus* bus;
  sd_bus_message** message;

  int operator()(const notice::JobAdded& added) const {
    return of_manager("JobAdded", "o", protocol::job_path(added.job).c_str());
  }
  int operator()(const notice::JobRemoved& removed) const {
    return of_manager("JobRemoved", "o", protocol::job_path(removed.job).c_str());
  }
  int operator()(const notice::InstanceAdded& added) const { return of_job(added, "InstanceAdded"); }
  int operator()(const notice::InstanceRemoved& removed) const { return of_job(removed, "InstanceRemoved"); }
  int operator()(const notice::GoalChanged& changed) const {
    return of_instance(changed, "GoalChanged", "s", std::string{name_of(changed.goal)}.c_str());
  }
  int operator()(const notice::StateChanged& changed) const {
    return of_instance(changed, "StateChanged", "s", std::string{name_of(changed.state)}.c_str());
  }
  int operator()(const notice::Failed& failed) const { return of_instance(failed, "Failed", "i", failed.status); }
  int operator()(const notice::EventEmitted& event) const {
    const auto& strings = event.as_given.empty() ? event.environment.strings() : event.as_given;
    int error = of_manager("EventEmitted", "s", protocol::readable(event.name).c_str());
    return error < 0 ? error : append(*message, protocol::readable(strings));
  }
  int operator()(const notice::ConditionsChanged& changed) const {
    int error = make(protocol::path::job_supervisor, interface_name::job_supervisor, "ConditionsChanged", "ss",
                     protocol::escaped(changed.event).c_str(), protocol::escaped(changed.job).c_str());
    if (error >= 0) error = append(*message, protocol::escaped(postfix(changed.start_on)));
    return error < 0 ? error : append(*message, protocol::escaped(postfix(changed.stop_on)));
  }
  int operator()(const notice::ActivityChanged& changed) const {
    return make(protocol::path::job_supervisor, interface_name::job_supervisor, "ActivityChanged", "su",
                protocol::escaped(changed.job).c_str(), static_cast<std::uint32_t>(changed.active));
  }
  int operator()(const notice::BridgesWanted&) const { return 0; }
  int operator()(const notice::SocketHeld& of) const {
    return make(protocol::path::job_supervisor, interface_name::job_supervisor, "SocketHeld", "ssb",
                protocol::escaped(of.job).c_str(), of.identity.c_str(), static_cast<int>(of.held));
  }
  int operator()(const notice::SessionEnded&) const { return 0; }

private:
  template <typename... Values>
  int make(const char* path, const char* interface, const char* member, const char* types, Values... values) const {
    int error = sd_bus_message_new_signal(bus, message, path, interface, member);
    return error < 0 ? error : sd_bus_message_append(*message, types, values...);
  }
  template <typename Value> int of_manager(const char* member, const char* type, Value value) const {
    return make(protocol::path::manager, interface_name::upstart, member, type, value);
  }
  int of_job(const auto& notice, const char* member) const {
    return make(protocol::job_path(notice.job).c_str(), interface_name::job, member, "o",
                protocol::instance_path(notice.job, notice.instance).c_str());
  }
  template <typename Value>
  int of_instance(const auto& notice, const char* member, const char* type, Value value) const {
    return make(protocol::instance_path(notice.job, notice.instance).c_str(), interface_name::instance, member, type,
                value);
  }
};

std::size_t size_of(const Notice& notice) {
  const auto* event = std::get_if<notice::EventEmitted>(&notice);
  if (event == nullptr) return frame;
  std::size_t bytes = frame + event->name.size();
  for (const auto& entry : event->environment.strings()) bytes += entry.size() + 8;
  return bytes;
}

} // namespace

Signal::Signal(const Notice& notice)
    : Signal{[&notice](sd_bus* bus, sd_bus_message** message) { return std::visit(BuildSignal{bus, message}, notice); },
             size_of(notice)} {}

Signal Signal::property_changed(std::string path, const char* interface, const char* property, std::string value,
                                const char* to_be_asked, std::string to) {
  auto bytes = frame + value.size();
  return Signal{[path = std::move(path), interface, property, value = std::move(value), to_be_asked,
                 to = std::move(to)](sd_bus* bus, sd_bus_message** message) {
                  int error = sd_bus_message_new_signal(bus, message, path.c_str(), "org.freedesktop.DBus.Properties",
                                                        "PropertiesChanged");
                  if (error >= 0 && !to.empty()) error = sd_bus_message_set_destination(*message, to.c_str());
                  if (error < 0) return error;
                  std::string other = to_be_asked != nullptr ? to_be_asked : "";
                  return sd_bus_message_append(*message, "sa{sv}as", interface, 1, property, "s", value.c_str(),
                                               other.empty() ? 0 : 1, other.c_str());
                },
                bytes};
}

Signal Signal::restarted() {
  return Signal{[](sd_bus* bus, sd_bus_message** message) {
                  return sd_bus_message_new_signal(bus, message, protocol::path::manager, interface_name::upstart,
                                                   "Restarted");
                },
                frame};
}

sd_bus_message* Signal::message(sd_bus* bus) {
  if (message_ || !build_) return message_.get();
  sd_bus_message* built = nullptr;
  int error = std::exchange(build_, nullptr)(bus, &built);
  message_.reset(built);
  if (error >= 0) return built;
  problem_ = std::strerror(-error);
  message_.reset();
  return nullptr;
}

} // namespace upstart::supervisor
