#include "daemons/socket-bridge/sharing/master.hpp"

#include "daemons/socket-bridge/sockets/orphaned-socket.hpp"
#include "protocol/bridges.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::socket_bridge {

namespace {

constexpr std::size_t most_waiting = 1; // connections that are accepted and not given; more wait in the backlog

// The descriptor among them that is this socket, with whatever name it came.
std::optional<ListeningSocket> taken_from(std::multimap<std::string, base::FileDescriptor>& inherited,
                                          const SocketAddress& address) {
  for (auto& [_, fd] : inherited) {
    base::FileDescriptor copy{::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)};
    if (auto socket = ListeningSocket::adopt(address, std::move(copy))) return std::move(*socket);
  }
  return std::nullopt;
}

// One that slaves of a master that was killed still listen on becomes this master's.
std::expected<ListeningSocket, std::string> open_or_take_back(const SocketAddress& address) {
  auto opened = ListeningSocket::open(address, {});
  auto control = address_of_text("unix:" + address.path + ".master");
  if (opened || address.family != Family::unix_path || !control) return opened;
  auto orphaned = take_back(address, *control);
  if (!orphaned) return std::unexpected(orphaned.error());
  if (!*orphaned) return opened;
  spdlog::warn(
      "{}: its master was killed, and slaves still listen on it: it is taken back from one of them; they go on "
      "accepting from it",
      text_of(address));
  return std::move(**orphaned);
}

// Where its slaves come to. Somebody's file in that place is not touched.
std::expected<base::FileDescriptor, std::string> control_socket(const SocketAddress& address) {
  auto at = master_address(address);
  constexpr std::string_view file = "unix:path=";
  struct stat there{};
  if (at.starts_with(file) && ::lstat(at.c_str() + file.size(), &there) == 0 && !S_ISSOCK(there.st_mode))
    return std::unexpected(std::format("{} exists and is not a socket; slaves come there", at.substr(file.size())));
  return base::listen_at(at);
}

} // namespace

std::expected<std::unique_ptr<Master>, std::string>
Master::open(base::EventLoop& loop, const SharingOptions& options,
             std::multimap<std::string, base::FileDescriptor>& inherited) {
  auto socket = taken_from(inherited, options.address);
  bool is_inherited = socket.has_value();
  if (!socket) {
    auto opened = open_or_take_back(options.address);
    if (!opened) return std::unexpected(std::format("{}: {}", text_of(options.address), opened.error()));
    socket = std::move(*opened);
  }
  auto control = control_socket(options.address);
  if (!control) {
    if (!is_inherited) socket->remove_file();
    return std::unexpected(control.error());
  }
  return std::unique_ptr<Master>{new Master{loop, options, std::move(*socket), is_inherited, std::move(*control)}};
}

Master::Master(base::EventLoop& loop, SharingOptions options, ListeningSocket socket, bool is_inherited,
               base::FileDescriptor control)
    : loop_{loop},
      options_{std::move(options)},
      socket_{std::move(socket)},
      is_inherited_{is_inherited},
      identity_{base::random_identity() + "."},
      dispatch_{options_.policy},
      refused_{loop, [](const std::string& text) { spdlog::warn("{}", text); }},
      retry_{loop, [this] { give_pending(); }},
      acceptor_{loop, socket_.fd(), [this](Accepted accepted) { came(std::move(accepted)); }},
      bus_{loop,
           {.kind = base::ReconnectingConnection::Kind::bus,
            .other_end = "bus",
            .name = protocol::socket_master_bus_name(text_of(options_.address)),
            .name_queue = true},
           {.connected = [this](auto& bus) { on_bus_ = std::make_unique<MasterObject>(bus, *this); },
            .lost = [this] { on_bus_.reset(); }}},
      server_{loop, std::move(control), [this](auto connection) { add_client(std::move(connection)); },
              [](uid_t user) { return user == 0 || user == ::geteuid(); },
              [](const std::string& problem) { spdlog::warn("{}", problem); }} {
  for (const auto& name : options_.instances) {
    instances_[++last_server_] = {.name = name};
    dispatch_.add(last_server_, 0);
  }
  if (!options_.bus.empty()) bus_.connect_to(options_.bus);
  if (!options_.accept) return;
  if (!options_.run_directory.empty()) {
    auto of = [&](const char* name) { return protocol::daemon_address(options_.run_directory, name); };
    broker_ = std::make_unique<bridge::BrokerSession>(loop_, of(protocol::socket_name::broker),
                                                      bridge::BrokerSession::Events{.ready = [] {}, .gone = [] {}});
    if (!instances_.empty()) starter_ = std::make_unique<JobStarter>(loop_, of(protocol::socket_name::supervisor));
  }
  acceptor_.accept(true);
}

// Objects go before the connections that they are on.
Master::~Master() {
  acceptor_.accept(false);
  for (auto& slave : slaves_) slave.object.reset();
  if (!is_inherited_) socket_.remove_file();
  constexpr std::string_view file = "unix:path=";
  if (auto at = master_address(options_.address); at.starts_with(file)) ::unlink(at.c_str() + file.size());
}

// --- slaves ---------------------------------------------------------------------------------------------------------

void Master::add_client(std::unique_ptr<base::BusConnection> connection) {
  auto slave = slaves_.emplace(slaves_.end());
  slave->connection = std::move(connection);
  slave->object = std::make_unique<MasterObject>(*slave->connection, *this);
  slave->connection->on_disconnected([this, slave] { slave_gone(slave); });
}

Master::Slave* Master::slave_of(const void* object) {
  auto found = std::ranges::find_if(slaves_, [&](const Slave& slave) { return slave.object.get() == object; });
  return found == slaves_.end() ? nullptr : &*found;
}

std::expected<std::vector<int>, std::string> Master::attach(const void* object, base::Caller caller, Wish wish) {
  auto* slave = slave_of(object);
  if (slave == nullptr) return std::unexpected("not a slave's connection");
  spdlog::info("slave {} of user {} is attached", caller.pid, caller.uid);
  slave->wish = std::move(wish);
  if (!options_.accept) return std::vector{socket_.fd()};
  // What waits is given once the answer is on its way.
  if (!slave->server) make_server(*slave);
  loop_.defer([this, alive = std::weak_ptr{alive_}] {
    if (!alive.expired()) give_pending();
  });
  return std::vector<int>{};
}

// A slave that runs in an instance that is named serves for that one; where instances are named others serve none.
void Master::make_server(Slave& slave) {
  for (auto& [server, instance] : instances_)
    if (instance.name.job == slave.wish.job && instance.name.instance == slave.wish.instance &&
        instance.slave == nullptr) {
      instance.slave = &slave;
      slave.server = server;
      return dispatch_.add(server, slave.wish.most);
    }
  if (!instances_.empty()) {
    spdlog::warn("a slave of no named instance (job {}, instance {}) gets no connections", slave.wish.job,
                 slave.wish.instance);
    return;
  }
  slave.server = ++last_server_;
  dispatch_.add(*slave.server, slave.wish.most);
}

void Master::slave_gone(Slaves::iterator slave) {
  std::vector<ConnectionId> free;
  if (slave->server) {
    free = dispatch_.remove(*slave->server);
    if (auto instance = instances_.find(*slave->server); instance != instances_.end()) {
      instance->second.slave = nullptr;
      dispatch_.add(instance->first, 0);
    }
  }
  slave->object.reset();
  slaves_.erase(slave);
  // In the order in which they came.
  for (auto id : free | std::views::reverse)
    if (auto untaken = untaken_.extract(id); !untaken.empty()) pending_.push_front({id, std::move(untaken.mapped())});
  if (!free.empty()) spdlog::info("{} connections that the slave had not taken go to others", free.size());
  give_pending();
}

Master::Slave* Master::slave_serving(ServerId server) {
  auto found = std::ranges::find(slaves_, std::optional{server}, &Slave::server);
  return found == slaves_.end() ? nullptr : &*found;
}

bool Master::take(const void* object, std::uint64_t connection) {
  auto* slave = slave_of(object);
  if (slave == nullptr || !slave->server || !dispatch_.take(*slave->server, connection)) return false;
  untaken_.erase(connection);
  return true;
}

void Master::end(const void* object, std::uint64_t connection) {
  auto* slave = slave_of(object);
  if (slave == nullptr || !slave->server) return;
  dispatch_.end(*slave->server, connection);
  give_pending();
}

std::vector<SlaveReport> Master::slaves() const {
  std::vector<SlaveReport> reports;
  for (const auto& slave : slaves_) {
    if (!slave.server) continue;
    auto caller = slave.connection->peer().value_or(base::Caller{});
    reports.push_back({.pid = static_cast<std::uint32_t>(caller.pid),
                       .job = slave.wish.job,
                       .instance = slave.wish.instance,
                       .open = static_cast<std::uint32_t>(dispatch_.connections_of(*slave.server)),
                       .most = slave.wish.most});
  }
  return reports;
}

// --- connections ----------------------------------------------------------------------------------------------------

std::size_t Master::open_connections() const { return dispatch_.connections() + emitted_ + pending_.size(); }

void Master::came(Accepted accepted) {
  if (options_.most_connections > 0 && open_connections() >= options_.most_connections) return refuse(accepted);
  pending_.push_back({++last_connection_, std::make_shared<Accepted>(std::move(accepted))});
  give_pending();
}

// It is closed as it is let go.
void Master::refuse(const Accepted& accepted) {
  refused_.tell(std::format("{}: a connection of {} is refused: {} are open, as many as --max-connections allows",
                            text_of(options_.address), accepted.client, options_.most_connections));
}

void Master::give_pending() {
  if (!options_.accept) return; // slaves accept for themselves
  retry_.stop();
  while (!pending_.empty() && !retry_.active()) {
    auto pending = std::move(pending_.front());
    pending_.pop_front();
    if (give(pending)) continue;
    pending_.push_front(std::move(pending));
    break;
  }
  // What is to be refused must be accepted first.
  acceptor_.accept(pending_.size() < most_waiting || options_.most_connections > 0);
}

bool Master::give(const Pending& pending) {
  if (dispatch_.empty()) {
    emit(pending);
    return true;
  }
  auto server = dispatch_.give(pending.id, pending.connection->client);
  if (!server) return false;
  if (auto* slave = slave_serving(*server)) give_to_slave(*slave, pending);
  else start_instance(*server, pending);
  return true;
}

// One that hangs up just now is told of by its connection, and this one then goes to another.
void Master::give_to_slave(Slave& slave, const Pending& pending) {
  untaken_[pending.id] = pending.connection;
  [[maybe_unused]] bool sent = slave.object->give(pending.id, pending.connection->socket.get());
}

void Master::start_instance(ServerId server, const Pending& pending) {
  const auto& name = instances_.at(server).name;
  if (!starter_) return instance_answered(server, pending, JobStarter::Outcome::away, {});
  starter_->start(
      name, identity_ + std::to_string(pending.id), pending.connection->socket.get(),
      [this, server, pending](auto outcome, const auto& why) { instance_answered(server, pending, outcome, why); });
}

// How long it has the connection is not known: it counts as ended, and an instance that still has one says that it
// runs.
void Master::instance_answered(ServerId server, const Pending& pending, JobStarter::Outcome outcome,
                               const std::string& why) {
  dispatch_.end(server, pending.id);
  const auto& name = instances_.at(server).name;
  switch (outcome) {
  case JobStarter::Outcome::started: pause_.reset(); return;
  case JobStarter::Outcome::refused:
    spdlog::error("{}: job {}{}{} cannot be started with a connection: {}; the connection is closed",
                  text_of(options_.address), name.job, name.instance.empty() ? "" : "/", name.instance, why);
    return;
  case JobStarter::Outcome::busy:
  case JobStarter::Outcome::away: break;
  }
  pending_.push_front(pending);
  acceptor_.accept(false);
  retry_.start(pause_.next());
}

void Master::emit(const Pending& pending) {
  if (!broker_) {
    spdlog::error(
        "{}: no slave is attached, and there is no run directory with an event broker to tell of the connection; "
        "it is closed",
        text_of(options_.address));
    return;
  }
  const auto& address = options_.address;
  protocol::Environment variables;
  if (address.family == Family::inet || address.family == Family::inet6) {
    variables.set("PROTO", address.family == Family::inet ? "inet" : "inet6");
    variables.set("PORT", std::to_string(address.port));
    variables.set("ADDR", address.host);
  } else {
    variables.set("PROTO", "unix");
    variables.set("SOCKET_PATH", (address.family == Family::abstract ? "@" : "") + address.path);
  }
  variables.set("CONNECTION", std::to_string(pending.id));
  // The descriptor is shared with the connection's owner, which goes.
  std::shared_ptr<const base::FileDescriptor> file{pending.connection, &pending.connection->socket};
  ++emitted_;
  broker_->emit({.name = "socket", .environment = std::move(variables), .files = {std::move(file)}},
                [this, id = pending.id](bool failed) {
                  --emitted_;
                  if (failed) spdlog::warn("{}: a job failed because of connection {}", text_of(options_.address), id);
                },
                {});
}

} // namespace upstart::socket_bridge
