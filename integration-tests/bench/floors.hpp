// What the machine itself takes for the bare parts of what Upstart does, measured beside it: a message to another
// process and back, the same as a D-Bus call, a process made and reaped, files read. No figure of Upstart's can be
// below its floor by more than noise.
#pragma once

#include "integration-tests/bench/samples.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace upstart::bench {

// A process that answers D-Bus calls on one connection and does nothing else.
class BusProcess {
public:
  BusProcess();
  BusProcess(const BusProcess&) = delete;
  BusProcess& operator=(const BusProcess&) = delete;
  ~BusProcess();
  pid_t pid() const { return pid_; }
  int fd() const { return fd_; }

private:
  pid_t pid_ = 0;
  int fd_ = -1;
};

// One byte to another process and back.
Samples socketpair_round_trips(int count);
// A call shaped like EmitEvent to another process that answers at once.
Samples bus_round_trips(const BusProcess& other, int count);
// The time of `count` such calls, never more than `window` of them unanswered.
double bus_pipelined(int count, int window);

// A program found in PATH with its arguments, made and waited for; its output goes nowhere.
Samples spawn_and_wait(int count, const std::vector<std::string>& words);
struct Lives {
  Samples births, deaths;
};
// `sleep 1000`, made; then ended and waited for.
Lives spawn_then_end(int count);
// All made in a loop, then all ended: the two times.
struct Crowd {
  double birth = 0, death = 0;
};
Crowd spawn_crowd(int count);

// Every file of a directory opened and read.
double read_files(const std::string& directory);

} // namespace upstart::bench
