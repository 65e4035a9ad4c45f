// [Unit] and [Install]: what starts and stops it, and in which order (systemd.unit(5)).
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/systemd/conversion.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <optional>

namespace upstart::convert::systemd {

namespace {

// When a target is reached: what starts the jobs that it wants, what stops them.
struct Target {
  std::string_view name, start, stop;
};
constexpr std::string_view services = "runlevel [2345]", no_services = "runlevel [!2345]";
constexpr std::array targets{Target{"multi-user.target", services, no_services},
                             Target{"graphical.target", services, no_services},
                             Target{"default.target", services, no_services},
                             Target{"getty.target", services, no_services},
                             Target{"network-online.target", services, no_services},
                             Target{"network.target", services, no_services},
                             Target{"remote-fs.target", services, no_services},
                             Target{"sysinit.target", "startup", "runlevel [06]"},
                             Target{"basic.target", "startup", "runlevel [06]"},
                             Target{"local-fs.target", "startup", "runlevel [06]"},
                             Target{"rescue.target", "runlevel 1", "runlevel [!1]"},
                             Target{"reboot.target", "runlevel 6", ""},
                             Target{"halt.target", "runlevel 0", ""},
                             Target{"poweroff.target", "runlevel 0", ""},
                             Target{"shutdown.target", "runlevel [06]", ""}};

bool is_service(std::string_view unit) { return unit.ends_with(".service"); }

// The job of the service of this name; what it cannot be found by is told.
std::optional<OtherJob> job_for(Conversion& to, const Assignment& from, std::string_view name) {
  auto job = job_of_service_named(to.unit, name);
  if (job) return *job;
  to.missing(from, job.error());
  return std::nullopt;
}
bool can_be_awaited(Conversion& to, const Assignment& from, const OtherJob& job) {
  if (job.condition.empty()) to.missing(from, "which instance it is only the shell knows, and no event");
  return !job.condition.empty();
}
// An event of the life of that job stops this one.
void stop_on(Conversion& to, const Assignment& from, std::string_view event, std::string_view name) {
  if (auto job = job_for(to, from, name); job && can_be_awaited(to, from, *job))
    to.job.stop_on(std::format("{} {}", event, job->condition));
}

// Whether it is needed by the unit, and so stops with it.
bool is_required(const Unit& unit, std::string_view name) {
  constexpr std::array keys{"Requires", "Requisite", "BindsTo"};
  return std::ranges::any_of(unit.assignments, [&](const auto& one) {
    return one.section == "Unit" && std::ranges::contains(keys, one.key) &&
           std::ranges::contains(words_of(one.value), name);
  });
}

void take_description(Conversion& to, const Assignment& from) {
  auto text = plain(to.unit, from.value);
  to.job.description = text ? *text : from.value;
}

void take_wanted_by(Conversion& to, const Assignment& from) {
  for (const auto& name : words_of(from.value)) {
    auto target = std::ranges::find(targets, name, &Target::name);
    if (to.unit.of_user && name.ends_with(".target")) {
      to.job.start_on("startup");
      to.job.stop_on("session-end");
    } else if (target != targets.end()) {
      to.job.start_on(std::string{target->start});
      if (!target->stop.empty()) to.job.stop_on(std::string{target->stop});
    } else if (name.ends_with(".target")) {
      to.missing(from, std::format("there is no {}; say in `start on' what starts the job", name));
    } else if (!is_service(name)) {
      to.missing(from, std::format("no job stands for {}; say in `start on' what starts the job", name));
    } else if (auto job = job_for(to, from, name); job && can_be_awaited(to, from, *job)) {
      to.job.start_on("started " + job->condition);
      if (from.key == "RequiredBy") to.missing(from, "`stop on stopping JOB' there says that it does not run without");
    }
  }
}

bool is_of_boot(std::string_view unit) {
  return unit.ends_with(".target") || unit.ends_with(".mount") || unit.ends_with(".slice") ||
         unit.starts_with("systemd-") || unit.starts_with("-.") || unit == "dbus.socket";
}

constexpr const char* after_boot = "all that the boot does has been done at runlevel 2 to 5";

// All in one remark, which names what cannot be said.
void tell_rest(Conversion& to, const Assignment& from, const std::vector<std::string>& rest, const char* why) {
  std::string names;
  for (const auto& name : rest) names += (names.empty() ? "" : " ") + name;
  if (!rest.empty()) to.missing({from.section, from.key, names, from.place}, why);
}

void take_after(Conversion& to, const Assignment& from) {
  std::vector<std::string> of_boot, rest;
  for (const auto& name : words_of(from.value)) {
    if (is_of_boot(name)) of_boot.push_back(name);
    else if (is_service(name) && is_required(to.unit, name)) {
      if (auto job = job_for(to, from, name); job && !job->condition.empty()) to.after_units.push_back(*job);
    } else if (name != to.unit.stem + ".socket") rest.push_back(name);
  }
  if (!of_boot.empty()) to.note(from, to.unit.of_user ? "the session begins when the machine is up" : after_boot);
  tell_rest(to, from, rest, "an order alone cannot be said; where it must run before this job: `and started JOB'");
}

void take_before(Conversion& to, const Assignment& from) {
  std::vector<std::string> of_boot, rest;
  for (const auto& name : words_of(from.value)) {
    if (is_of_boot(name)) of_boot.push_back(name);
    else rest.push_back(name);
  }
  bool is_end = std::ranges::all_of(of_boot, [](const auto& name) { return name == "shutdown.target"; });
  if (!of_boot.empty() && is_end) to.note(from, "stop on says when it ends");
  else if (!of_boot.empty()) to.note(from, "start on says when it begins");
  tell_rest(to, from, rest, "an order alone cannot be said; `start on starting JOB' makes that job wait for this one");
}

// Not a service: it is there at runlevel 2 to 5, or nothing says when it comes.
template <bool required> void take_needed(Conversion& to, const Assignment& from) {
  std::vector<std::string> rest;
  for (const auto& name : words_of(from.value)) {
    if (is_of_boot(name) || name == to.unit.stem + ".socket") to.note(from, after_boot);
    else if (is_service(name)) {
      auto job = job_for(to, from, name);
      if (!job) continue;
      if (required && can_be_awaited(to, from, *job)) to.required.push_back(*job);
      if (required) continue;
      to.begins_as_root = true;
      to.job.pre_start.push_back(std::format("initctl start --no-wait {} 2>/dev/null || :", job->words));
      to.note(from, "is started if it is a job and does not run");
    } else rest.push_back(name);
  }
  tell_rest(to, from, rest, "no job stands for it");
}

void take_conflicts(Conversion& to, const Assignment& from) {
  for (const auto& name : words_of(from.value)) {
    if (name == "shutdown.target") to.job.stop_on("runlevel [06]");
    else if (is_service(name)) {
      stop_on(to, from, "starting", name);
      auto job = job_for(to, from, name);
      if (!job) continue;
      to.begins_as_root = true;
      to.job.pre_start.push_back(std::format("initctl stop --no-wait {} 2>/dev/null || :", job->words));
    } else to.missing(from, std::format("no job stands for {}", name));
  }
}

void take_part_of(Conversion& to, const Assignment& from) {
  for (const auto& name : words_of(from.value)) {
    if (is_service(name)) stop_on(to, from, "stopping", name);
    else to.missing(from, std::format("no job stands for {}", name));
  }
}

void take_on_failure(Conversion& to, const Assignment& from) {
  for (const auto& name : words_of(from.value)) {
    if (!is_service(name)) {
      to.missing(from, std::format("no job stands for {}", name));
      continue;
    }
    auto job = job_for(to, from, name);
    if (!job) continue;
    to.begins_as_root = true;
    to.job.post_stop.push_back(
        std::format("[ \"$UPSTART_RESULT\" != failed ] || initctl start --no-wait {} || :", job->words));
  }
}

// Conditions as commands of the shell; with "!" the opposite holds.
struct Check {
  std::string_view name;
  std::string_view command; // {} is the value
};
constexpr std::array checks{
    Check{"PathExists", "[ -e {} ]"},
    Check{"PathExistsGlob", "ls -d {} >/dev/null 2>&1"},
    Check{"PathIsDirectory", "[ -d {} ]"},
    Check{"PathIsSymbolicLink", "[ -L {} ]"},
    Check{"PathIsMountPoint", "mountpoint -q {}"},
    Check{"PathIsReadWrite", "[ -w {} ]"},
    Check{"DirectoryNotEmpty", "[ -n \"$(ls -A {} 2>/dev/null)\" ]"},
    Check{"FileNotEmpty", "[ -s {} ]"},
    Check{"FileIsExecutable", "[ -x {} ]"},
    Check{"KernelCommandLine", "grep -qE '(^| ){}(=| |$)' /proc/cmdline"},
    Check{"Host", "[ \"$(uname -n)\" = {} ]"},
    Check{"User", "[ \"$(id -un)\" = {} ]"},
};

std::optional<std::string> check_of(const Conversion& to, std::string_view name, std::string_view value) {
  auto found = std::ranges::find(checks, name, &Check::name);
  if (found == checks.end()) return std::nullopt;
  bool is_word = found->command.find("'(^|") == std::string_view::npos;
  auto word = is_word && name != "PathExistsGlob" ? shell_word(to.unit, value) : plain(to.unit, value);
  if (!word || (name == "User" && value.starts_with('@'))) return std::nullopt;
  std::string command{found->command};
  return command.replace(command.find("{}"), 2, *word);
}

// "|" makes it one of several of which one is enough, which is not said.
void take_condition(Conversion& to, const Assignment& from) {
  bool asserts = from.key.starts_with("Assert");
  auto name = std::string_view{from.key}.substr(asserts ? 6 : 9);
  std::string_view value = from.value;
  if (value.starts_with('|')) return to.missing(from, "conditions of which one is enough are not written");
  bool negated = value.starts_with('!');
  auto check = check_of(to, name, value.substr(negated ? 1 : 0));
  if (!check) return to.missing(from, "the start does not depend on it");
  to.checks.push_back(std::format("{}{} || {}", negated ? "! " : "", *check,
                                  asserts ? "exit 1" : "{ initctl stop --no-wait; exit 0; }"));
  to.begins_as_root = to.begins_as_root || !asserts;
}

constexpr const char* independent = "the start does not depend on it";
constexpr const char* nothing_queued = "there is no queue of commands that could contradict";

constexpr std::array table{
    Directive{"Description", take_description},
    Directive{"WantedBy", take_wanted_by},
    Directive{"RequiredBy", take_wanted_by},
    Directive{"UpheldBy", take_wanted_by},
    Directive{"After", take_after},
    Directive{"Before", take_before},
    Directive{"Requires", take_needed<true>},
    Directive{"Requisite", take_needed<true>},
    Directive{"BindsTo", take_needed<true>},
    Directive{"Wants", take_needed<false>},
    Directive{"Upholds", take_needed<false>},
    Directive{"Conflicts", take_conflicts},
    Directive{"PartOf", take_part_of},
    Directive{"OnFailure", take_on_failure},
    Directive{"ConditionPathExists", take_condition},
    Directive{"ConditionPathExistsGlob", take_condition},
    Directive{"ConditionPathIsDirectory", take_condition},
    Directive{"ConditionPathIsSymbolicLink", take_condition},
    Directive{"ConditionPathIsMountPoint", take_condition},
    Directive{"ConditionPathIsReadWrite", take_condition},
    Directive{"ConditionDirectoryNotEmpty", take_condition},
    Directive{"ConditionFileNotEmpty", take_condition},
    Directive{"ConditionFileIsExecutable", take_condition},
    Directive{"ConditionKernelCommandLine", take_condition},
    Directive{"ConditionHost", take_condition},
    Directive{"ConditionUser", take_condition},
    Directive{"AssertPathExists", take_condition},
    Directive{"AssertPathIsDirectory", take_condition},
    Directive{"AssertFileIsExecutable", take_condition},
    Directive{"AssertFileNotEmpty", take_condition},
    missing("ConditionACPower", independent),
    missing("ConditionVirtualization", independent),
    missing("ConditionCapability", independent),
    missing("ConditionSecurity", independent),
    missing("ConditionFirstBoot", independent),
    missing("ConditionNeedsUpdate", independent),
    missing("ConditionPathIsEncrypted", independent),
    missing("ConditionKernelVersion", independent),
    missing("ConditionArchitecture", independent),
    missing("ConditionControlGroupController", independent),
    missing("ConditionMemory", independent),
    missing("ConditionCPUs", independent),
    missing("ConditionEnvironment", independent),
    missing("ConditionGroup", independent),
    missing("ConditionFirmware", independent),
    missing("ConditionOSRelease", independent),
    missing("ConditionCPUFeature", independent),
    missing("ConditionMemoryPressure", independent),
    note("Documentation", "to read"),
    note("DefaultDependencies", "a job has the conditions that its file has"),
    note("Also", "give it to upstart-convert, too"),
    note("DefaultInstance", "`initctl start JOB INSTANCE=…' names one"),
    note("IgnoreOnIsolate", nothing_queued),
    note("RefuseManualStop", "`initctl stop' is for root"),
    note("RefuseManualStart", "`initctl start' is for root"),
    note("AllowIsolate", nothing_queued),
    note("CollectMode", "a job that has stopped takes no memory of its own"),
    note("OnFailureJobMode", nothing_queued),
    note("JobTimeoutSec", nothing_queued),
    note("SourcePath", "to read"),
    missing("Alias", "a job has one name"),
    missing("OnSuccess", "`start on stopped JOB RESULT=ok' of the other job says it"),
    missing("PropagatesReloadTo", "a reload is of one job"),
    missing("ReloadPropagatedFrom", "a reload is of one job"),
    missing("PropagatesStopTo", "`stop on stopping JOB' of the other job says it"),
    missing("StopPropagatedFrom", "`stop on stopping JOB' says it"),
    missing("StopWhenUnneeded", "`stop on' says when it stops"),
    note("RequiresMountsFor", "what is mounted is mounted at runlevel 2 to 5"),
    note("WantsMountsFor", "what is mounted is mounted at runlevel 2 to 5"),
    missing("FailureAction", "say it in post-stop"),
    missing("SuccessAction", "say it in post-stop"),
    missing("StartLimitAction", "say it in post-stop"),
};

} // namespace

Directives unit_directives() { return table; }

} // namespace upstart::convert::systemd
