#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"

#include <doctest/doctest.h>

using namespace upstart::mqtt_bridge;

namespace {

constexpr const char* least = "broker = mqtts://hub.example:8884\nfleet = shop\n";

std::vector<std::string> faults_of(const std::string& text) {
  auto parsed = parse_configuration(text, "web1");
  std::vector<std::string> result;
  if (!parsed)
    for (const auto& fault : parsed.error()) result.push_back(describe(fault, "fleet.conf"));
  return result;
}

} // namespace

TEST_CASE("broker and fleet are enough: the node is the host, nothing leaves, nothing comes in, others may look") {
  auto parsed = parse_configuration(least, "web1");
  REQUIRE(parsed);
  CHECK(parsed->broker() == "mqtts://hub.example:8884");
  CHECK(parsed->node == "web1");
  CHECK_FALSE(parsed->publishes("started"));
  CHECK_FALSE(parsed->accepts("started"));
  CHECK(parsed->allows("status"));
  CHECK_FALSE(parsed->allows("stop"));
  CHECK(parsed->queue == 64U << 20U);
}

TEST_CASE("every key is taken, comments and empty lines are skipped") {
  auto parsed =
      parse_configuration("# a fleet\n\nbroker=mqtts://[::1]\nfleet = f\nnode = n-1\nca = /a\ncertificate = /c\n"
                          "key = /k\nusername = u\npassword-file = /p\npublish = started db-*\naccept = *\n"
                          "allow = list stop\nqueue = 2M\n",
                          "host");
  REQUIRE(parsed);
  CHECK(parsed->host == "::1");
  CHECK(parsed->port == 8883);
  CHECK(parsed->node == "n-1");
  CHECK(parsed->publishes("db-down"));
  CHECK(parsed->accepts("anything"));
  CHECK(parsed->allow == std::vector<std::string>{"list", "stop"});
  CHECK(parsed->queue == 2U << 20U);
}

TEST_CASE("an empty allow allows nothing") {
  auto parsed = parse_configuration(std::string{least} + "allow =\n", "web1");
  REQUIRE(parsed);
  CHECK_FALSE(parsed->allows("status"));
}

TEST_CASE("each bad line is told with file, line and what would be right") {
  CHECK(
      faults_of(
          "broker = mqtt://hub\nfleet = a/b\nqueue = much\nallow = list format\nnonsense\ncolour = red\nfleet = x\n") ==
      std::vector<std::string>{
          "fleet.conf:1: broker: `mqtt://hub' is no address of a broker; mqtts://HOST:PORT is needed (there is no "
          "connection "
          "without TLS)",
          "fleet.conf:2: fleet: `a/b' is no name; letters, digits, `-', `_' and `.' are allowed, 128 of them at most",
          "fleet.conf:3: queue: `much' is no size; a number is, with K, M or G after it",
          "fleet.conf:4: allow: `format' is no command that other nodes could ask for; these are: list status explain "
          "start stop restart reload log emit",
          "fleet.conf:5: `nonsense' has no `='; a line is KEY = VALUE",
          "fleet.conf:6: unknown key `colour'; known keys are broker, fleet, node, ca, certificate, key, username, "
          "password-file, publish, accept, allow, queue",
          "fleet.conf:7: `fleet' is there already"});
  CHECK(faults_of(std::string{least} + "key = /k\n") ==
        std::vector<std::string>{"fleet.conf: `certificate' and `key' belong together: one of them is missing"});
  CHECK(faults_of("fleet = f\n") == std::vector<std::string>{"fleet.conf: `broker = …' is missing"});
  CHECK(faults_of("broker = mqtts://hub:0\nfleet = f\n") ==
        std::vector<std::string>{"fleet.conf:1: broker: `0' is no port; a number from 1 to 65535 is"});
}
