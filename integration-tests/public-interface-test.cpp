// Every member of the public D-Bus interface, called as clients call it, on the bus and on the private socket.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <format>
#include <memory>
#include <regex>
#include <string_view>

using namespace upstart::test;

namespace {

const std::string root = "/com/ubuntu/Upstart";
const std::string manager = "com.ubuntu.Upstart0_6";
const std::string svc = root + "/jobs/svc";
const std::string instance = svc + "/_";

struct Row {
  std::string path, interface, member;
  std::vector<std::string> arguments; // signature and values, as busctl takes them
  std::string answer;                 // contained in standard output, or standard error
  bool fails = false;
};

void check(Session& session, const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.path + " " + row.member);
    std::vector<std::string> words{"call", "com.ubuntu.Upstart", row.path, row.interface, row.member};
    words.insert(words.end(), row.arguments.begin(), row.arguments.end());
    auto outcome = session.busctl(words);
    CHECK((outcome.status != 0) == row.fails);
    CHECK_MESSAGE((outcome.out + outcome.err).contains(row.answer), (outcome.out + outcome.err));
  }
}

Outcome as_nobody(Session& session, const std::string& member, std::vector<std::string> arguments = {}) {
  std::vector<std::string> command{"setpriv",
                                   "--reuid",
                                   "65534",
                                   "--clear-groups",
                                   "dbus-send",
                                   "--bus=" + session.bus_address(),
                                   "--dest=com.ubuntu.Upstart",
                                   "--print-reply=literal",
                                   root,
                                   manager + "." + member};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return session.run(command);
}

// As many connections as one gets, each handshake, all held until the end.
const std::string flooding = R"(
import os, socket, sys
address = "\0" + sys.argv[1].removeprefix("unix:abstract=")
held = []
for i in range(200):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(1)
    try:
        one.connect(address)
        one.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\nBEGIN\r\n")
        held.append(one)
    except OSError:
        break
for one in held:
    try:
        one.recv(200)
    except OSError:
        break
print("done")
)";

} // namespace

TEST_CASE("the members of the manager") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  check(session,
        {{root, manager, "GetJobByName", {"s", "svc"}, svc},
         {root, manager, "GetJobByName", {"s", "nosuch"}, "Unknown job: nosuch", true},
         {root, manager, "GetJobByName", {"s", ""}, "Name may not be empty string", true},
         {root, manager, "GetAllJobs", {}, "ao 1 \"" + svc + "\""},
         {root, manager, "GetState", {}, "job_classes"},
         {root, manager, "EmitEvent", {"sasb", "x", "1", "A=b", "true"}, ""},
         {root, manager, "EmitEvent", {"sasb", "", "0", "true"}, "Name may not be empty string", true},
         {root, manager, "EmitEvent", {"sasb", "x", "1", "novalue", "true"}, "Env must be KEY=VALUE pairs", true},
         {root, manager, "SetEnv", {"assb", "0", "ONE=1", "true"}, ""},
         {root, manager, "SetEnvList", {"asasb", "0", "2", "TWO=2", "EMPTY", "true"}, ""},
         {root, manager, "GetEnv", {"ass", "0", "ONE"}, "s \"1\""},
         {root, manager, "ListEnv", {"as", "0"}, "\"TWO=2\""},
         {root, manager, "UnsetEnv", {"ass", "0", "ONE"}, ""},
         {root, manager, "GetEnv", {"ass", "0", "ONE"}, "No such variable: ONE", true},
         {root, manager, "UnsetEnvList", {"asas", "0", "1", "TWO"}, ""},
         {root, manager, "ResetEnv", {"as", "0"}, ""},
         {root, manager, "GetEnv", {"ass", "0", "EMPTY"}, "No such variable: EMPTY", true},
         {root, manager, "GetEnv", {"ass", "2", "svc", "", "A"}, "Unknown instance:  of job svc", true},
         {root, manager, "GetEnv", {"ass", "1", "", "A"}, "Job may not be empty string", true},
         {root, manager, "SetEnv", {"assb", "0", "=x", "true"}, "Variable may not be empty string", true},
         {root, manager, "NotifyDiskWriteable", {}, ""},
         {root, manager, "NotifyDBusAddress", {"s", session.bus_address()}, ""},
         {root, manager, "NotifyCGroupManagerAddress", {"s", "unix:path=/nowhere"}, ""},
         {root, manager, "ReloadConfiguration", {}, ""},
         {root, manager, "NoSuchMethod", {}, "doesn't exist", true},
         {root, "org.freedesktop.DBus.Properties", "Get", {"ss", manager, "version"}, "init (upstart "},
         {root, "org.freedesktop.DBus.Properties", "Set", {"ssv", manager, "log_priority", "s", "debug"}, ""},
         {root, "org.freedesktop.DBus.Properties", "Get", {"ss", manager, "log_priority"}, "\"debug\""},
         {root,
          "org.freedesktop.DBus.Properties",
          "Set",
          {"ssv", manager, "log_priority", "s", "bogus"},
          "The log priority given was not recognised",
          true},
         {root, "org.freedesktop.DBus.Properties", "Set", {"ssv", manager, "version", "s", "x"}, "Access denied", true},
         {root, "org.freedesktop.DBus.Properties", "Get", {"ss", manager, "nosuch"}, "doesn't exist", true},
         {root, "org.freedesktop.DBus.Introspectable", "Introspect", {}, "ReloadConfiguration"},
         {root + "/jobs", "org.freedesktop.DBus.Introspectable", "Introspect", {}, "<node name=\\\"svc\\\"/>"}});
}

TEST_CASE("where there is no object there is no method either, but folders can be looked into") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  const std::string properties = "org.freedesktop.DBus.Properties", peer = "org.freedesktop.DBus.Peer",
                    look = "org.freedesktop.DBus.Introspectable";
  for (const char* path :
       {"/", "/com", "/com/ubuntu", "/com/ubuntu/Nope", "/com/ubuntu/Upstart/nope", "/com/ubuntu/Upstart/jobs"}) {
    check(session,
          {{path, properties, "GetAll", {"s", manager}, "Method \"GetAll\" with signature \"s\" on interface", true},
           {path, manager, "GetAllJobs", {}, "doesn't exist", true},
           {path, peer, "Ping", {}, ""}});
    auto refused = session.run({"dbus-send", "--peer=" + session.address(), "--print-reply", path,
                                properties + ".GetAll", "string:" + manager});
    CHECK(refused.err.contains("org.freedesktop.DBus.Error.UnknownMethod"));
  }
  check(session, {{"/", look, "Introspect", {}, "com"},
                  {"/com/ubuntu", look, "Introspect", {}, "Upstart"},
                  {"/com/ubuntu/Nope", look, "Introspect", {}, "doesn't exist", true}});
}

TEST_CASE("the history tells who emitted an event, whether a job wanted it or not") {
  Session session{{{"svc", "task\nstart on wanted\nexec true\n"}}};
  auto supervisor = "from pid " + std::to_string(session.daemon("upstart-job-supervisor")) + " ";
  CHECK(session.initctl({"emit", "wanted"}).status == 0);
  CHECK(session.initctl({"emit", "unwanted"}).status == 0);
  auto history = session.initctl({"history"}).out;
  CHECK_FALSE(history.contains(supervisor));
  auto wanted = history.substr(std::min(history.find(" wanted\n"), history.size()));
  CHECK(wanted.substr(0, wanted.find('#')).contains("from pid "));
}

TEST_CASE("a token stands for a command of one method only") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto call = [&](const std::string& method, std::vector<std::string> arguments) {
    std::vector<std::string> words{
        "--timeout=10", "call", "com.ubuntu.Upstart", "/com/ubuntu/Upstart", "com.ubuntu.Upstart.JobSupervisor1",
        method};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return session.busctl(words);
  };
  CHECK(call("EmitEvent", {"ssasb", "token", "go", "0", "true"}).status == 0);
  CHECK(call("StartJob", {"sasasb", "token", "1", "svc", "0", "true"}).out == "o \"/com/ubuntu/Upstart/jobs/svc/_\"\n");
  CHECK(call("StopJob", {"sasasb", "token", "1", "svc", "0", "true"}).status == 0);
  CHECK(session.initctl({"status", "svc"}).out == "svc stop/waiting\n");
}

TEST_CASE("the event broker is found without the run directory and without a bus") {
  Session session{{}, {.init_options = {"--no-dbus"}, .own_bus = false}};
  CHECK(session.initctl({"emit", "unwanted"}).status == 0);
  auto history = session.run({"env", "XDG_RUNTIME_DIR=/nowhere", bin_directory() + "/initctl", "history"});
  CHECK_MESSAGE(history.out.contains("unwanted"), history.err);
}

TEST_CASE("a session starts and ends without alarm") {
  Session session{{{"svc", "start on startup\nexec sleep 1000\n"}}, {.own_bus = false}};
  session.await("the service runs", [&] { return session.initctl({"status", "svc"}).out.contains("start/running"); });
  CHECK(session.end() == 0);
  auto messages = session.messages();
  for (const char* alarm : {"no connection", "unable to join", "not on the bus", "has gone"})
    CHECK_MESSAGE(!messages.contains(alarm), messages);
}

TEST_CASE("whoever comes to a bus that nobody was on gets the signals from then on") {
  Session session{{{"svc", "exec sleep 1000\n"}}, {.init_options = {"--debug"}, .own_bus = false}};
  REQUIRE(session.initctl({"start", "svc"}).status == 0);
  // A client may be on the bus before Upstart, which nobody there hears until it has come.
  const std::regex joined{"job-supervisor\\[[0-9]+\\]: debug: connected to the bus"};
  session.await("the supervisor is on the bus", [&] { return std::regex_search(session.messages(), joined); });
  auto address = std::format("unix:path={}/xdg/upstart/{}/bus", session.directory(), session.init_pid());
  sd_bus* bus = nullptr;
  REQUIRE(sd_bus_new(&bus) >= 0);
  std::unique_ptr<sd_bus, decltype(&sd_bus_close_unref)> owned{bus, sd_bus_close_unref};
  REQUIRE(sd_bus_set_address(bus, address.c_str()) >= 0);
  REQUIRE(sd_bus_set_bus_client(bus, 1) >= 0);
  REQUIRE(sd_bus_start(bus) >= 0);
  bool stopped = false;
  auto hear = [](sd_bus_message* signal, void* heard, sd_bus_error*) {
    const char* state = nullptr;
    if (sd_bus_message_read(signal, "s", &state) > 0 && std::string_view{state} == "waiting")
      *static_cast<bool*>(heard) = true;
    return 0;
  };
  REQUIRE(sd_bus_match_signal(bus, nullptr, nullptr, instance.c_str(), nullptr, "StateChanged", hear, &stopped) >= 0);
  REQUIRE(session.initctl({"stop", "svc"}).status == 0);
  session.await("the signal on the bus", [&] {
    while (sd_bus_process(bus, nullptr) > 0) {}
    return stopped;
  });
}

TEST_CASE("the members of a job and its instance") {
  Session session{
      {{"svc",
        "description \"A service\"\nusage \"svc\"\nstart on a and b K=v\nstop on c\nemits e\nexec sleep 1000\n"}}};
  const std::string job = manager + ".Job", one = manager + ".Instance", properties = "org.freedesktop.DBus.Properties";
  check(session, {{svc, job, "GetInstance", {"as", "0"}, "Unknown instance: ", true},
                  {svc, job, "GetAllInstances", {}, "ao 0"},
                  {svc, job, "Start", {"asb", "0", "true"}, instance},
                  {svc, job, "Start", {"asb", "0", "true"}, "Job is already running: svc", true},
                  {svc, job, "GetInstance", {"as", "0"}, instance},
                  {svc, job, "GetInstanceByName", {"s", ""}, instance},
                  {svc, job, "GetInstanceByName", {"s", "zz"}, "Unknown instance: zz", true},
                  {svc, job, "GetAllInstances", {}, "ao 1 \"" + instance + "\""},
                  {svc, job, "Restart", {"asb", "0", "true"}, instance},
                  {svc,
                   properties,
                   "GetAll",
                   {"s", job},
                   "\"start_on\" aas 3 1 \"a\" 2 \"b\" \"K=v\" 1 \"/AND\" \"stop_on\" aas 1 1 \"c\""},
                  {svc, properties, "Get", {"ss", job, "description"}, "v s \"A service\""},
                  {svc, properties, "Get", {"ss", job, "usage"}, "v s \"svc\""},
                  {svc, properties, "Get", {"ss", job, "emits"}, "v as 1 \"e\""},
                  {instance, properties, "GetAll", {"s", one}, "\"processes\" a(si) 1 \"main\""},
                  {instance, properties, "Get", {"ss", one, "goal"}, "v s \"start\""},
                  {instance, properties, "Get", {"ss", one, "state"}, "v s \"running\""},
                  {instance, properties, "Set", {"ssv", one, "goal", "s", "stop"}, "Access denied", true},
                  {instance, one, "Start", {"b", "true"}, "Job is already running: svc", true},
                  {instance, one, "Restart", {"b", "true"}, ""},
                  {instance, one, "Stop", {"b", "true"}, ""},
                  {instance, one, "Stop", {"b", "true"}, "doesn't exist", true},
                  {instance, properties, "Get", {"ss", one, "state"}, "doesn't exist", true},
                  {svc, job, "Stop", {"asb", "0", "true"}, "Unknown instance: ", true},
                  {svc, job, "Start", {"asb", "0", "true"}, instance},
                  {instance, one, "Reload", {}, ""}});
  session.await("/jobs/svc/_ Failed 256"); // sleep does not catch SIGHUP
}

TEST_CASE("an event brings its descriptor to the job that it starts") {
  Session session{{{"reader", "task\nstart on gift\nexec sh -c 'cat <&$UPSTART_FDS'\n"}}};
  session.write("present", "the present\n");
  auto given = session.run({"python3", "-c", R"(
import array, os, socket, struct, sys
path, gift = sys.argv[1:]
def text(s): return struct.pack("<I", len(s)) + s.encode() + b"\0"
def pad(b, n=8): return b + b"\0" * (-len(b) % n)
def field(code, sign, value): return bytes([code, len(sign)]) + sign.encode() + b"\0" + value
s = socket.socket(socket.AF_UNIX); s.connect("\0" + path.removeprefix("unix:abstract="))
s.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n"); s.recv(100)
s.sendall(b"NEGOTIATE_UNIX_FD\r\n"); s.recv(100); s.sendall(b"BEGIN\r\n"); s.settimeout(20)
def call(serial, path, interface, member, signature, body, files):
    fields = pad(field(1, "o", text(path))) + pad(field(2, "s", text(interface))) + pad(field(3, "s", text(member)))
    if signature: fields += pad(field(8, "g", bytes([len(signature)]) + signature + b"\0"))
    fields += field(9, "u", struct.pack("<I", len(files)))
    head = b"l\1\0\1" + struct.pack("<III", len(body), serial, len(fields)) + fields
    s.sendmsg([pad(head) + body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else [])
    got = b""
    while b"\5\1u\0" + struct.pack("<I", serial) not in got: got += s.recv(4096)
# Descriptors may only follow once the handshake is over on both sides.
call(6, "/", "org.freedesktop.DBus.Peer", "Ping", b"", b"", [])
body = pad(text("gift"), 4) + struct.pack("<III", 0, 1, 0)
call(7, "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6", "EmitEventWithFile", b"sasbh", body, [os.open(gift, os.O_RDONLY)])
)",
                            session.address(), session.directory() + "/conf/present"});
  CHECK(given.status == 0);
  CHECK(given.err == "");
  session.await("the log is written", [&] { return session.log("reader").contains("the present"); });
}

TEST_CASE("another user is not let in by the private socket" * doctest::skip(::geteuid() != 0)) {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto refused = session.run({"setpriv", "--reuid", "65534", "--clear-groups", "dbus-send",
                              "--peer=" + session.address(), "--print-reply=literal", root, manager + ".GetAllJobs"});
  CHECK(refused.status != 0);
  CHECK_FALSE(refused.out.contains(svc));
  CHECK(session.initctl({"start", "svc"}).status == 0);
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool sanitizer_needs_descriptors = true; // to look at memory, and takes their absence for a fault
#else
constexpr bool sanitizer_needs_descriptors = false;
#endif

TEST_CASE("a client that takes all descriptors is dropped, and the supervisor goes on" *
          doctest::skip(sanitizer_needs_descriptors)) {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  REQUIRE(session.initctl({"start", "svc"}).status == 0);
  pid_t supervisor = session.daemon("upstart-job-supervisor");
  rlimit before{};
  REQUIRE(::prlimit(supervisor, RLIMIT_NOFILE, nullptr, &before) == 0);
  rlimit few{64, before.rlim_max};
  REQUIRE(::prlimit(supervisor, RLIMIT_NOFILE, &few, nullptr) == 0);
  auto flood = session.run({"python3", "-c", flooding, session.address()});
  CHECK(flood.out.contains("done"));
  REQUIRE_MESSAGE(::prlimit(supervisor, RLIMIT_NOFILE, &before, nullptr) == 0, session.messages());
  CHECK(session.initctl({"status", "svc"}).out.starts_with("svc start/running, process "));
  CHECK(session.daemon("upstart-job-supervisor") == supervisor);
}

TEST_CASE("on a bus another user may look and not touch" * doctest::skip(::geteuid() != 0)) {
  Session session{{{"svc", "exec sleep 1000\n"}}, {.bus_for_everybody = true}};
  CHECK(as_nobody(session, "GetAllJobs").out.contains(svc));
  CHECK(as_nobody(session, "GetJobByName", {"string:svc"}).out.contains(svc));
  for (const auto& [member, arguments] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"EmitEvent", {"string:x", "array:string:", "boolean:true"}},
           {"GetState", {}},
           {"ListEnv", {"array:string:"}},
           {"SetEnv", {"array:string:", "string:A=b", "boolean:true"}},
           {"ReloadConfiguration", {}},
           {"EndSession", {}}}) {
    CAPTURE(member);
    auto refused = as_nobody(session, member, arguments);
    CHECK(refused.status == 1);
    CHECK(refused.err.contains("PermissionDenied: You do not have permission to"));
  }
  CHECK(session.initctl({"start", "svc"}).status == 0);
}

TEST_CASE("bytes that are no UTF-8 reach every job as they are, and hold up none") {
  Session session{{{"lat", "env A=caf\xE9\nexport A\nexec sleep 1000\n"},
                   {"before", "task\nstart on starting lat\nexec true\n"},
                   {"after", "task\nstart on started lat\nexec sh -c 'printf %s \"$A\" | od -An -tx1'\n"},
                   {"given", "task\nstart on gift\nexec sh -c 'printf %s \"$G\" | od -An -tx1'\n"}}};
  CHECK(session.initctl({"start", "lat"}).status == 0);
  session.await("the job that waited for it has run", [&] { return session.log("after").contains("63 61 66 e9"); });
  CHECK(session.initctl({"stop", "lat"}).status == 0);
  // A character that is one of the escapes between the daemons comes through as itself.
  CHECK(session.initctl({"emit", "gift", "G=\xEF\x9F\xA9"}).status == 0);
  CHECK(session.log("given").contains("ef 9f a9"));
  session.await("EventEmitted is readable", [&] {
    return std::ranges::any_of(session.signals(), [](const std::string& line) {
      return line.contains("EventEmitted started JOB=lat INSTANCE= A=caf\xEF\xBF\xBD");
    });
  });
  CHECK(session.initctl({"history"}).out.contains("A=caf\xEF\xBF\xBD"));
}

TEST_CASE("a job file that is no UTF-8 is told with replacement characters") {
  Session session{{{"lat", "description \"caf\xE9\"\nauthor \"\xE9\"\nversion \"\xE9\"\nusage \"\xE9\"\nemits "
                           "\xE9\nstart on e\xE9 A=\xE9\nenv V=\xE9\nexec sleep 1000\n"},
                   {"na\xEFve", "instance $I\nexec sleep 1000\n"}}};
  const std::string properties = "org.freedesktop.DBus.Properties";
  check(session,
        {{root, manager, "GetAllJobs", {}, "na_efve"},
         {root + "/jobs/lat", properties, "GetAll", {"s", manager + ".Job"}, "caf\\357\\277\\275"},
         {root + "/jobs/na_efve", properties, "Get", {"ss", manager + ".Job", "name"}, "na\\357\\277\\275ve"},
         {root + "/jobs/na_efve", manager + ".Job", "GetInstanceByName", {"s", "zz"}, "Unknown instance: zz", true},
         {root + "/jobs/na_efve", manager + ".Job", "Start", {"asb", "1", "I=1", "true"}, "na_efve/1"},
         {root + "/jobs/na_efve",
          manager + ".Job",
          "Start",
          {"asb", "1", "I=1", "true"},
          "Job is already running: na\xEF\xBF\xBDve (1)",
          true},
         {root, manager, "GetState", {}, "job_classes"},
         {root, "com.ubuntu.Upstart.JobSupervisor1", "PrintClass", {"s", "lat"}, "V=\\357\\277\\275"},
         {root, "com.ubuntu.Upstart.JobSupervisor1", "WatchConditions", {"s", "none"}, ""}});
  for (const char* command : {"show-config", "check-config", "list"}) CHECK(session.initctl({command}).err == "");
}

TEST_CASE("EndSession stops every job, those that start on it last, and then init goes") {
  Session session{{{"svc", "start on startup\nexec sleep 1000\n"},
                   {"bye", "task\nstart on session-end TYPE=logout\nexec sh -c 'echo bye >> @DIR@/home/bye'\n"}}};
  session.await("the service runs", [&] { return session.initctl({"status", "svc"}).out.contains("start/running"); });
  CHECK(
      session.run({"dbus-send", "--peer=" + session.address(), "--print-reply=literal", root, manager + ".EndSession"})
          .status == 0);
  session.await("/jobs/bye/_ StateChanged waiting");
  CHECK(session.end() == 0);
  CHECK(read_file(session.directory() + "/home/bye") == "bye\n");
}

TEST_CASE("many jobs cost a client connection nothing of its own") {
  Session session{{}};
  for (int i = 0; i < 500; ++i)
    session.write("job" + std::to_string(i) + ".conf", "start on never-" + std::to_string(i) + "\nexec true\n");
  session.await("all are loaded", [&] {
    return session.busctl({"call", "com.ubuntu.Upstart", root, manager, "GetAllJobs"}).out.starts_with("ao 500");
  });
  CHECK(session.initctl({"status", "job250"}).out == "job250 stop/waiting\n");
  CHECK(session.busctl({"tree", "--list", "com.ubuntu.Upstart"}).out.contains("/com/ubuntu/Upstart/jobs/job499\n"));
}
