#include "daemons/job-supervisor/process/readiness/readiness.hpp"

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"
#include "daemons/job-supervisor/process/readiness/daemonization.hpp"
#include "daemons/job-supervisor/process/readiness/fork-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/notify-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

// `expect stop`: it stops itself, and is told to go on.
class StopReadiness : public Readiness {
public:
  StopReadiness(MainProcess& main, const SilenceTimes& times)
      : main_{main},
        silence_{main.children().loop(),
                 times,
                 {.process = [&main] { return main.child().pid(); },
                  .warn = [&main] { main.warn("expect stop, but it has not stopped itself yet: still waiting"); },
                  .accept = [this] { accept(); }}} {}

  void begin() override {
    silence_.begin();
    main_.child().on_stop([this] { stopped(); });
  }
  void signalled() override { silence_.end(); }

private:
  void stopped() {
    silence_.end();
    main_.child().on_stop({});
    main_.child().signal_group(SIGCONT);
    if (!accepted_) main_.ready();
  }
  // When it does stop itself later, it still waits to be told to go on.
  void accept() {
    accepted_ = true;
    main_.warn("expect stop, but it has not stopped itself: it would be right without expect");
    main_.ready();
  }

  MainProcess& main_;
  bool accepted_ = false;
  SilenceWatch silence_;
};

bool is_ending(pid_t pid) {
  auto facts = facts_of(pid);
  return !facts || facts->ended() || facts->ending;
}

// `expect readyfd`: a byte or the end of file on a pipe.
class PipeReadiness : public Readiness {
public:
  PipeReadiness(MainProcess& main, const ExpectTimes& times, base::FileDescriptor reading, base::FileDescriptor writing)
      : main_{main},
        reading_{std::move(reading)},
        writing_{std::move(writing)},
        detachment_{main, times.forks.youth},
        silence_{
            main.children().loop(),
            times.word,
            {.process = [&main] { return main.child().pid(); },
             .warn = [&main] { main.warn("expect readyfd, but nothing was written to READY_FD yet: still waiting"); },
             .accept = [this] { nothing_came(); }}},
        watcher_{main.children().loop(), reading_.get(), [this](unsigned) { readable(); }} {}

  void prepare(PlanExtras& extras) override { extras.ready_descriptor = writing_.get(); }

  void begin() override {
    writing_.reset();
    detachment_.begin();
    silence_.begin();
    watcher_.watch(base::FdWatcher::readable);
  }
  void signalled() override {
    detachment_.excused();
    silence_.end();
  }
  bool main_ended(int wait_status) override {
    if (detachment_.seen_in(wait_status))
      main_.warn("expect readyfd, but its first process has ended and left others behind: expect fork would be right");
    return false;
  }

private:
  void readable() {
    std::array<char, 64> ignored;
    ssize_t got = ::read(reading_.get(), ignored.data(), ignored.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    watcher_.watch(0);
    if (got <= 0 && is_ending(main_.child().pid())) return; // closed because it is gone
    ready();
  }
  void nothing_came() {
    watcher_.watch(0);
    main_.warn("expect readyfd, but nothing was written to READY_FD: it would be right without expect");
    ready();
  }
  void ready() {
    silence_.end();
    detachment_.ready();
    main_.ready();
  }

  MainProcess& main_;
  base::FileDescriptor reading_, writing_;
  Detachment detachment_;
  SilenceWatch silence_;
  base::FdWatcher watcher_;
};

std::expected<std::unique_ptr<Readiness>, SpawnFailure> make_pipe_readiness(MainProcess& main,
                                                                            const ExpectTimes& times) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return std::unexpected{unable_to("create a pipe", errno)};
  base::FileDescriptor reading{ends[0]}, writing{ends[1]};
  return std::make_unique<PipeReadiness>(main, times, std::move(reading), std::move(writing));
}

} // namespace

std::expected<std::unique_ptr<Readiness>, SpawnFailure> make_readiness(const JobClass& job_class, MainProcess& main,
                                                                       const ExpectTimes& times) {
  switch (job_class.expect) {
  case Expect::none: return nullptr;
  case Expect::stop: return std::make_unique<StopReadiness>(main, times.stop);
  case Expect::fork:
  case Expect::daemon: return std::make_unique<ForkReadiness>(main, job_class.expect, times.forks);
  case Expect::ready_fd: return make_pipe_readiness(main, times);
  case Expect::notify: return make_notify_readiness(job_class, main, times);
  }
  return nullptr;
}

} // namespace upstart::supervisor
