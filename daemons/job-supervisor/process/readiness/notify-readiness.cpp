#include "daemons/job-supervisor/process/readiness/notify-readiness.hpp"

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

// An abstract address that the kernel chooses: it can be reached from within a chroot, too.
std::string bind_anywhere(int socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) < 0) return {};
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) < 0) return {};
  return "@" + std::string{address.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1};
}

} // namespace

NotifyReadiness::NotifyReadiness(MainProcess& main, const JobClass& job_class, const ExpectTimeouts& timeouts,
                                 FileDescriptor socket, std::string address)
    : main_{main},
      watchdog_{job_class.watchdog},
      kill_timeout_{job_class.kill_timeout},
      socket_{std::move(socket)},
      address_{std::move(address)},
      daemonization_{main, timeouts.forks.grace_period},
      ready_timeout_{main.children().loop(),
                     timeouts.message,
                     {.process = [&main] { return main.child().pid(); },
                      .warn = [&main] { main.warn("has not sent READY=1 (expect notify) yet; still waiting"); },
                      .accept = [this] { timed_out(); }}},
      watchdog_timer_{main.children().loop(),
                      [this] { end_by_watchdog("has not sent WATCHDOG=1 within its watchdog time"); }},
      kill_timer_{main.children().loop(), [this] { main_.child().signal_group(SIGKILL); }},
      watcher_{main.children().loop(), socket_.get(), [this](unsigned) { readable(); }} {}

void NotifyReadiness::prepare(PlanExtras& extras) {
  extras.notify_socket = address_;
  extras.watchdog = watchdog_;
}

void NotifyReadiness::begin() {
  daemonization_.begin();
  ready_timeout_.begin();
  watcher_.watch(base::FdWatcher::readable);
}

void NotifyReadiness::signalled() {
  daemonization_.cancel();
  ready_timeout_.end();
}

MainEnd NotifyReadiness::main_ended(int wait_status) {
  if (daemonization_.detected_in(wait_status))
    main_.warn("has ended and left other processes running (expect notify), which are not supervised; use expect fork, "
               "or send MAINPID=");
  return MainEnd::end;
}

// One message at a time: what it says may end this.
void NotifyReadiness::readable() {
  auto notification = receive_notification(socket_.get());
  if (notification && may_notify(notification->sender.uid)) received(notification->lines);
}

// Anybody on the machine can send to an abstract socket.
bool NotifyReadiness::may_notify(uid_t user) const {
  if (user == 0 || user == ::geteuid()) return true;
  struct stat status{};
  std::string process = "/proc/" + std::to_string(main_.child().pid());
  return ::stat(process.c_str(), &status) == 0 && status.st_uid == user;
}

void NotifyReadiness::received(const NotificationLines& lines) {
  auto has = [&](std::string_view key, std::string_view value) {
    auto found = lines.find(key);
    return found != lines.end() && found->second == value;
  };
  if (!lines.empty()) ready_timeout_.restart();
  if (auto status = lines.find("STATUS"); status != lines.end()) main_.status_text(status->second);
  if (has("WATCHDOG", "trigger")) return end_by_watchdog("has sent WATCHDOG=trigger");
  if (has("WATCHDOG", "1")) restart_watchdog();
  bool moved = false;
  if (auto pid = lines.find("MAINPID"); pid != lines.end()) moved = take_main(pid->second);
  bool now_ready = has("READY", "1") && !ready_;
  if (now_ready) {
    ready_ = true;
    ready_timeout_.end();
    daemonization_.ready();
    restart_watchdog();
  }
  if (now_ready || (moved && ready_)) main_.ready();
}

// Only a process of the job can become its main one.
bool NotifyReadiness::take_main(const std::string& text) {
  pid_t pid = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc{} || pid == main_.child().pid()) return false;
  auto descendants = tree_of(main_.child().pid());
  auto orphans = orphans_of(main_.members(), main_.children()).found;
  bool belongs = std::ranges::contains(descendants, pid) || std::ranges::contains(orphans, pid, &ProcessFacts::pid);
  if (belongs && main_.supervise(pid)) {
    daemonization_.cancel();
    return true;
  }
  main_.warn("has sent MAINPID=" + text + ", which is not a process of the job; ignored");
  return false;
}

void NotifyReadiness::restart_watchdog() {
  if (watchdog_.count() > 0 && ready_) watchdog_timer_.start(watchdog_);
}

void NotifyReadiness::timed_out() {
  ready_ = true;
  daemonization_.ready();
  main_.warn("has not sent READY=1 (expect notify); taken as ready; if it never does, remove the stanza expect");
  main_.ready();
}

void NotifyReadiness::end_by_watchdog(const std::string& why) {
  main_.warn(why + "; it is ended with SIGABRT");
  main_.child().signal_group(SIGABRT);
  kill_timer_.start(kill_timeout_);
}

std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_notify_readiness(const JobClass& job_class, MainProcess& main, const ExpectTimeouts& timeouts) {
  FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  int on = 1;
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
    return std::unexpected{unable_to("create its notification socket", errno)};
  std::string address = bind_anywhere(socket.get());
  if (address.empty()) return std::unexpected{unable_to("bind its notification socket", errno)};
  return std::make_unique<NotifyReadiness>(main, job_class, timeouts, std::move(socket), std::move(address));
}

} // namespace upstart::supervisor
