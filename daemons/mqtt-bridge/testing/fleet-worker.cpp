// fleet-worker RUN-DIRECTORY COUNT FILE: for tests of the whole way between nodes. Emits COUNT events `tick N=…` to the
// event broker of that run directory, each once whoever dies, and writes down each tick that comes from another node: a
// line for each, "NODE N". Says "attached" on standard output when it hears of them; begins to emit at SIGUSR1, and
// says "emitted" when all are accepted. Runs until SIGTERM.
#include "daemons/base/program/daemon-main.hpp"
#include "daemons/bridge/broker-session.hpp"
#include "daemons/bridge/event-listener.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

using namespace upstart;

class Worker {
public:
  Worker(base::EventLoop& loop, const std::string& run_directory, int count, const std::string& file)
      : count_{count},
        ledger_{file, std::ios::app},
        broker_{loop, address(run_directory), {.ready = [] {}, .gone = [] {}}},
        listener_{loop,
                  address(run_directory),
                  "ledger",
                  {.heard = [this](const auto& event) { heard(event); }, .attached = [] { say("attached"); }}} {
    listener_.want({"tick"});
  }

  void begin() { emit(); }

private:
  static constexpr int most_in_flight = 100;

  static void say(const char* what) {
    std::puts(what);
    std::fflush(stdout);
  }
  static std::string address(const std::string& run_directory) {
    return protocol::daemon_address(run_directory, protocol::socket_name::broker);
  }

  void emit() {
    for (; in_flight_ < most_in_flight && next_ < count_; ++next_, ++in_flight_)
      broker_.emit(
          {.name = "tick", .environment = protocol::Environment{{"N=" + std::to_string(next_)}}}, [](bool) {},
          [this] {
            --in_flight_;
            if (++accepted_ == count_) say("emitted");
            emit();
          });
  }

  // The broker gives an event again until it is told that it has arrived; its ids only grow.
  void heard(const bridge::HeardEvent& event) {
    protocol::Environment environment{event.environment};
    if (auto node = environment.get("NODE"); node && event.id > last_) {
      ledger_ << *node << ' ' << environment.get("N").value_or("?") << std::endl;
      last_ = event.id;
    }
    listener_.have(event.id);
  }

  int count_, next_ = 0, in_flight_ = 0, accepted_ = 0;
  base::EventId last_ = 0;
  std::ofstream ledger_;
  bridge::BrokerSession broker_;
  bridge::EventListener listener_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: fleet-worker RUN-DIRECTORY COUNT FILE\n", stderr);
    return EXIT_FAILURE;
  }
  base::open_log("fleet-worker", spdlog::level::warn);
  base::EventLoop loop;
  Worker worker{loop, argv[1], std::atoi(argv[2]), argv[3]};
  base::DaemonSignals signals{loop, {.end = [&] { loop.stop(); }, .connect_now = [&] { worker.begin(); }}};
  loop.run();
}
