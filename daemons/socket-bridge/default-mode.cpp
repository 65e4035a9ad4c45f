#include "daemons/socket-bridge/default-mode.hpp"

#include "daemons/socket-bridge/socket-bridge-object.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <format>
#include <iterator>

namespace upstart::socket_bridge {

namespace {

std::optional<SocketAddress> address_of_identity(const std::string& identity) {
  return address_of_text(protocol::unescaped(identity.substr(0, identity.rfind('#'))));
}

Time now() { return std::chrono::duration_cast<Time>(std::chrono::steady_clock::now().time_since_epoch()); }

} // namespace

DefaultMode::DefaultMode(bridge::Services services, std::function<void()> ready)
    : services_{services},
      ready_{std::move(ready)},
      table_{place_of},
      alarm_{services.loop, [this] { execute(table_.time_reached(now())); }},
      sockets_{services.loop,
               {.client_came = [this](const auto& address,
                                      auto waiting) { execute(table_.client_came(address, waiting, now())); },
                .lost = [this](const auto& address, const auto& why) { lost(address, why); },
                .file_may_be_gone = [this](const auto& address) { execute(table_.file_gone(address, now())); }}} {
  table_.adopt(sockets_.adopt(services.inherited), now());
  services_.offers.on_answers(
      {.answered = [this](const auto& job, const auto& held) { offers_answered(job, held); },
       .held_changed = [this](const auto& job, const auto& identity, bool held) { socket_held(job, identity, held); }});
  services_.object.serve([this](auto& connection, const auto& path) {
    return std::make_unique<SocketBridgeObject>(connection, path, [this] { return table_.report(); });
  });
}

void DefaultMode::jobs_changed(const bridge::ConditionsUpdate& update) {
  execute(table_.jobs_changed(update, now()));
  if (ready_) std::exchange(ready_, nullptr)();
}

namespace {

std::string list_of(const std::vector<std::string>& jobs) {
  std::string text = jobs.size() == 1 ? "job " : "jobs ";
  for (const auto& job : jobs) text += (job == jobs.front() ? "" : ", ") + job;
  return text;
}

// What a user wants to know of a socket: who has it, what a client brings about, why it is not there. What is last is
// so since the time that is told beside it.
std::string told_state(const SocketReport& socket, std::optional<unsigned> waiting) {
  auto clients = waiting.value_or(0) == 0 ? "" : std::format("{} clients wait; ", *waiting);
  auto starts = socket.holders.empty() ? std::string{"makes the event"} : "starts " + list_of(socket.holders);
  if (socket.state == "listening")
    return std::format("{}the next client {}{}; open", clients, starts,
                       socket.holders.empty() ? "" : ", and a start by hand brings the socket too");
  if (socket.state == "handed-over")
    return std::format("{}handed over to {}: when it has stopped, the next client {} again; open", clients,
                       list_of(socket.held_by), starts);
  if (socket.state == "starting") return clients + "a client has come, the event is on its way; open";
  if (socket.state == "resting")
    return std::format("{}no job took its clients, or each ended at once: tried again within {} seconds; open", clients,
                       std::chrono::duration_cast<std::chrono::seconds>(ServedSocket::pauses.longest).count());
  return "tried again and again: " + socket.state.substr(std::string_view{"failed: "}.size());
}

} // namespace

std::vector<bridge::Watch> DefaultMode::watches() const {
  std::vector<bridge::Watch> watches;
  for (const auto& socket : table_.report()) {
    bridge::Watch watch{.what = "socket " + text_of(socket.address),
                        .state = told_state(socket, sockets_.clients_at(socket.address)),
                        .jobs = socket.jobs};
    if (socket.since)
      watch.since = std::chrono::system_clock::now() -
                    std::chrono::duration_cast<std::chrono::system_clock::duration>(now() - *socket.since);
    watches.push_back(std::move(watch));
  }
  return watches;
}

// What an action brings about may be an input itself; its actions come after those that are pending already.
void DefaultMode::execute(Actions actions) {
  std::ranges::move(actions, std::back_inserter(pending_));
  if (executing_) return;
  executing_ = true;
  for (std::size_t i = 0; i < pending_.size() || offers_follow(); ++i) {
    auto action = std::move(pending_[i]);
    std::visit([this](const auto& it) { execute_one(it); }, action);
  }
  pending_.clear();
  executing_ = false;
  set_alarm();
}

// What a job gets is offered when all its sockets are open that can be.
bool DefaultMode::offers_follow() {
  auto offers = table_.offers();
  std::ranges::move(offers, std::back_inserter(pending_));
  return !offers.empty();
}

namespace {

std::string with_jobs(const SocketAddress& address, const std::vector<SocketReport>& sockets) {
  auto socket = std::ranges::find(sockets, address, &SocketReport::address);
  return socket == sockets.end() ? text_of(address) : std::format("{} of {}", text_of(address), list_of(socket->jobs));
}

} // namespace

// The socket that was lost keeps a name or a port of datagrams until manager and supervisor, which hear of it now, have
// closed their copies of it: the first failure then says nothing.
void DefaultMode::execute_one(const OpenSocket& action) {
  auto opened = sockets_.open(action.address, action.permissions);
  bool replaced = replaced_.erase(action.address) > 0;
  if (opened) {
    spdlog::info("{} is open", text_of(action.address));
    logged_failures_.erase(action.address);
    return execute(table_.opened(action.address, now()));
  }
  auto other = sockets_.in_the_way_of(action.address);
  auto reason = other ? with_jobs(*other, table_.report()) + " has the same address or part of it" : opened.error();
  if (auto& logged = logged_failures_[action.address]; !replaced && logged != reason) {
    logged = reason;
    spdlog::error("{} cannot be served: {}; trying again", text_of(action.address), reason);
  }
  execute(table_.could_not_be_opened(action.address, reason, now()));
}

void DefaultMode::execute_one(const CloseSocket& action) {
  spdlog::info("{} is closed: no job names it any more", text_of(action.address));
  logged_failures_.erase(action.address);
  replaced_.erase(action.address);
  sockets_.close(action.address);
}

void DefaultMode::execute_one(const SetPermissions& action) {
  if (auto set = sockets_.set_permissions(action.address, action.permissions); !set)
    spdlog::error("{}: {}", text_of(action.address), set.error());
}

void DefaultMode::execute_one(const WatchSocket& action) { sockets_.watch(action.address, action.on); }

void DefaultMode::execute_one(const EmitEvent& action) {
  spdlog::info("{}: a client has connected; emitting the event {}", text_of(action.address), event_name);
  // Not kept while the broker is away: the client is still there then, and makes a new event.
  services_.emitter.emit(
      {.name = event_name,
       .environment = action.environment,
       .files = sockets_.for_event(action.address),
       .keep = false},
      [this, ticket = action.ticket](bool failed) { execute(table_.event_finished(ticket, failed, now())); });
}

void DefaultMode::execute_one(const OfferToJob& action) {
  std::vector<bridge::SocketOffer> offers;
  for (const auto& socket : action.sockets)
    if (auto file = sockets_.copy_of(socket.address))
      offers.push_back({.identity = sockets_.identity_of(socket.address),
                        .name = socket.name,
                        .event = socket.event,
                        .file = std::move(file)});
  services_.offers.offer(action.job, std::move(offers));
}

// What is said of a socket that has been opened again since is of no interest.
void DefaultMode::socket_held(const std::string& job, const std::string& identity, bool held) {
  auto address = address_of_identity(identity);
  if (address && sockets_.identity_of(*address) == identity) execute(table_.socket_held(job, *address, held, now()));
}

void DefaultMode::offers_answered(const std::string& job, const std::vector<std::string>& held) {
  std::set<SocketAddress> addresses;
  for (const auto& identity : held)
    if (auto address = address_of_identity(identity); address && sockets_.identity_of(*address) == identity)
      addresses.insert(*address);
  execute(table_.offers_answered(job, addresses, now()));
}

void DefaultMode::execute_one(const CheckSocket& action) { sockets_.check(action.address, action.is_held); }

void DefaultMode::lost(const SocketAddress& address, const std::string& why) {
  std::string who;
  for (const auto& socket : table_.report())
    if (socket.address == address)
      for (const auto& job : socket.held_by)
        who += std::format("; job {} has the old one and serves no new client until it is started again", job);
  spdlog::warn("{}: clients do not reach it any more, {}; it is made again{}", text_of(address), why, who);
  replaced_.insert(address);
  execute(table_.lost(address));
}

void DefaultMode::execute_one(const Announce& action) {
  auto address = text_of(action.address);
  spdlog::debug("{} is {}", address, action.state);
  services_.object.for_each<SocketBridgeObject>(
      [&](auto& object) { object.emitSocketChanged(protocol::readable(address), protocol::readable(action.state)); });
}

void DefaultMode::execute_one(const Warn& action) { services_.warnings.tell(action.warning); }

void DefaultMode::set_alarm() {
  auto due = table_.due();
  if (due) alarm_.start(*due - now());
  else alarm_.stop();
}

} // namespace upstart::socket_bridge
