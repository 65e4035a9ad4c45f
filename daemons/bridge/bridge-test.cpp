// What every bridge gets from daemons/bridge, shown by the smallest one (testing/test-bridge.cpp) as a real program
// between stand-ins.
#include "daemons/bridge/testing/fixture.hpp"

#include <fcntl.h>

#include <csignal>

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;

namespace {

constexpr const char* interface = "com.ubuntu.Upstart.TestBridge1";
using Watched = std::map<std::string, Strings>;

Expression on(const std::string& name) { return {{"test", "NAME=" + name}}; }

struct BridgeFixture : Fixture {
  BridgeFixture() : Fixture{TEST_BRIDGE, "test-bridge"} {}

  [[nodiscard]] std::unique_ptr<sdbus::IProxy> proxy(base::BusConnection& connection, const std::string& service = "") {
    return sdbus::createProxy(connection.sdbus(), sdbus::ServiceName{service},
                              sdbus::ObjectPath{protocol::daemon_object_path(name)});
  }
  [[nodiscard]] Watched watched(sdbus::IProxy& object) {
    std::optional<Watched> answer;
    object.callMethodAsync("ListWatched")
        .onInterface(interface)
        .uponReplyInvoke([&](std::optional<sdbus::Error> error, const Watched& list) {
          REQUIRE_FALSE(error);
          answer = list;
        });
    until([&] { return answer.has_value(); }, "ListWatched");
    return *answer;
  }
  [[nodiscard]] Watched watched() {
    auto connection = connect();
    return watched(*proxy(*connection));
  }
  [[nodiscard]] bool logged(const std::string& text) const { return content_of(output).contains(text); }
};

} // namespace

TEST_CASE("a bridge emits an event for what a job asks, learns its end, and shows what it watches") {
  BridgeFixture test;
  test.supervisor.set_job("a", on("x"), {{"startup"}});
  test.start();
  test.until_events(1);
  CHECK(test.broker.event(1).name == "test");
  CHECK(test.broker.event(1).env == Strings{"NAME=x"});
  auto connection = test.connect();
  auto object = test.proxy(*connection);
  std::optional<std::pair<std::string, bool>> finished;
  object->uponSignal("EventFinished").onInterface(interface).call([&](const std::string& name, const bool& failed) {
    finished = {name, failed};
  });
  CHECK(test.watched(*object) == Watched{{"a", {"x"}}});
  test.broker.finish(1, true);
  test.until([&] { return finished.has_value(); }, "the end of the event");
  CHECK(finished == std::pair{std::string{"x"}, true});
}

TEST_CASE("a bridge is ready when it knows that no job asks for anything, and follows jobs that come, change and go") {
  BridgeFixture test;
  test.start();
  CHECK(test.watched().empty());
  test.supervisor.set_job("a", {}, on("x"));
  test.until_events(1);
  test.supervisor.set_job("a", {{"other"}, {"test", "NAME=y"}, {"/OR"}}, on("x"));
  test.until_events(2);
  CHECK(test.broker.event(2).env == Strings{"NAME=y"});
  CHECK(test.watched() == Watched{{"a", {"y", "x"}}});
  test.supervisor.remove_job("a");
  test.until([&] { return test.watched().empty(); }, "nothing watched");
}

TEST_CASE("what is said of a condition begins with the file and line that the supervisor knows") {
  BridgeFixture test;
  test.supervisor.set_place("/etc/init/a.conf:3");
  test.supervisor.set_job("a", {{"test", "NAME=x", "NAME=y"}});
  test.start();
  test.until([&] { return test.logged("/etc/init/a.conf:3: job a: NAME in its test condition: given twice"); },
             "a word");
  CHECK(test.supervisor.located() == Strings{"a test NAME=x NAME=y"});
}

TEST_CASE("many changes at once are one update, and the activity of a job is handed on") {
  BridgeFixture test;
  test.options = {"--verbose"};
  test.start();
  test.bridge->pause();
  for (const char* job : {"a", "b", "c", "d"}) test.supervisor.set_job(job, on(job));
  test.bridge->resume();
  test.until_events(4);
  test.supervisor.set_active("a", 2);
  test.until([&] { return test.logged("job a has 2 active instances"); }, "activity");
  CHECK(test.logged("4 jobs changed, 0 gone"));
}

TEST_CASE("a supervisor that is back with the same jobs makes no event, and one with other jobs makes theirs") {
  BridgeFixture test;
  test.supervisor.set_job("a", on("x"));
  test.start();
  test.until_events(1);
  test.supervisor.stop();
  test.supervisor.set_job("b", on("z"));
  test.supervisor.start();
  test.until_events(2);
  CHECK(test.broker.event(2).env == Strings{"NAME=z"});
}

TEST_CASE("an event that is emitted while the broker is away is sent when it is back; one that was accepted is not "
          "sent again") {
  BridgeFixture test;
  test.supervisor.set_job("a", on("x"));
  test.start();
  test.until([&] { return test.broker.count() == 1 && test.broker.event(1).times_waited_for == 1; }, "an event");
  test.broker.stop();
  test.supervisor.set_job("b", on("y"));
  test.until([&] { return test.watched().size() == 2; }, "the second job");
  test.broker.start();
  test.until_events(2);
  CHECK(test.broker.event(2).env == Strings{"NAME=y"});
  test.until([&] { return test.broker.event(1).times_waited_for == 2; }, "the first event asked after");
}

TEST_CASE("a refused event is a failed one") {
  BridgeFixture test;
  test.start();
  auto connection = test.connect();
  auto object = test.proxy(*connection);
  std::optional<bool> failed;
  object->uponSignal("EventFinished").onInterface(interface).call([&](const std::string&, const bool& it) {
    failed = it;
  });
  CHECK(test.watched(*object).empty());
  test.broker.refuse(true);
  test.supervisor.set_job("a", on("x"));
  test.until([&] { return failed.has_value(); }, "the end of the event");
  CHECK(failed == true);
  CHECK(test.logged("refuses event test"));
}

TEST_CASE("a condition that cannot be served is warned of in the words of all bridges, and the others are served") {
  BridgeFixture test;
  test.supervisor.set_job("bad", {{"test", "NAME=$X"}});
  test.supervisor.set_job("good", on("x"));
  test.start();
  test.until_events(1);
  test.until(
      [&] {
        return test.logged(
            "warning: job bad: NAME in its test condition: the value of $X is not known before the job runs");
      },
      "its word");
}

TEST_CASE("a bridge has its own name and object on the bus that it is given") {
  BridgeFixture test;
  test.supervisor.set_job("a", on("x"));
  test.options = {"--bus", test.bus_address()};
  auto bus = test.start_bus();
  auto connection = test.join_bus();
  test.start();
  test.until_on_bus(*connection);
  CHECK(test.watched(*test.proxy(*connection, "com.ubuntu.Upstart.TestBridge")) == Watched{{"a", {"x"}}});
}

TEST_CASE("a bridge run by hand makes its own socket and removes it at SIGTERM and SIGINT") {
  for (int signal : {SIGTERM, SIGINT}) {
    BridgeFixture test;
    test.managed = false;
    test.supervisor.set_job("a", on("x"));
    test.start();
    test.until_events(1);
    CHECK(std::filesystem::exists(test.directory / "test-bridge.sock"));
    CHECK(test.bridge->end(signal) == 0);
    CHECK_FALSE(std::filesystem::exists(test.directory / "test-bridge.sock"));
  }
}

TEST_CASE(
    "a bridge that a job starts beside another waits for its end and serves then; started by hand it is refused") {
  BridgeFixture test;
  test.supervisor.set_job("a", on("x"));
  test.start();
  test.until_events(1);
  CHECK(test.run({"--run-directory", test.directory.path()}) == 1);
  CHECK(test.logged("serves this Upstart as test-bridge already"));
  Process of_job{{.command = {test.program, "--run-directory", test.directory.path()},
                  .environment = {{"UPSTART_JOB", "bridge"}},
                  .descriptors = {},
                  .output = test.directory / "of-job"}};
  test.until([&] { return content_of(test.directory / "of-job").contains("waiting until it has ended"); }, "its word");
  CHECK(test.broker.count() == 1);
  CHECK(test.bridge->end(SIGTERM) == 0);
  test.supervisor.set_job("b", on("y"));
  test.until([&] { return test.broker.count() >= 2; }, "its event");
  CHECK(of_job.end(SIGTERM) == 0);
}

TEST_CASE("a lock that is held by no process that can be waited for is an error") {
  BridgeFixture test;
  base::FileDescriptor file{::open((test.directory / "test-bridge.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  REQUIRE(::fcntl(file.get(), F_OFD_SETLK, &lock) == 0); // one of no process
  CHECK(test.run({"--run-directory", test.directory.path()}) == 1);
  CHECK(test.logged("unable to lock " + (test.directory / "test-bridge.lock")));
}

TEST_CASE("a stand-in answers what it does not implement: methods with NotSupported, properties with nothing") {
  Fixture test{TEST_BRIDGE, "test-bridge"};
  test.name = protocol::socket_name::broker; // whom to connect to
  auto connection = test.connect();
  auto broker =
      sdbus::createProxy(connection->sdbus(), sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::event_broker});
  const char* of_broker = com::ubuntu::Upstart::EventBroker1_stub::INTERFACE_NAME;
  std::optional<sdbus::Error> refusal;
  broker->callMethodAsync("ListPending").onInterface(of_broker).uponReplyInvoke([&](std::optional<sdbus::Error> error) {
    refusal = error;
  });
  test.until([&] { return refusal.has_value(); }, "an answer");
  CHECK(refusal->getName() == "org.freedesktop.DBus.Error.NotSupported");
  CHECK(refusal->getMessage() == "Not supported: ListPending");
  std::optional<std::uint32_t> pending;
  broker->getPropertyAsync("pending").onInterface(of_broker).uponReplyInvoke(
      [&](std::optional<sdbus::Error> error, const sdbus::Variant& value) {
        if (!error) pending = value.get<std::uint32_t>();
      });
  test.until([&] { return pending.has_value(); }, "a property");
  CHECK(pending == 0);
}
