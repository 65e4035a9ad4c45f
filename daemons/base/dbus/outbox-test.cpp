#include "daemons/base/dbus/outbox.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>

using namespace upstart::base;

namespace {

// A connection to somebody who does not read.
struct Scenario {
  Scenario() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    FileDescriptor near_end{ends[0]}, far_end{ends[1]};
    auto take = [this](std::unique_ptr<BusConnection>& place) {
      return [this, &place](auto outcome) {
        REQUIRE(outcome);
        place = std::move(*outcome);
      };
    };
    auto one = Handshake::from_client(loop, std::move(near_end), take(near));
    auto client = FileDescriptor{far_end.release()};
    sd_bus* bus = nullptr;
    sd_bus_new(&bus);
    sd_bus_set_fd(bus, client.get(), client.get());
    [[maybe_unused]] int owned_by_bus = client.release();
    sd_bus_start(bus);
    other = bus;
    while (!near) {
      sd_bus_process(other, nullptr);
      loop.run_once(false);
    }
  }
  ~Scenario() { sd_bus_close_unref(other); }
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  void send(const std::string& text) {
    sd_bus_emit_signal(near->raw(), "/", "test.Outbox", "Said", "s", text.c_str());
    sent.push_back(text.front());
  }

  EventLoop loop;
  sd_bus* other = nullptr;
  std::unique_ptr<BusConnection> near;
  std::string sent;
};

} // namespace

TEST_CASE("items are sent in order, those too that sending adds") {
  Scenario scenario;
  Outbox<std::string> outbox{*scenario.near};
  outbox.push("a");
  outbox.push("b");
  outbox.flush([&](const std::string& item) {
    scenario.send(item);
    if (item == "a") outbox.push("c");
  });
  CHECK(scenario.sent == "abc");
  CHECK(outbox.empty());
}

TEST_CASE("to somebody who does not read no more is given than there is room for, and the outbox fills up") {
  Scenario scenario;
  Outbox<std::string> outbox{*scenario.near, {.unwritten = 4, .crowded = 2, .overfull = 3}};
  const std::string large(1U << 18U, 'x');
  auto push_and_flush = [&] {
    outbox.push(large);
    outbox.flush([&](const std::string& item) { scenario.send(item); });
  };
  while (outbox.empty() && scenario.sent.size() < 1000) push_and_flush();
  CHECK_FALSE(outbox.has_room());
  CHECK_FALSE(outbox.all_written());
  CHECK(scenario.near->waiting_messages() == 4);
  CHECK_FALSE(outbox.crowded());
  push_and_flush();
  CHECK(outbox.crowded());
  while (outbox.size() < 4) push_and_flush();
  CHECK(outbox.overfull());
}

TEST_CASE("large items count by their bytes: few of them fill the connection, and the outbox") {
  Scenario scenario;
  constexpr std::size_t size = 1U << 18U;
  Outbox<std::string> outbox{*scenario.near,
                             {.unwritten_bytes = 2 * size, .crowded_bytes = 2 * size, .overfull_bytes = 3 * size}};
  const std::string large(size, 'x');
  auto push_and_flush = [&] {
    outbox.push(large, size);
    outbox.flush([&](const std::string& item) { scenario.send(item); });
  };
  while (outbox.empty() && scenario.sent.size() < 1000) push_and_flush();
  CHECK_FALSE(outbox.has_room());
  CHECK(scenario.near->waiting_messages() == 2);
  CHECK_FALSE(outbox.crowded());
  push_and_flush();
  CHECK(outbox.crowded());
  CHECK_FALSE(outbox.overfull());
  push_and_flush();
  push_and_flush();
  CHECK(outbox.overfull());
}
