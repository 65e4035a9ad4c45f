// What a bridge needs that is not started by init: whose Upstart it serves, a place in the background, and whether
// another process serves that Upstart already.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <string>

namespace upstart::bridge {

// --user, --system, --daemon.
struct ByHand {
  bool user = false, system = false, daemon = false;

  // Whether the Upstart is that of a session: told by --user and --system, else by UPSTART_SESSION in the environment.
  [[nodiscard]] bool in_session() const;
  // Of the session that UPSTART_SESSION names, or of the system.
  [[nodiscard]] std::expected<std::string, std::string> run_directory() const;
  // The home directory of the session's user.
  [[nodiscard]] std::optional<std::string> home() const;
  // Whether it is a job's, or in the background: nobody is there to be told that another process serves already, and a
  // job must not fail of that.
  [[nodiscard]] bool is_unattended() const;
};

// Goes on in a process of its own, as `expect daemon` has it: a grandchild, leader of no terminal's session, with
// nothing at its standard input and output. Returns in that process only; where there can be none, ends this one,
// failed.
void go_to_background();

// Only one process at a time serves an Upstart as the bridge of that name: a lock in its run directory, held until the
// process ends.
class OnlyBridge {
public:
  // Where another has it: waits until that one has ended, if `wait`, which is logged, and `waiting` called; else the
  // error names it, or says why no lock is to be had, such as one of a process that this PID namespace does not know. A
  // run directory that cannot be written to is not an error: then nothing is locked.
  [[nodiscard]] static std::expected<OnlyBridge, std::string>
  be(const std::string& run_directory, const std::string& name, bool wait, const std::function<void()>& waiting = {});

private:
  explicit OnlyBridge(base::FileDescriptor file) : file_{std::move(file)} {}
  base::FileDescriptor file_;
};

} // namespace upstart::bridge
