// What comes on a connection: answers that come late, to a client that does much else meanwhile, and signals.
#include "integration-tests/bench/bus.hpp"
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

using namespace upstart::test;
using upstart::bench::Bus;
using upstart::bench::Message;

namespace {

Bus connect(const std::string& address) {
  sd_bus* made = nullptr;
  REQUIRE(sd_bus_new(&made) >= 0);
  Bus bus{made, &sd_bus_close_unref};
  REQUIRE(sd_bus_set_address(made, address.c_str()) >= 0);
  REQUIRE(sd_bus_start(made) >= 0);
  return bus;
}

Message call_of_job(sd_bus* bus, const std::string& job, const char* method) {
  sd_bus_message* made = nullptr;
  auto path = "/com/ubuntu/Upstart/jobs/" + job;
  REQUIRE(sd_bus_message_new_method_call(bus, &made, nullptr, path.c_str(), "com.ubuntu.Upstart0_6.Job", method) >= 0);
  return {made, &sd_bus_message_unref};
}

Message start_of(sd_bus* bus, const std::string& job) {
  auto message = call_of_job(bus, job, "Start");
  REQUIRE(sd_bus_message_append(message.get(), "asb", 0, 1) >= 0);
  return message;
}

// Asks an instance for its properties; the answer does not matter.
void look_at(sd_bus* bus, const std::string& job) {
  sd_bus_message* made = nullptr;
  auto path = "/com/ubuntu/Upstart/jobs/" + job + "/_";
  REQUIRE(sd_bus_message_new_method_call(bus, &made, nullptr, path.c_str(), "org.freedesktop.DBus.Properties",
                                         "GetAll") >= 0);
  Message message{made, &sd_bus_message_unref};
  REQUIRE(sd_bus_message_append(made, "s", "com.ubuntu.Upstart0_6.Instance") >= 0);
  upstart::bench::call(bus, made);
}

int keep_reply(sd_bus_message* reply, void* answer, sd_bus_error*) {
  *static_cast<std::string*>(answer) =
      sd_bus_message_is_method_error(reply, nullptr) != 0 ? sd_bus_message_get_error(reply)->message : "done";
  return 1;
}

void await_answer(sd_bus* bus, const std::string& answer) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (answer.empty() && std::chrono::steady_clock::now() < end)
    if (sd_bus_process(bus, nullptr) == 0) sd_bus_wait(bus, 100'000);
}

int count_signal(sd_bus_message* message, void* count, sd_bus_error*) {
  std::uint8_t type = 0;
  sd_bus_message_get_type(message, &type);
  *static_cast<int*>(count) += type == SD_BUS_MESSAGE_SIGNAL ? 1 : 0;
  return 0;
}

int count_changed_properties(sd_bus_message* message, void* count, sd_bus_error*) {
  bool is_it = sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0;
  *static_cast<int*>(count) += is_it ? 1 : 0;
  return 0;
}

// Whatever was sent to this connection before has arrived when this returns.
void take_all(sd_bus* bus) {
  upstart::bench::call(bus, call_of_job(bus, "svc", "GetAllInstances").get());
  while (sd_bus_process(bus, nullptr) > 0) {}
}

} // namespace

TEST_CASE("a call that waits is answered, however many other jobs its connection has addressed meanwhile") {
  constexpr int others = 200;
  std::map<std::string, std::string> jobs{{"slow", "start on never\npre-start exec cat @DIR@/gate\nexec sleep 1000\n"}};
  for (int i = 0; i < others; ++i) jobs.emplace("other" + std::to_string(i), "start on startup\n");
  Session session{jobs};
  auto gate = session.directory() + "/gate";
  REQUIRE(session.run({"mkfifo", gate}).status == 0);
  session.await("the others run", [&] { return session.initctl({"status", "other0"}).out.contains("start/running"); });
  auto bus = connect(session.address());
  std::string answer;
  REQUIRE(sd_bus_call_async(bus.get(), nullptr, start_of(bus.get(), "slow").get(), keep_reply, &answer, UINT64_MAX) >=
          0);
  for (int i = 0; i < others; ++i) look_at(bus.get(), "other" + std::to_string(i));
  CHECK(answer == "");
  REQUIRE(session.run({"sh", "-c", "echo open >" + gate}).status == 0);
  await_answer(bus.get(), answer);
  CHECK(answer == "done");
}

TEST_CASE("a bridge does not hear of every state of every job, a client does") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto init = session.address().substr(session.address().rfind('/') + 1);
  auto bridge = connect("unix:path=" + session.directory() + "/xdg/upstart/" + init + "/job-supervisor.sock");
  auto client = connect(session.address());
  int heard_by_bridge = 0, heard_by_client = 0;
  sd_bus_add_filter(bridge.get(), nullptr, count_signal, &heard_by_bridge);
  sd_bus_add_filter(client.get(), nullptr, count_signal, &heard_by_client);
  take_all(bridge.get());
  upstart::bench::call(client.get(), start_of(client.get(), "svc").get());
  take_all(client.get());
  take_all(bridge.get());
  CHECK(heard_by_client > 0);
  CHECK(heard_by_bridge == 0);
}

TEST_CASE("who has read the properties of an instance is told of changes, also when it comes, goes and comes again") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto reader = connect(session.address()), other = connect(session.address());
  int told_reader = 0, told_other = 0;
  sd_bus_add_filter(reader.get(), nullptr, count_changed_properties, &told_reader);
  sd_bus_add_filter(other.get(), nullptr, count_changed_properties, &told_other);
  CHECK_THROWS(look_at(reader.get(), "svc")); // it is not there yet
  take_all(other.get());
  for (int run = 1; run <= 2; ++run) {
    CAPTURE(run);
    told_reader = 0;
    upstart::bench::call(reader.get(), start_of(reader.get(), "svc").get());
    take_all(reader.get());
    CHECK(told_reader > 0);
    told_reader = 0;
    REQUIRE(session.initctl({"stop", "svc"}).status == 0);
    take_all(reader.get());
    CHECK(told_reader > 0);
  }
  take_all(other.get());
  CHECK(told_other == 0);
}
