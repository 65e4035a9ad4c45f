#include "integration-tests/bench/upstart-client.hpp"

#include "protocol/names.hpp"

#include <cstring>

namespace upstart::bench {

namespace {

constexpr const char* manager_interface = "com.ubuntu.Upstart0_6";
constexpr const char* job_interface = "com.ubuntu.Upstart0_6.Job";
constexpr const char* instance_interface = "com.ubuntu.Upstart0_6.Instance";

Bus connect(const std::string& address) {
  sd_bus* made = nullptr;
  check(sd_bus_new(&made), "a connection");
  Bus bus{made, &sd_bus_close_unref};
  check(sd_bus_set_address(made, address.c_str()), "the address");
  check(sd_bus_start(made), "connecting");
  return bus;
}

Message method_call(sd_bus* bus, const std::string& path, const char* interface, const char* method) {
  sd_bus_message* made = nullptr;
  check(sd_bus_message_new_method_call(bus, &made, nullptr, path.c_str(), interface, method), method);
  return {made, &sd_bus_message_unref};
}

// Emissions under way, counted down by their replies.
struct Pipeline {
  int sent = 0, answered = 0;
  bool failed = false;
};

int count_reply(sd_bus_message* reply, void* pipeline, sd_bus_error*) {
  auto& counts = *static_cast<Pipeline*>(pipeline);
  ++counts.answered;
  counts.failed |= sd_bus_message_is_method_error(reply, nullptr) != 0;
  return 1;
}

struct Awaited {
  std::string path;
  bool running = false;
};

int hear_state(sd_bus_message* signal, void* awaited, sd_bus_error*) {
  auto& waiting = *static_cast<Awaited*>(awaited);
  const char* state = nullptr;
  if (waiting.path == sd_bus_message_get_path(signal) && sd_bus_message_read(signal, "s", &state) > 0)
    waiting.running |= std::strcmp(state, "running") == 0;
  return 0;
}

} // namespace

UpstartClient::UpstartClient(const std::string& address) : bus_{connect(address)} { version(); }

void UpstartClient::version() {
  auto request = method_call(bus_.get(), protocol::path::manager, "org.freedesktop.DBus.Properties", "Get");
  check(sd_bus_message_append(request.get(), "ss", manager_interface, "version"), "Get");
  call(bus_.get(), request.get());
}

Message UpstartClient::emission(const std::string& event, bool wait, const std::vector<std::string>& variables) {
  auto request = method_call(bus_.get(), protocol::path::manager, manager_interface, "EmitEvent");
  std::vector<const char*> strings;
  for (const auto& variable : variables) strings.push_back(variable.c_str());
  strings.push_back(nullptr);
  check(sd_bus_message_append(request.get(), "s", event.c_str()), "EmitEvent");
  check(sd_bus_message_append_strv(request.get(), const_cast<char**>(strings.data())), "EmitEvent");
  check(sd_bus_message_append(request.get(), "b", static_cast<int>(wait)), "EmitEvent");
  return request;
}

void UpstartClient::emit(const std::string& event, const std::vector<std::string>& variables) {
  call(bus_.get(), emission(event, true, variables).get());
}

void UpstartClient::job_call(const std::string& job, const char* method) {
  auto request = method_call(bus_.get(), protocol::job_path(job), job_interface, method);
  check(sd_bus_message_append(request.get(), "asb", 0, 1), method);
  call(bus_.get(), request.get());
}

std::size_t UpstartClient::count_jobs() {
  auto request = method_call(bus_.get(), protocol::path::manager, manager_interface, "GetAllJobs");
  auto reply = call(bus_.get(), request.get());
  check(sd_bus_message_enter_container(reply.get(), 'a', "o"), "GetAllJobs");
  std::size_t count = 0;
  while (check(sd_bus_message_skip(reply.get(), "o"), "GetAllJobs") > 0) {
    ++count;
    if (sd_bus_message_at_end(reply.get(), 0) > 0) break;
  }
  return count;
}

void UpstartClient::emit_pipelined(const std::string& event, int count, int window) {
  Pipeline under_way;
  while (under_way.answered < count) {
    while (under_way.sent < count && under_way.sent - under_way.answered < window) {
      check(sd_bus_call_async(bus_.get(), nullptr, emission(event, true).get(), count_reply, &under_way, UINT64_MAX),
            "EmitEvent");
      ++under_way.sent;
    }
    if (check(sd_bus_process(bus_.get(), nullptr), "replies") == 0)
      check(sd_bus_wait(bus_.get(), UINT64_MAX), "replies");
  }
  if (under_way.failed) throw std::runtime_error{"an emission was answered with an error"};
}

void UpstartClient::emit_until_running(const std::string& event, const std::string& job) {
  Awaited awaited{.path = protocol::instance_path(job, "")};
  sd_bus_slot* slot = nullptr;
  auto rule = std::string{"type='signal',interface='"} + instance_interface + "',member='StateChanged'";
  check(sd_bus_add_match(bus_.get(), &slot, rule.c_str(), hear_state, &awaited), "a match");
  std::unique_ptr<sd_bus_slot, decltype(&sd_bus_slot_unref)> owned{slot, &sd_bus_slot_unref};
  call(bus_.get(), emission(event, false).get());
  while (!awaited.running)
    if (check(sd_bus_process(bus_.get(), nullptr), "signals") == 0)
      check(sd_bus_wait(bus_.get(), UINT64_MAX), "signals");
}

void UpstartClient::drain() {
  while (check(sd_bus_process(bus_.get(), nullptr), "signals") > 0) {}
}

} // namespace upstart::bench
