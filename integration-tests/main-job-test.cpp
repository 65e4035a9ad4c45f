// The main job, end to end: an event is emitted, a job moves, a socket is handed over; a killed service comes back.
#include "integration-tests/session.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

using namespace upstart::test;

namespace {

const std::vector<std::string> from_start_to_running{
    "starting", "security-spawning", "security",      "pre-starting", "pre-start",
    "spawning", "spawned",           "post-starting", "post-start",   "running"};
const std::vector<std::string> from_running_to_waiting{"pre-stopping",  "pre-stop",  "stopping", "killed",
                                                       "post-stopping", "post-stop", "waiting"};

pid_t main_process(const std::string& status) {
  auto at = status.rfind("process ");
  return at == std::string::npos ? 0 : std::stoi(status.substr(at + 8));
}

std::string answer_of(int fd) {
  std::string text;
  char buffer[256];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(got));
  ::close(fd);
  return text;
}

std::string ask_tcp(int port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return "refused";
  return answer_of(fd);
}

std::string ask_unix(const std::string& path) {
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return "refused";
  return answer_of(fd);
}

// Accepts on the descriptor that it was handed, answers one client, ends.
std::string greeter(const std::string& condition) {
  return "start on socket " + condition +
         "\ntask\nscript\nexec python3 -c '\nimport os, socket\n"
         "listening = socket.socket(fileno=int(os.environ[\"UPSTART_FDS\"]))\nclient, _ = listening.accept()\n"
         "client.sendall(b\"hello from \" + os.environ[\"UPSTART_JOB\"].encode())\nclient.close()\n'\nend script\n";
}

void await_listening(Session& session) {
  session.await("the bridge listens", [&] {
    return session
        .busctl({"call", "com.ubuntu.Upstart.SocketBridge", "/com/ubuntu/Upstart/SocketBridge",
                 "com.ubuntu.Upstart.SocketBridge1", "ListSockets"})
        .out.contains("listening");
  });
}

} // namespace

TEST_CASE("an event emitted with busctl starts a job, whose states arrive as signals in order") {
  Session session{{{"svc", "start on go COLOUR=r*\nstop on halt\nexec sleep 1000\n"}}};
  auto emitted = session.busctl({"call", "com.ubuntu.Upstart", "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6",
                                 "EmitEvent", "sasb", "go", "1", "COLOUR=red", "true"});
  CHECK(emitted.status == 0);
  CHECK(emitted.err == "");
  session.await("/jobs/svc/_ StateChanged running");
  CHECK(session.states("svc") == from_start_to_running);
  CHECK(session.initctl({"emit", "halt"}).status == 0);
  session.await("/jobs/svc InstanceRemoved /com/ubuntu/Upstart/jobs/svc/_");
  auto all = from_start_to_running;
  all.insert(all.end(), from_running_to_waiting.begin(), from_running_to_waiting.end());
  CHECK(session.states("svc") == all);
}

TEST_CASE("a connection to a TCP port starts a job that answers it, and again") {
  int port = free_port();
  Session session{{{"web", greeter("PROTO=inet PORT=" + std::to_string(port) + " ADDR=127.0.0.1")}}};
  await_listening(session);
  auto bridges = session.initctl({"bridges"}).out;
  CHECK(bridges.starts_with("socket-bridge serving, process "));
  CHECK(bridges.contains("\tevents: socket; 1 job waits for them\n"));
  CHECK(bridges.contains("file-bridge not running\n"));
  CHECK(ask_tcp(port) == "hello from web");
  CHECK(ask_tcp(port) == "hello from web");
}

TEST_CASE("a job that the first event starts has its socket then, though the bridge starts only now") {
  Session session{{{"web", "start on startup or socket PROTO=unix SOCKET_PATH=@DIR@/web.sock\n"
                           "exec sh -c 'echo $LISTEN_FDS $UPSTART_EVENTS; exec sleep 1000'\n"}}};
  session.await("its word", [&] { return session.log("web").ends_with('\n'); });
  CHECK(session.log("web") == "1 startup\n");
}

TEST_CASE("a connection to a Unix socket starts a job that answers it") {
  Session session{{{"local", greeter("PROTO=unix SOCKET_PATH=@DIR@/service.sock")}}};
  auto path = session.directory() + "/service.sock";
  await_listening(session); // its file is there before
  CHECK(ask_unix(path) == "hello from local");
}

TEST_CASE("a service that is killed comes back with another process") {
  Session session{{{"svc", "respawn\nexec sleep 1000\n"}}};
  auto before = main_process(session.initctl({"start", "svc"}).out);
  REQUIRE(before > 0);
  session.await("/jobs/svc/_ StateChanged running");
  ::kill(before, SIGKILL);
  session.await("/jobs/svc/_ StateChanged running");
  auto after = main_process(session.initctl({"status", "svc"}).out);
  CHECK(after > 0);
  CHECK(after != before);
}

TEST_CASE("the end of a session leaves nothing behind") {
  Session session{
      {{"svc", "start on startup\nexec sleep 1000\n"},
       {"stubborn", "start on startup\nkill timeout 1\nexec sh -c 'trap \"\" TERM; while :; do sleep 1; done'\n"}}};
  session.await("both run", [&] { return session.initctl({"list"}).out.find("stop/waiting") == std::string::npos; });
  auto address = session.address();
  CHECK(session.end() == 0);
  CHECK(stray_processes(address).empty());
  CHECK(::access((session.directory() + "/xdg/upstart/sessions").c_str(), F_OK) == 0);
  CHECK(session.run({"sh", "-c", "ls " + session.directory() + "/xdg/upstart/sessions"}).out == "");
}

TEST_CASE("without a bus given, init starts one and everything is reachable over it") {
  Session session{
      {{"job", "task\nexec sh -c 'echo $DBUS_SESSION_BUS_ADDRESS'\n"},
       {"web", "start on socket PROTO=unix SOCKET_PATH=@DIR@/web.sock\nexec sleep 1000\n"}}, // for its bridge
      {.own_bus = false}};
  CHECK(session.initctl({"start", "job"}).status == 0);
  session.await("the job has written its bus", [&] { return session.log("job").starts_with("unix:path="); });
  auto bus = session.log("job");
  bus.erase(bus.find_last_not_of("\r\n") + 1);
  session.await("all three names are on the bus", [&] {
    auto names = session.run({"busctl", "--address=" + bus, "list", "--no-legend"}).out;
    return names.contains("com.ubuntu.Upstart ") && names.contains("com.ubuntu.Upstart.EventBroker ") &&
           names.contains("com.ubuntu.Upstart.SocketBridge ");
  });
}
