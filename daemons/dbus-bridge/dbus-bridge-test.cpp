// The real program between stand-ins, on a real bus.
#include "daemons/bridge/testing/fixture.hpp"

#include <unistd.h>

#include <csignal>
#include <fstream>

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;

namespace {

struct DbusBridgeFixture : Fixture {
  DbusBridgeFixture() : Fixture{DBUS_BRIDGE, "dbus-bridge"} {
    environment["DBUS_SYSTEM_BUS_ADDRESS"] = bus_address();
    bus.emplace(start_bus());
    sender = join_bus();
  }

  std::optional<Process> bus;
  std::unique_ptr<base::BusConnection> sender;

  // States by rule, asked for now.
  std::map<std::string, std::string> states() {
    std::map<std::string, std::string> all;
    for (const auto& watch : watches()) all[watch.what] = watch.state;
    return all;
  }
  void until_listening(std::size_t rules) {
    until(
        [&] {
          auto all = states();
          return all.size() == rules &&
                 std::ranges::all_of(all, [](const auto& rule) { return rule.second == "watched"; });
        },
        "listening");
  }
  // Sends a signal of the interface x.y from /a, with one string.
  void send(const char* member, const char* argument) {
    REQUIRE(sd_bus_emit_signal(sender->raw(), "/a", "x.y", member, "s", argument) >= 0);
  }
  // Sends a signal of the same kind whose argument is a descriptor that is not there, as no library would write it.
  void send_without_descriptor(const char* member) {
    std::string message{"l\4\0\1", 4};
    auto number = [&](std::uint32_t value) { message.append(reinterpret_cast<const char*>(&value), sizeof value); };
    auto pad = [&] { message.resize((message.size() + 7) / 8 * 8); };
    auto field = [&](char code, char type, const std::string& value) {
      pad();
      message += {code, 1, type, '\0'};
      if (type == 'g') message += static_cast<char>(value.size());
      else number(static_cast<std::uint32_t>(value.size()));
      message.append(value.c_str(), value.size() + 1);
    };
    number(4);       // bytes of the body
    number(100'000); // serial
    number(0);       // bytes of the fields
    constexpr std::size_t begin = 16;
    field(1, 'o', "/a");
    field(2, 's', "x.y");
    field(3, 's', member);
    field(8, 'g', "h");
    auto size = static_cast<std::uint32_t>(message.size() - begin);
    message.replace(begin - sizeof size, sizeof size, reinterpret_cast<const char*>(&size), sizeof size);
    pad();
    number(7);
    until_bus_has_all(*sender);
    REQUIRE(::write(sd_bus_get_fd(sender->raw()), message.data(), message.size()) ==
            static_cast<ssize_t>(message.size()));
  }
  std::string unique_name() {
    const char* unique = "";
    REQUIRE(sd_bus_get_unique_name(sender->raw(), &unique) >= 0);
    return unique;
  }
};

} // namespace

TEST_CASE("a signal that a job names makes an event with its arguments") {
  DbusBridgeFixture test;
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=Happened", "INTERFACE=x.y"}});
  test.start();
  test.until_listening(1);
  CHECK(test.states().begin()->first == "system bus: type='signal',interface='x.y',member='Happened'");
  int error = sd_bus_emit_signal(test.sender->raw(), "/a", "x.y", "Happened", "sybnqiuxtdogasv", "text", 200, 1, -2, 2,
                                 -3, 3U, std::int64_t{-4}, std::uint64_t{4}, 0.5, "/o", "as", 1, "skipped", "s", "v");
  REQUIRE(error >= 0);
  test.until_events(1);
  CHECK(test.broker.event(1).name == "dbus");
  CHECK(test.broker.event(1).env == Strings{"SIGNAL=Happened", "INTERFACE=x.y", "OBJPATH=/a",
                                            "SENDER=" + test.unique_name(), "ARG0=text", "ARG1=200", "ARG2=true",
                                            "ARG3=-2", "ARG4=2", "ARG5=-3", "ARG6=3", "ARG7=-4", "ARG8=4", "ARG9=0.5",
                                            "ARG10=/o", "ARG11=as"});
}

TEST_CASE("a signal that cannot be read is warned of and makes no event, and the next one makes one") {
  DbusBridgeFixture test;
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=Happened"}});
  test.start();
  test.until_listening(1);
  test.send_without_descriptor("Happened");
  test.send("Happened", "1");
  test.until_events(1);
  CHECK(test.broker.event(1).env.back() == "ARG0=1");
  CHECK(content_of(test.output)
            .contains("signal x.y.Happened of " + test.unique_name() +
                      " on the system bus cannot be read and makes no event"));
}

TEST_CASE("the jobs of the moment are followed, and a signal that none names does not reach the bridge") {
  DbusBridgeFixture test;
  test.start();
  CHECK(test.states().empty());
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=One"}});
  test.until_listening(1);
  test.send("One", "1");
  test.send("Two", "2");
  test.until_events(1);
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=Two"}});
  test.until([&] { return test.states().begin()->first.contains("Two"); }, "the new rule");
  test.until_listening(1);
  test.send("One", "3");
  test.send("Two", "4");
  test.until_events(2);
  CHECK(test.broker.event(2).env.back() == "ARG0=4");
}

TEST_CASE("a storm of signals that nobody asked for does not wake the bridge once") {
  DbusBridgeFixture test;
  test.environment["WATCHDOG_USEC"] = "100000"; // it looks at its own activity, and rests, a few times a period
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=Wanted"}});
  test.start();
  test.until_listening(1);
  test.send("Wanted", "0");
  test.until_events(1);
  test.broker.finish(1, false);
  test.until_listening(1);
  auto before = test.bridge->until_idle();
  for (int i = 0; i < 20'000; ++i) test.send("Unwanted", "x");
  test.until_bus_has_all(*test.sender);
  CHECK(test.bridge->wake_ups() == before);
}

TEST_CASE("the sender's well-known name is followed from one owner to the next") {
  DbusBridgeFixture test;
  test.supervisor.set_job("a", {{"dbus", "SENDER=org.example.Service", "SIGNAL=Happened"}});
  test.start();
  test.until_listening(1);
  test.send("Happened", "before");
  REQUIRE(sd_bus_request_name_async(test.sender->raw(), nullptr, "org.example.Service", 0, nullptr, nullptr) >= 0);
  test.send("Happened", "owned");
  test.until_events(1);
  CHECK(test.broker.event(1).env ==
        Strings{"SIGNAL=Happened", "INTERFACE=x.y", "OBJPATH=/a", "SENDER=org.example.Service", "ARG0=owned"});
}

TEST_CASE("a bus that goes and comes back is asked anew") {
  DbusBridgeFixture test;
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=Happened"}});
  test.start();
  test.until_listening(1);
  test.sender.reset();
  test.bus.reset();
  test.until([&] { return test.states().begin()->second.starts_with("no connection to the system bus: "); }, "no bus");
  std::filesystem::remove(test.directory / "bus");
  test.bus.emplace(test.start_bus());
  test.sender = test.join_bus();
  test.until_listening(1);
  test.send("Happened", "again");
  test.until_events(1);
}

TEST_CASE("a signal is kept while the broker is away, and by the bridge that follows one that was killed") {
  DbusBridgeFixture test;
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=Happened"}});
  test.start();
  test.until_listening(1);
  test.broker.stop();
  auto is_kept = [&] { return content_of(test.directory / "dbus-bridge.journal").contains("Happened"); };
  REQUIRE_FALSE(is_kept());
  test.send("Happened", "1");
  test.until(is_kept, "the signal"); // it is logged before
  test.bridge->end(SIGKILL);
  test.start();
  test.broker.start();
  test.until_events(1);
}

TEST_CASE("what comes while the broker is away does not fill the machine: it is dropped beyond a bound, and told of") {
  DbusBridgeFixture test;
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=Happened"}});
  test.start();
  test.until_listening(1);
  test.broker.stop();
  std::string megabyte(1U << 20U, 'x');
  auto emissions = [&] {
    int count = 0;
    auto output = content_of(test.output);
    for (auto at = output.find("emitting"); at != std::string::npos; at = output.find("emitting", at + 1)) ++count;
    return count;
  };
  for (int sent = 1; sent <= 40; ++sent) {
    test.send("Happened", megabyte.c_str());
    if (sent <= 30) test.until([&] { return emissions() >= sent; }, "the signal"); // each in its time
  }
  test.until([&] { return test.states().begin()->second.contains("events were dropped"); }, "the bound");
  CHECK(content_of(test.output).contains("warning: an event dbus is dropped: 32 events"));
  CHECK(std::filesystem::file_size(test.directory / "dbus-bridge.journal") < 40U << 20U);
}

TEST_CASE("both buses are served by one process, and --session with --bus-name says which one is meant") {
  DbusBridgeFixture test;
  test.environment["DBUS_SESSION_BUS_ADDRESS"] = test.bus_address();
  test.environment.erase("DBUS_SYSTEM_BUS_ADDRESS");
  test.options = {"--debug", "--session", "--bus-name", "mine"};
  test.supervisor.set_job("a", {{"dbus", "SIGNAL=One"}});
  test.start();
  test.until_listening(1);
  test.send("One", "1");
  test.until_events(1);
  CHECK(test.broker.event(1).env[0] == "BUS=mine");
  test.bridge->end(SIGTERM);
  test.environment["DBUS_SYSTEM_BUS_ADDRESS"] = test.bus_address();
  test.options = {"--debug"};
  test.supervisor.set_job("b", {{"dbus", "SIGNAL=One", "BUS=session"}});
  test.start();
  test.until_listening(2);
  test.send("One", "2");
  test.until_events(3); // one of each bus, which are one here
  CHECK((test.broker.event(2).env[0] == "BUS=session") != (test.broker.event(3).env[0] == "BUS=session"));
}

TEST_CASE("what cannot be served is told in the log, and by the object") {
  DbusBridgeFixture test;
  test.supervisor.set_job("bad", {{"dbus", "MEMBER=x"}});
  test.supervisor.set_job("homeless", {{"dbus", "BUS=session"}});
  test.start();
  test.until(
      [&] {
        return content_of(test.output)
            .contains("job bad: MEMBER in its dbus condition: not a variable of a dbus event");
      },
      "its word");
  CHECK(content_of(test.output).contains("DBUS_SESSION_BUS_ADDRESS is not set"));
  CHECK(test.states() == std::map<std::string, std::string>{
                             {"session bus: type='signal'", "the address of the session bus is not known"}});
}
