// [Service]: what its processes run in (systemd.exec(5), systemd.resource-control(5)).
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/systemd/conversion.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <expected>
#include <format>

namespace upstart::convert::systemd {

namespace {

// The value where it is known before the job runs; else it is missing.
std::optional<std::string> value_of(Conversion& to, const Assignment& from) {
  auto value = plain(to.unit, from.value);
  if (value) return *value;
  to.missing(from, value.error());
  return std::nullopt;
}

// Whom it runs as must be known, be it to the shell: else the job would run as root.
template <Conversion::Account Conversion::* field> void take_account(Conversion& to, const Assignment& from) {
  auto word = shell_word(to.unit, from.value);
  if (!word) to.failure = std::format("{}: {}", from.text(), word.error());
  else to.*field = {.name = plain(to.unit, from.value).value_or(""), .word = *word};
  if (word && (to.*field).name.empty()) to.begins_as_root = true;
}

void take_environment(Conversion& to, const Assignment& from) {
  auto words = unquoted_words(from.value);
  if (!words) return to.missing(from, words.error());
  for (const auto& word : *words) {
    auto equals = word.find('=');
    if (equals == std::string::npos) {
      to.missing(from, std::format("{} has no value", word));
      continue;
    }
    auto key = word.substr(0, equals), value = word.substr(equals + 1);
    if (auto known = plain(to.unit, value)) add_variable(to.job, key, *known);
    else if (auto looked_up = shell_word(to.unit, value))
      to.job.common.push_back(std::format("export {}={}", key, *looked_up));
    else to.missing(from, looked_up.error());
  }
}

void take_environment_file(Conversion& to, const Assignment& from) {
  bool may_be_missing = from.value.starts_with('-');
  auto path = shell_word(to.unit, std::string_view{from.value}.substr(may_be_missing ? 1 : 0));
  if (!path) return to.missing(from, path.error());
  to.job.common.push_back(
      std::format("{}{{ set -a; . {}; set +a; }}", may_be_missing ? std::format("[ ! -r {} ] || ", *path) : "", *path));
  to.note(from, "the shell reads it, and expands what it has");
}

// A word of the shell: the home of the user whom the unit names, whoever runs the script.
std::expected<std::string, std::string> home_of_user(const Conversion& to) {
  auto user = to.unit.last("Service", "User");
  if (to.unit.of_user) return "\"$HOME\"";
  auto word = shell_word(to.unit, user.empty() ? "root" : user);
  if (!word) return word;
  return std::format("\"$(getent passwd {} | cut -d: -f6)\"", *word);
}

void take_working_directory(Conversion& to, const Assignment& from) {
  bool may_be_missing = from.value.starts_with('-');
  auto text = std::string_view{from.value}.substr(may_be_missing ? 1 : 0);
  if (auto known = plain(to.unit, text); known && !may_be_missing && text != "~") {
    to.set(from, "chdir", *known);
    return;
  }
  auto word = text == "~" ? home_of_user(to) : shell_word(to.unit, text);
  if (!word) return to.missing(from, word.error());
  to.job.before_main.push_back(std::format("cd {}{}", *word, may_be_missing ? " || :" : ""));
}

void take_umask(Conversion& to, const Assignment& from) { to.set(from, "umask", from.value); }
// A number that the stanza takes.
void take_number(Conversion& to, const Assignment& from, const char* stanza, int least, int most) {
  int number = 0;
  auto digits = std::string_view{from.value}.substr(from.value.starts_with('+') ? 1 : 0);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  bool is_whole = error == std::errc{} && end == digits.data() + digits.size();
  if (!is_whole || number < least || number > most)
    return to.missing(from, std::format("not a number from {} to {}", least, most));
  to.job.set(std::format("{} {}", stanza, number));
}
void take_nice(Conversion& to, const Assignment& from) { take_number(to, from, "nice", -20, 19); }
void take_oom(Conversion& to, const Assignment& from) {
  if (from.value == "-1000") return to.job.set("oom score never");
  take_number(to, from, "oom score", -1000, 1000);
}
void take_root(Conversion& to, const Assignment& from) {
  if (auto value = value_of(to, from); value && *value != "/") to.set(from, "chroot", *value);
}

// "64K", "infinity", "1024:4096".
std::optional<std::string> limit_of(std::string_view text) {
  constexpr std::string_view units = "KMGTPE";
  if (text == "infinity") return "unlimited";
  unsigned long long number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{} || rest.size() > 1) return std::nullopt;
  if (rest.empty()) return std::to_string(number);
  auto unit = units.find(rest[0]);
  if (unit == std::string_view::npos) return std::nullopt;
  return std::to_string(number << (10U * (unit + 1)));
}

// "1h", in seconds.
std::optional<std::string> time_limit_of(std::string_view text) {
  if (text == "infinity") return "unlimited";
  auto time = seconds_of(text);
  return time ? std::optional{std::to_string(*time)} : std::nullopt;
}

struct Limit {
  std::string_view directive, resource;
};
constexpr std::array limits{Limit{"LimitAS", "as"},
                            Limit{"LimitCORE", "core"},
                            Limit{"LimitCPU", "cpu"},
                            Limit{"LimitDATA", "data"},
                            Limit{"LimitFSIZE", "fsize"},
                            Limit{"LimitMEMLOCK", "memlock"},
                            Limit{"LimitMSGQUEUE", "msgqueue"},
                            Limit{"LimitNICE", "nice"},
                            Limit{"LimitNOFILE", "nofile"},
                            Limit{"LimitNPROC", "nproc"},
                            Limit{"LimitRSS", "rss"},
                            Limit{"LimitRTPRIO", "rtprio"},
                            Limit{"LimitSIGPENDING", "sigpending"},
                            Limit{"LimitSTACK", "stack"}};

void take_limit(Conversion& to, const Assignment& from) {
  std::string_view value = from.value;
  auto colon = value.find(':');
  auto read = from.key == "LimitCPU" ? time_limit_of : limit_of;
  auto soft = read(value.substr(0, colon));
  auto hard = colon == std::string_view::npos ? soft : read(value.substr(colon + 1));
  if (!soft || !hard) return to.missing(from, "the stanza `limit' takes numbers only");
  auto limit = std::ranges::find(limits, from.key, &Limit::directive);
  to.job.set(std::format("limit {} {} {}", limit->resource, *soft, *hard));
}

struct GroupSetting {
  std::string_view directive, stanza;
};
constexpr std::array group_settings{
    GroupSetting{"MemoryMax", "memory max"},        GroupSetting{"MemoryHigh", "memory high"},
    GroupSetting{"MemoryLow", "cgroup memory low"}, GroupSetting{"MemoryMin", "cgroup memory min"},
    GroupSetting{"MemoryLimit", "memory max"},      GroupSetting{"MemorySwapMax", "cgroup memory swap.max"},
    GroupSetting{"TasksMax", "tasks max"},          GroupSetting{"CPUWeight", "cpu weight"},
    GroupSetting{"IOWeight", "io weight"}};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// A size may keep its unit.
std::optional<std::string> group_value_of(std::string_view stanza, std::string_view text) {
  bool is_size = stanza.starts_with("memory");
  if (text == "infinity") return stanza.starts_with("cgroup") ? "max" : "unlimited";
  auto but_last = text.substr(0, text.empty() ? 0 : text.size() - 1);
  bool has_unit = !text.empty() && std::string_view{"KMGT%"}.contains(text.back());
  if (is_size && has_unit && is_number(but_last)) return std::string{text};
  return is_number(text) || stanza.contains("memory") ? limit_of(text) : std::nullopt;
}

void take_group_setting(Conversion& to, const Assignment& from) {
  auto setting = std::ranges::find(group_settings, from.key, &GroupSetting::directive);
  auto value = group_value_of(setting->stanza, from.value);
  if (!value) return to.missing(from, std::format("the stanza `{}' takes a number only", setting->stanza));
  to.job.set(std::format("{} {}", setting->stanza, *value));
}

// The weights of before, in the measure of today: what was the default is 100.
struct OldWeight {
  std::string_view directive, stanza;
  unsigned long usual;
};
constexpr std::array old_weights{OldWeight{"CPUShares", "cpu weight", 1024},
                                 OldWeight{"BlockIOWeight", "io weight", 500}};
void take_old_weight(Conversion& to, const Assignment& from) {
  constexpr unsigned long percent = 100, most = 10000;
  auto weight = std::ranges::find(old_weights, from.key, &OldWeight::directive);
  unsigned long number = 0;
  auto [end, error] = std::from_chars(from.value.data(), from.value.data() + from.value.size(), number);
  if (error != std::errc{} || *end != '\0') return to.missing(from, "not a number");
  to.job.set(std::format("{} {}", weight->stanza, std::clamp(number * percent / weight->usual, 1UL, most)));
  to.note(from, std::format("of {}, as a weight of 100", weight->usual));
}

// A percentage, which may have a fraction here.
void take_quota(Conversion& to, const Assignment& from) {
  constexpr double microseconds = 1000; // of a percent
  double percent = 0;
  auto end = from.value.data() + from.value.size();
  auto [rest, error] = std::from_chars(from.value.data(), end, percent, std::chars_format::fixed);
  if (error != std::errc{} || std::string_view{rest, end} != "%" || percent < 1)
    return to.missing(from, "not a percentage from 1 on");
  auto whole = static_cast<unsigned long>(percent);
  bool has_fraction = static_cast<double>(whole) != percent;
  to.job.set(has_fraction ? std::format("cpu max {} 100000", static_cast<unsigned long>(percent * microseconds))
                          : std::format("cpu max {}%", whole));
}

constexpr const char* socket = "3"; // the first descriptor that is handed over

// systemd opens files as root, and what `file:' names from its beginning, without making it empty.
void take_output(Conversion& to, const Assignment& from) {
  bool is_error = from.key == "StandardError";
  auto& redirection = is_error ? to.errors : to.output;
  const char* number = is_error ? "2" : "";
  const auto& value = from.value;
  auto file = [&](std::string_view prefix, const std::string& sign) {
    if (!value.starts_with(prefix)) return false;
    auto path = shell_word(to.unit, value.substr(prefix.size()));
    if (!path) to.missing(from, path.error());
    else redirection = std::format(" {}{}", sign, *path);
    to.begins_as_root = true;
    return true;
  };
  redirection.clear();
  if (file("append:", std::format("{}>>", number)) || file("truncate:", std::format("{}>", number)) ||
      file("file:", is_error ? "2<>" : "1<>"))
    return;
  if (value == "null") redirection = std::format(" {}>/dev/null", number);
  else if (value == "socket") redirection = std::format(" {}>&{}", number, socket);
  else if (value == "tty" || value.ends_with("+console")) {
    if (!std::ranges::contains(to.job.settings, "console owner")) to.job.set("console output");
  } else if (value == "inherit" && is_error) return; // follows what output is
  else if (value == "inherit" && to.unit.last("Service", "StandardInput") == "socket")
    redirection = std::format(" >&{}", socket);
  else if (value == "inherit" || value == "journal" || value == "syslog" || value == "kmsg")
    to.note(from, "goes to the log of the job (`initctl log')");
  else to.missing(from, "output goes to the log of the job (`initctl log')");
}

void take_input(Conversion& to, const Assignment& from) {
  if (from.value == "null") return;
  if (from.value.starts_with("tty")) {
    std::erase(to.job.settings, "console output");
    to.job.set("console owner");
  }
  if (from.value == "tty" || from.value == "tty-force")
    return to.note(from, "the console is init's own; give another terminal by a redirection");
  if (from.value == "socket") {
    to.input = std::format(" <&{}", socket);
    return;
  }
  if (from.value.starts_with("file:")) {
    if (auto path = shell_word(to.unit, from.value.substr(5))) to.input = " <" + *path;
    else to.missing(from, path.error());
    return;
  }
  to.missing(from, "standard input is /dev/null");
}

constexpr std::array<std::pair<std::string_view, std::pair<std::string_view, std::string_view>>, 5> kinds_of_directory{
    {{"Runtime", {"RUNTIME_DIRECTORY", "/run"}},
     {"State", {"STATE_DIRECTORY", "/var/lib"}},
     {"Cache", {"CACHE_DIRECTORY", "/var/cache"}},
     {"Logs", {"LOGS_DIRECTORY", "/var/log"}},
     {"Configuration", {"CONFIGURATION_DIRECTORY", "/etc"}}}};

Conversion::Directory& directory_of(Conversion& to, std::string_view key) {
  auto kind = std::ranges::find_if(kinds_of_directory, [&](const auto& row) { return key.starts_with(row.first); });
  auto variable = std::string{kind->second.first};
  auto found = std::ranges::find(to.directories, variable, &Conversion::Directory::variable);
  if (found != to.directories.end()) return *found;
  return to.directories.emplace_back(Conversion::Directory{.variable = variable,
                                                           .base = std::string{kind->second.second},
                                                           .mode = "0755",
                                                           .is_users = kind->first != "Configuration",
                                                           .goes = kind->first == "Runtime"});
}

void take_directories(Conversion& to, const Assignment& from) {
  for (const auto& word : words_of(from.value)) {
    auto name = plain(to.unit, word.substr(0, word.find(':')));
    if (!name) to.missing(from, name.error());
    else directory_of(to, from.key).names.push_back(*name);
    if (word.contains(':')) to.missing(from, "no symbolic link is made");
  }
}
void take_directory_mode(Conversion& to, const Assignment& from) { directory_of(to, from.key).mode = from.value; }
void take_preserve(Conversion& to, const Assignment& from) { directory_of(to, from.key).goes = is_false(from.value); }

void take_affinity(Conversion& to, const Assignment& from) {
  std::string list = from.value;
  std::ranges::replace(list, ' ', ',');
  to.wrappers.push_back("taskset -c " + list);
}
void take_scheduling(Conversion& to, const Assignment& from) {
  auto priority = to.unit.last("Service", "CPUSchedulingPriority");
  bool is_real_time = from.value == "fifo" || from.value == "rr";
  auto least = std::string_view{is_real_time ? "1" : "0"};
  to.wrappers.push_back(std::format("chrt --{} {}", from.value, priority.empty() ? least : priority));
}
void take_io_class(Conversion& to, const Assignment& from) {
  constexpr std::array classes{"none", "realtime", "best-effort", "idle"};
  auto found = std::ranges::find(classes, from.value, [](const char* name) { return std::string_view{name}; });
  auto number = found == classes.end() ? from.value : std::to_string(found - classes.begin());
  auto priority = to.unit.last("Service", "IOSchedulingPriority");
  to.wrappers.push_back(std::format("ionice -c {}{}", number, priority.empty() ? "" : std::format(" -n {}", priority)));
}
void take_io_priority(Conversion& to, const Assignment& from) {
  if (to.unit.last("Service", "IOSchedulingClass").empty()) to.wrappers.push_back("ionice -c 2 -n " + from.value);
}
void take_nothing(Conversion&, const Assignment&) {} // taken with another
void take_apparmor(Conversion& to, const Assignment& from) {
  to.set(from, "apparmor switch", std::string_view{from.value}.substr(from.value.starts_with('-') ? 1 : 0));
}

constexpr const char* no_group = "control groups are made by the stanza `cgroup', with what the kernel takes";

constexpr std::array table{
    Directive{"User", take_account<&Conversion::user>},
    Directive{"Group", take_account<&Conversion::group>},
    Directive{"Environment", take_environment},
    Directive{"EnvironmentFile", take_environment_file},
    Directive{"WorkingDirectory", take_working_directory},
    Directive{"RootDirectory", take_root},
    Directive{"UMask", take_umask},
    Directive{"Nice", take_nice},
    Directive{"OOMScoreAdjust", take_oom},
    Directive{"LimitAS", take_limit},
    Directive{"LimitCORE", take_limit},
    Directive{"LimitCPU", take_limit},
    Directive{"LimitDATA", take_limit},
    Directive{"LimitFSIZE", take_limit},
    Directive{"LimitMEMLOCK", take_limit},
    Directive{"LimitMSGQUEUE", take_limit},
    Directive{"LimitNICE", take_limit},
    Directive{"LimitNOFILE", take_limit},
    Directive{"LimitNPROC", take_limit},
    Directive{"LimitRSS", take_limit},
    Directive{"LimitRTPRIO", take_limit},
    Directive{"LimitSIGPENDING", take_limit},
    Directive{"LimitSTACK", take_limit},
    Directive{"MemoryMax", take_group_setting},
    Directive{"MemoryHigh", take_group_setting},
    Directive{"MemoryLow", take_group_setting},
    Directive{"MemoryMin", take_group_setting},
    Directive{"MemoryLimit", take_group_setting},
    Directive{"MemorySwapMax", take_group_setting},
    Directive{"TasksMax", take_group_setting},
    Directive{"CPUWeight", take_group_setting},
    Directive{"IOWeight", take_group_setting},
    Directive{"CPUQuota", take_quota},
    Directive{"CPUShares", take_old_weight},
    Directive{"BlockIOWeight", take_old_weight},
    Directive{"StandardOutput", take_output},
    Directive{"StandardError", take_output},
    Directive{"StandardInput", take_input},
    Directive{"RuntimeDirectory", take_directories},
    Directive{"StateDirectory", take_directories},
    Directive{"CacheDirectory", take_directories},
    Directive{"LogsDirectory", take_directories},
    Directive{"ConfigurationDirectory", take_directories},
    Directive{"RuntimeDirectoryMode", take_directory_mode},
    Directive{"StateDirectoryMode", take_directory_mode},
    Directive{"CacheDirectoryMode", take_directory_mode},
    Directive{"LogsDirectoryMode", take_directory_mode},
    Directive{"ConfigurationDirectoryMode", take_directory_mode},
    Directive{"RuntimeDirectoryPreserve", take_preserve},
    Directive{"CPUAffinity", take_affinity},
    Directive{"CPUSchedulingPolicy", take_scheduling},
    Directive{"CPUSchedulingPriority", take_nothing},
    Directive{"IOSchedulingClass", take_io_class},
    Directive{"IOSchedulingPriority", take_io_priority},
    Directive{"AppArmorProfile", take_apparmor},
    note("SyslogIdentifier", "the log has the name of the job"),
    note("SyslogFacility", "the log has no facility"),
    note("SyslogLevel", "the log has no levels"),
    note("LogLevelMax", "the log has no levels"),
    note("LogRateLimitIntervalSec", "the log is not limited"),
    note("LogRateLimitBurst", "the log is not limited"),
    note("Slice", "the job has a control group of its own"),
    note("Delegate", "the job has a control group of its own"),
    note("MemoryAccounting", "the kernel counts in every control group"),
    note("CPUAccounting", "the kernel counts in every control group"),
    note("TasksAccounting", "the kernel counts in every control group"),
    note("IOAccounting", "the kernel counts in every control group"),
    note("IPAccounting", "nothing is counted"),
    note("IgnoreSIGPIPE", "SIGPIPE has its default"),
    note("UnsetEnvironment", "a job of the system inherits nothing"),
    note("TTYReset", "the console is init's own"),
    note("TTYVHangup", "the console is init's own"),
    note("TTYVTDisallocate", "the console is init's own"),
    missing("TTYPath", "the console is init's own; give another terminal by a redirection"),
    missing("UtmpIdentifier", "who logs in writes utmp"),
    missing("UtmpMode", "who logs in writes utmp"),
    missing("PassEnvironment", "a job of the system inherits nothing; `env KEY' takes one from init"),
    missing("DynamicUser", "make a user for it, and name it by `setuid'"),
    missing("SupplementaryGroups", "the user's own groups are set; add it to this one"),
    missing("PAMName", "no PAM session is opened"),
    missing("LimitLOCKS", "the stanza `limit' has none of this name"),
    missing("LimitRTTIME", "the stanza `limit' has none of this name"),
    missing("SecureBits", "there is nothing like it"),
    missing_value("TimerSlackNSec", "there is nothing like it"),
    missing("CPUSchedulingResetOnFork", "there is nothing like it"),
    missing("NUMAPolicy", "there is nothing like it; numactl is a program for it"),
    missing_value("CoredumpFilter", "there is nothing like it"),
    missing("KeyringMode", "there is nothing like it"),
    missing("Personality", "there is nothing like it; setarch is a program for it"),
    missing("SELinuxContext", "there is nothing like it; runcon is a program for it"),
    missing("SmackProcessLabel", "there is nothing like it"),
    missing("LoadCredential", "there are no credentials"),
    missing("LoadCredentialEncrypted", "there are no credentials"),
    missing("SetCredential", "there are no credentials"),
    missing("ImportCredential", "there are no credentials"),
    missing("LogExtraFields", "the log has no fields"),
    missing("LogNamespace", "the log has the name of the job"),
    missing_value("CPUQuotaPeriodSec", "the period is 100 ms"),
    missing_value("StartupCPUWeight", no_group),
    missing_value("AllowedCPUs", no_group),
    missing_value("IOReadBandwidthMax", no_group),
    missing_value("IOWriteBandwidthMax", no_group),
    missing_value("IODeviceWeight", no_group),
    missing("ManagedOOMSwap", no_group),
    missing("ManagedOOMMemoryPressure", no_group),
    missing("ManagedOOMPreference", no_group),
    missing("MemoryPressureWatch", no_group),
    missing_value("MemoryZSwapMax", no_group),
};

} // namespace

Directives execution_directives() { return table; }

} // namespace upstart::convert::systemd
