#include "daemons/socket-bridge/conditions/wanted-sockets.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;
using Words = std::vector<std::string>;

namespace {

SocketCondition understood(const Words& words) {
  auto condition = parse_condition(words);
  REQUIRE_MESSAGE(condition, (condition ? "" : condition.error().message));
  return *condition;
}

std::string faulty_variable(const Words& words) {
  auto condition = parse_condition(words);
  return condition ? "" : condition.error().variable;
}

upstart::bridge::Match starts(Words words) { return {event_name, std::move(words), true}; }
upstart::bridge::Match stops(Words words) { return {event_name, std::move(words), false}; }

std::pair<const std::string, JobSockets> wanted_by(const char* job, upstart::bridge::Match match) {
  return {job, sockets_of_job({job, {std::move(match)}})};
}

SocketAddress at(const char* text) { return *address_of_text(text); }

} // namespace

TEST_CASE("a condition names a socket, and the event says all that it says, in a fixed order") {
  struct Example {
    Words words;
    const char* address;
    Words event;
  };
  for (const auto& [words, address, event] : std::vector<Example>{
           {{"PROTO=inet", "PORT=80"}, "inet:0.0.0.0:80", {"PROTO=inet", "PORT=80", "ADDR=0.0.0.0"}},
           {{"ADDR=127.0.0.1", "PORT=80", "PROTO=inet"},
            "inet:127.0.0.1:80",
            {"PROTO=inet", "PORT=80", "ADDR=127.0.0.1"}},
           {{"PROTO=inet6", "PORT=80"}, "inet6:[::]:80", {"PROTO=inet6", "PORT=80", "ADDR=::"}},
           {{"PROTO=inet6", "PORT=80", "ADDR=0::1"}, "inet6:[::1]:80", {"PROTO=inet6", "PORT=80", "ADDR=0::1"}},
           {{"PROTO=unix", "SOCKET_PATH=/run/x"}, "unix:/run/x", {"PROTO=unix", "SOCKET_PATH=/run/x"}},
           {{"PROTO=unix", "PATH=/run/x"}, "unix:/run/x", {"PROTO=unix", "SOCKET_PATH=/run/x", "PATH=/run/x"}},
           {{"PROTO=unix", "SOCKET_PATH=//run/./x/../y"},
            "unix:/run/x/../y",
            {"PROTO=unix", "SOCKET_PATH=//run/./x/../y"}},
           {{"PROTO=unix", "SOCKET_PATH=/run//x/"}, "unix:/run//x/", {"PROTO=unix", "SOCKET_PATH=/run//x/"}},
           {{"PROTO=unix", "SOCKET_PATH=@a//x"}, "abstract:a//x", {"PROTO=unix", "SOCKET_PATH=@a//x"}},
           {{"PROTO=unix", "SOCKET_PATH=@x"}, "abstract:x", {"PROTO=unix", "SOCKET_PATH=@x"}},
           {{"MODE=0660", "PATH=/x", "PROTO=unix"},
            "unix:/x",
            {"PROTO=unix", "SOCKET_PATH=/x", "PATH=/x", "MODE=0660"}},
           {{"MODE=0660", "PROTO=unix", "SOCKET_PATH=/x", "GROUP=www"},
            "unix:/x",
            {"PROTO=unix", "SOCKET_PATH=/x", "MODE=0660", "GROUP=www"}},
           {{"PROTO=inet", "PORT=53", "TYPE=dgram"},
            "inet-dgram:0.0.0.0:53",
            {"PROTO=inet", "PORT=53", "ADDR=0.0.0.0", "TYPE=dgram"}},
           {{"PROTO=inet", "PORT=53", "TYPE=stream"},
            "inet:0.0.0.0:53",
            {"PROTO=inet", "PORT=53", "ADDR=0.0.0.0", "TYPE=stream"}},
           {{"PROTO=fifo", "SOCKET_PATH=/x"}, "fifo:/x", {"PROTO=fifo", "SOCKET_PATH=/x"}},
           {{"PROTO=inet6", "PORT=80", "ADDR=fe80::1%lo"},
            "inet6:[fe80::1%lo]:80",
            {"PROTO=inet6", "PORT=80", "ADDR=fe80::1%lo"}},
       }) {
    CAPTURE(address);
    auto condition = understood(words);
    CHECK(text_of(condition.address) == address);
    CHECK(condition.event.strings() == event);
  }
}

TEST_CASE("a descriptor has the name that FDNAME gives it, else one of its address") {
  CHECK(understood({"PROTO=inet", "PORT=80", "FDNAME=http"}).name == "http");
  CHECK(understood({"PROTO=inet6", "PORT=80"}).name == "80");
  CHECK(understood({"PROTO=unix", "SOCKET_PATH=/run/a/b.sock"}).name == "b.sock");
  CHECK(understood({"PROTO=unix", "SOCKET_PATH=@a:b"}).name == "a_b");
}

TEST_CASE("permissions are understood") {
  auto condition = understood({"PROTO=unix", "SOCKET_PATH=/x", "MODE=0660", "OWNER=www", "GROUP=33"});
  CHECK(condition.permissions == Permissions{.mode = 0660, .owner = "www", .group = "33"});
}

TEST_CASE("the fault of a bad condition names its variable") {
  struct Example {
    Words words;
    const char* variable;
  };
  for (const auto& [words, variable] : std::vector<Example>{
           {{}, "PROTO"},
           {{"PROTO=tcp", "PORT=80"}, "PROTO"},
           {{"PROTO=inet"}, "PORT"},
           {{"PROTO=inet", "PORT=http"}, "PORT"},
           {{"PROTO=inet", "PORT=0"}, "PORT"},
           {{"PROTO=inet", "PORT=65536"}, "PORT"},
           {{"PROTO=inet", "PORT=80*"}, "PORT"},
           {{"PROTO=inet", "PORT=$PORT"}, "PORT"},
           {{"PROTO=inet", "PORT=80", "PORT=81"}, "PORT"},
           {{"PROTO=inet", "PORT=80", "ADDR=localhost"}, "ADDR"},
           {{"PROTO=inet", "PORT=80", "ADDR=::1"}, "ADDR"},
           {{"PROTO=inet6", "PORT=80", "ADDR=127.0.0.1"}, "ADDR"},
           {{"PROTO=inet", "PORT=80", "COLOUR=red"}, "COLOUR"},
           {{"PROTO=inet", "PORT=80", "MODE=0600"}, "MODE"},
           {{"PROTO=inet", "PORT!=80"}, "PORT"},
           {{"inet", "80"}, "inet"},
           {{"PROTO=inet", "PORT=80", "TYPE=seqpacket"}, "TYPE"},
           {{"PROTO=unix"}, "SOCKET_PATH"},
           {{"PROTO=unix", "SOCKET_PATH=run/x"}, "SOCKET_PATH"},
           {{"PROTO=unix", "PATH=x"}, "PATH"},
           {{"PROTO=unix", "SOCKET_PATH=@"}, "SOCKET_PATH"},
           {{"PROTO=unix", "SOCKET_PATH=/a", "PATH=/b"}, "PATH"},
           {{"PROTO=unix", "SOCKET_PATH=/" + std::string(107, 'x')}, "SOCKET_PATH"},
           {{"PROTO=unix", "SOCKET_PATH=/x", "MODE=888"}, "MODE"},
           {{"PROTO=unix", "SOCKET_PATH=/x", "MODE=1777"}, "MODE"},
           {{"PROTO=unix", "SOCKET_PATH=/x", "OWNER="}, "OWNER"},
           {{"PROTO=unix", "SOCKET_PATH=@x", "MODE=0600"}, "MODE"},
           {{"PROTO=fifo", "SOCKET_PATH=@x"}, "SOCKET_PATH"},
           {{"PROTO=inet6", "PORT=80", "ADDR=fe80::1"}, "ADDR"},
           {{"PROTO=inet6", "PORT=80", "ADDR=::1%lo"}, "ADDR"},
           {{"PROTO=inet", "PORT=80", "FDNAME=a:b"}, "FDNAME"},
           {{"PROTO=inet", "PORT=80", "FDNAME="}, "FDNAME"},
       })
    CHECK(faulty_variable(words) == variable);
}

TEST_CASE("a condition that can never be served says what to write instead") {
  auto message_of = [](const Words& words) { return parse_condition(words).error().message; };
  CHECK(message_of({"PROTO=inet6", "PORT=80", "ADDR=::ffff:127.0.0.1"}) ==
        "::ffff:127.0.0.1 is an IPv4 address; write PROTO=inet and ADDR=127.0.0.1");
  CHECK(message_of({"PROTO=inet6", "PORT=80", "ADDR=127.0.0.1"}) == "127.0.0.1 is an IPv4 address; write PROTO=inet");
  CHECK(message_of({"PROTO=inet", "PORT=80", "ADDR=::1"}) == "::1 is an IPv6 address; write PROTO=inet6");
  CHECK(message_of({"PROTO=inet6", "PORT=80", "ADDR=[::1]"}) == "write the address without brackets: ::1");
  CHECK(message_of({"PROTO=fifo", "SOCKET_PATH=@f"}) ==
        "@f is no absolute path; a FIFO has a path and no abstract name");
}

TEST_CASE("every socket that a job names is wanted, and a bad one spoils no other") {
  auto job = sockets_of_job({"web",
                             {starts({"PROTO=inet", "PORT=80"}), starts({"PROTO=inet", "PORT=x"}),
                              starts({"PROTO=unix", "SOCKET_PATH=/run/web"})}});
  REQUIRE(job.uses.size() == 2);
  CHECK(job.uses[0].condition.address == at("inet:0.0.0.0:80"));
  CHECK(job.uses[1].condition.address == at("unix:/run/web"));
  REQUIRE(job.warnings.size() == 1);
  CHECK(job.warnings[0].text.contains("job web: PORT"));
}

TEST_CASE("a match of a master's connections names no socket, and is no fault") {
  auto job = sockets_of_job({"each", {starts({"SOCKET_PATH=/run/x", "CONNECTION=*"})}});
  CHECK(job.uses.empty());
  CHECK(job.warnings.empty());
}

TEST_CASE("two jobs that name one address share one socket, whose event matches both") {
  auto wanted = union_of({wanted_by("a", starts({"PROTO=unix", "SOCKET_PATH=/x"})),
                          wanted_by("b", stops({"PROTO=unix", "PATH=/x", "MODE=0600"}))});
  REQUIRE(wanted.sockets.size() == 1);
  const auto& socket = wanted.sockets.at(at("unix:/x"));
  REQUIRE(socket.spellings.size() == 1);
  CHECK(socket.event_for("b").strings() == Words{"PROTO=unix", "SOCKET_PATH=/x", "PATH=/x", "MODE=0600"});
  CHECK(socket.permissions.mode == 0600);
  CHECK(socket.jobs == std::set<std::string>{"a", "b"});
  CHECK(socket.holders == std::set<std::string>{"a"});
}

TEST_CASE("two jobs that spell one address differently share one socket, with an event for each spelling") {
  auto at_real_place = [](SocketAddress address) {
    if (address.path == "/link/x") address.path = "/run/x";
    return address;
  };
  const std::map<std::string, JobSockets> jobs{wanted_by("a", starts({"PROTO=unix", "SOCKET_PATH=/link/x"})),
                                               wanted_by("b", starts({"PROTO=unix", "SOCKET_PATH=/run/x"})),
                                               wanted_by("c", starts({"PROTO=unix", "SOCKET_PATH=/run//x"})),
                                               wanted_by("d", starts({"PROTO=unix", "PATH=/run/x"}))};
  auto wanted = union_of(jobs, at_real_place);
  REQUIRE(wanted.sockets.size() == 1);
  CHECK(wanted.warnings.empty());
  const auto& socket = wanted.sockets.at(at("unix:/link/x"));
  CHECK(socket.holders == std::set<std::string>{"a", "b", "c", "d"});
  CHECK(socket.spellings.size() == 3);
  CHECK(socket.event_for("a").get("SOCKET_PATH") == "/link/x");
  CHECK(socket.event_for("b").strings() == Words{"PROTO=unix", "SOCKET_PATH=/run/x", "PATH=/run/x"});
  CHECK(socket.event_for("c").get("SOCKET_PATH") == "/run//x");
  CHECK(wanted.served_at.at(at("unix:/run/x")) == at("unix:/link/x"));
  CHECK(union_of(jobs, at_real_place, {at("unix:/run/x")}).sockets.contains(at("unix:/run/x")));
  CHECK(union_of(jobs).sockets.size() == 2);
}

TEST_CASE("of two jobs that contradict each other the first stands and the second is warned of") {
  auto wanted = union_of({wanted_by("a", starts({"PROTO=unix", "SOCKET_PATH=/x", "MODE=0600"})),
                          wanted_by("b", starts({"PROTO=unix", "SOCKET_PATH=/x", "MODE=0666"}))});
  const auto& socket = wanted.sockets.at(at("unix:/x"));
  CHECK(socket.jobs == std::set<std::string>{"a"});
  CHECK(socket.permissions.mode == 0600);
  REQUIRE(wanted.warnings.size() == 1);
  CHECK(wanted.warnings.begin()->text.starts_with("job b: MODE"));
}
