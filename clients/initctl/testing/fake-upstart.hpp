// An init daemon for tests: it serves a few jobs at a private socket from a thread of its own, starts and stops them at
// once, and notes what it was asked. What it is to serve is set up before it runs.
#pragma once

#include "clients/initctl/initctl.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace upstart::client {

struct FakeJob {
  std::vector<std::vector<std::string>> start_on = {}, stop_on = {};
  std::vector<std::string> emits = {};
  std::string usage = {};
  bool has_instances = false;         // named by the variable NAME
  std::set<std::string> running = {}; // names of instances
  bool fails = false;                 // to start
  std::string failure = {};           // of its last run, as ListJobs tells it
  std::string state = {};             // what DescribeJob answers; empty: an init that has no such method
};

// When a command with a token loses its connection.
enum class Loss : std::uint8_t { none, before_acceptance, before_answer };

// What follows when it has answered that it executes itself anew.
enum class AfterRestart : std::uint8_t { tells, nothing };

class FakeUpstart {
public:
  explicit FakeUpstart(std::map<std::string, FakeJob> jobs, std::string log_directory = {});
  ~FakeUpstart();

  [[nodiscard]] const std::string& address() const { return address_; }
  // To be set up before the first client comes: an init daemon without JobSupervisor1's commands, as the original is.
  void knows_no_tokens();
  // The same: what happens to the first commands with a token, in order.
  void lose(std::vector<Loss> losses);
  void after_restart(AfterRestart what);
  // Closes the connection of every client that is there; the next ones are served.
  void hang_up();

  // Every call that changes something, as "METHOD ARG ARG…".
  [[nodiscard]] std::vector<std::string> calls() const;
  // The tokens of the commands that came with one, in order; one that is repeated comes twice.
  [[nodiscard]] std::vector<std::string> tokens() const;
  // Until the property version has been read so often.
  void wait_for_version_reads(int count);

private:
  struct Server;
  std::string address_;
  std::unique_ptr<Server> server_;
};

// What one run of initctl printed and returned.
struct Ran {
  std::string out, err;
  int status = 0;
};

using Variables = std::map<std::string, std::string>;
// Of these variables the one that says that standard output is a terminal, so many columns wide.
inline constexpr const char* terminal_width_variable = "TEST_TERMINAL_WIDTH";
[[nodiscard]] Ran run_initctl(const std::vector<std::string>& words, const Variables& variables);
// The same, printing to these streams; its exit status.
[[nodiscard]] int run_initctl_onto(std::ostream& out, std::ostream& err, const std::vector<std::string>& words,
                                   const Variables& variables);

} // namespace upstart::client
