#include "clients/convert/systemd/activation.hpp"

#include "clients/base/bridges/condition-check.hpp"
#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <format>
#include <utility>

namespace upstart::convert::systemd {

namespace {

// One thing that an activator says; the conversion is that of the activator itself, whose events and remarks become the
// service's.
std::string last(const Conversion& to, std::string_view key) {
  auto section = to.unit.kind == "socket" ? "Socket" : to.unit.kind == "timer" ? "Timer" : "Path";
  return std::string{to.unit.last(section, key)};
}

// A value of a condition; what a unit says is one line.
std::string in_condition(std::string_view value) { return as_argument(value).value_or(""); }

std::string socket_file_variables(const Conversion& to) {
  std::string more;
  for (auto [key, variable] : {std::pair{"SocketMode", "MODE"}, {"SocketUser", "OWNER"}, {"SocketGroup", "GROUP"}})
    if (auto value = last(to, key); !value.empty()) more += std::format(" {}={}", variable, value);
  return more;
}

// What the program finds in LISTEN_FDNAMES; of a file it has a default.
std::string descriptor_name(const Conversion& to, bool is_file) {
  auto name = last(to, "FileDescriptorName");
  if (name.empty() && is_file) name = to.unit.name;
  return name.empty() ? "" : " FDNAME=" + in_condition(name);
}

// systemd makes the directory of a socket; the bridge wants it to be there.
void note_directory(Conversion& to, const std::string& path) {
  constexpr std::array always_there{"/run", "/var/run", "/tmp", "/dev"};
  auto directory = path.substr(0, path.rfind('/'));
  if (!directory.empty() && !std::ranges::contains(always_there, directory)) to.socket_directories.push_back(directory);
}

void take_address(Conversion& to, const Assignment& from, std::string_view type) {
  auto text = plain(to.unit, from.value);
  if (!text) return to.missing(from, text.error());
  if (is_true(last(to, "Accept")))
    return to.missing(from,
                      "a process for each client is not made; see `--master --accept' in upstart-socket-bridge(8)");
  std::string more{type};
  more += descriptor_name(to, text->find_first_of("/@") == 0);
  if (text->starts_with('/')) note_directory(to, *text);
  if (text->starts_with('/') || text->starts_with('@')) {
    auto of_file = text->starts_with('/') ? socket_file_variables(to) : "";
    return to.job.start_on(std::format("socket PROTO=unix SOCKET_PATH={}{}{}", in_condition(*text), of_file, more));
  }
  auto colon = text->rfind(':');
  auto port = colon == std::string::npos ? *text : text->substr(colon + 1);
  auto host = colon == std::string::npos ? "" : text->substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (port.find_first_not_of("0123456789") != std::string::npos || text->starts_with("vsock:"))
    return to.missing(from, "upstart-socket-bridge has no sockets of this kind");
  bool both = host.empty() && last(to, "BindIPv6Only") != "ipv6-only";
  bool six = host.contains(':') || host.empty();
  auto address = host.empty() ? "" : std::format(" ADDR={}", host);
  if (both || !six) to.job.start_on(std::format("socket PROTO=inet PORT={}{}{}", port, address, more));
  if (both || six) to.job.start_on(std::format("socket PROTO=inet6 PORT={}{}{}", port, address, more));
  if (both) to.note(from, "two sockets, one for IPv4 and one for IPv6");
}

void take_stream(Conversion& to, const Assignment& from) { take_address(to, from, ""); }
void take_datagram(Conversion& to, const Assignment& from) { take_address(to, from, " TYPE=dgram"); }
void take_fifo(Conversion& to, const Assignment& from) {
  auto text = plain(to.unit, from.value);
  if (!text) return to.missing(from, text.error());
  note_directory(to, *text);
  to.job.start_on(std::format("socket PROTO=fifo SOCKET_PATH={}{}{}", in_condition(*text), socket_file_variables(to),
                              descriptor_name(to, true)));
}
void take_nothing(Conversion&, const Assignment&) {} // taken with another
void take_accept(Conversion& to, const Assignment& from) {
  if (is_false(from.value)) to.note(from, "the job gets the listening socket");
}
void take_remove(Conversion& to, const Assignment& from) { to.note(from, "the bridge removes its sockets"); }

// A condition on the event timer, if the bridge serves it.
void add_timer(Conversion& to, const Assignment& from, std::vector<std::string> arguments) {
  const std::string event = "timer";
  if (auto fault = client::check_condition({event, arguments})) return to.missing(from, fault->text());
  std::string text = event;
  for (const auto& argument : arguments) {
    auto equals = argument.find('=');
    text += std::format(" {}={}", argument.substr(0, equals), in_condition(argument.substr(equals + 1)));
  }
  to.job.start_on(std::move(text));
}

// "03:30 Europe/Berlin": the time zone is the last word, the only one that is not before all others and has a name.
std::pair<std::string, std::string> without_zone(const std::string& text) {
  auto words = words_of(text);
  bool has_zone = words.size() > 1 && std::isalpha(static_cast<unsigned char>(words.back()[0])) != 0;
  if (!has_zone) return {text, ""};
  std::string zone = words.back(), time;
  words.pop_back();
  for (const auto& word : words) time += (time.empty() ? "" : " ") + word;
  return {time, zone};
}

void take_calendar(Conversion& to, const Assignment& from) {
  auto text = plain(to.unit, from.value);
  if (!text) return to.missing(from, text.error());
  auto [time, zone] = without_zone(*text);
  std::vector<std::string> arguments{"AT=" + time};
  if (!zone.empty()) arguments.push_back("TZ=" + zone);
  if (!is_true(last(to, "Persistent"))) arguments.emplace_back("CATCHUP=no");
  add_timer(to, from, arguments);
}

void take_delay(Conversion& to, const Assignment& from, const char* event) {
  auto time = seconds_of(from.value);
  if (!time) return to.missing(from, "not a time that upstart-convert knows");
  if (*time == 0) return to.job.start_on(event);
  add_timer(to, from, {std::format("AFTER={}", event), std::format("DELAY={}", *time)});
}
void take_boot_delay(Conversion& to, const Assignment& from) { take_delay(to, from, "startup"); }
void add_interval(Conversion& to, const Assignment& from) {
  auto time = seconds_of(from.value);
  if (!time) return to.missing(from, "not a time that upstart-convert knows");
  std::vector<std::string> arguments{std::format("EVERY={}", *time)};
  auto jitter = seconds_of(last(to, "RandomizedDelaySec"));
  if (jitter && *jitter > 0 && *jitter < *time) arguments.push_back(std::format("JITTER={}", *jitter));
  add_timer(to, from, arguments);
}
void take_active_delay(Conversion& to, const Assignment& from) {
  if (!last(to, "OnBootSec").empty() || !last(to, "OnStartupSec").empty() || !last(to, "OnActiveSec").empty())
    to.note(from, "counted from when the job's file is read");
  add_interval(to, from);
}
void take_inactive_delay(Conversion& to, const Assignment& from) {
  add_interval(to, from);
  to.missing(from, "the time is counted from when the job's file is read, not from the end of the job");
}
void take_jitter(Conversion& to, const Assignment& from) {
  if (auto time = seconds_of(from.value); time && *time > 0 && !last(to, "OnCalendar").empty())
    to.missing(from, "a time of the calendar is exact");
}

void take_elapse(Conversion& to, const Assignment& from) {
  if (is_false(from.value)) to.missing(from, "a timer goes on");
  else to.note(from, "a timer goes on");
}

template <bool also_modified> void take_changed(Conversion& to, const Assignment& from) {
  auto text = plain(to.unit, from.value);
  if (!text) return to.missing(from, text.error());
  for (const char* event : {"create", "modify", "delete"})
    to.job.start_on(std::format("file FILE={} EVENT={}", in_condition(*text), event));
}
void take_exists(Conversion& to, const Assignment& from) {
  auto text = plain(to.unit, from.value);
  if (!text) return to.missing(from, text.error());
  to.job.start_on(std::format("file FILE={} EVENT=create", in_condition(*text)));
  to.note(from, "the job is started when it comes, not again as long as it is there");
}
void take_not_empty(Conversion& to, const Assignment& from) {
  auto text = plain(to.unit, from.value);
  if (!text) return to.missing(from, text.error());
  to.job.start_on(std::format("file FILE={} EVENT=create", in_condition(*text + (text->ends_with('/') ? "*" : "/*"))));
  to.note(from, "the job is started for each file that comes, not again as long as there are some");
}

constexpr const char* socket_option = "upstart-socket-bridge does not set it";

constexpr std::array table{
    Directive{"ListenStream", take_stream},
    Directive{"ListenDatagram", take_datagram},
    Directive{"ListenFIFO", take_fifo},
    Directive{"Accept", take_accept},
    Directive{"SocketMode", take_nothing},
    Directive{"SocketUser", take_nothing},
    Directive{"SocketGroup", take_nothing},
    Directive{"FileDescriptorName", take_nothing},
    Directive{"BindIPv6Only", take_nothing},
    Directive{"Service", take_nothing},
    Directive{"Unit", take_nothing},
    Directive{"RemoveOnStop", take_remove},
    Directive{"OnCalendar", take_calendar},
    Directive{"OnBootSec", take_boot_delay},
    Directive{"OnStartupSec", take_boot_delay},
    Directive{"OnActiveSec", take_boot_delay},
    Directive{"OnUnitActiveSec", take_active_delay},
    Directive{"OnUnitInactiveSec", take_inactive_delay},
    Directive{"RandomizedDelaySec", take_jitter},
    Directive{"Persistent", take_nothing},
    Directive{"PathChanged", take_changed<false>},
    Directive{"PathModified", take_changed<true>},
    Directive{"PathExists", take_exists},
    Directive{"PathExistsGlob", take_exists},
    Directive{"DirectoryNotEmpty", take_not_empty},
    note("AccuracySec", "a timer is exact"),
    note("FixedRandomDelay", "see RandomizedDelaySec"),
    Directive{"DirectoryMode", take_nothing},
    note("MaxConnections", "one job has all connections"),
    note("TriggerLimitBurst", "the pause between starts grows by itself"),
    note("TriggerLimitIntervalSec", "the pause between starts grows by itself"),
    note("PollLimitBurst", "the pause between starts grows by itself"),
    note("PollLimitIntervalSec", "the pause between starts grows by itself"),
    missing("MakeDirectory", "the directory must be there, or come"),
    Directive{"RemainAfterElapse", take_elapse},
    missing("WakeSystem", "a machine that sleeps is not woken"),
    missing("OnClockChange", "the job is not started by it"),
    missing("OnTimezoneChange", "the job is not started by it"),
    missing("ListenSequentialPacket", "upstart-socket-bridge has streams and datagrams"),
    missing("ListenNetlink", "upstart-udev-bridge tells of devices"),
    missing("ListenSpecial", "upstart-socket-bridge has sockets and FIFOs"),
    missing("ListenMessageQueue", "upstart-socket-bridge has sockets and FIFOs"),
    missing("ListenUSBFunction", "upstart-socket-bridge has sockets and FIFOs"),
    missing("Symlinks", "no symbolic link is made"),
    missing("ExecStartPre", "only the job runs commands"),
    missing("ExecStartPost", "only the job runs commands"),
    missing("ExecStopPre", "only the job runs commands"),
    missing("ExecStopPost", "only the job runs commands"),
    missing_value("Backlog", "the queue is as long as the kernel allows"),
    missing("BindToDevice", socket_option),
    missing("KeepAlive", socket_option),
    missing("NoDelay", socket_option),
    missing("FreeBind", socket_option),
    missing("Transparent", socket_option),
    missing("ReusePort", socket_option),
    missing("PassCredentials", socket_option),
    missing("PassSecurity", socket_option),
    missing("PassPacketInfo", socket_option),
    missing_value("ReceiveBuffer", socket_option),
    missing_value("SendBuffer", socket_option),
    missing_value("IPTOS", socket_option),
    missing_value("IPTTL", socket_option),
    missing_value("Mark", socket_option),
    missing_value("Priority", socket_option),
    missing("Broadcast", socket_option),
    missing("Timestamping", socket_option),
    missing_value("DeferAcceptSec", socket_option),
    missing("TCPCongestion", socket_option),
    missing("FlushPending", "what waits is served"),
};

// [Unit] and [Install] of an activator: it is there as soon as the job's file is.
void take_rest(Conversion& to) {
  for (const auto& one : to.unit.assignments) {
    if (one.section == "Install") {
      if (one.key != "WantedBy") to.note(one, "the conditions hold as soon as the job's file is there");
    } else if (one.section == "Unit" && one.key != "Description" && one.key != "Documentation") {
      to.note(one, "the conditions hold as soon as the job's file is there");
    }
  }
}

} // namespace

bool is_activator(const Unit& unit) { return unit.kind == "socket" || unit.kind == "timer" || unit.kind == "path"; }

std::string service_of(const Unit& activator) {
  auto named = activator.kind == "socket"  ? activator.last("Socket", "Service")
               : activator.kind == "timer" ? activator.last("Timer", "Unit")
                                           : activator.last("Path", "Unit");
  bool is_of_template = activator.kind == "socket" && is_true(activator.last("Socket", "Accept"));
  return named.empty() ? activator.stem + (is_of_template ? "@" : "") + ".service" : std::string{named};
}

void add_activator(Conversion& service, const Unit& activator) {
  Conversion own{.unit = activator, .job = {.name = service.job.name, .source = activator.name}};
  const std::array tables{Directives{table}, execution_directives()};
  take_section(own, activator.kind == "socket" ? "Socket" : activator.kind == "timer" ? "Timer" : "Path", tables);
  take_rest(own);
  const std::string section = activator.kind == "socket" ? "Socket" : activator.kind == "timer" ? "Timer" : "Path";
  tell_other_sections(own, std::array<std::string_view, 3>{"Unit", "Install", section});
  service.socket_directories.insert(service.socket_directories.end(), own.socket_directories.begin(),
                                    own.socket_directories.end());
  for (auto& event : own.job.starts) service.job.start_on(std::move(event));
  for (auto& remark : own.job.remarks) service.job.remarks.push_back(std::move(remark));
  service.job.source += " and " + activator.name;
}

} // namespace upstart::convert::systemd
