#include "daemons/job-supervisor/process/readiness/pipe-readiness.hpp"

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

bool is_ending(pid_t pid) {
  auto facts = facts_of(pid);
  return !facts || facts->ended() || facts->ending;
}

} // namespace

PipeReadiness::PipeReadiness(MainProcess& main, const ExpectTimeouts& timeouts, base::FileDescriptor reading,
                             base::FileDescriptor writing)
    : main_{main},
      reading_{std::move(reading)},
      writing_{std::move(writing)},
      daemonization_{main, timeouts.forks.grace_period},
      ready_timeout_{main.children().loop(),
                     timeouts.message,
                     {.process = [&main] { return main.child().pid(); },
                      .warn = [&main] { main.warn("has not written to READY_FD (expect readyfd) yet; still waiting"); },
                      .accept = [this] { timed_out(); }}},
      watcher_{main.children().loop(), reading_.get(), [this](unsigned) { readable(); }} {}

void PipeReadiness::begin() {
  writing_.reset();
  daemonization_.begin();
  ready_timeout_.begin();
  watcher_.watch(base::FdWatcher::readable);
}

void PipeReadiness::signalled() {
  daemonization_.cancel();
  ready_timeout_.end();
}

MainEnd PipeReadiness::main_ended(int wait_status) {
  if (daemonization_.detected_in(wait_status))
    main_.warn("has ended and left other processes running (expect readyfd), which are not supervised; use expect "
               "fork");
  return MainEnd::end;
}

void PipeReadiness::readable() {
  std::array<char, 64> ignored;
  ssize_t got = ::read(reading_.get(), ignored.data(), ignored.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  watcher_.watch(0);
  if (got <= 0 && is_ending(main_.child().pid())) return; // closed because it is gone
  ready();
}

void PipeReadiness::timed_out() {
  watcher_.watch(0);
  main_.warn(
      "has not written to READY_FD (expect readyfd); taken as ready; if it never does, remove the stanza expect");
  ready();
}

void PipeReadiness::ready() {
  ready_timeout_.end();
  daemonization_.ready();
  main_.ready();
}

std::expected<std::unique_ptr<Readiness>, SpawnFailure> make_pipe_readiness(MainProcess& main,
                                                                            const ExpectTimeouts& timeouts) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return std::unexpected{unable_to("create a pipe", errno)};
  base::FileDescriptor reading{ends[0]}, writing{ends[1]};
  return std::make_unique<PipeReadiness>(main, timeouts, std::move(reading), std::move(writing));
}

} // namespace upstart::supervisor
