// [Service]: what its processes are kept from (systemd.exec(5), "Sandboxing", "Capabilities").
#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/systemd/conversion.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <format>

namespace upstart::convert::systemd {

namespace {

constexpr const char* unknown_value = "not a value that upstart-convert knows";

bool is_off(Conversion& to, const Assignment& from) {
  if (!is_false(from.value)) return false;
  to.note(from, "is off here, too");
  return true;
}

void take_no_new_privileges(Conversion& to, const Assignment& from) {
  if (!is_off(to, from)) to.no_new_privileges = is_true(from.value);
}

// "cap_chown", "CHOWN" as CAP_CHOWN.
std::string capability_of(std::string word) {
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return word.starts_with("CAP_") ? word : "CAP_" + word;
}

// What a later assignment says is added to, or taken from, what the earlier ones said.
void take_capabilities(Conversion::Capabilities& to, std::string_view value) {
  bool are_taken_away = value.starts_with('~');
  if (!to.is_given) to.are_taken_away = are_taken_away;
  to.is_given = true;
  for (auto& word : words_of(value.substr(are_taken_away ? 1 : 0))) {
    auto name = capability_of(std::move(word));
    std::erase(to.names, name);
    if (to.are_taken_away == are_taken_away) to.names.push_back(std::move(name));
  }
}
void take_bounding_set(Conversion& to, const Assignment& from) { take_capabilities(to.bounding, from.value); }
void take_ambient_set(Conversion& to, const Assignment& from) {
  if (from.value.starts_with('~')) return to.missing(from, "write the capabilities that it has");
  take_capabilities(to.ambient, from.value);
}

void take_private_tmp(Conversion& to, const Assignment& from) {
  if (is_off(to, from)) return;
  if (!is_true(from.value) && from.value != "disconnected") return to.missing(from, unknown_value);
  to.job.set("private tmp");
  to.note(from, "it is in memory");
}

struct Word {
  std::string_view value, stanza;
};
template <const auto& words> void take_word(Conversion& to, const Assignment& from) {
  if (is_off(to, from)) return;
  std::string_view value = is_true(from.value) ? "yes" : std::string_view{from.value};
  auto found = std::ranges::find(words, value, &Word::value);
  if (found == std::end(words)) return to.missing(from, unknown_value);
  to.job.set(std::string{found->stanza});
}
constexpr std::array system_words{Word{"yes", "protect system usr"}, Word{"full", "protect system"},
                                  Word{"strict", "protect system strict"}};
constexpr std::array home_words{Word{"yes", "protect home"}, Word{"read-only", "protect home read-only"},
                                Word{"tmpfs", "protect home empty"}};

// "-": if it is there; "+": below the root directory, as it is here.
void take_writable(Conversion& to, const Assignment& from) {
  for (std::string_view word : words_of(from.value)) {
    bool may_be_missing = word.starts_with('-');
    word.remove_prefix(may_be_missing ? 1 : 0);
    word.remove_prefix(word.starts_with('+') ? 1 : 0);
    auto path = plain(to.unit, word);
    if (!path) to.missing(from, path.error());
    else to.writable.push_back((may_be_missing ? "-" : "") + *path);
  }
}

constexpr const char* files = "the job sees the file system as others do";
constexpr const char* kernel = "the job may ask the kernel for what its user may";
constexpr const char* namespaces = "the job is in the namespaces of init";
constexpr const char* network = "the job has the network that others have";

constexpr std::array table{
    Directive{"NoNewPrivileges", take_no_new_privileges},
    Directive{"CapabilityBoundingSet", take_bounding_set},
    Directive{"AmbientCapabilities", take_ambient_set},
    Directive{"PrivateTmp", take_private_tmp},
    Directive{"ProtectSystem", take_word<system_words>},
    Directive{"ProtectHome", take_word<home_words>},
    Directive{"ReadWritePaths", take_writable},
    Directive{"ReadWriteDirectories", take_writable},
    missing("PrivateDevices", files),
    missing("PrivateMounts", namespaces),
    missing("PrivateNetwork", network),
    missing("PrivateUsers", namespaces),
    missing("PrivateIPC", namespaces),
    missing("PrivatePIDs", namespaces),
    missing("ReadOnlyPaths", files),
    missing("InaccessiblePaths", files),
    missing("ExecPaths", files),
    missing("NoExecPaths", files),
    missing("ReadOnlyDirectories", files),
    missing("InaccessibleDirectories", files),
    missing("TemporaryFileSystem", files),
    missing("BindPaths", files),
    missing("BindReadOnlyPaths", files),
    missing("MountFlags", namespaces),
    missing("MountAPIVFS", files),
    missing("ProtectProc", files),
    missing("ProcSubset", files),
    missing("RootImage", files),
    missing("RootEphemeral", files),
    missing("NetworkNamespacePath", network),
    missing("IPCNamespacePath", namespaces),
    missing("JoinsNamespaceOf", namespaces),
    missing("RestrictAddressFamilies", network),
    missing("RestrictNetworkInterfaces", network),
    missing("IPAddressAllow", network),
    missing("IPAddressDeny", network),
    missing("SocketBindAllow", network),
    missing("SocketBindDeny", network),
    missing("DevicePolicy", kernel),
    missing("DeviceAllow", kernel),
    missing("SystemCallFilter", kernel),
    missing("SystemCallErrorNumber", kernel),
    missing("SystemCallArchitectures", kernel),
    missing("SystemCallLog", kernel),
    missing("ProtectHostname", kernel),
    missing("ProtectClock", kernel),
    missing("ProtectKernelTunables", kernel),
    missing("ProtectKernelModules", kernel),
    missing("ProtectKernelLogs", kernel),
    missing("ProtectControlGroups", kernel),
    missing("RestrictNamespaces", kernel),
    missing("RestrictRealtime", kernel),
    missing("RestrictSUIDSGID", kernel),
    missing("RestrictFileSystems", kernel),
    missing("LockPersonality", kernel),
    missing("MemoryDenyWriteExecute", kernel),
    missing("MemoryKSM", kernel),
    missing("RemoveIPC", "what the program leaves behind stays"),
};

// Each with what is before it, and what is between them.
std::string list_of(const std::vector<std::string>& names, std::string_view before, std::string_view between) {
  std::string list;
  for (const auto& name : names) list += std::format("{}{}{}", list.empty() ? "" : between, before, name);
  return list;
}

// As setpriv has it: "net_raw".
std::vector<std::string> in_small(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (auto name : names) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    all.push_back(name.substr(name.find('_') + 1));
  }
  return all;
}

void set_by_setpriv(Conversion& to) {
  const auto &bounding = to.bounding, &ambient = to.ambient;
  if (bounding.is_given) {
    auto list = list_of(in_small(bounding.names), bounding.are_taken_away ? "-" : "+", ",");
    const char* all = bounding.are_taken_away ? "" : "-all";
    to.privileges.push_back(std::format("--bounding-set={}{}{}", all, *all != '\0' && !list.empty() ? "," : "", list));
  }
  if (!ambient.names.empty()) {
    auto list = list_of(in_small(ambient.names), "+", ",");
    to.privileges.push_back(std::format("--inh-caps={} --ambient-caps={}", list, list));
  }
  if (to.no_new_privileges) to.privileges.emplace_back("--no-new-privs");
}

void set_stanzas(Conversion& to) {
  if (to.no_new_privileges) to.job.set("no-new-privs");
  if (to.bounding.is_given) {
    auto list = list_of(to.bounding.names, to.bounding.are_taken_away ? "-" : "", " ");
    if (list.empty()) list = to.bounding.are_taken_away ? "all" : "none";
    to.job.set("capability bounding " + list);
  }
  if (!to.ambient.names.empty()) to.job.set("capability ambient " + list_of(to.ambient.names, "", " "));
}

} // namespace

Directives sandbox_directives() { return table; }

void set_sandbox(Conversion& to, bool apart) {
  if (apart) set_by_setpriv(to);
  else set_stanzas(to);
  std::string list;
  for (const auto& path : to.writable)
    if (auto argument = as_argument(path)) list += " " + *argument;
  bool protects = std::ranges::any_of(to.job.settings, [](const auto& one) { return one.starts_with("protect "); });
  if (!list.empty() && protects) to.job.set("protect except" + list);
}

} // namespace upstart::convert::systemd
