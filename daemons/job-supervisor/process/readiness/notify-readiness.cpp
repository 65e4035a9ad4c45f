#include "daemons/job-supervisor/process/readiness/notify-readiness.hpp"

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

// A number of microseconds; nothing where it is none.
std::optional<std::chrono::milliseconds> microseconds(const NotificationLines& lines, std::string_view key) {
  auto found = lines.find(key);
  if (found == lines.end()) return std::nullopt;
  constexpr std::int64_t most = std::chrono::microseconds{std::chrono::hours{24 * 365 * 100}}.count();
  std::int64_t value = 0;
  const std::string& text = found->second;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > most) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::microseconds{value});
}

// Of the sd_notify protocol; others are a service's own.
constexpr std::array<std::string_view, 9> not_supported{"FDSTORE",      "FDSTOREREMOVE", "FDPOLL",
                                                        "NOTIFYACCESS", "BUSERROR",      "VARLINKERROR",
                                                        "EXIT_STATUS",  "MAINPIDFDID",   "RESTART_RESET"};

} // namespace

NotifyReadiness::NotifyReadiness(MainProcess& main, const JobClass& job_class, const ExpectTimeouts& timeouts,
                                 NotifySocket socket)
    : main_{main},
      watchdog_{job_class.watchdog},
      kill_timeout_{job_class.kill_timeout},
      socket_{std::move(socket)},
      daemonization_{main, timeouts.forks.grace_period},
      ready_timeout_{main.children().loop(),
                     timeouts.message,
                     {.process = [&main] { return main.child().pid(); },
                      .warn =
                          [&main] {
                            main.warn("has not sent READY=1 (expect notify) yet; still waiting; if it never does, "
                                      "remove the stanza expect");
                          },
                      .accept = [this] { timed_out(); }}},
      watchdog_timer_{main.children().loop(),
                      [this] { end_by_watchdog("has not sent WATCHDOG=1 within its watchdog time"); }},
      kill_timer_{main.children().loop(), [this] { main_.child().signal_group(SIGKILL); }},
      watcher_{main.children().loop(), socket_.fd.get(), [this](unsigned) { readable(); }} {}

void NotifyReadiness::prepare(PlanExtras& extras) {
  extras.notify_socket = socket_.address;
  extras.watchdog = watchdog_;
}

void NotifyReadiness::begin() {
  daemonization_.begin();
  ready_timeout_.begin();
  watcher_.watch(base::FdWatcher::readable);
}

// Its watchdog time begins anew, since what it sent meanwhile is read only now.
void NotifyReadiness::go_on() {
  if (!ready_) ready_timeout_.begin();
  restart_watchdog();
  if (ended_by_watchdog_) kill_timer_.start(kill_timeout_);
  watcher_.watch(base::FdWatcher::readable);
}

void NotifyReadiness::write_notes(base::ByteWriter& out) const {
  out.number(socket_.keeping.number());
  out.text(socket_.address);
  out.number(watchdog_.count());
  out.truth(ready_);
  out.truth(ended_by_watchdog_);
  daemonization_.write(out);
}

void NotifyReadiness::restore(base::ByteReader& in) {
  watchdog_ = std::chrono::milliseconds{in.number<std::int64_t>()};
  ready_ = in.truth();
  ended_by_watchdog_ = in.truth();
  daemonization_.restore(in);
}

void NotifyReadiness::signalled() {
  told_to_end_ = true;
  daemonization_.cancel();
  ready_timeout_.end();
  watchdog_timer_.stop();
}

MainEnd NotifyReadiness::main_ended(int wait_status) {
  if (daemonization_.detected_in(wait_status))
    main_.warn("has ended and left other processes running (expect notify), which are not supervised; use expect fork, "
               "or send MAINPID=");
  return MainEnd::end;
}

// One message at a time: what it says may end this. It is taken out of the socket when what it says is written down:
// the next supervisor may have to read it, too.
void NotifyReadiness::readable() {
  auto notification = look_at_notification(socket_.fd.get());
  std::weak_ptr alive = alive_;
  if (notification && may_notify(notification->sender.uid)) received(notification->lines);
  if (!alive.expired()) drop_notification(socket_.fd.get());
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
  set_times(lines);
  report(lines);
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

void NotifyReadiness::set_times(const NotificationLines& lines) {
  if (auto time = microseconds(lines, "WATCHDOG_USEC")) {
    watchdog_ = *time;
    watchdog_timer_.stop();
    restart_watchdog();
    main_.notes_changed();
  }
  if (auto time = microseconds(lines, "EXTEND_TIMEOUT_USEC"); time) {
    if (ready_) main_.time_asked(*time);
    else ready_timeout_.extend(*time);
  }
}

void NotifyReadiness::report(const NotificationLines& lines) {
  if (auto error = lines.find("ERRNO"); error != lines.end()) {
    int number = std::atoi(error->second.c_str());
    main_.warn("has reported the error " + error->second + " (" + std::strerror(number) + ")");
  }
  for (const auto& [key, value] : lines)
    if (std::ranges::contains(not_supported, key) && warned_of_.insert(key).second)
      main_.warn("has sent " + key + "=, which is not supported; ignored");
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
  if (watchdog_.count() > 0 && ready_ && !told_to_end_) watchdog_timer_.start(watchdog_);
}

void NotifyReadiness::timed_out() {
  ready_ = true;
  daemonization_.ready();
  main_.warn("has not sent READY=1 (expect notify); taken as ready; if it never does, remove the stanza expect");
  main_.ready();
}

void NotifyReadiness::end_by_watchdog(const std::string& why) {
  main_.warn(why + "; it is ended with SIGABRT");
  ended_by_watchdog_ = true;
  main_.notes_changed();
  main_.child().signal_group(SIGABRT);
  main_.child().signal_group(SIGCONT); // one that is stopped sees no other signal
  kill_timer_.start(kill_timeout_);
}

std::expected<std::unique_ptr<Readiness>, SpawnFailure> make_notify_readiness(const JobClass& job_class,
                                                                              MainProcess& main,
                                                                              const ExpectTimeouts& timeouts,
                                                                              NotifySockets& sockets) {
  auto socket = sockets.make(job_class);
  if (!socket) return std::unexpected{unable_to("create its notification socket", socket.error())};
  return std::make_unique<NotifyReadiness>(main, job_class, timeouts, std::move(*socket));
}

std::unique_ptr<Readiness> restore_notify_readiness(const JobClass& job_class, MainProcess& main,
                                                    const ExpectTimeouts& timeouts, NotifySockets& sockets,
                                                    base::ByteReader& notes) {
  auto number = notes.number();
  auto socket = sockets.take_up(number, notes.text());
  if (!socket) return nullptr;
  auto readiness = std::make_unique<NotifyReadiness>(main, job_class, timeouts, std::move(*socket));
  readiness->restore(notes);
  return readiness;
}

std::unique_ptr<Readiness> find_notify_readiness(const JobClass& job_class, MainProcess& main,
                                                 const ExpectTimeouts& timeouts, NotifySockets& sockets,
                                                 pid_t process) {
  auto address = environment_value(process, "NOTIFY_SOCKET");
  auto socket = address ? sockets.take_up(*address) : sockets.make(job_class);
  if (!socket) return nullptr;
  return std::make_unique<NotifyReadiness>(main, job_class, timeouts, std::move(*socket));
}

} // namespace upstart::supervisor
