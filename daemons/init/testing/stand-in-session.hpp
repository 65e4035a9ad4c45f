// A session for the tests of init: the real program with stand-ins for its daemons, in a directory of its own, and
// what it and they say, line by line. Nothing of it is left when it goes. More than twenty methods: a test may ask for
// everything that a user of a session sees.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace upstart::init {

// A directory that goes when its owner goes.
class TemporaryDirectory {
public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

class StandInSession {
public:
  static constexpr unsigned soft_limit_of_open_files = 500; // that init is started with

  struct How {
    std::vector<std::string> options{"--user", "--no-dbus"};
    std::map<std::string, std::string>
        environment{};                           // beside HOME, PATH, TMPDIR and XDG_RUNTIME_DIR; an empty value unsets
    std::optional<uid_t> uid{};                  // as this user, who then owns the directory
    std::shared_ptr<TemporaryDirectory> where{}; // the directory of an earlier session; otherwise a new one
    bool address_taken = false;                  // its private address is somebody else's when it starts
  };

  StandInSession() : StandInSession(How{}) {}
  explicit StandInSession(const How& how);
  StandInSession(const StandInSession&) = delete;
  ~StandInSession();

  // Reads on until a line holds this; the line. "" if it does not come in ten seconds or all writers have gone.
  std::string await(const std::string& text);
  // Everything that was read so far.
  [[nodiscard]] const std::vector<std::string>& heard() const { return heard_; }
  [[nodiscard]] bool has_heard(const std::string& text) const;

  // Where the three daemons are up; returns after their three "is ready" lines, in whatever order.
  void await_ready();
  // Another program that init may start.
  void install(const std::string& program) const;

  // Asks a daemon by its own socket, "event-broker" say, or by the private one, "upstart".
  [[nodiscard]] std::string ask(const std::string& socket, const std::string& command);
  [[nodiscard]] pid_t pid_of(const std::string& socket);

  void signal(int number) const;
  // Kills init and its daemons, so that none of them has time to do anything about it.
  void kill_all();
  // The exit status once init has ended and all its output was read; -1 if it was killed or does not end in ten
  // seconds.
  [[nodiscard]] int end();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string runtime_directory() const { return directory_->path() + "/runtime"; }
  [[nodiscard]] std::string run_directory() const { return runtime_directory() + "/upstart/" + std::to_string(pid_); }
  [[nodiscard]] std::string session_file() const;
  [[nodiscard]] std::string private_address() const;
  [[nodiscard]] std::string home() const { return directory_->path(); }
  [[nodiscard]] std::shared_ptr<TemporaryDirectory> directory() const { return directory_; }

private:
  void make_directories(const How& how);
  [[noreturn]] void become_init(const How& how, int output);
  std::optional<std::string> next_line();

  std::shared_ptr<TemporaryDirectory> directory_;
  uid_t uid_;
  std::string init_program_ = INIT_PROGRAM, stand_in_daemon_ = STAND_IN_DAEMON;
  pid_t pid_ = 0;
  base::FileDescriptor output_;
  std::string unread_;
  std::vector<std::string> heard_;
};

// Connects to "unix:…" as a client would; a fault if nobody listens.
[[nodiscard]] base::FileDescriptor connect_to(const std::string& address);
// Sends a command over a connection, and reads the answer.
void send_command(int connection, const std::string& command);
[[nodiscard]] std::string read_answer(int connection);

[[nodiscard]] bool is_alive(pid_t pid);

[[nodiscard]] std::string content_of(const std::string& path);
// A session that has these variables besides.
[[nodiscard]] StandInSession::How with(std::map<std::string, std::string> environment);
// The number of the first line that holds this, among those heard; how many there are, if none does.
[[nodiscard]] std::size_t place_of(const StandInSession& session, const std::string& text);

} // namespace upstart::init
