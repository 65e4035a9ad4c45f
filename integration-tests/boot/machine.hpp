// A machine for a test: init as process 1 of PID, mount, network, IPC and UTS namespaces of its own, on a scratch root
// that has the programs under test in /upstart, the system's own in /usr, and job files in /etc/init. Booted when made;
// when it goes, all its processes are killed and the root is removed, whatever the test did.
//
// The root is a directory of the test's, so that files of the machine can be read from outside, also when it is down.
// Only /dev, and what init itself mounts, is mounted inside. /dev/console is a terminal of which the test has the other
// end; /dev/kmsg is a file.
//
// More than twenty methods: each is one thing that is done to a machine or seen of it.
#pragma once

#include "integration-tests/boot/scratch-root.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace upstart::test {

struct Result {
  int status = 0; // exit status; 128 + signal
  std::string out, err;
};

class Machine {
public:
  struct Options {
    std::map<std::string, std::string> jobs{};  // by name: "svc" for /etc/init/svc.conf
    std::map<std::string, std::string> files{}; // by path; one that begins with "#!" is executable
    std::vector<std::string> init_options{};
    std::map<std::string, std::string> environment{{"HOME", "/"}, {"TERM", "linux"}}; // of init: what the kernel gives
    std::function<void(const std::string& root)> outside{};                           // done to the root before
    // Done inside just before init is executed, with the new root in place and /dev mounted: it may mount, drop
    // capabilities, close descriptors. What it returns false for is told as a failed boot.
    std::function<bool()> inside{};
    bool has_dev = true;                   // /dev is mounted, with a console and a kernel log
    bool has_terminal = true;              // false: standard descriptors are pipes to the test, as those of a container
    std::optional<std::string> hostname{}; // of its UTS namespace
  };

  // Empty where machines can be made; otherwise why not, for a test to tell that it was skipped.
  [[nodiscard]] static std::string impossible_because();

  explicit Machine(Options options);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  // Runs a program inside to its end, as root of the machine, with a bound of 60 seconds.
  [[nodiscard]] Result run(const std::vector<std::string>& command) const;
  [[nodiscard]] Result shell(const std::string& script) const { return run({"sh", "-c", script}); }
  [[nodiscard]] Result initctl(std::vector<std::string> arguments) const;

  // Waits until init answers its clients.
  void await_answers();
  // Waits until the condition holds, asked every 20 ms. Fails the test after 20 seconds, with what the machine said.
  void await(const std::string& what, const std::function<bool()>& condition);
  // Waits until a file of the machine holds this text.
  void await_text(const std::string& path, const std::string& text);

  // To process 1.
  void signal(int number) const;
  // The reboot system call, made inside: RB_AUTOBOOT, RB_POWER_OFF, RB_HALT_SYSTEM.
  void reboot(int command) const;
  // Waits until the machine is down, for at most so long: the wait status of process 1; nothing: it is still up. Of a
  // reboot it is SIGHUP for one that starts again, SIGINT for one that stays down.
  [[nodiscard]] std::optional<int> await_down(std::chrono::milliseconds bound = std::chrono::seconds{20});
  [[nodiscard]] bool is_up();

  // What was written to the console so far; what is typed there.
  [[nodiscard]] const std::string& console();
  void type(const std::string& text);
  // The kernel log: what init and its daemons wrote there.
  [[nodiscard]] std::string kernel_log() const { return read("/kmsg"); }

  [[nodiscard]] std::string read(const std::string& path) const; // a file of the root; "" if it is not there
  void write(const std::string& path, const std::string& text) const { root_.write(path, text); }
  [[nodiscard]] const std::string& root() const { return root_.path(); }
  // Process 1 as this process sees it; its daemon of that program ("upstart-job-supervisor"), as the machine sees it;
  // 0: there is none.
  [[nodiscard]] pid_t pid() const { return init_; }
  [[nodiscard]] pid_t daemon(const std::string& program) const;
  // The process of a job's main process, as the machine sees it; "" if it has none.
  [[nodiscard]] std::string main_process(const std::string& job) const;

private:
  void boot(const Options& options);
  [[noreturn]] void become_init(const Options& options, int console);
  [[nodiscard]] int enter(const std::function<int()>& action, int out, int err) const;
  void pump();

  ScratchRoot root_;
  std::string bin_; // with the programs under test
  pid_t init_ = 0;
  int console_ = -1; // the test's end
  std::string said_;
  std::optional<int> ended_;
};

} // namespace upstart::test
