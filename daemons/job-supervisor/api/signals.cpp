#include "daemons/job-supervisor/api/signals.hpp"

#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace upstart::supervisor {

// One function for each kind of notice: the signal that tells it.
struct Signals::Tell {
  Client& client;
  ManagerObject& manager;
  SupervisorObject& supervisor;

  void operator()(const notice::JobAdded& added) const {
    manager.emitJobAdded(sdbus::ObjectPath{protocol::job_path(added.job)});
  }
  void operator()(const notice::JobRemoved& removed) const {
    manager.emitJobRemoved(sdbus::ObjectPath{protocol::job_path(removed.job)});
  }
  void operator()(const notice::InstanceAdded& added) const { of(added.job).emitInstanceAdded(path_of(added)); }
  void operator()(const notice::InstanceRemoved& removed) const {
    of(removed.job).emitInstanceRemoved(path_of(removed));
  }
  void operator()(const notice::GoalChanged& changed) const {
    of_instance(changed).emitGoalChanged(std::string{name_of(changed.goal)});
  }
  void operator()(const notice::StateChanged& changed) const {
    of_instance(changed).emitStateChanged(std::string{name_of(changed.state)});
  }
  void operator()(const notice::Failed& failed) const { of_instance(failed).emitFailed(failed.status); }
  void operator()(const notice::EventEmitted& event) const {
    manager.emitEventEmitted(protocol::readable(event.name), protocol::readable(event.environment.strings()));
  }
  void operator()(const notice::ConditionsChanged& changed) const {
    supervisor.emitConditionsChanged(protocol::escaped(changed.event), protocol::escaped(changed.job),
                                     protocol::escaped(postfix(changed.start_on)),
                                     protocol::escaped(postfix(changed.stop_on)));
  }
  void operator()(const notice::ActivityChanged& changed) const {
    supervisor.emitActivityChanged(protocol::escaped(changed.job), static_cast<std::uint32_t>(changed.active));
  }
  void operator()(const notice::SessionEnded&) const {}

private:
  [[nodiscard]] JobObject of(const std::string& job) const { return JobObject{client, job, false}; }
  [[nodiscard]] InstanceObject of_instance(const auto& notice) const {
    return InstanceObject{client, notice.job, notice.instance, false};
  }
  static sdbus::ObjectPath path_of(const auto& notice) {
    return sdbus::ObjectPath{protocol::instance_path(notice.job, notice.instance)};
  }
};

// Warned of once for each connection: one that does not read any more misses very many.
template <typename Send> void Signals::send(Send&& send) {
  auto problem = base::send_if_connected(std::forward<Send>(send));
  if (problem && !std::exchange(misses_signals_, true))
    spdlog::warn("signals cannot be sent to a client, which misses them: {}", *problem);
}

void Signals::tell(const Notice& notice) {
  send([&] { std::visit(Tell{client_, manager_, supervisor_}, notice); });
}

void Signals::bus_address_changed() {
  send([&] {
    supervisor_.getObject().emitPropertiesChangedSignal(SupervisorObject::INTERFACE_NAME,
                                                        {sdbus::PropertyName{"bus_address"}});
  });
}

} // namespace upstart::supervisor
