// Thousands of random lives: whatever happens in whatever order, what must hold holds, and a copy that was written down
// and read back at every step goes on identically.
#include "daemons/job-supervisor/lifecycle/life-bytes.hpp"
#include "daemons/job-supervisor/lifecycle/scenario.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <source_location>
#include <utility>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

namespace {

// As REQUIRE, which takes its time: this is asked a million times.
void require(bool holds, std::source_location where = std::source_location::current()) {
  if (!holds) FAIL("what must hold does not, in line " << where.line());
}

class Dice {
public:
  int operator()(int sides) { return std::uniform_int_distribution{0, sides - 1}(random_); }
  bool one_in(int sides) { return (*this)(sides) == 0; }

private:
  std::mt19937 random_{20240607};
};

JobClass random_class(Dice& dice) {
  JobClass of = job({}, dice.one_in(2));
  for (auto kind : {main, pre_start, post_start, pre_stop, post_stop})
    if (dice.one_in(2)) of.commands[static_cast<std::size_t>(kind)] = Command{.text = "x"};
  of.respawn = dice.one_in(2);
  of.respawn_limit = {.count = static_cast<unsigned>(dice(3)), .interval = 5s};
  of.expect = static_cast<Expect>(dice(6));
  of.kill_timeout = std::chrono::seconds{dice(2)};
  if (dice.one_in(4)) of.apparmor_load = "profile";
  if (dice.one_in(4)) of.tmpfiles = {"files.conf"};
  return of;
}

// More than twenty methods: one for each kind of effect, one for each kind of input.
// One life and what surrounds it: the processes, events, callers and the timer that it has asked for.
class RandomLife {
public:
  explicit RandomLife(Dice& dice) : dice_{dice}, class_{random_class(dice)} {}

  void happen(int what) {
    now_ += std::chrono::milliseconds{dice_(4000)};
    switch (what) {
    case 0: return start();
    case 1: return take(input::Stop{.environment = {}, .blockers = {new_event()}, .caller = new_caller()});
    case 2: return take(input::Restart{.parameters = {}, .caller = new_caller()});
    case 3: return finish_event();
    case 4: return take(input::Ready{.pid = 7});
    case 5: return end(dice_.one_in(2) ? 0 : dice_.one_in(2) ? exited(1) : killed_by(SIGTERM));
    case 6: return fail_to_execute();
    case 7: return take(input::TimeAsked{std::chrono::seconds{dice_(9)}});
    default:
      if (std::exchange(timer_, false)) take(input::KillTimeout{});
    }
  }
  void start() {
    take(input::Start{.parameters = StartParameters{.environment = upstart::protocol::Environment{{"N=1"}}},
                      .blockers = {new_event()},
                      .caller = new_caller()});
  }
  // Nothing random any more: the job is told to stop, and everything that it waits for comes.
  void wind_up() {
    if (!life.is_to_stop()) happen(1);
    happen(3);
    if (!removed) happen(removed ? 8 : 4);
    if (!removed) happen(5);
  }

  Life life;
  bool removed = false;

private:
  void take(const Input& input) {
    if (removed) return;
    auto written = life_of_bytes(to_bytes(life));
    require(written.has_value());
    require(*written == life);
    auto copy = step(std::move(*written), class_, input, now_);
    auto next = step(std::move(life), class_, input, now_);
    require(copy.life == next.life);
    require(copy.effects == next.effects);
    life = std::move(next.life);
    for (const auto& effect : next.effects) std::visit([this](const auto& each) { carry_out(each); }, effect);
    check();
  }
  void check() const {
    bool waits_for_event = (life.state == State::starting && !life.setbacks->pausing) || life.state == State::stopping;
    require(life.awaited_event.has_value() == waits_for_event);
    require(life.kill_deadline.has_value() == timer_);
    require(alive_.size() - alive_.count(main) <= 1); // one hook at a time
    if (life.kill_deadline) require(awaited_process(life).has_value() || life.setbacks->pausing);
    if (!removed) return;
    require(alive_.empty()); // no process outlives its instance
    require(callers_.empty());
    require(events_.empty());
    require(life.state == State::waiting);
  }

  void carry_out(const effect::Spawn& spawn) { require(alive_.insert(spawn.process).second); }
  void carry_out(const effect::Signal& signal) { require(alive_.contains(signal.process)); }
  void carry_out(const effect::ArmKillTimer&) { require(!(std::exchange(timer_, true))); }
  void carry_out(const effect::DisarmKillTimer&) { require(std::exchange(timer_, false)); }
  void carry_out(const effect::BlockEvents& block) { events_.insert(block.events.begin(), block.events.end()); }
  void carry_out(const effect::ReleaseEvents& release) {
    for (auto event : release.events) require(events_.erase(event) == 1);
  }
  void carry_out(const effect::Answer& answer) { require(callers_.erase(answer.caller) == 1); }
  void carry_out(const effect::Remove&) { removed = true; }
  void carry_out(const auto&) { require(!(removed)); } // nothing follows the removal

  ProcessKind some_process() { return *std::next(alive_.begin(), dice_(static_cast<int>(alive_.size()))); }
  void end(int wait_status) {
    if (alive_.empty()) return;
    auto kind = some_process();
    alive_.erase(kind);
    take(input::Ended{kind, wait_status});
  }
  void fail_to_execute() {
    if (alive_.empty()) return;
    auto kind = some_process();
    alive_.erase(kind);
    take(input::NotExecuted{kind, "no"});
  }
  void finish_event() {
    if (life.awaited_event) take(input::EventFinished{*life.awaited_event});
  }
  CallerId new_caller() { return *callers_.insert(++last_id_).first; }
  EventId new_event() { return ++last_id_; }

  Dice& dice_;
  JobClass class_;
  MonotonicTime now_{0};
  std::set<ProcessKind> alive_;
  std::set<std::uint64_t> callers_, events_;
  std::uint64_t last_id_ = 0;
  bool timer_ = false;
};

} // namespace

TEST_CASE("random lives keep the invariants and end in waiting") {
  Dice dice;
  for (int round = 0; round < 3000; ++round) {
    RandomLife random{dice};
    random.start();
    for (int step = 0; step < 40 && !random.removed; ++step) random.happen(dice(9));
    for (int step = 0; step < 60 && !random.removed; ++step) random.wind_up();
    CHECK(random.removed);
  }
}
