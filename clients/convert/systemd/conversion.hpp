// A unit on its way to a job: what its directives have gathered. A directive is one entry of a table: its name, and
// either what takes its value, or why the job does without it.
#pragma once

#include "clients/convert/output/job.hpp"
#include "clients/convert/systemd/command-line.hpp"
#include "clients/convert/systemd/other-units.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upstart::convert::systemd {

enum class Type { simple, forking, oneshot, notify, dbus };

struct Conversion {
  const Unit& unit;
  Job job;

  // [Service]
  Type type = Type::simple;
  bool remains = false; // RemainAfterExit
  std::vector<Command> start{}, conditions{}, before{}, after{}, stop{}, after_stop{}, reload{};
  std::vector<std::string> checks{}; // of Condition…=, commands of the shell
  struct Account {
    std::string name{}; // empty: only the shell knows it, or none is given
    std::string word{}; // of the shell
    [[nodiscard]] bool is_given() const { return !word.empty(); }
  };
  Account user{}, group{};
  std::vector<std::string> wrappers{};   // programs that become the command: "nice -n 5"
  std::vector<std::string> privileges{}; // options of setpriv
  bool needs_root = false;               // for commands that are not run as its user
  bool begins_as_root = false;           // opens files, commands init or looks up its user, before it becomes its user
  struct Capabilities {
    bool is_given = false;
    bool are_taken_away = false; // these are those that it has not
    std::vector<std::string> names{};
  };
  Capabilities bounding{}, ambient{};
  bool no_new_privileges = false;
  std::vector<std::string> writable{}; // though all else is read-only; "-": if it is there
  struct Directory {
    std::string variable, base, mode;
    bool is_users = true; // belongs to the user
    bool goes = false;    // when the job stops
    std::vector<std::string> names{};
  };
  std::vector<Directory> directories{};
  std::string input{}, output{}, errors{}; // redirections
  std::string restart{}, restart_pause{};
  std::vector<std::string> normal_exits{};
  std::string stop_signal{};               // that of ExecStop=
  const Assignment* kill_signal = nullptr; // KillSignal=
  const Assignment* watchdog = nullptr;
  std::string limit_count = "5", limit_interval = "10", stop_timeout = "90";

  std::vector<std::string> socket_directories{}; // that must be there before the sockets are made

  // [Unit], [Install]
  std::vector<OtherJob> required{}, after_units{};

  std::string failure{}; // why the job cannot be made without doing another thing

  void note(const Assignment& from, std::string why);
  void missing(const Assignment& from, std::string why);
  // A stanza whose argument is this value.
  void set(const Assignment& from, std::string_view stanza, std::string_view value);
};

struct Directive {
  std::string_view name;
  void (*take)(Conversion&, const Assignment&) = nullptr;
  Remark::Kind kind = Remark::Kind::note; // without `take`
  const char* why = "";
  bool is_switch = true; // no, false, off and 0 mean that nothing is to be done
};
using Directives = std::span<const Directive>;

[[nodiscard]] constexpr Directive missing(std::string_view name, const char* why) {
  return {name, nullptr, Remark::Kind::missing, why};
}
// One whose value is a number or a list.
[[nodiscard]] constexpr Directive missing_value(std::string_view name, const char* why) {
  return {name, nullptr, Remark::Kind::missing, why, false};
}
[[nodiscard]] constexpr Directive note(std::string_view name, const char* why) {
  return {name, nullptr, Remark::Kind::note, why};
}

[[nodiscard]] Directives unit_directives();    // [Unit] and [Install]
[[nodiscard]] Directives service_directives(); // [Service], how it runs
[[nodiscard]] Directives
execution_directives(); // [Service], what it runs in: systemd.exec(5), .kill(5), .resource-control(5)
[[nodiscard]] Directives sandbox_directives(); // [Service], what it is kept from
// The stanzas of what these have gathered. With `apart`, since some of its commands are not confined, the others get
// their capabilities by setpriv.
void set_sandbox(Conversion& conversion, bool apart);

// Gives each assignment of the section to the directive of its name, in one of these tables; one that is in none is
// missing.
void take_section(Conversion& conversion, std::string_view section, std::span<const Directives> tables);

[[nodiscard]] bool is_true(std::string_view value);
[[nodiscard]] bool is_false(std::string_view value);
// What is in another section than these, which nothing takes.
void tell_other_sections(Conversion& conversion, std::span<const std::string_view> known);
// "5min 20s", "90", "infinity" (a day), in seconds, rounded up.
[[nodiscard]] std::optional<long> seconds_of(std::string_view value);
// The name of the job that stands for a unit ("ssh.service", "getty@tty1.service").
[[nodiscard]] std::string job_of_unit(std::string_view unit);

} // namespace upstart::convert::systemd
