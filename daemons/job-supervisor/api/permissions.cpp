#include "daemons/job-supervisor/api/permissions.hpp"

#include <algorithm>
#include <array>

namespace upstart::supervisor {

namespace {

constexpr std::array for_everyone{
    std::string_view{"GetJobByName"},      std::string_view{"GetAllJobs"},      std::string_view{"GetInstance"},
    std::string_view{"GetInstanceByName"}, std::string_view{"GetAllInstances"}, std::string_view{"WatchConditions"},
    std::string_view{"ListEmits"},         std::string_view{"ListBridges"},
};
constexpr std::array public_interfaces{
    std::string_view{"org.freedesktop.DBus.Introspectable"},
    std::string_view{"org.freedesktop.DBus.Peer"},
};

struct Deed {
  std::string_view member, text;
};
constexpr std::array deeds{
    Deed{"ReloadConfiguration", "reload configuration"},
    Deed{"GetState", "request state"},
    Deed{"Restart", "request restart"},
    Deed{"EmitEvent", "emit an event"},
    Deed{"EmitEventWithFile", "emit an event"},
    Deed{"DescribeJob", "request state"},
    Deed{"ListHolders", "request state"},
    Deed{"Simulate", "simulate an event"},
    Deed{"PrintClass", "print a job class"},
    Deed{"GetEnv", "query job environment"},
    Deed{"ListEnv", "query job environment"},
    Deed{"SetEnv", "modify job environment"},
    Deed{"SetEnvList", "modify job environment"},
    Deed{"UnsetEnv", "modify job environment"},
    Deed{"UnsetEnvList", "modify job environment"},
    Deed{"ResetEnv", "modify job environment"},
    Deed{"NotifyDiskWriteable", "notify disk is writeable"},
    Deed{"NotifyDBusAddress", "notify D-Bus address"},
    Deed{"NotifyCGroupManagerAddress", "notify control group manager address"},
    Deed{"EndSession", "end session"},
    Deed{"Start", "start job"},
    Deed{"Stop", "stop job"},
    Deed{"Reload", "reload job"},
    Deed{"Set", "change a property"},
};

} // namespace

std::optional<std::string_view> permission_for(std::string_view interface, std::string_view member) {
  if (std::ranges::contains(public_interfaces, interface)) return std::nullopt;
  if (interface == "org.freedesktop.DBus.Properties" && member != "Set") return std::nullopt;
  if (std::ranges::contains(for_everyone, member)) return std::nullopt;
  auto deed = std::ranges::find(deeds, member, &Deed::member);
  return deed != deeds.end() ? deed->text : "call this method";
}

} // namespace upstart::supervisor
