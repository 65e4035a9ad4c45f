// Clients that ask for too much or send what is wrong, and a bus that is named.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace upstart::test;

namespace {

const std::string root = "/com/ubuntu/Upstart", job_interface = "com.ubuntu.Upstart0_6.Job";

// A bus besides that of the session, for as long as this lives.
class OtherBus {
public:
  explicit OtherBus(Session& session) : address_{"unix:path=" + session.directory() + "/other-bus"} {
    auto started = session.run({"dbus-daemon", "--session", "--fork", "--print-pid", "--address=" + address_});
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
