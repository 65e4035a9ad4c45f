// A program for tests that does, one after the other, what its arguments say, and then waits for ever.
//
//   fork         goes on in a child; the parent ends with 0
//   fork-fail    the same; the parent ends with 1
//   fork-end=MS  the same; the parent ends with 0 after a while
//   fork-stay    goes on in a child; the parent stays and waits
//   fork-wait    goes on in a child; the parent ends when the child does, with its status
//   fork-brief   makes a child that ends at once; goes on in the parent
//   setsid       begins a session
//   terminal     gets a controlling terminal of its own
//   sleep=MS     busy=MS
//   memory=MB    takes that much memory: its end takes longer from now on
//   stop         stops itself
//   forget       executes itself again with an empty environment
//   ignore=N     ignores a signal
//   end-on=N     ends with 0 at a signal
//   wind-up=FILE at SIGTERM takes a while, appends its process id to a file and ends with 0
//   note=FILE    appends its process id to a file
//   ready        writes to the descriptor READY_FD
//   say=LINES    sends to NOTIFY_SOCKET; "%" stands for its process id
//   exit=N
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

[[noreturn]] void wait_for_ever() {
  while (true) ::pause();
}

[[noreturn]] void end_as_child_does(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

void be_busy(long milliseconds) {
  auto end = std::clock() + milliseconds * CLOCKS_PER_SEC / 1000;
  while (std::clock() < end) {}
}

// It stays while the other end is open: in whoever is forked from now on.
void open_terminal() {
  int near_end = ::posix_openpt(O_RDWR | O_NOCTTY);
  int unlocked = 0;
  if (near_end < 0 || ::ioctl(near_end, TIOCSPTLCK, &unlocked) < 0) ::_exit(94);
  int far_end = ::ioctl(near_end, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  if (far_end < 0 || ::ioctl(far_end, TIOCSCTTY, 0) < 0) ::_exit(93);
}

void take_memory(long megabytes) {
  auto size = static_cast<std::size_t>(megabytes) << 20;
  std::memset(std::malloc(size), 1, size);
}

void note(const char* path) {
  int fd = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  std::string line = std::to_string(::getpid()) + "\n";
  if (::write(fd, line.data(), line.size()) < 0) ::_exit(99);
  ::close(fd);
}

const char* last_note = nullptr;

void wind_up(int) {
  ::usleep(300'000);
  note(last_note);
  ::_exit(0);
}

void say(std::string text) {
  const char* address = std::getenv("NOTIFY_SOCKET");
  if (address == nullptr) ::_exit(98);
  if (auto place = text.find('%'); place != std::string::npos) text.replace(place, 1, std::to_string(::getpid()));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::size_t length = std::min(std::strlen(address), sizeof to.sun_path - 1);
  std::memcpy(to.sun_path, address, length);
  if (*address == '@') to.sun_path[0] = '\0';
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (::sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), size) < 0) ::_exit(97);
  ::close(fd);
}

void do_one(std::string_view word, const char* value, char** rest) {
  auto number = [value] { return std::strtol(value, nullptr, 10); };
  if (word == "fork") {
    if (::fork() != 0) ::_exit(0);
  } else if (word == "fork-fail") {
    if (::fork() != 0) ::_exit(1);
  } else if (word == "fork-end") {
    if (::fork() == 0) return;
    ::usleep(static_cast<useconds_t>(number() * 1000));
    ::_exit(0);
  } else if (word == "fork-stay") {
    if (::fork() != 0) wait_for_ever();
  } else if (word == "fork-wait") {
    if (pid_t child = ::fork(); child != 0) end_as_child_does(child);
  } else if (word == "fork-brief") {
    if (::fork() == 0) ::_exit(0);
  } else if (word == "setsid") ::setsid();
  else if (word == "sleep") ::usleep(static_cast<useconds_t>(number() * 1000));
  else if (word == "busy") be_busy(number());
  else if (word == "terminal") open_terminal();
  else if (word == "memory") take_memory(number());
  else if (word == "stop") ::raise(SIGSTOP);
  else if (word == "ignore") std::signal(static_cast<int>(number()), SIG_IGN);
  else if (word == "end-on") std::signal(static_cast<int>(number()), [](int) { ::_exit(0); });
  else if (word == "note") note(value);
  else if (word == "wind-up") {
    last_note = value;
    std::signal(SIGTERM, wind_up);
  } else if (word == "ready") {
    if (::write(std::atoi(std::getenv("READY_FD")), "\n", 1) < 0) ::_exit(96);
  } else if (word == "say") say(value);
  else if (word == "exit") ::_exit(static_cast<int>(number()));
  else if (word == "forget") {
    char* none[] = {nullptr};
    rest[-1] = const_cast<char*>("job-actor");
    ::execve("/proc/self/exe", rest - 1, none);
  } else ::_exit(95);
}

} // namespace

int main(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    std::string_view word = words[i];
    std::size_t equals = std::min(word.find('='), word.size());
    do_one(word.substr(0, equals), words[i] + std::min(equals + 1, word.size()), words + i + 1);
  }
  wait_for_ever();
}
