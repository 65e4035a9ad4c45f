// A program that a test runs, with descriptors handed over in the LISTEN_FDS convention. Ended with the test.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace upstart::bridge::testing {

class Process {
public:
  struct Plan {
    std::vector<std::string> command;
    std::map<std::string, std::string> environment; // all of it
    std::vector<std::pair<std::string, int>> descriptors;
    std::string output; // file for standard error and output
  };

  explicit Process(const Plan& plan);
  Process(Process&& other) noexcept;
  Process(const Process&) = delete;
  ~Process();

  void signal(int number) const;
  // Stops it, and waits until it is; what it is sent meanwhile it gets at once when it is resumed.
  void pause() const;
  void resume() const;
  // Sends the signal and waits for the end: the exit status, or 128 and the signal.
  int end(int signal_number);
  int wait();
  // How often it has gone to sleep, and so was woken; `until_idle` waits until it sleeps and nothing wakes it for a
  // moment, and returns the same.
  [[nodiscard]] unsigned long wake_ups() const;
  [[nodiscard]] unsigned long until_idle() const;

private:
  pid_t pid_ = -1;
};

[[nodiscard]] std::string content_of(const std::string& file);

} // namespace upstart::bridge::testing
