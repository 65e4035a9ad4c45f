#include "daemons/job-supervisor/process/readiness/stop-readiness.hpp"

#include <csignal>

namespace upstart::supervisor {

StopReadiness::StopReadiness(MainProcess& main, const ReadyTimeouts& timeouts)
    : main_{main},
      ready_timeout_{main.children().loop(),
                     timeouts,
                     {.process = [&main] { return main.child().pid(); },
                      .warn = [&main] { main.warn("has not raised SIGSTOP (expect stop) yet; still waiting"); },
                      .accept = [this] { accept(); }}} {}

void StopReadiness::begin() {
  ready_timeout_.begin();
  main_.child().on_stop([this] { stopped(); });
}

// One that has stopped while there was no supervisor is seen to be stopped now.
void StopReadiness::go_on() {
  if (stopped_) return;
  if (!accepted_) return begin();
  main_.child().on_stop([this] { stopped(); });
}

void StopReadiness::write_notes(base::ByteWriter& out) const {
  out.truth(accepted_);
  out.truth(stopped_);
}

void StopReadiness::restore(base::ByteReader& in) {
  accepted_ = in.truth();
  stopped_ = in.truth();
}

void StopReadiness::stopped() {
  stopped_ = true;
  main_.notes_changed();
  ready_timeout_.end();
  main_.child().on_stop({});
  main_.child().signal_group(SIGCONT);
  if (!accepted_) main_.ready();
}

// When it stops itself after that, it still waits to be continued.
void StopReadiness::accept() {
  accepted_ = true;
  main_.warn("has not raised SIGSTOP (expect stop); taken as ready; if it never does, remove the stanza expect");
  main_.ready();
}

} // namespace upstart::supervisor
