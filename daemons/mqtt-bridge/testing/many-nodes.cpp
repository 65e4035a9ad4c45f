// many-nodes PORT CERTIFICATES COUNT ROUNDS: the connections of COUNT nodes in one process, with the bridge's own
// client, on the broker of this machine. After all have subscribed, one publishes an event ROUNDS times; for each time
// it prints how long it took to the median and the last node, and at the end the memory that a node takes.
#include "daemons/base/event-loop.hpp"
#include "daemons/mqtt-bridge/connection/mosquitto-connection.hpp"
#include "daemons/mqtt-bridge/messages/messages.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <print>

namespace {

using namespace upstart;
using namespace upstart::mqtt_bridge;
using Clock = std::chrono::steady_clock;

constexpr const char* topic = "upstart/shop/events/deploy";

std::size_t resident_kilobytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  return 0;
}

class Simulation {
public:
  Simulation(base::EventLoop& loop, std::uint16_t port, const std::string& certificates, std::size_t count, int rounds)
      : loop_{loop},
        settings_{.host = "localhost",
                  .port = port,
                  .client_id = {},
                  .ca = certificates + "/ca.crt",
                  .certificate = certificates + "/ops.crt",
                  .key = certificates + "/ops.key",
                  .username = {},
                  .password = {},
                  .session_expiry = {},
                  .will = {}},
        count_{count},
        rounds_{rounds},
        before_{resident_kilobytes()} {
    for (int i = 0; i < most_connecting; ++i) connect_one();
  }

private:
  static constexpr int most_connecting = 50;

  void connect_one() {
    if (nodes_.size() == count_) return;
    auto number = nodes_.size();
    settings_.client_id = "many-nodes/" + std::to_string(number);
    nodes_.push_back(std::make_unique<MosquittoConnection>(
        loop_, settings_,
        MqttConnection::Events{
            .connected = [this, number](bool) { (void)nodes_[number]->subscribe(topic, Retained::never); },
            .lost = [](const std::string& why) { std::println("lost: {}", why); },
            .message = [this](const Message&) { received_.push_back(Clock::now()); },
            .batch_over =
                [this] {
                  look();
                  return true;
                },
            .published = [](int, const std::string&) {},
            .subscribed = [this](int, const std::string& refusal) { subscribed(refusal); },
            .unsubscribed = [](int) {}}));
  }

  void subscribed(const std::string& refusal) {
    if (!refusal.empty()) std::println("refused: {}", refusal);
    if (++subscribed_ < count_) return connect_one();
    std::println("{} nodes are connected; {} KB a node", count_, (resident_kilobytes() - before_) / count_);
    publish();
  }

  void publish() {
    received_.clear();
    start_ = Clock::now();
    EventMessage event{.id = "many/1", .name = "deploy", .env = {"VERSION=1"}, .node = "ops"};
    (void)nodes_[0]->publish({.topic = topic, .payload = to_json(event)});
  }

  void look() {
    if (received_.size() < count_) return;
    auto after = [&](std::size_t place) {
      return std::chrono::duration<double, std::milli>(received_[place] - start_).count();
    };
    std::ranges::sort(received_);
    std::println("median {:.1f} ms, last {:.1f} ms", after(count_ / 2), after(count_ - 1));
    received_.clear();
    if (--rounds_ == 0) return loop_.stop();
    loop_.defer([this] { publish(); });
  }

  base::EventLoop& loop_;
  BrokerSettings settings_;
  std::size_t count_, subscribed_ = 0;
  int rounds_;
  std::size_t before_;
  std::vector<std::unique_ptr<MosquittoConnection>> nodes_;
  std::vector<Clock::time_point> received_;
  Clock::time_point start_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::println(stderr, "usage: many-nodes PORT CERTIFICATES COUNT ROUNDS");
    return EXIT_FAILURE;
  }
  base::EventLoop loop;
  Simulation simulation{loop, static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2],
                        static_cast<std::size_t>(std::atoi(argv[3])), std::atoi(argv[4])};
  loop.run();
}
