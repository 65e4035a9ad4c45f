#include "daemons/socket-bridge/default-mode.hpp"

#include "daemons/base/service-manager.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <iterator>

namespace upstart::socket_bridge {

namespace {

Time now() { return std::chrono::duration_cast<Time>(std::chrono::steady_clock::now().time_since_epoch()); }

} // namespace

DefaultMode::DefaultMode(base::EventLoop& loop, const Options& options, base::FileDescriptor listening,
                         Inherited inherited)
    : loop_{loop},
      alarm_{loop, [this] { carry_out(table_.time_reached(now())); }},
      sockets_{loop,
               {.client_came = [this](const auto& address,
                                      auto waiting) { carry_out(table_.client_came(address, waiting, now())); },
                .lost = [this](const auto& address) { carry_out(table_.lost(address)); }}},
      public_{loop, std::move(listening), [this] { return table_.report(); }},
      broker_{loop,
              protocol::daemon_address(options.run_directory, protocol::socket_name::broker),
              {.ready = [this] { carry_out(table_.broker_ready()); },
               .gone = [this] { carry_out(table_.broker_gone(now())); },
               .accepted = [this](Ticket ticket, EventId id) { carry_out(table_.event_accepted(ticket, id)); },
               .finished = [this](Ticket ticket, bool failed) { broker_finished(ticket, failed); }}},
      supervisor_{
          loop,
          protocol::daemon_address(options.run_directory, protocol::socket_name::supervisor),
          {.conditions_known = [this](const auto& jobs) { conditions_known(jobs); },
           .conditions_changed = [this](const auto& job, const auto& start_on,
                                        const auto& stop_on) { conditions_changed(job, start_on, stop_on); },
           .activity_changed = [this](const auto& job,
                                      unsigned active) { carry_out(table_.activity_changed(job, active, now())); },
           .bus_address =
               [this](const auto& address) {
                 if (!public_.has_bus()) public_.join_bus(address);
               }}} {
  table_.adopt(sockets_.adopt(inherited));
  if (!options.bus.empty()) public_.join_bus(options.bus);
}

void DefaultMode::conditions_known(const std::vector<JobReport>& jobs) {
  bool first = !table_.knows_conditions();
  spdlog::info("the job supervisor knows {} jobs with socket conditions", jobs.size());
  carry_out(table_.conditions_known(jobs, now()));
  if (first && !base::notify_manager("READY=1")) spdlog::warn("the manager could not be told that the bridge is ready");
}

void DefaultMode::conditions_changed(const std::string& job, const Postfix& start_on, const Postfix& stop_on) {
  table_.conditions_changed(job, start_on, stop_on);
  if (std::exchange(change_noted_, true)) return;
  loop_.defer([this, alive = alive_] {
    if (!*alive) return;
    change_noted_ = false;
    carry_out(table_.conditions_settled(now()));
  });
}

void DefaultMode::broker_finished(Ticket ticket, bool failed) {
  carry_out(table_.event_finished(ticket, failed, now()));
}

// What an action brings about may be a happening itself; its actions come after those that are already due.
void DefaultMode::carry_out(Actions actions) {
  std::ranges::move(actions, std::back_inserter(waiting_));
  if (carrying_out_) return;
  carrying_out_ = true;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    auto action = std::move(waiting_[i]);
    std::visit([this](const auto& it) { carry_out_one(it); }, action);
  }
  waiting_.clear();
  carrying_out_ = false;
  set_alarm();
}

void DefaultMode::carry_out_one(const OpenSocket& action) {
  auto opened = sockets_.open(action.address, action.permissions);
  if (opened) {
    spdlog::info("{} is open", text_of(action.address));
    told_failures_.erase(action.address);
    return carry_out(table_.opened(action.address));
  }
  if (auto& told = told_failures_[action.address]; told != opened.error()) {
    told = opened.error();
    spdlog::error("{} cannot be served: {}; trying again", text_of(action.address), told);
  }
  carry_out(table_.could_not_be_opened(action.address, opened.error(), now()));
}

void DefaultMode::carry_out_one(const CloseSocket& action) {
  spdlog::info("{} is no longer wanted", text_of(action.address));
  told_failures_.erase(action.address);
  sockets_.close(action.address);
}

void DefaultMode::carry_out_one(const SetPermissions& action) {
  if (auto set = sockets_.set_permissions(action.address, action.permissions); !set)
    spdlog::error("{}: {}", text_of(action.address), set.error());
}

void DefaultMode::carry_out_one(const WatchSocket& action) { sockets_.watch(action.address, action.on); }

void DefaultMode::carry_out_one(const EmitEvent& action) {
  spdlog::info("a client came to {}", text_of(action.address));
  broker_.emit(action.ticket, action.env, sockets_.descriptor(action.address));
}

void DefaultMode::carry_out_one(const AwaitEvent& action) { broker_.await(action.ticket, action.id); }

void DefaultMode::carry_out_one(const Announce& action) {
  auto address = text_of(action.address);
  spdlog::debug("{} is {}", address, action.state);
  public_.announce(address, action.state);
}

void DefaultMode::carry_out_one(const Warn& action) { spdlog::warn("{}", action.message); }

void DefaultMode::set_alarm() {
  auto due = table_.due();
  if (due) alarm_.start(*due - now());
  else alarm_.stop();
}

} // namespace upstart::socket_bridge
