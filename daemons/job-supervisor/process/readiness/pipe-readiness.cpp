#include "daemons/job-supervisor/process/readiness/pipe-readiness.hpp"

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

bool is_ending(pid_t pid) {
  auto facts = facts_of(pid);
  return !facts || facts->ended() || facts->ending;
}

} // namespace

PipeReadiness::PipeReadiness(MainProcess& main, const ExpectTimeouts& timeouts, base::FileDescriptor reading,
                             Keeping keeping, base::FileDescriptor writing)
    : main_{main},
      reading_{std::move(reading)},
      writing_{std::move(writing)},
      keeping_{std::move(keeping)},
      daemonization_{main, timeouts.forks.grace_period},
      ready_timeout_{main.children().loop(),
                     timeouts.message,
                     {.process = [&main] { return main.child().pid(); },
                      .warn =
                          [&main] {
                            main.warn("has not written to READY_FD (expect readyfd) yet; still waiting; if it never "
                                      "does, remove the stanza expect");
                          },
                      .accept = [this] { timed_out(); }}},
      watcher_{main.children().loop(), reading_.get(), [this](unsigned) { readable(); }} {}

void PipeReadiness::begin() {
  writing_.reset();
  daemonization_.begin();
  ready_timeout_.begin();
  watcher_.watch(base::FdWatcher::readable);
}

void PipeReadiness::go_on() {
  if (ready_) return;
  ready_timeout_.begin();
  watcher_.watch(base::FdWatcher::readable);
}

void PipeReadiness::write_notes(base::ByteWriter& out) const {
  out.number(keeping_.number());
  out.truth(ready_);
  daemonization_.write(out);
}

void PipeReadiness::restore(base::ByteReader& in) {
  ready_ = in.truth();
  daemonization_.restore(in);
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

// What was written stays in the pipe: the next supervisor may have to see it, too.
void PipeReadiness::readable() {
  pollfd seen{.fd = reading_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&seen, 1, 0) <= 0) return;
  watcher_.watch(0);
  bool closed = (seen.revents & POLLIN) == 0;
  if (closed && is_ending(main_.child().pid())) return; // because it is gone
  ready();
}

void PipeReadiness::timed_out() {
  watcher_.watch(0);
  main_.warn(
      "has not written to READY_FD (expect readyfd); taken as ready; if it never does, remove the stanza expect");
  ready();
}

void PipeReadiness::ready() {
  ready_ = true;
  ready_timeout_.end();
  daemonization_.ready();
  std::weak_ptr alive = alive_;
  main_.ready(); // writes it down; may destroy this
  if (!alive.expired()) keeping_.reset();
}

std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_pipe_readiness(MainProcess& main, const ExpectTimeouts& timeouts, KeptDescriptors& kept) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return std::unexpected{unable_to("create a pipe", errno)};
  base::FileDescriptor reading{ends[0]}, writing{ends[1]};
  auto keeping = kept.keep(reading.get());
  return std::make_unique<PipeReadiness>(main, timeouts, std::move(reading), std::move(keeping), std::move(writing));
}

namespace {

// Of a pipe that was not kept nothing more will be heard: one that is never closed stands for it.
std::unique_ptr<PipeReadiness> with_kept_pipe(MainProcess& main, const ExpectTimeouts& timeouts, KeptDescriptor pipe) {
  base::FileDescriptor writing;
  if (!pipe.fd) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return nullptr;
    pipe.fd.reset(ends[0]);
    writing.reset(ends[1]);
  }
  return std::make_unique<PipeReadiness>(main, timeouts, std::move(pipe.fd), std::move(pipe.keeping),
                                         std::move(writing));
}

} // namespace

std::unique_ptr<Readiness> restore_pipe_readiness(MainProcess& main, const ExpectTimeouts& timeouts,
                                                  KeptDescriptors& kept, base::ByteReader& notes) {
  auto readiness = with_kept_pipe(main, timeouts, kept.take(notes.number()));
  if (readiness) readiness->restore(notes);
  return readiness;
}

std::unique_ptr<Readiness> find_pipe_readiness(MainProcess& main, const ExpectTimeouts& timeouts, KeptDescriptors& kept,
                                               pid_t process) {
  auto number = environment_value(process, "READY_FD");
  std::string link = number ? link_of(process, "fd/" + *number) : "";
  auto is_the_pipe = [&](int fd) { return !link.empty() && link_of(::getpid(), "fd/" + std::to_string(fd)) == link; };
  return with_kept_pipe(main, timeouts, kept.take_if(is_the_pipe));
}

} // namespace upstart::supervisor
