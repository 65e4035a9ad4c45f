#include "daemons/init/lifecycle/lifecycle.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>

namespace upstart::init {

namespace {

using std::chrono::milliseconds;

// A daemon that was ready for this long, or at least ran for that long, is not one that dies again and again.
constexpr milliseconds proved_when_ready{250};
constexpr milliseconds proved_when_running{10'000};

constexpr unsigned deaths_without_pause = 3;
constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{10'000};

// On a machine: then somebody at the console is asked.
constexpr unsigned deaths_before_rescue = 6;

bool is_vital(Daemon daemon) { return daemon == Daemon::broker || daemon == Daemon::supervisor; }

milliseconds pause_after(unsigned deaths) {
  if (deaths <= deaths_without_pause) return milliseconds{0};
  auto doublings = std::min(deaths - deaths_without_pause - 1, 10U);
  return std::min(first_pause * (1U << doublings), longest_pause);
}

// In the order in which they are told to go.
std::vector<Daemon> bridges_and_broker() {
  std::vector<Daemon> result{all_bridges().begin(), all_bridges().end()};
  result.push_back(Daemon::broker);
  return result;
}

} // namespace

bool Lifecycle::any_alive(const std::vector<Daemon>& daemons) {
  return std::ranges::any_of(daemons, [this](Daemon daemon) { return alive(daemon); });
}

Lifecycle::Lifecycle(bool with_bus, bool machine) : machine_{machine} {
  of(Daemon::bus).wanted = with_bus;
  for (auto bridge : all_bridges()) of(bridge).wanted = false;
}

Actions Lifecycle::begin(Time now) {
  Actions actions;
  for (auto daemon : all_daemons())
    if (of(daemon).wanted) actions.emplace_back(start(daemon, now));
  return actions;
}

Actions Lifecycle::resume(const std::vector<Known>& all, Time now) {
  for (const auto& known : all) {
    auto& state = of(known.daemon);
    if (is_bridge(known.daemon)) state.wanted = known.wanted;
    state.alive = known.alive;
    state.ready = known.ready;
    state.was_ready = known.was_ready;
    state.since = now;
  }
  Actions actions;
  for (auto daemon : all_daemons())
    if (of(daemon).wanted && !alive(daemon)) actions.emplace_back(start(daemon, now));
  return actions;
}

Lifecycle::Known Lifecycle::known_of(Daemon daemon) const {
  const auto& state = daemons_[static_cast<std::size_t>(daemon)];
  return {.daemon = daemon,
          .wanted = state.wanted || state.lingering,
          .alive = state.alive,
          .ready = state.ready,
          .was_ready = state.was_ready};
}

Start Lifecycle::start(Daemon daemon, Time now) {
  auto& state = of(daemon);
  state.alive = true;
  state.since = now;
  return {daemon, state.was_ready};
}

Actions Lifecycle::ready(Daemon daemon, Time now) {
  auto& state = of(daemon);
  if (!state.alive || state.ready) return {};
  bool announce = daemon == Daemon::supervisor && !state.was_ready && phase_ == Phase::running;
  state.ready = state.was_ready = true;
  state.since = now;
  Actions actions;
  if (announce) actions.emplace_back(Announce{});
  for (int signal : std::exchange(state.held, {})) actions.emplace_back(Send{daemon, signal});
  if (first_died_ && to_replace_.front() == daemon) std::ranges::copy(replaced(), std::back_inserter(actions));
  return actions;
}

Actions Lifecycle::stopping(Daemon daemon) {
  if (daemon == Daemon::supervisor && phase_ == Phase::running && !machine_) begin_ending();
  return {};
}

Actions Lifecycle::died(Daemon daemon, Ending how, Time now) {
  auto& state = of(daemon);
  bool proved = now - state.since >= (state.ready ? proved_when_ready : proved_when_running);
  state.deaths = proved ? 1 : state.deaths + 1;
  state.alive = state.ready = false;
  if (how == Ending::clean) state.lingering = false; // nobody asks for it, and it holds nothing any more
  if (daemon == Daemon::supervisor) supervisor_died(how);
  if (!to_replace_.empty() && to_replace_.front() == daemon) first_died_ = true;
  if (needed(daemon)) return start_again(daemon, now);
  auto actions = advance();
  if (first_died_ && to_replace_.front() == daemon) std::ranges::copy(replaced(), std::back_inserter(actions));
  if (is_bridge(daemon) && phase_ == Phase::running) actions.emplace_back(Discard{daemon});
  return actions;
}

void Lifecycle::supervisor_died(Ending how) {
  bool expected = phase_ == Phase::ending;
  if (expected && how == Ending::failed) status_ = 1;
  if (!expected || how != Ending::clean) may_have_left_jobs_ = true;
}

// Whether it is to be started again when it dies.
bool Lifecycle::needed(Daemon daemon) const {
  using enum Daemon;
  const auto& state = daemons_[static_cast<std::size_t>(daemon)];
  bool is_needed_now = !is_bridge(daemon) || state.wanted || state.lingering;
  switch (phase_) {
  case Phase::running: return is_needed_now;
  case Phase::ending: return is_needed_now && daemon != supervisor;
  case Phase::dismissing: return daemon == bus;
  default: return false;
  }
}

Actions Lifecycle::start_again(Daemon daemon, Time now) {
  auto deaths = of(daemon).deaths;
  Actions actions;
  if (machine_ && !rescuing_ && is_vital(daemon) && deaths >= deaths_before_rescue) {
    rescuing_ = true;
    actions.emplace_back(Rescue{daemon});
  }
  if (auto pause = pause_after(deaths); pause > milliseconds{0}) {
    actions.emplace_back(Pause{daemon, pause});
    return actions;
  }
  actions.emplace_back(start(daemon, now));
  if (of(daemon).lingering) actions.emplace_back(Linger{daemon, linger});
  return actions;
}

Actions Lifecycle::rescue_over(bool used, Time now) {
  rescuing_ = false;
  Actions actions;
  if (!used) return actions;
  for (auto daemon : {Daemon::broker, Daemon::supervisor}) {
    of(daemon).deaths = 0;
    if (!alive(daemon) && needed(daemon)) actions.emplace_back(start(daemon, now));
  }
  return actions;
}

Actions Lifecycle::pause_over(Daemon daemon, Time now) {
  auto& state = of(daemon);
  if (state.alive) return std::exchange(state.lingering, false) ? Actions{Send{daemon, SIGTERM}} : Actions{};
  if (!needed(daemon)) return {};
  Actions actions{start(daemon, now)};
  if (state.lingering) actions.emplace_back(Linger{daemon, linger});
  return actions;
}

Actions Lifecycle::bridges_wanted(const std::vector<Daemon>& wanted, Time now) {
  Actions actions;
  if (phase_ != Phase::running && phase_ != Phase::ending) return actions;
  for (auto bridge : all_bridges())
    if (bool is_wanted = std::ranges::contains(wanted, bridge); is_wanted != of(bridge).wanted)
      is_wanted ? want(bridge, now, actions) : unwant(bridge, linger, actions);
  return actions;
}

// One that lingers, or waits to be started again, just goes on; one that was told to go is started again when it has.
void Lifecycle::want(Daemon bridge, Time now, Actions& actions) {
  auto& state = of(bridge);
  state.wanted = true;
  bool waits_for_its_start = !state.alive && std::exchange(state.lingering, false);
  state.lingering = false;
  if (!state.alive && !waits_for_its_start) actions.emplace_back(start(bridge, now));
}

// It is given time to give up what it holds; until then it is started again if it dies.
void Lifecycle::unwant(Daemon bridge, milliseconds lingering, Actions& actions) {
  auto& state = of(bridge);
  state.wanted = false;
  state.lingering = true;
  if (state.alive) actions.emplace_back(Linger{bridge, lingering});
}

Actions Lifecycle::bridge_asked(Daemon bridge, Time now) {
  Actions actions;
  if (phase_ != Phase::running || of(bridge).wanted) return actions;
  want(bridge, now, actions);
  unwant(bridge, asked_linger, actions);
  return actions;
}

// Where it was to be replaced there is nothing to wait for.
Actions Lifecycle::not_installed(Daemon bridge) {
  auto& state = of(bridge);
  state.wanted = state.lingering = state.alive = false;
  return first_died_ && to_replace_.front() == bridge ? replaced() : Actions{};
}

Actions Lifecycle::pass_on(Daemon daemon, int signal) {
  auto& state = of(daemon);
  if (!state.wanted || !needed(daemon)) return {};
  if (state.ready) return {Send{daemon, signal}};
  if (std::ranges::find(state.held, signal) == state.held.end()) state.held.push_back(signal);
  return {};
}

// The supervisor comes last: it tells clients that all is done.
Actions Lifecycle::replace_asked() {
  if (phase_ != Phase::running) return {};
  to_replace_ = {Daemon::broker};
  to_replace_.insert(to_replace_.end(), all_bridges().begin(), all_bridges().end());
  to_replace_.push_back(Daemon::supervisor);
  return replace_next();
}

Actions Lifecycle::replace_next() {
  first_died_ = false;
  while (!to_replace_.empty() && !alive(to_replace_.front())) to_replace_.pop_front();
  if (to_replace_.empty()) return {};
  return {Send{to_replace_.front(), SIGKILL}};
}

Actions Lifecycle::replaced() {
  to_replace_.pop_front();
  return replace_next();
}

Actions Lifecycle::end_asked() {
  if (phase_ == Phase::over) return {};
  ++times_asked_;
  if (phase_ == Phase::running) begin_ending();
  if (phase_ != Phase::ending) return hurry();
  if (!alive(Daemon::supervisor)) return advance();
  if (times_asked_ == 1) return {Send{Daemon::supervisor, SIGTERM}};
  if (times_asked_ == 2) return {Limit{hurry_limit}};
  return hurry();
}

Actions Lifecycle::hurry() {
  if (killed_) return {};
  return limit_over();
}

// The daemons whose end the present phase waits for.
std::vector<Daemon> Lifecycle::leaving() const {
  using enum Daemon;
  switch (phase_) {
  case Phase::ending: return {supervisor};
  case Phase::dismissing: return bridges_and_broker();
  case Phase::closing: return {bus};
  default: return {};
  }
}

// First SIGKILL; what even that does not end (a process in the kernel's hands) is left to its fate.
Actions Lifecycle::limit_over() {
  if (killed_) {
    for (auto daemon : leaving()) of(daemon).alive = false;
    orphans_ = false;
    return advance();
  }
  killed_ = true;
  Actions actions;
  for (auto daemon : leaving())
    if (alive(daemon)) actions.emplace_back(Send{daemon, SIGKILL});
  if (phase_ == Phase::dismissing && orphans_) actions.emplace_back(EndOrphans{SIGKILL});
  if (!actions.empty()) actions.emplace_back(Limit{dismissal_limit});
  return actions;
}

Actions Lifecycle::orphans_gone() {
  orphans_ = false;
  return advance();
}

// Into the next phase, and the next, while nothing holds the present one.
Actions Lifecycle::advance() {
  Actions actions;
  if (phase_ == Phase::ending && !alive(Daemon::supervisor)) dismiss(actions);
  if (phase_ == Phase::dismissing && !any_alive(bridges_and_broker()) && !orphans_) close(actions);
  if (phase_ == Phase::closing && !alive(Daemon::bus)) {
    phase_ = Phase::over;
    actions.emplace_back(Leave{status_});
  }
  return actions;
}

void Lifecycle::dismiss(Actions& actions) {
  phase_ = Phase::dismissing;
  killed_ = false;
  orphans_ = may_have_left_jobs_;
  actions.emplace_back(Withdraw{});
  for (auto daemon : bridges_and_broker()) dismiss_daemon(daemon, actions);
  actions.emplace_back(Limit{dismissal_limit});
  if (orphans_) actions.emplace_back(EndOrphans{SIGTERM});
}

void Lifecycle::close(Actions& actions) {
  phase_ = Phase::closing;
  killed_ = false;
  if (!alive(Daemon::bus)) return;
  dismiss_daemon(Daemon::bus, actions);
  actions.emplace_back(Limit{dismissal_limit});
}

void Lifecycle::dismiss_daemon(Daemon daemon, Actions& actions) {
  if (alive(daemon)) actions.emplace_back(Send{daemon, SIGTERM});
}

} // namespace upstart::init
