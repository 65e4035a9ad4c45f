// How fast a running broker takes events: event-broker-bench ADDRESS [COUNT]. Beside each rate stands what the broker's
// own processor time was, since on a busy machine that is the steadier figure.
#include "protocol/names.hpp"

#include <systemd/sd-bus.h>

#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <print>
#include <stdexcept>
#include <string>

namespace {

using namespace upstart;

void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string{what} + ": error " + std::to_string(-result));
}

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_flush_close_unref)>;
using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

constexpr const char* interface = "com.ubuntu.Upstart.EventBroker1";

Bus connect(const std::string& address) {
  sd_bus* raw = nullptr;
  check(sd_bus_new(&raw), "connection");
  Bus bus{raw, &sd_bus_flush_close_unref};
  check(sd_bus_set_address(raw, address.c_str()), "address");
  check(sd_bus_start(raw), "connecting");
  return bus;
}

Message call(sd_bus* bus, const char* member) {
  sd_bus_message* raw = nullptr;
  check(sd_bus_message_new_method_call(bus, &raw, nullptr, protocol::path::event_broker, interface, member), member);
  return {raw, &sd_bus_message_unref};
}

Message emit_call(sd_bus* bus, const char* name) {
  auto message = call(bus, "Emit");
  check(sd_bus_message_append(message.get(), "sasah", name, 2, "JOB=bench", "INSTANCE=", 0), "Emit");
  return message;
}

// Everything sent before has been handled when this is answered.
void barrier(sd_bus* bus) {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  std::uint32_t pending = 0;
  check(sd_bus_get_property_trivial(bus, nullptr, protocol::path::event_broker, interface, "pending", &error, 'u',
                                    &pending),
        "pending");
}

pid_t broker_of(sd_bus* bus) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  check(::getsockopt(sd_bus_get_fd(bus), SOL_SOCKET, SO_PEERCRED, &credentials, &size), "credentials");
  return credentials.pid;
}

double processor_seconds(pid_t pid) {
  std::ifstream stat{"/proc/" + std::to_string(pid) + "/schedstat"};
  double nanoseconds = 0;
  stat >> nanoseconds;
  return nanoseconds / 1e9;
}

void measure(const char* what, int count, pid_t broker, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  auto used = processor_seconds(broker);
  auto begin = Clock::now();
  work();
  double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  used = processor_seconds(broker) - used;
  std::println("{:<42} {:>9.0f}/s {:>7.2f} µs each, {:>6.2f} µs of the broker's", what, count / seconds,
               seconds * 1e6 / count, used * 1e6 / count);
}

void drain(sd_bus* bus) {
  while (sd_bus_process(bus, nullptr) > 0) {}
}

void emit_one_after_another(sd_bus* bus, const char* name, int count) {
  for (int i = 0; i < count; ++i) {
    sd_bus_message* reply = nullptr;
    check(sd_bus_call(bus, emit_call(bus, name).get(), 0, nullptr, &reply), "Emit");
    sd_bus_message_unref(reply);
    drain(bus);
  }
}

// Sends without waiting; `outstanding` calls at most are unanswered.
void emit_pipelined(sd_bus* bus, const char* name, int count, int outstanding) {
  int answered = 0;
  auto on_reply = [](sd_bus_message*, void* counter, sd_bus_error*) { return ++*static_cast<int*>(counter), 0; };
  for (int sent = 0; answered < count;) {
    for (; sent < count && sent - answered < outstanding; ++sent)
      check(sd_bus_call_async(bus, nullptr, emit_call(bus, name).get(), on_reply, &answered, UINT64_MAX), "Emit");
    drain(bus);
    if (answered < count && (sent == count || sent - answered == outstanding))
      check(sd_bus_wait(bus, UINT64_MAX), "waiting");
  }
}

void record_all(sd_bus* bus, int count) {
  for (int i = 0; i < count; ++i) {
    auto message = call(bus, "Record");
    check(sd_bus_message_append(message.get(), "sasuu", "recorded", 2, "JOB=bench", "INSTANCE=", 0U, 1U), "Record");
    check(sd_bus_message_set_expect_reply(message.get(), 0), "Record");
    check(sd_bus_send(bus, message.get(), nullptr), "Record");
    if (i % 256 == 0) check(sd_bus_flush(bus), "flush");
  }
  barrier(bus);
}

// Finishes whatever it is given.
int finish(sd_bus_message* message, void*, sd_bus_error*) {
  if (sd_bus_message_is_method_call(message, "com.ubuntu.Upstart.EventHandler1", "Handle") <= 0) return 0;
  std::uint64_t id = 0;
  check(sd_bus_message_read(message, "t", &id), "Handle");
  auto reply = call(sd_bus_message_get_bus(message), "Finished");
  check(sd_bus_message_append(reply.get(), "tba(sss)", id, 0, 0), "Finished");
  check(sd_bus_message_set_expect_reply(reply.get(), 0), "Finished");
  check(sd_bus_send(nullptr, reply.get(), nullptr), "Finished");
  return 1;
}

void attach(sd_bus* bus) {
  check(sd_bus_add_filter(bus, nullptr, finish, nullptr), "filter");
  auto message = call(bus, "Attach");
  check(sd_bus_message_append(message.get(), "sas", "bench", 1, "wanted"), "Attach");
  sd_bus_message* reply = nullptr;
  check(sd_bus_call(bus, message.get(), 0, nullptr, &reply), "Attach");
  sd_bus_message_unref(reply);
}

} // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw std::runtime_error("usage: event-broker-bench ADDRESS [COUNT]");
  int count = argc > 2 ? std::atoi(argv[2]) : 50'000;
  auto bus = connect(argv[1]);
  barrier(bus.get());
  auto broker = broker_of(bus.get());
  measure("round trip of a property", count, broker, [&] {
    for (int i = 0; i < count; ++i) barrier(bus.get());
  });
  measure("Record", count * 4, broker, [&] { record_all(bus.get(), count * 4); });
  measure("Emit, unwanted, one after another", count, broker,
          [&] { emit_one_after_another(bus.get(), "unwanted", count); });
  measure("Emit, unwanted, 64 at a time", count, broker, [&] { emit_pipelined(bus.get(), "unwanted", count, 64); });
  attach(bus.get());
  measure("Emit, handled and finished, 64 at a time", count, broker,
          [&] { emit_pipelined(bus.get(), "wanted", count, 64); });
  auto other = connect(argv[1]);
  barrier(other.get());
  measure("Record, with one other peer that listens", count, broker, [&] {
    record_all(bus.get(), count);
    drain(other.get());
    barrier(other.get());
  });
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::cerr << "event-broker-bench: " << error.what() << '\n';
  return EXIT_FAILURE;
}
