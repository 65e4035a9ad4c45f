// A client that connects without pause while everything around its service is started, ended and killed: no connection
// is refused, and every one is answered. The service itself loses none either: it ends, or crashes, between two.
//
// UPSTART_CONNECTIONS_ROUNDS=N in the environment goes round so often; a test of every day goes round once.
#include "integration-tests/session.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>
#include <mutex>
#include <thread>

using namespace upstart::test;

namespace {

// Answers "ok" to each client; at "crash" it ends with status 1 once that client is served, at SIGTERM between two.
constexpr const char* service = R"(import os, select, signal, socket
listening = socket.socket(fileno=int(os.environ["UPSTART_FDS"].split()[0]))
woken, wakes = os.pipe(); os.set_blocking(wakes, False)
signal.signal(signal.SIGTERM, lambda *_: os.write(wakes, b"x"))
while True:
    ready = select.select([listening, woken], [], [])[0]
    if woken in ready: os._exit(0)
    client, _ = listening.accept()
    asked = client.recv(16); client.sendall(b"ok"); client.close()
    if asked == b"crash": os._exit(1)
)";

std::string ask(int port, const char* words) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval limit{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string answer;
  char buffer[16];
  ssize_t size = 0;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) answer = "not connected: ";
  else if (::send(fd, words, std::strlen(words), MSG_NOSIGNAL) < 0) answer = "not sent: ";
  while (answer.empty() && (size = ::recv(fd, buffer, sizeof buffer, 0)) > 0)
    answer.assign(buffer, static_cast<std::size_t>(size));
  if (answer != "ok") answer += std::strerror(errno);
  ::close(fd);
  return answer;
}

// Connects again and again, one after the other.
class Client {
public:
  explicit Client(int port)
      : thread_{[this, port] {
          while (!ended_) {
            auto answer = ask(port, "hello");
            if (answer == "ok") ++served_;
            else note(answer);
          }
        }} {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { end(); }
  void end() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] unsigned served() const { return served_; }
  std::vector<std::string> failures() {
    std::lock_guard lock{mutex_};
    return failures_;
  }

private:
  void note(const std::string& answer) {
    std::lock_guard lock{mutex_};
    failures_.push_back(std::format("after {}: {}", served_.load(), answer));
  }
  std::atomic<bool> ended_ = false;
  std::atomic<unsigned> served_ = 0;
  std::mutex mutex_;
  std::vector<std::string> failures_;
  std::thread thread_;
};

int rounds() {
  const char* asked = std::getenv("UPSTART_CONNECTIONS_ROUNDS");
  return asked == nullptr ? 1 : std::atoi(asked);
}

} // namespace

TEST_CASE("no connection is refused or lost while service, bridge, broker and supervisor are ended and killed") {
  int port = free_port();
  auto job = std::format("start on socket PROTO=inet PORT={} ADDR=127.0.0.1\nrespawn\nrespawn limit unlimited\n"
                         "exec python3 @DIR@/service.py\n",
                         port);
  Session session{{{"web", job}}};
  session.write("../service.py", service);
  session.await("the socket", [&] { return ask(port, "hello") == "ok"; });
  Client client{port};
  auto goes_on = [&](const char* after) {
    auto before = client.served();
    session.await(after, [&] { return client.served() > before + 5 || !client.failures().empty(); });
  };
  goes_on("the start");
  for (int round = 0; round < rounds(); ++round) {
    CHECK(ask(port, "crash") == "ok");
    goes_on("a crash of the service");
    CHECK(session.initctl({"restart", "web"}).status == 0);
    goes_on("a restart");
    for (const auto* daemon : {"upstart-socket-bridge", "upstart-event-broker", "upstart-job-supervisor"}) {
      session.kill_daemon(daemon);
      goes_on(daemon);
    }
    session.write("web.conf", job + std::format("env ROUND={}\n", round));
    session.initctl({"stop", "web"}); // the next client starts it as it is now
    goes_on("a stop and an edit");
  }
  client.end();
  for (const auto& failure : client.failures()) FAIL_CHECK(failure);
  MESSAGE(client.served() << " connections were served, " << client.failures().size() << " not");
}
