// A client of com.ubuntu.Upstart over a private address: each function is one thing that is measured, and returns when
// it has been answered. Throws when the answer is an error.
#pragma once

#include "integration-tests/bench/bus.hpp"
#include "integration-tests/bench/samples.hpp"

#include <span>
#include <string>
#include <vector>

namespace upstart::bench {

class UpstartClient {
public:
  explicit UpstartClient(const std::string& address);

  void version();
  void emit(const std::string& event, const std::vector<std::string>& variables = {});
  void start(const std::string& job) { job_call(job, "Start"); }
  void stop(const std::string& job) { job_call(job, "Stop"); }
  std::size_t count_jobs();

  // So many emissions, never more than `window` of them unanswered.
  void emit_pipelined(const std::string& event, int count, int window);
  // Does not wait for the event but for the job to run.
  void emit_until_running(const std::string& event, const std::string& job);
  // Signals that have come are read and forgotten, outside of what is measured.
  void drain();

private:
  Message emission(const std::string& event, bool wait, const std::vector<std::string>& variables = {});
  void job_call(const std::string& job, const char* method);

  Bus bus_;
};

} // namespace upstart::bench
