// A whole session of Upstart for a test: init and its daemons in a temporary directory with a bus of their own, from
// the build's bin directory. Starts when made; ended, waited for and removed when it goes, whatever the test did.
//
// What a test waits for it awaits: signals with `await`, output with `run`. Nothing sleeps.
//
// More than twenty methods: each is one thing that a user does to a session or sees of it, so that a test reads as what
// happens.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace upstart::test {

struct Outcome {
  int status = 0; // exit status; 128 + signal
  std::string out, err;
};

class Session {
public:
  struct Options {
    std::vector<std::string> init_options = {};
    std::map<std::string, std::string> environment = {};
    bool own_bus = true;            // false: init starts the bus
    bool bus_for_everybody = false; // of the own bus: other users may talk on it, too
  };
  // Job files by name ("svc" for svc.conf); @BIN@ and @DIR@ stand for the programs' and the session's directory.
  explicit Session(std::map<std::string, std::string> jobs);
  Session(std::map<std::string, std::string> jobs, Options options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void write(const std::string& file, const std::string& text); // below the job directory
  void remove(const std::string& file);

  // Runs a program to its end, in the session's environment, with a bound of 60 seconds.
  Outcome run(const std::vector<std::string>& command);
  Outcome initctl(std::vector<std::string> arguments);
  // Against the bus of the session.
  Outcome busctl(std::vector<std::string> arguments);

  // Every signal of com.ubuntu.Upstart since the session began, as "PATH MEMBER ARG…", path without
  // /com/ubuntu/Upstart.
  const std::vector<std::string>& signals();
  // Waits until such a signal has come (again, if it came before a previous `await` of the same text).
  void await(const std::string& signal);
  // Waits until the condition holds, asked again after each signal and every 20 ms. Fails the test after 20 seconds.
  void await(const std::string& what, const std::function<bool()>& condition);
  // State changes of one job's single instance so far, in order.
  std::vector<std::string> states(const std::string& job);

  // Kills init and its daemons, so that none of them has time to do anything about it, and starts init as before.
  void kill_all_and_start_again();
  // Ends the session as its user would, by SIGTERM; the exit status of init.
  int end();
  // Process id of one of the daemons ("upstart-job-supervisor").
  [[nodiscard]] pid_t daemon(const std::string& program) const;
  // Sends SIGKILL to it, once it is there and is another than `before`; its process id.
  pid_t kill_daemon(const std::string& program, pid_t before = 0);
  [[nodiscard]] pid_t init_pid() const { return init_; }
  [[nodiscard]] std::string directory() const { return directory_; }
  [[nodiscard]] std::string log(const std::string& name) const; // of a job's console
  [[nodiscard]] std::string messages() const;                   // of init and the daemons
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& bus_address() const { return bus_address_; }

private:
  void start_bus(bool for_everybody);
  void start_init();
  void listen();
  void pump(std::chrono::milliseconds wait);
  pid_t launch(const std::vector<std::string>& command, int out, int err) const;

  Options options_;
  std::string directory_, bus_address_, address_;
  std::map<std::string, std::string> environment_;
  pid_t bus_ = 0, init_ = 0;
  sd_bus* connection_ = nullptr;
  std::vector<std::string> signals_;
  std::map<std::string, std::size_t> awaited_;
};

[[nodiscard]] std::string read_file(const std::string& path);
// Processes that still run and carry this session's UPSTART_SESSION: what a job left behind.
[[nodiscard]] std::vector<std::string> stray_processes(const std::string& session_address);
// Where the programs under test are.
[[nodiscard]] std::string bin_directory();
// A TCP port of 127.0.0.1 that was free just now.
[[nodiscard]] int free_port();

} // namespace upstart::test
