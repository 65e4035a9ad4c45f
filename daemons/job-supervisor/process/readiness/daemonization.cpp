#include "daemons/job-supervisor/process/readiness/daemonization.hpp"

#include <algorithm>
#include <uv.h>

namespace upstart::supervisor {

void Daemonization::ready() { ready_since_ = uv_hrtime(); }

void Daemonization::write(base::ByteWriter& out) const {
  out.number(first_);
  out.optional(ready_since_, [&](std::uint64_t since) { out.number(since); });
}

void Daemonization::restore(base::ByteReader& in) {
  first_ = in.number<pid_t>();
  ready_since_ = in.optional([&] { return in.number(); });
}

bool Daemonization::detected_in(int wait_status) const {
  if (first_ == 0 || wait_status != 0) return false;
  if (ready_since_ && std::chrono::nanoseconds{uv_hrtime() - *ready_since_} > grace_period_) return false;
  return !std::ranges::all_of(orphans_that_may_come_from(first_, main_.members(), main_.children()).found,
                              &ProcessFacts::ended);
}

} // namespace upstart::supervisor
