// The real daemon, with the test as its service manager: it makes the listening socket and the notification socket,
// hands descriptors over, and keeps those it is asked to keep. All of it in a temporary directory; nothing is left
// behind.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <sys/resource.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upstart::broker::test {

class Daemon {
public:
  Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  void start(const std::vector<std::string>& options = {});
  // No file of the next start may grow beyond this; the environment it gets besides.
  std::optional<rlim_t> file_limit;
  std::map<std::string, std::string> environment;
  void kill();     // SIGKILL
  bool has_died(); // by itself; then it may be started again
  int terminate(); // SIGTERM; the exit status, or minus the signal
  void signal(int number) const;

  // Takes in what the daemon has told; what it has to say before READY=1 is awaited by `start`.
  void listen_to_daemon(bool wait);
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] std::string address() const;
  [[nodiscard]] const std::map<std::string, base::FileDescriptor>& kept() const { return kept_; }
  [[nodiscard]] std::string standard_error() const;

private:
  [[noreturn]] void become_daemon(const std::vector<std::string>& options);
  int reap();
  void take_message(const std::string& text, base::FileDescriptor file);

  std::string directory_;
  base::FileDescriptor listening_;
  base::FileDescriptor notifications_;
  std::map<std::string, base::FileDescriptor> kept_;
  pid_t pid_ = 0;
  bool ready_ = false;
};

} // namespace upstart::broker::test
