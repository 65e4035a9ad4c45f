#include "daemons/mqtt-bridge/messages/messages.hpp"
#include "daemons/mqtt-bridge/messages/topics.hpp"

#include <doctest/doctest.h>

using namespace upstart::mqtt_bridge;

namespace {

const EventMessage deploy{
    .id = "abc/7", .name = "deploy", .env = {"VERSION=2", "BYTE=\xff"}, .node = "web1", .time = 12, .to_all = true};

std::string fault_of(const std::string& text) {
  auto read = event_from_json(text);
  return read ? "" : read.error();
}

} // namespace

TEST_CASE("what is written is read back, bytes that are no UTF-8 included") {
  CHECK(event_from_json(to_json(deploy)) == deploy);
  NodeState state{.online = true,
                  .since = 3,
                  .version = "2",
                  .boot = "b",
                  .accept = {"x*"},
                  .allow = {"list"},
                  .running = 4,
                  .failed = {"j"}};
  CHECK(node_state_from_json(to_json(state)) == state);
  CallMessage call{.words = {"status", "x"}, .node = "a", .limit = 9};
  CHECK(call_from_json(to_json(call)) == call);
  ReplyMessage reply{.status = 1, .output = "o\n", .errors = "e\n"};
  CHECK(reply_from_json(to_json(reply)) == reply);
}

TEST_CASE("a member that is not known is ignored, one that is missing or of another kind is told") {
  CHECK(fault_of(R"({"id":"a","name":"n","node":"x","later":[{}]})").empty());
  CHECK(fault_of(R"({"id":"a","node":"x"})") == "it has no member `name'");
  CHECK(fault_of(R"({"id":1,"name":"n","node":"x"})") == "its member `id' is no text");
  CHECK(fault_of(R"({"id":"a","name":"n","node":"x","env":["NOVALUE"]})") ==
        "its env is wrong: Env must be KEY=VALUE pairs");
}

TEST_CASE("malformed, deep and huge texts are refused in words") {
  CHECK(fault_of("") == "it is not a JSON object");
  CHECK(fault_of("[1]") == "it is not a JSON object");
  CHECK(fault_of("{\"id\":\"a\",") == "it is not a JSON object");
  CHECK(fault_of("{\"id\":" + std::string(100'000, '[')) == "it is not a JSON object");
  CHECK(fault_of(std::string(most_event_bytes + 1, ' ')) == "it has 131073 bytes, and 131072 are the most");
  std::string many = R"({"id":"a","name":"n","node":"x","env":["A=1")";
  for (int i = 0; i < 1000; ++i) many += ",\"A=1\"";
  CHECK(fault_of(many + "]}") == "its member `env' has 1001 entries, and 1000 are the most");
}

TEST_CASE("output that is too long for a reply is cut off, and that is said") {
  auto read = reply_from_json(to_json(ReplyMessage{.status = 0, .output = std::string(200'000, 'x'), .errors = {}}));
  REQUIRE(read);
  CHECK(read->output == std::string(65'536, 'x'));
  CHECK(read->errors == "the output is longer than 65536 bytes; the rest was left out\n");
  CHECK(read->status == 1);
}

TEST_CASE("topics are made and taken apart") {
  Topics topics{"shop"};
  CHECK(topics.event("deploy") == "upstart/shop/events/deploy");
  CHECK(topics.node_event("db1", "a/b") == "upstart/shop/nodes/db1/events/a%2fb");
  CHECK(topics.job("db1", "pg", "") == "upstart/shop/nodes/db1/jobs/pg");
  CHECK(topics.job("db1", "pg", "x+y") == "upstart/shop/nodes/db1/jobs/pg/x%2by");
  CHECK(topics.parse(topics.event("a+b#")) == Topic{Topic::Kind::event, "", "a+b#", {}, {}});
  CHECK(topics.parse(topics.node_event("db1", "a/b")) == Topic{Topic::Kind::node_event, "db1", "a/b", {}, {}});
  CHECK(topics.parse(topics.state("db1")) == Topic{Topic::Kind::state, "db1", "", {}, {}});
  CHECK(topics.parse(topics.job("db1", "pg", "x")) == Topic{Topic::Kind::job, "db1", "pg", "x", {}});
  CHECK(topics.parse(topics.call("db1")) == Topic{Topic::Kind::call, "db1", "", {}, {}});
  CHECK(topics.parse(topics.reply("db1", "web1")) == Topic{Topic::Kind::reply, "db1", "", {}, "web1"});
}

TEST_CASE("a topic of another fleet, or of no known form, is none") {
  Topics topics{"shop"};
  for (const char* text :
       {"upstart/other/events/a", "upstart/shop/events", "upstart/shop/events/a/b", "upstart/shop/nodes/x",
        "upstart/shop/nodes//state", "upstart/shop/events/%4", "upstart/shop/nodes/x/jobs/a/b/c", ""})
    CHECK_MESSAGE(!topics.parse(text), text);
}
