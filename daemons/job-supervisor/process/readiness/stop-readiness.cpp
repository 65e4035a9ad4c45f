#include "daemons/job-supervisor/process/readiness/stop-readiness.hpp"

#include <csignal>

namespace upstart::supervisor {

StopReadiness::StopReadiness(MainProcess& main, const ReadyTimeouts& timeouts)
    : main_{main},
      ready_timeout_{main.children().loop(),
                     timeouts,
                     {.process = [&main] { return main.child().pid(); },
                      .warn =
                          [&main] {
                            main.warn("has not raised SIGSTOP (expect stop) yet; still waiting; if it never does, "
                                      "remove the stanza expect");
                          },
                      .accept = [this] { accept(); }}} {}

void StopReadiness::begin() {
  ready_timeout_.begin();
  main_.child().on_stop([this] { stopped(); });
}

// One that has stopped while there was no supervisor is seen to be stopped now; one that an earlier supervisor has seen
// to be stopped may not have been continued by it.
void StopReadiness::go_on() {
  if (continued_) return;
  if (stopped_) return continue_it();
  if (!accepted_) return begin();
  main_.child().on_stop([this] { stopped(); });
}

void StopReadiness::write_notes(base::ByteWriter& out) const {
  out.truth(accepted_);
  out.truth(stopped_);
  out.truth(continued_);
}

void StopReadiness::restore(base::ByteReader& in) {
  accepted_ = in.truth();
  stopped_ = in.truth();
  continued_ = in.truth();
}

// It is written down before the process goes on: the next supervisor could not see any more that it had stopped.
void StopReadiness::stopped() {
  stopped_ = true;
  ready_timeout_.end();
  main_.child().on_stop({});
  std::weak_ptr alive = alive_;
  if (accepted_) main_.notes_changed();
  else main_.ready(); // may destroy this
  if (!alive.expired()) continue_it();
}

void StopReadiness::continue_it() {
  continued_ = true;
  main_.child().signal_group(SIGCONT);
}

// When it stops itself after that, it still waits to be continued.
void StopReadiness::accept() {
  accepted_ = true;
  main_.warn("has not raised SIGSTOP (expect stop); taken as ready; if it never does, remove the stanza expect");
  main_.ready();
}

} // namespace upstart::supervisor
