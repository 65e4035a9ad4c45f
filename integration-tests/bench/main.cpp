// bench-client: one measurement each time it is run; its lines are the samples in microseconds. Started by `run`, which
// knows what belongs together.
#include "integration-tests/bench/floors.hpp"
#include "integration-tests/bench/upstart-client.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>

namespace {

using namespace upstart::bench;
using Words = std::vector<std::string>;

int number(const std::string& word) {
  int value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value <= 0)
    throw std::runtime_error{"a number above 0 is wanted, not " + word};
  return value;
}

UpstartClient client() {
  const char* address = std::getenv("UPSTART_SESSION");
  if (address == nullptr) throw std::runtime_error{"UPSTART_SESSION is not set"};
  return UpstartClient{address};
}

// One sample a repetition, with what came meanwhile read between them.
template <typename Work> Samples repeat(UpstartClient& upstart, int count, Work&& work) {
  Samples samples;
  for (int i = 0; i < count; ++i) {
    samples.push_back(time_of(work));
    upstart.drain();
  }
  return samples;
}

void emit(const Words& words) {
  auto upstart = client();
  std::vector<std::string> variables{words.begin() + 2, words.end()};
  auto emission = [&] { upstart.emit(words[1], variables); };
  repeat(upstart, 20, emission);
  print_samples("emit", repeat(upstart, number(words[0]), emission));
}

void pipeline(const Words& words) {
  auto upstart = client();
  print_samples("pipeline", repeat(upstart, number(words[0]),
                                   [&] { upstart.emit_pipelined(words[3], number(words[1]), number(words[2])); }));
}

void start_stop(const Words& words) {
  auto upstart = client();
  Samples starts, stops;
  for (int i = -1; i < number(words[0]); ++i) {
    double start = time_of([&] { upstart.start(words[1]); });
    upstart.drain();
    double stop = time_of([&] { upstart.stop(words[1]); });
    upstart.drain();
    if (i < 0) continue; // the first finds everything cold
    starts.push_back(start);
    stops.push_back(stop);
  }
  print_samples("start", starts);
  print_samples("stop", stops);
}

void task(const Words& words) {
  auto upstart = client();
  print_samples("task", repeat(upstart, number(words[0]), [&] { upstart.start(words[1]); }));
}

void connect(const Words& words) {
  Samples samples;
  for (int i = 0; i < number(words[0]); ++i) samples.push_back(time_of([] { client(); }));
  print_samples("connect", samples);
}

void once(const Words& words) {
  auto upstart = client();
  print_samples("once", {time_of([&] { upstart.emit(words[0]); })});
}

void until(const Words& words) {
  auto upstart = client();
  print_samples("until", {time_of([&] { upstart.emit_until_running(words[0], words[1]); })});
}

void floor_pipeline(const Words& words) {
  Samples samples;
  for (int i = 0; i < number(words[0]); ++i) samples.push_back(bus_pipelined(number(words[1]), number(words[2])));
  print_samples("pipeline", samples);
}

void floor_life(const Words& words) {
  auto lives = spawn_then_end(number(words[0]));
  print_samples("birth", lives.births);
  print_samples("death", lives.deaths);
}

void floor_crowd(const Words& words) {
  Samples births, deaths;
  for (int i = 0; i < number(words[0]); ++i) {
    auto crowd = spawn_crowd(number(words[1]));
    births.push_back(crowd.birth);
    deaths.push_back(crowd.death);
  }
  print_samples("birth", births);
  print_samples("death", deaths);
}

// Tells the id of the process, then waits until the reader has looked and closes the input.
void floor_memory(const Words&) {
  BusProcess idle;
  bus_round_trips(idle, 1);
  std::println("pid {}", idle.pid());
  std::fflush(stdout);
  while (std::getchar() != EOF) {}
}

void program(const Words& words) {
  print_samples("program", spawn_and_wait(number(words[0]), {words.begin() + 1, words.end()}));
}

struct Command {
  const char* usage;
  std::size_t words;
  void (*run)(const Words&);
  bool takes_more = false;

  [[nodiscard]] bool accepts(std::size_t given) const { return takes_more ? given >= words : given == words; }
};

const std::map<std::string, Command> commands{
    {"emit", {"COUNT EVENT [KEY=VALUE]…", 2, emit, true}},
    {"pipeline", {"REPETITIONS COUNT WINDOW EVENT", 4, pipeline}},
    {"start-stop", {"COUNT JOB", 2, start_stop}},
    {"task", {"COUNT JOB", 2, task}},
    {"connect", {"COUNT", 1, connect}},
    {"once", {"EVENT", 1, once}},
    {"until", {"EVENT JOB", 2, until}},
    {"jobs", {"", 0, [](const Words&) { std::println("jobs {}", client().count_jobs()); }}},
    {"floor-socketpair",
     {"COUNT", 1, [](const Words& words) { print_samples("round-trip", socketpair_round_trips(number(words[0]))); }}},
    {"floor-bus",
     {"COUNT", 1,
      [](const Words& words) { print_samples("round-trip", bus_round_trips(BusProcess{}, number(words[0]))); }}},
    {"floor-pipeline", {"REPETITIONS COUNT WINDOW", 3, floor_pipeline}},
    {"program", {"COUNT PROGRAM [ARGUMENT]…", 2, program, true}},
    {"floor-life", {"COUNT", 1, floor_life}},
    {"floor-crowd", {"REPETITIONS COUNT", 2, floor_crowd}},
    {"floor-files", {"DIRECTORY", 1, [](const Words& words) { print_samples("files", {read_files(words[0])}); }}},
    {"floor-memory", {"", 0, floor_memory}},
};

int usage() {
  for (const auto& [name, command] : commands) std::println(stderr, "usage: bench-client {} {}", name, command.usage);
  return 2;
}

} // namespace

int main(int argc, char** argv) try {
  Words words{argv + 1, argv + argc};
  if (words.empty()) return usage();
  auto found = commands.find(words.front());
  if (found == commands.end() || !found->second.accepts(words.size() - 1)) return usage();
  words.erase(words.begin());
  found->second.run(words);
  return 0;
} catch (const std::exception& error) {
  std::println(stderr, "bench-client: {}", error.what());
  return 1;
}
