#include "daemons/base/guards/gathered-output.hpp"

#include "daemons/base/test/connected-sockets.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

using namespace upstart::base;

namespace {

// A clock that a test sets forward: how long a busy machine takes between two messages must not matter.
struct Scenario : ConnectedSockets {
  Scenario() {
    output.emplace(near.get(), [this] { ++begun; }, [] { return now; });
  }
  ssize_t send(std::string text, int descriptor = -1) const {
    return send_message(near.get(), std::move(text), descriptor);
  }
  std::string read() {
    std::string all;
    std::array<char, 65536> part{};
    for (ssize_t got = 0; (got = ::read(far.get(), part.data(), part.size())) > 0;)
      all.append(part.data(), static_cast<std::size_t>(got));
    return all;
  }

  inline static std::chrono::steady_clock::time_point now;
  int begun = 0;
  std::optional<GatheredOutput> output;
};

// Answers each call on this descriptor until the other end has gone.
void answer_calls(int fd) {
  sd_bus* bus = nullptr;
  sd_id128_t id{};
  sd_id128_randomize(&id);
  auto answer = [](sd_bus_message* message, void*, sd_bus_error*) {
    return sd_bus_message_is_method_call(message, nullptr, nullptr) > 0 ? sd_bus_reply_method_return(message, nullptr)
                                                                        : 0;
  };
  bool begun = sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fd, fd) >= 0 && sd_bus_set_server(bus, 1, id) >= 0 &&
               sd_bus_add_filter(bus, nullptr, answer, nullptr) >= 0 && sd_bus_start(bus) >= 0;
  while (begun && sd_bus_is_open(bus) > 0) {
    int handled = sd_bus_process(bus, nullptr);
    begun = handled > 0 || (handled == 0 && sd_bus_wait(bus, UINT64_MAX) >= 0);
  }
  sd_bus_close_unref(bus);
}

// A connection of the library, gathered; its far end is on a thread of its own.
struct Answered {
  Answered() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    fd = ends[0];
    far_end = std::thread{answer_calls, ends[1]};
    int begun = sd_bus_new(&bus);
    if (begun >= 0) begun = sd_bus_set_fd(bus, fd, fd);
    if (begun >= 0) begun = sd_bus_start(bus);
    while (begun >= 0 && sd_bus_is_ready(bus) == 0)
      if (begun = sd_bus_process(bus, nullptr); begun == 0) begun = sd_bus_wait(bus, UINT64_MAX);
    CHECK(begun >= 0);
    output.emplace(fd, [] {});
    sd_bus_set_method_call_timeout(bus, 5'000'000);
  }
  ~Answered() {
    output.reset();
    sd_bus_close_unref(bus);
    far_end.join();
  }
  Answered(const Answered&) = delete;
  Answered& operator=(const Answered&) = delete;
  // The error is negative.
  [[nodiscard]] int call() const {
    return sd_bus_call_method(bus, nullptr, "/far", "far.Interface", "Answer", nullptr, nullptr, nullptr);
  }
  void signal(std::size_t size) const {
    CHECK(sd_bus_emit_signal(bus, "/near", "near.Interface", "Told", "s", std::string(size, 'x').c_str()) >= 0);
  }

  int fd = -1; // the library's
  sd_bus* bus = nullptr;
  std::thread far_end;
  std::optional<GatheredOutput> output;
};

} // namespace

TEST_CASE("messages of a turn leave together, in order") {
  Scenario scenario;
  CHECK(scenario.send("one") == 3);
  CHECK(scenario.send("two") == 3);
  CHECK(scenario.begun == 1);
  CHECK(scenario.read().empty());
  scenario.output->flush();
  CHECK(scenario.read() == "onetwo");
  CHECK_FALSE(scenario.output->waits_for_room());
}

TEST_CASE("a message with descriptors, and a large one, go behind what was kept, and at once") {
  Scenario scenario;
  scenario.send("one");
  CHECK(scenario.send("two", scenario.far.get()) == 3);
  CHECK(scenario.read() == "onetwo");
  scenario.send("three");
  CHECK(scenario.send(std::string(100'000, 'x')) == 100'000);
  CHECK(scenario.read() == "three" + std::string(100'000, 'x'));
}

TEST_CASE("where there is no room what is kept waits, and the library is told to wait when it is too much") {
  Scenario scenario;
  std::string sent;
  ssize_t outcome = 0;
  for (std::string block(1000, 'a'); outcome >= 0; block[0] = block[0] == 'z' ? 'a' : static_cast<char>(block[0] + 1)) {
    outcome = scenario.send(block);
    if (outcome > 0) sent += block;
  }
  CHECK(outcome == -EAGAIN);
  CHECK(sent.size() > std::size_t{64} << 20U);
  CHECK(scenario.output->kept() + scenario.output->written() == sent.size());
  // No message passes another.
  CHECK(scenario.send("with", scenario.far.get()) == -EAGAIN);
  CHECK(scenario.send(std::string(100'000, 'x')) == -EAGAIN);
  std::string got;
  for (scenario.output->flush(); scenario.output->waits_for_room(); scenario.output->flush()) got += scenario.read();
  got += scenario.read();
  CHECK((got == sent)); // not printed
  CHECK(scenario.output->kept() == 0);
  CHECK(scenario.output->messages_behind() == 0);
  CHECK(scenario.output->written() == sent.size());
  CHECK(scenario.send("with", scenario.far.get()) == 4);
  CHECK(scenario.read() == "with");
}

TEST_CASE("a message that goes out by itself counts as written, too: who reads only such ones does read") {
  Scenario scenario;
  CHECK(scenario.send(std::string(100'000, 'x')) == 100'000);
  CHECK(scenario.output->written() == 100'000);
  CHECK(scenario.send("with", scenario.far.get()) == 4);
  CHECK(scenario.output->written() == 100'004);
}

TEST_CASE("messages are counted that are kept beyond what a turn gathers") {
  Scenario scenario;
  std::string block(1000, 'a');
  while (scenario.output->kept() < 65'000) REQUIRE(scenario.send(block) > 0);
  CHECK(scenario.output->messages_behind() == 0);
  while (scenario.output->messages_behind() < 100) REQUIRE(scenario.send(block) > 0);
  CHECK(scenario.output->kept() > 100'000);
  while (scenario.output->waits_for_room()) {
    static_cast<void>(scenario.read());
    scenario.output->flush();
  }
  CHECK(scenario.output->messages_behind() == 0);
}

TEST_CASE("what is kept for long leaves with the next message, of whatever connection") {
  Scenario one, other;
  one.send("one");
  Scenario::now += std::chrono::microseconds{1999};
  other.send("other");
  CHECK(one.read().empty());
  Scenario::now += std::chrono::microseconds{1};
  one.send("more");
  CHECK(one.read() == "onemore");
}

TEST_CASE("what is kept leaves before the library waits for an answer") {
  Answered connection;
  CHECK(connection.call() >= 0);
  CHECK_FALSE(connection.output->waits_for_room());
}

TEST_CASE("where there is no room for all that is kept, the library waits for room as well as for the answer") {
  Answered connection;
  int smallest = 1;
  REQUIRE(::setsockopt(connection.fd, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest) == 0);
  connection.signal(60'000);
  CHECK(connection.call() >= 0);
  CHECK_FALSE(connection.output->waits_for_room());
}

TEST_CASE("a message without bytes keeps nothing") {
  Scenario scenario;
  CHECK(scenario.send("") == 0);
  CHECK(scenario.begun == 0);
  CHECK(scenario.send("one") == 3);
  scenario.output->flush();
  CHECK(scenario.read() == "one");
}

TEST_CASE("the library is told of an error with its next message, and nothing waits any more") {
  Scenario scenario;
  scenario.far = {};
  CHECK(scenario.send("one") == 3);
  scenario.output->flush();
  CHECK_FALSE(scenario.output->waits_for_room());
  CHECK(scenario.send("two") == -EPIPE);
}

TEST_CASE("what is kept leaves when the gathering ends, and from then on each message by itself") {
  Scenario scenario;
  scenario.send("one");
  scenario.output->end();
  scenario.send("two");
  CHECK(scenario.read() == "onetwo");
}
