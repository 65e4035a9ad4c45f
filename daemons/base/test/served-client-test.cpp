#include "daemons/base/bus-connection.hpp"
#include "daemons/base/test/connected-sockets.hpp"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>

using namespace upstart::base;

namespace {

// What the library allocates while this is there is no leak of ours.
struct LibraryMayLeak {
#ifdef __SANITIZE_ADDRESS__
  LibraryMayLeak() { __lsan_disable(); }
  ~LibraryMayLeak() { __lsan_enable(); }
#else
  LibraryMayLeak() {}
#endif
  LibraryMayLeak(const LibraryMayLeak&) = delete;
  LibraryMayLeak& operator=(const LibraryMayLeak&) = delete;
};

using Message = std::unique_ptr<sd_bus_message, sd_bus_message* (*)(sd_bus_message*)>;

// One end is served as a client is, the other is a plain sd-bus connection that sends and reads when the test says so.
// `as_bus`: the served end takes the other for a bus with many callers behind it.
struct Scenario {
  explicit Scenario(bool as_bus = false) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    other_socket = ends[1];
    auto handshake = as_bus ? nullptr : Handshake::from_client(loop, FileDescriptor{ends[0]}, [&](auto outcome) {
      REQUIRE(outcome);
      near = std::move(*outcome);
    });
    sd_bus_new(&other);
    sd_bus_set_fd(other, ends[1], ends[1]);
    sd_bus_negotiate_fds(other, 1);
    sd_bus_start(other);
    if (as_bus) take_for_bus(ends[0]);
    while (!near || sd_bus_is_ready(other) <= 0) step();
  }
  ~Scenario() {
    filter.reset();
    near.reset();
    sd_bus_close_unref(other);
  }
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  void take_for_bus(int socket) {
    sd_bus* bus = nullptr;
    sd_bus_new(&bus);
    sd_bus_set_fd(bus, socket, socket);
    sd_bus_set_server(bus, 1, sd_id128_t{});
    sd_bus_start(bus);
    while (sd_bus_is_ready(bus) <= 0) {
      sd_bus_process(bus, nullptr);
      sd_bus_process(other, nullptr);
    }
    near = std::make_unique<BusConnection>(loop, bus, std::nullopt);
  }

  // Serves the client: each call that is taken is counted and handed on.
  void serve(std::function<void(sd_bus_message*)> call) {
    on_call = std::move(call);
    near->serve_client();
    near->on_disconnected([this] { gone = true; });
    sd_bus_slot* slot = nullptr;
    sd_bus_add_filter(
        near->raw(), &slot,
        [](sd_bus_message* message, void* self, sd_bus_error*) {
          auto& scenario = *static_cast<Scenario*>(self);
          std::uint8_t type = 0;
          if (!scenario.near->takes(message)) return 1;
          if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
          ++scenario.calls;
          scenario.on_call(message);
          return 1;
        },
        this);
    filter.reset(slot);
  }
  void step() {
    sd_bus_process(other, nullptr);
    loop.run_once(false);
  }
  void run_without_other() {
    for (int i = 0; i < 200; ++i) loop.run_once(false);
  }
  Message call(const char* member, const char* sender = nullptr) {
    sd_bus_message* message = nullptr;
    sd_bus_message_new_method_call(other, &message, nullptr, "/", "test.Served", member);
    if (sender != nullptr) sd_bus_message_set_sender(message, sender);
    return {message, sd_bus_message_unref};
  }
  [[nodiscard]] std::uint64_t unwritten() const { return near->waiting_messages(); }

  EventLoop loop;
  sd_bus* other = nullptr;
  int other_socket = -1;
  std::unique_ptr<BusConnection> near;
  std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> filter{nullptr, sd_bus_slot_unref};
  std::function<void(sd_bus_message*)> on_call;
  std::size_t calls = 0;
  bool gone = false;
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// The bytes of a message as they are on the wire, with a descriptor announced: serial 77, to "/".
std::string wire_with_descriptor(bool well_formed) {
  auto text = [](std::string_view value) {
    return std::string{static_cast<char>(value.size()), 0, 0, 0}.append(value).append(1, '\0');
  };
  auto padded = [](std::string bytes) { return bytes.append((8 - bytes.size() % 8) % 8, '\0'); };
  std::string fields = padded(std::string{1, 1, 'o', 0} + text("/"));
  fields += padded(std::string{2, 1, 's', 0} + text("test.Served"));
  fields += padded(std::string{3, 1, 's', 0} + text(well_formed ? "Take" : "Not a member!"));
  fields += padded(std::string{8, 1, 'g', 0, 1, 'h', 0});
  fields += std::string{9, 1, 'u', 0, 1, 0, 0, 0};
  std::string head{'l', 1, 0, 1, 4, 0, 0, 0, 77, 0, 0, 0, static_cast<char>(fields.size()), 0, 0, 0};
  return padded(head + fields) + std::string(4, '\0');
}

void send_with_descriptor(int socket, const std::string& bytes) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  FileDescriptor one{pipe[0]}, two{pipe[1]};
  REQUIRE(send_message(socket, bytes, two.get()) == static_cast<ssize_t>(bytes.size()));
}

} // namespace

TEST_CASE("of a client that does not read its answers no more calls are read, and all are answered when it reads") {
  Scenario scenario;
  std::string large(100'000, 'x');
  scenario.serve([&](sd_bus_message* call) {
    scenario.near->note_answer(large.size());
    sd_bus_reply_method_return(call, "s", large.c_str());
  });
  constexpr std::size_t sent = 400;
  std::size_t answered = 0;
  auto count = [](sd_bus_message*, void* counter, sd_bus_error*) {
    ++*static_cast<std::size_t*>(counter);
    return 0;
  };
  for (std::size_t i = 0; i < sent; ++i)
    REQUIRE(sd_bus_call_async(scenario.other, nullptr, scenario.call("Get").get(), count, &answered, 0) >= 0);
  scenario.run_without_other();
  CHECK(scenario.calls < 120); // of 100 kB each
  CHECK(scenario.calls > 5);
  for (int i = 0; i < 100'000 && answered < sent; ++i) scenario.step();
  CHECK(answered == sent);
  CHECK_FALSE(scenario.gone);
}

TEST_CASE("a client that does not read what it has not asked for is cut off when more than the bound waits for five "
          "seconds") {
  Scenario scenario;
  scenario.serve([](sd_bus_message*) {});
  sd_bus_message* signal = nullptr;
  REQUIRE(sd_bus_message_new_signal(scenario.near->raw(), &signal, "/", "test.Served", "Said") >= 0);
  auto send = [&] { CHECK_FALSE(scenario.near->send_unasked(signal, 200)); };
  while (scenario.unwritten() == 0) send(); // as much as the kernel takes
  auto begin = std::chrono::steady_clock::now();
  while (scenario.near->cut_off_because() == nullptr &&
         std::chrono::steady_clock::now() - begin < std::chrono::seconds{30}) {
    if (scenario.unwritten() < 9'000) send();
    else {
      scenario.run_without_other();
      bool is_time = std::chrono::steady_clock::now() - begin >= std::chrono::seconds{5};
      if (scenario.near->cut_off_because() == nullptr && (is_time || scenario.unwritten() < 9'500)) send();
    }
  }
  sd_bus_message_unref(signal);
  CHECK(scenario.near->cut_off_because() != nullptr);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::seconds{5});
  scenario.run_without_other();
  CHECK(scenario.gone);
}

TEST_CASE("and sooner when what waits takes much memory") {
  Scenario scenario;
  scenario.serve([](sd_bus_message*) {});
  sd_bus_message* signal = nullptr;
  REQUIRE(sd_bus_message_new_signal(scenario.near->raw(), &signal, "/", "test.Served", "Said") >= 0);
  REQUIRE(sd_bus_message_append(signal, "s", std::string(1000, 'x').c_str()) >= 0);
  auto send = [&] { CHECK_FALSE(scenario.near->send_unasked(signal, 1100)); };
  while (scenario.unwritten() < 13'000) send();
  auto begin = std::chrono::steady_clock::now();
  while (scenario.near->cut_off_because() == nullptr &&
         std::chrono::steady_clock::now() - begin < std::chrono::seconds{30}) {
    scenario.run_without_other();
    if (scenario.near->cut_off_because() == nullptr) send();
  }
  sd_bus_message_unref(signal);
  CHECK(scenario.near->cut_off_because() != nullptr);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5});
}

TEST_CASE("a burst of signals cuts nobody off who reads") {
  Scenario scenario;
  scenario.serve([](sd_bus_message*) {});
  sd_bus_message* signal = nullptr;
  REQUIRE(sd_bus_message_new_signal(scenario.near->raw(), &signal, "/", "test.Served", "Said") >= 0);
  for (int i = 0; i < 30'000; ++i) CHECK_FALSE(scenario.near->send_unasked(signal, 200));
  for (int i = 0; i < 1'000'000 && scenario.unwritten() > 0 && !scenario.gone; ++i) scenario.step();
  sd_bus_message_unref(signal);
  CHECK(scenario.unwritten() == 0);
  CHECK(scenario.near->cut_off_because() == nullptr);
}

TEST_CASE("what a malformed message brings is closed, and so is the connection") {
  LibraryMayLeak library_may_leak; // the array of the descriptors of a message that it drops
  Scenario scenario;
  scenario.serve([](sd_bus_message*) {});
  auto before = open_descriptors();
  send_with_descriptor(scenario.other_socket, wire_with_descriptor(false));
  scenario.run_without_other();
  CHECK(scenario.calls == 0);
  CHECK(open_descriptors() <= before);
  CHECK(scenario.gone);
  REQUIRE(scenario.near->cut_off_because() != nullptr);
  CHECK(std::string_view{scenario.near->cut_off_because()} == "has sent descriptors with a malformed message");
}

TEST_CASE("what a well-formed message brings stays open as long as the message") {
  Scenario scenario;
  Message kept{nullptr, sd_bus_message_unref};
  scenario.serve([&](sd_bus_message* call) { kept.reset(sd_bus_message_ref(call)); });
  auto before = open_descriptors();
  for (int i = 0; i < 3; ++i) {
    send_with_descriptor(scenario.other_socket, wire_with_descriptor(true));
    scenario.run_without_other();
  }
  CHECK(scenario.calls == 3);
  CHECK(open_descriptors() == before + 1);
  int descriptor = -1;
  CHECK(sd_bus_message_read(kept.get(), "h", &descriptor) > 0);
  CHECK(::fcntl(descriptor, F_GETFD) >= 0);
  kept.reset();
  CHECK(open_descriptors() == before);
  CHECK_FALSE(scenario.gone);
}

TEST_CASE("the calls of a caller wait until the bus has said who it is, in their order, and nobody waits with them") {
  Scenario scenario{true};
  std::vector<std::string> seen;
  scenario.serve([&](sd_bus_message* call) {
    seen.push_back(sd_bus_message_get_member(call) + std::to_string(scenario.near->caller_of(call).uid));
  });
  Message question{nullptr, sd_bus_message_unref};
  sd_bus_add_filter(
      scenario.other, nullptr,
      [](sd_bus_message* message, void* place, sd_bus_error*) {
        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus", "GetConnectionCredentials") <= 0) return 0;
        static_cast<Message*>(place)->reset(sd_bus_message_ref(message));
        return 1;
      },
      &question);
  auto send = [&](const char* member, const char* sender) {
    REQUIRE(sd_bus_send(scenario.other, scenario.call(member, sender).get(), nullptr) >= 0);
  };
  auto run = [&] {
    for (int i = 0; i < 50; ++i) scenario.step();
  };
  send("First", ":1.5");
  send("Second", ":1.5");
  run();
  CHECK(seen.empty());
  REQUIRE(question);
  const char* asked = nullptr;
  CHECK(sd_bus_message_read(question.get(), "s", &asked) > 0);
  CHECK(std::string_view{asked} == ":1.5");
  send("Third", ":1.5");
  sd_bus_reply_method_return(question.get(), "a{sv}", 3, "Other", "s", "x", "UnixUserID", "u", 1005, "ProcessID", "u",
                             7);
  send("Fourth", ":1.5");
  run();
  CHECK(seen == std::vector<std::string>{"First1005", "Second1005", "Third1005", "Fourth1005"});
  question.reset();
  send("Gone", ":1.6");
  run();
  REQUIRE(question);
  sd_bus_reply_method_errorf(question.get(), "org.freedesktop.DBus.Error.NameHasNoOwner", "gone");
  run();
  CHECK(seen.back() == "Gone" + std::to_string(static_cast<uid_t>(-1)));
}

TEST_CASE("a user on a bus who reads no answers is refused, then not answered, until the bus says that they are read") {
  Scenario scenario{true};
  BusAllowance allowance{scenario.near->raw()};
  std::uint32_t unread = 0;
  sd_bus_add_filter(
      scenario.other, nullptr,
      [](sd_bus_message* message, void* bytes, sd_bus_error*) {
        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats") <= 0)
          return 0;
        sd_bus_reply_method_return(message, "a{sv}", 2, "UniqueName", "s", "x", "OutgoingBytes", "u",
                                   *static_cast<std::uint32_t*>(bytes));
        return 1;
      },
      &unread);
  auto run = [&] {
    for (int i = 0; i < 50; ++i) scenario.step();
  };
  using enum BusAllowance::Verdict;
  CHECK(allowance.call(":1.5", 1005) == answer);
  allowance.charge(":1.5", BusAllowance::most_unread);
  CHECK(allowance.call(":1.5", 1005) == refuse);
  CHECK(allowance.call(":1.6", 1005) == refuse); // the same user
  CHECK(allowance.call(":1.7", 1007) == answer);
  int refused = 0;
  while (refused < 100'000 && allowance.call(":1.5", 1005) == refuse) ++refused;
  CHECK(refused > 1000);
  CHECK(allowance.call(":1.5", 1005) == ignore);
  unread = BusAllowance::most_unread + 1'000'000;
  run(); // they are not read
  CHECK(allowance.call(":1.5", 1005) != answer);
  unread = 0;
  run(); // they are
  CHECK(allowance.call(":1.5", 1005) == answer);
}
