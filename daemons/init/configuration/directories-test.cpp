#include "daemons/init/configuration/directories.hpp"

#include <doctest/doctest.h>

using namespace upstart::init;
using upstart::protocol::Environment;

namespace {

using Directories = std::vector<std::string>;

Options session() { return {.mode = Mode::user}; }

} // namespace

TEST_CASE("a session reads the user's own directories first, the distribution's last") {
  Environment environment{{"HOME=/h", "XDG_CONFIG_HOME=/c", "XDG_CONFIG_DIRS=/x:/y"}};
  CHECK(job_directories(session(), environment) ==
        Directories{"/c/upstart", "/h/.init", "/x/upstart", "/y/upstart", "/usr/share/upstart/sessions"});
}

TEST_CASE("unset, empty and relative base directories give way to their defaults") {
  Environment environment{{"HOME=/h", "XDG_CONFIG_HOME=relative", "XDG_CONFIG_DIRS="}};
  CHECK(job_directories(session(), environment) ==
        Directories{"/h/.config/upstart", "/h/.init", "/etc/xdg/upstart", "/usr/share/upstart/sessions"});
  CHECK(job_directories(session(), Environment{}) == Directories{"/etc/xdg/upstart", "/usr/share/upstart/sessions"});
  CHECK(job_directories(session(), Environment{{"XDG_CONFIG_DIRS=:rel:/x:"}}) ==
        Directories{"/x/upstart", "/usr/share/upstart/sessions"});
}

TEST_CASE("directories on the command line replace the default ones, or stand before and behind") {
  auto options = session();
  options.confdirs = {"/a", "/b"};
  options.prepended_confdirs = {"/first"};
  options.appended_confdirs = {"/last"};
  CHECK(job_directories(options, Environment{{"UPSTART_CONFDIR=/env"}}) == Directories{"/first", "/a", "/b", "/last"});
  options.confdirs = {};
  CHECK(job_directories(options, Environment{{"UPSTART_CONFDIR=/env"}}) == Directories{"/first", "/env", "/last"});
}

TEST_CASE("a system instance reads /etc/init and what releases before it had") {
  CHECK(job_directories({.mode = Mode::system}, Environment{{"HOME=/h"}}) == Directories{"/etc/init", "/etc/event.d"});
  CHECK(job_directories({.mode = Mode::session}, Environment{}) == Directories{"/etc/init", "/etc/event.d"});
}

TEST_CASE("logs go where the option, the environment or the base directories say") {
  auto options = session();
  Environment cache{{"HOME=/h", "XDG_CACHE_HOME=/c"}};
  CHECK(log_directory(options, cache) == "/c/upstart");
  CHECK(log_directory(options, Environment{{"HOME=/h"}}) == "/h/.cache/upstart");
  CHECK(log_directory(options, Environment{{"HOME=/h", "UPSTART_LOGDIR=/env"}}) == "/env");
  CHECK(log_directory({.mode = Mode::system}, cache) == "/var/log/upstart");
  options.logdir = "/l";
  CHECK(log_directory(options, Environment{{"UPSTART_LOGDIR=/env"}}) == "/l");
}

TEST_CASE("nothing is logged where that is wanted or where there is no place for it") {
  CHECK_FALSE(log_directory(session(), Environment{}));
  CHECK_FALSE(log_directory({.mode = Mode::user, .logdir = "/l", .no_log = true}, Environment{{"HOME=/h"}}));
}
