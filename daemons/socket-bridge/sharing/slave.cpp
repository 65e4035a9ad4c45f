#include "daemons/socket-bridge/sharing/slave.hpp"

#include "daemons/socket-bridge/sharing/commands.hpp"
#include "daemons/socket-bridge/sharing/relay.hpp"
#include "generated/SocketMaster1-proxy.hpp"
#include "protocol/bridges.hpp"
#include "protocol/text.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <format>

namespace upstart::socket_bridge {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// On its own standard input and output it serves one after another.
std::uint32_t most_at_a_time(const SharingOptions& options) {
  return options.command.empty() ? 1 : static_cast<std::uint32_t>(options.most_connections);
}

std::string name_of(const SocketAddress& address) {
  return address.path.empty() ? std::to_string(address.port) : address.path.substr(address.path.rfind('/') + 1);
}

} // namespace

class Slave::Proxy final : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::SocketMaster1_proxy> {
public:
  Proxy(sdbus::IConnection& connection, Slave& slave)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::socket_master_path}),
        slave_{slave} {
    registerProxy();
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() { unregisterProxy(); }

  void attach(std::uint32_t most) {
    call("Attach")
        .withArguments(most, protocol::escaped(variable("UPSTART_JOB")),
                       protocol::escaped(variable("UPSTART_INSTANCE")))
        .uponReplyInvoke([this](std::optional<sdbus::Error> error, const std::vector<sdbus::UnixFd>& listening,
                                const std::string& address) {
          if (error) return slave_.not_attached(error->getMessage());
          std::vector<base::FileDescriptor> descriptors;
          for (const auto& fd : listening) descriptors.emplace_back(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
          slave_.attached(std::move(descriptors), protocol::unescaped(address));
        });
  }
  // `taken` is called if the connection is this slave's.
  void take(std::uint64_t connection, std::function<void()> taken) {
    call("Take")
        .withArguments(connection)
        .uponReplyInvoke([taken = std::move(taken)](std::optional<sdbus::Error> error, bool is_ours) {
          if (!error && is_ours) taken();
        });
  }
  void end(std::uint64_t connection) {
    call("End").withArguments(connection).uponReplyInvoke([](std::optional<sdbus::Error>) {});
  }

private:
  sdbus::AsyncMethodInvoker call(const char* method) {
    return std::move(getProxy().callMethodAsync(method).onInterface(INTERFACE_NAME));
  }
  void onConnection(const uint64_t& connection, const sdbus::UnixFd& socket) override {
    slave_.given(connection, base::FileDescriptor{::fcntl(socket.get(), F_DUPFD_CLOEXEC, 3)});
  }

  Slave& slave_;
};

Slave::Slave(base::EventLoop& loop, const SharingOptions& options, std::function<void()> ready)
    : loop_{loop},
      options_{options},
      ready_{std::move(ready)},
      connection_{loop,
                  {.other_end = "master of " + text_of(options.address), .watch_path = true},
                  {.connected = [this](auto& connection) { connected(connection); },
                   .lost =
                       [this] {
                         proxy_.reset();
                         if (!options_.wait) no_master("it has gone");
                         else spdlog::warn("the master of {} has gone; waiting for it", text_of(options_.address));
                       },
                   .attempt_failed = [this](const auto& why) { no_master(why); }}} {}

Slave::~Slave() = default;

int Slave::run() {
  connection_.connect_to(master_address(options_.address));
  if (!status_) loop_.run();
  if (listening_ && !status_) return serve_listening(std::move(listening_));
  return status_.value_or(EXIT_SUCCESS);
}

void Slave::stop(int status) {
  status_ = status;
  loop_.stop();
}

void Slave::connected(base::BusConnection& connection) {
  auto owner = connection.peer().value_or(base::Caller{}).uid;
  if (owner != 0 && owner != ::geteuid()) {
    spdlog::error("the master of {} belongs to user {}, who is neither root nor this user: not attached",
                  text_of(options_.address), owner);
    return stop(EXIT_FAILURE);
  }
  proxy_ = std::make_unique<Proxy>(connection.sdbus(), *this);
  proxy_->attach(most_at_a_time(options_));
}

void Slave::no_master(const std::string& why) {
  if (options_.wait || status_) return;
  spdlog::error("there is no master of {}: {}; start one with --master, or wait for one with --wait",
                text_of(options_.address), why);
  stop(EXIT_FAILURE);
}

void Slave::not_attached(const std::string& why) {
  spdlog::error("the master of {} does not take this slave: {}", text_of(options_.address), why);
  stop(EXIT_FAILURE);
}

void Slave::attached(std::vector<base::FileDescriptor> listening, const std::string&) {
  spdlog::info("attached to the master of {}", text_of(options_.address));
  bool becomes = !options_.command.empty() && !options_.accept;
  if (listening.empty() && becomes)
    return not_attached("it accepts connections itself, so there is no listening socket to hand over; add --accept");
  if (ready_) std::exchange(ready_, nullptr)();
  if (!listening.empty()) {
    listening_ = std::move(listening.front());
    return loop_.stop();
  }
  if (!children_ && options_.accept)
    children_ = std::make_unique<base::SignalWatcher>(loop_, SIGCHLD, [this] { reap(); });
}

int Slave::serve_listening(base::FileDescriptor listening) {
  if (!options_.command.empty() && !options_.accept)
    return become(options_.command, std::move(listening), name_of(options_.address));
  if (options_.accept) return serve_each(options_.command, listening.get(), options_.most_connections);
  for (;;) {
    base::FileDescriptor connection{::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (connection && !relay(connection.get())) return EXIT_SUCCESS;
    if (!connection && errno != EINTR && errno != ECONNABORTED) return EXIT_FAILURE;
  }
}

// It is this slave's only when the master has said so; else it is given to another one.
void Slave::given(std::uint64_t connection, base::FileDescriptor socket) {
  auto shared = std::make_shared<base::FileDescriptor>(std::move(socket));
  proxy_->take(connection, [this, connection, shared] { serve(connection, *shared); });
}

void Slave::serve(std::uint64_t connection, const base::FileDescriptor& socket) {
  if (options_.command.empty()) {
    bool goes_on = relay(socket.get());
    ended(connection);
    if (!goes_on) stop(EXIT_SUCCESS);
    return;
  }
  auto child = run_for(options_.command, socket.get());
  if (child > 0) running_[child] = connection;
  else ended(connection);
}

// A master that has gone meanwhile does not count any more.
void Slave::ended(std::uint64_t connection) {
  if (proxy_) [[maybe_unused]]
    auto problem = base::send_if_connected([&] { proxy_->end(connection); });
}

void Slave::reap() {
  int status = 0;
  for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    auto node = running_.extract(child);
    if (node.empty()) continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      spdlog::info("{} for connection {} ended with {} {}", options_.command.front(), node.mapped(),
                   WIFEXITED(status) ? "status" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    ended(node.mapped());
  }
}

} // namespace upstart::socket_bridge
