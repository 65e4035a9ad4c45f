#include "daemons/job-supervisor/process/readiness/notify-readiness.hpp"

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <algorithm>
#include <array>
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

// A message and who sent it; descriptors that come along are closed.
struct Notification {
  ucred sender{};
  std::array<char, 4096> text;
  std::size_t size = 0;
};

void close_descriptors(const cmsghdr& header) {
  std::size_t count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(&header) + i * sizeof fd, sizeof fd);
    FileDescriptor{fd}.reset();
  }
}

// False when there is nothing more.
bool receive(int socket, Notification& notification) {
  iovec part{notification.text.data(), notification.text.size()};
  alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(253 * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return errno == EINTR;
  notification.size = static_cast<std::size_t>(got);
  notification.sender = {.pid = 0, .uid = static_cast<uid_t>(-1), .gid = static_cast<gid_t>(-1)};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_RIGHTS) close_descriptors(*header);
    if (header->cmsg_type == SCM_CREDENTIALS) std::memcpy(&notification.sender, CMSG_DATA(header), sizeof(ucred));
  }
  return true;
}

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

std::map<std::string, std::string, std::less<>> parse_notification(std::string_view message) {
  std::map<std::string, std::string, std::less<>> lines;
  while (!message.empty()) {
    std::size_t end = std::min(message.find('\n'), message.size());
    std::string_view line = message.substr(0, end);
    if (std::size_t equals = line.find('='); equals != line.npos)
      lines.insert_or_assign(std::string{line.substr(0, equals)}, std::string{line.substr(equals + 1)});
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return lines;
}

NotifyReadiness::NotifyReadiness(MainProcess& main, const JobClass& job_class, const ExpectTimes& times,
                                 FileDescriptor socket, std::string address)
    : main_{main},
      watchdog_{job_class.watchdog},
      kill_timeout_{job_class.kill_timeout},
      socket_{std::move(socket)},
      address_{std::move(address)},
      detachment_{main, times.forks.youth},
      silence_{main.children().loop(),
               times.word,
               {.process = [&main] { return main.child().pid(); },
                .warn = [&main] { main.warn("expect notify, but it has not said READY=1 yet: still waiting"); },
                .accept = [this] { heard_nothing(); }}},
      watchdog_timer_{main.children().loop(),
                      [this] { end_by_watchdog("it has given no sign of life within its watchdog's time"); }},
      kill_timer_{main.children().loop(), [this] { main_.child().signal_group(SIGKILL); }},
      watcher_{main.children().loop(), socket_.get(), [this](unsigned) { readable(); }} {}

void NotifyReadiness::prepare(PlanExtras& extras) {
  extras.notify_socket = address_;
  extras.watchdog = watchdog_;
}

void NotifyReadiness::begin() {
  detachment_.begin();
  silence_.begin();
  watcher_.watch(base::FdWatcher::readable);
}

void NotifyReadiness::signalled() {
  detachment_.excused();
  silence_.end();
}

bool NotifyReadiness::main_ended(int wait_status) {
  if (detachment_.seen_in(wait_status))
    main_.warn("expect notify, but its first process has ended and left others behind: expect fork or MAINPID= would "
               "be right");
  return false;
}

// One message at a time: what it says may end this.
void NotifyReadiness::readable() {
  Notification notification;
  if (!receive(socket_.get(), notification) || !may_speak(notification.sender.uid)) return;
  heard(parse_notification({notification.text.data(), notification.size}));
}

// Anybody on the machine can send to an abstract socket.
bool NotifyReadiness::may_speak(uid_t user) const {
  if (user == 0 || user == ::geteuid()) return true;
  struct stat status{};
  std::string process = "/proc/" + std::to_string(main_.child().pid());
  return ::stat(process.c_str(), &status) == 0 && status.st_uid == user;
}

void NotifyReadiness::heard(const std::map<std::string, std::string, std::less<>>& lines) {
  auto has = [&](std::string_view key, std::string_view value) {
    auto found = lines.find(key);
    return found != lines.end() && found->second == value;
  };
  if (!lines.empty()) silence_.word();
  if (auto status = lines.find("STATUS"); status != lines.end()) main_.status_text(status->second);
  if (has("WATCHDOG", "trigger")) return end_by_watchdog("it has said WATCHDOG=trigger");
  if (has("WATCHDOG", "1")) keep_watch();
  bool moved = false;
  if (auto pid = lines.find("MAINPID"); pid != lines.end()) moved = take_main(pid->second);
  bool now_ready = has("READY", "1") && !ready_;
  if (now_ready) {
    ready_ = true;
    silence_.end();
    detachment_.ready();
    keep_watch();
  }
  if (now_ready || (moved && ready_)) main_.ready();
}

// Only a process of the job can become its main one.
bool NotifyReadiness::take_main(const std::string& text) {
  pid_t pid = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc{} || pid == main_.child().pid()) return false;
  auto descendants = tree_of(main_.child().pid());
  auto orphans = orphans_of(main_.members(), main_.children());
  bool belongs = std::ranges::contains(descendants, pid) || std::ranges::contains(orphans, pid, &ProcessFacts::pid);
  if (belongs && main_.supervise(pid)) {
    detachment_.excused();
    return true;
  }
  main_.warn("it names " + text + " as its main process, which is not one of the job's");
  return false;
}

void NotifyReadiness::keep_watch() {
  if (watchdog_.count() > 0 && ready_) watchdog_timer_.start(watchdog_);
}

void NotifyReadiness::heard_nothing() {
  ready_ = true;
  detachment_.ready();
  main_.warn("expect notify, but it has not said READY=1: it would be right without expect");
  main_.ready();
}

void NotifyReadiness::end_by_watchdog(const std::string& why) {
  main_.warn(why + ": ended");
  main_.child().signal_group(SIGABRT);
  kill_timer_.start(kill_timeout_);
}

std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_notify_readiness(const JobClass& job_class, MainProcess& main, const ExpectTimes& times) {
  FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  int on = 1;
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
    return std::unexpected{unable_to("create its notification socket", errno)};
  std::string address = bind_anywhere(socket.get());
  if (address.empty()) return std::unexpected{unable_to("bind its notification socket", errno)};
  return std::make_unique<NotifyReadiness>(main, job_class, times, std::move(socket), std::move(address));
}

} // namespace upstart::supervisor
