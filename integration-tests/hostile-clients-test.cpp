// Clients that ask for too much or send what is wrong, and a bus that is named.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <sstream>

using namespace upstart::test;

namespace {

const std::string root = "/com/ubuntu/Upstart", job_interface = "com.ubuntu.Upstart0_6.Job";

// A bus besides that of the session, for as long as this lives.
class OtherBus {
public:
  explicit OtherBus(Session& session, const std::string& configuration = "--session")
      : address_{"unix:path=" + session.directory() + "/other-bus"} {
    auto started = session.run({"dbus-daemon", configuration, "--fork", "--print-pid", "--address=" + address_});
    REQUIRE(started.status == 0);
    pid_ = std::stoi(started.out);
  }
  OtherBus(const OtherBus&) = delete;
  OtherBus& operator=(const OtherBus&) = delete;
  ~OtherBus() { ::kill(pid_, SIGKILL); }
  [[nodiscard]] const std::string& address() const { return address_; }

private:
  std::string address_;
  pid_t pid_ = 0;
};

// One with the limits of a system bus.
std::string system_bus_configuration(const Session& session) {
  auto path = session.directory() + "/system-bus.conf";
  std::ofstream{path}
      << "<busconfig><type>system</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth><policy "
         "context=\"default\">"
         "<allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>";
  return "--config-file=" + path;
}

// Asks for all jobs on the bus, over and over, and reads no answer; then says by how many kilobytes the process has
// grown that was named, at most, and how many bytes of answers were there.
const std::string flood = R"(
import os, select, socket, struct, sys, time
path, pid, count = sys.argv[1].removeprefix("unix:path="), sys.argv[2], int(sys.argv[3])
def text(value): return struct.pack("<I", len(value)) + value + b"\0"
def pad(value): return value + bytes(-len(value) % 8)
def call(serial, path, interface, member, destination):
    fields = pad(b"\1\1o\0" + text(path)) + pad(b"\6\1s\0" + text(destination)) + pad(b"\2\1s\0" + text(interface))
    fields += b"\3\1s\0" + text(member)
    return pad(struct.pack("<cBBBIII", b"l", 1, 0, 1, 0, serial, len(fields)) + fields)
def resident(): return int(open("/proc/%s/statm" % pid).read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
one = socket.socket(socket.AF_UNIX)
one.settimeout(20)
one.connect(path)
one.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
one.recv(200)
one.sendall(b"BEGIN\r\n" + call(1, b"/org/freedesktop/DBus", b"org.freedesktop.DBus", b"Hello", b"org.freedesktop.DBus"))
one.recv(20)
before = most = resident()
one.setblocking(False)
for serial in range(2, count + 2):
    rest = call(serial, b"/com/ubuntu/Upstart", b"com.ubuntu.Upstart0_6", b"GetAllJobs", b"com.ubuntu.Upstart")
    while rest:
        if not select.select([], [one], [], 1)[1]: break
        rest = rest[one.send(rest):]
    if rest: break # the bus takes no more
    if serial % 100 == 0: most = max(most, resident())
end = time.monotonic() + 1
while time.monotonic() < end:
    most = max(most, resident())
    time.sleep(0.05)
one.setblocking(True)
one.settimeout(5)
answered = 0
while answered < 1000000 and (got := one.recv(100000)): answered += len(got)
print(most - before, answered)
)";

// Sends the end of a pipe with messages whose member is no name, on connections of its own; then says how many of it
// the process has open that was named.
const std::string malformed = R"(
import array, os, socket, struct, sys, time
address = "\0" + sys.argv[1].removeprefix("unix:abstract=")
def text(value): return struct.pack("<I", len(value)) + value + b"\0"
def pad(value): return value + bytes(-len(value) % 8)
fields = pad(b"\1\1o\0" + text(b"/")) + pad(b"\2\1s\0" + text(b"a.b")) + pad(b"\3\1s\0" + text(b"not a member"))
fields += pad(b"\x08\1g\0\1h\0") + b"\x09\1u\0" + struct.pack("<I", 1)
message = pad(struct.pack("<cBBBIII", b"l", 1, 0, 1, 4, 77, len(fields)) + fields) + bytes(4)
sent, other = os.pipe()
pipe = os.readlink("/proc/self/fd/%d" % sent)
def target(fd):
    try: return os.readlink("/proc/%s/fd/%s" % (sys.argv[2], fd))
    except FileNotFoundError: return ""
fields = pad(b"\1\1o\0" + text(b"/")) + pad(b"\2\1s\0" + text(b"org.freedesktop.DBus.Peer")) + b"\3\1s\0" + text(b"Ping")
ping = pad(struct.pack("<cBBBIII", b"l", 1, 0, 1, 0, 76, len(fields)) + fields)
def opened(): return [target(fd) for fd in os.listdir("/proc/%s/fd" % sys.argv[2])].count(pipe)
for _ in range(100):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(20)
    one.connect(address)
    one.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    one.recv(200)
    one.sendall(b"NEGOTIATE_UNIX_FD\r\n")
    one.recv(200)
    one.sendall(b"BEGIN\r\n")
    one.sendall(ping)
    one.recv(500) # the handshake is over
    one.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sent]))])
    while one.recv(200): pass
    one.close()
end = time.monotonic() + 10
while opened() > 0 and time.monotonic() < end: time.sleep(0.02)
print("left open:", opened())
)";

} // namespace

TEST_CASE("a bus that is named is joined besides that of the session, and one that is not there is an error") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto missing = session.initctl({"notify-dbus-address", "unix:path=/nowhere/bus"});
  CHECK(missing.status == 1);
  CHECK(missing.err == "initctl: Unable to join the bus at unix:path=/nowhere/bus: No such file or directory\n");
  OtherBus other{session};
  REQUIRE(session.initctl({"notify-dbus-address", other.address()}).status == 0);
  auto jobs = [&](const std::string& address) {
    return session.run(
        {"busctl", "--address=" + address, "call", "com.ubuntu.Upstart", root, "com.ubuntu.Upstart0_6", "GetAllJobs"});
  };
  session.await("the name is taken", [&] { return jobs(other.address()).status == 0; });
  CHECK(jobs(session.bus_address()).status == 0);
  CHECK(session.initctl({"notify-dbus-address", "unix:path=/nowhere/bus"}).status == 0); // accepted and ignored
}

TEST_CASE("a name that another Upstart has is told to be taken; a supervisor with a predecessor waits for it first") {
  Session holder{{{"of-holder", "exec sleep 1000\n"}}}, next{{{"of-next", "exec sleep 1000\n"}}};
  OtherBus bus{holder};
  auto knows = [&](const char* job) {
    return holder
               .run({"busctl", "--address=" + bus.address(), "call", "com.ubuntu.Upstart", root,
                     "com.ubuntu.Upstart0_6", "GetJobByName", "s", job})
               .status == 0;
  };
  auto line_of = [&] { // who has the name, and who waits for it
    return holder.run({"busctl", "--address=" + bus.address(), "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                       "org.freedesktop.DBus", "ListQueuedOwners", "s", "com.ubuntu.Upstart"});
  };
  constexpr const char* taken = "the name com.ubuntu.Upstart on the bus is taken: another Upstart serves it";
  REQUIRE(holder.initctl({"notify-dbus-address", bus.address()}).status == 0);
  holder.await("the first has the name", [&] { return knows("of-holder"); });
  REQUIRE(next.initctl({"notify-dbus-address", bus.address()}).status == 0);
  next.await("it is told", [&] { return next.messages().contains(taken); });
  CHECK(knows("of-holder"));
  CHECK(next.initctl({"start", "of-next"}).status == 0);
  next.await("nobody waits", [&] { return line_of().out.starts_with("as 1 "); });
  REQUIRE(::kill(next.daemon("upstart-job-supervisor"), SIGKILL) == 0);
  next.await("its successor waits", [&] { return line_of().out.starts_with("as 2 "); });
  REQUIRE(::kill(holder.daemon("upstart-job-supervisor"), SIGKILL) == 0);
  next.await("it has the name", [&] { return knows("of-next"); });
}

TEST_CASE("who asks on a system bus and never reads costs the supervisor little memory, and nobody else an answer") {
  std::map<std::string, std::string> jobs;
  for (int i = 0; i < 200; ++i) jobs["job" + std::to_string(i)] = "exec sleep 1000\n";
  Session session{jobs};
  OtherBus bus{session, system_bus_configuration(session)};
  REQUIRE(session.initctl({"notify-dbus-address", bus.address()}).status == 0);
  auto supervisor = std::to_string(session.daemon("upstart-job-supervisor"));
  auto flooded = session.run({"python3", "-c", flood, bus.address(), supervisor, "10000"}); // 80 MB of answers
  CAPTURE(flooded.err);
  REQUIRE(flooded.status == 0);
  std::istringstream words{flooded.out};
  int grown = 0, answered = 0;
  words >> grown >> answered;
  CHECK(grown < 40'000);
  CHECK(answered >= 1'000'000);
  CHECK(session.initctl({"start", "job7"}).status == 0);
  CHECK(std::to_string(session.daemon("upstart-job-supervisor")) == supervisor);
}

TEST_CASE("whoever starts an instance whose name is too long to be an object path is answered") {
  Session session{{{"many", "instance $N\nexec sleep 1000\n"}}};
  auto started = session.busctl({"call", "com.ubuntu.Upstart", root + "/jobs/many", job_interface, "Start", "asb", "1",
                                 "N=" + std::string(90'000, 'x'), "true"});
  CHECK(started.status != 0);
  CHECK(started.err.contains("the answer cannot be sent"));
  CHECK(session.initctl({"start", "many", "N=y"}).status == 0);
}

TEST_CASE("descriptors that come with malformed messages do not stay") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto sent = session.run(
      {"python3", "-c", malformed, session.address(), std::to_string(session.daemon("upstart-job-supervisor"))});
  CHECK(sent.out == "left open: 0\n");
  CHECK(session.initctl({"start", "svc"}).status == 0);
}
