#include "daemons/job-supervisor/api/permissions.hpp"

#include <algorithm>
#include <array>

namespace upstart::supervisor {

namespace {

constexpr std::array for_everyone{
    std::string_view{"GetJobByName"},      std::string_view{"GetAllJobs"},      std::string_view{"GetInstance"},
    std::string_view{"GetInstanceByName"}, std::string_view{"GetAllInstances"}, std::string_view{"WatchConditions"},
    std::string_view{"ListEmits"},         std::string_view{"ListBridges"},     std::string_view{"ListRuns"},
    std::string_view{"ListJobs"},
};
constexpr std::array public_interfaces{
    std::string_view{"org.freedesktop.DBus.Introspectable"},
    std::string_view{"org.freedesktop.DBus.Peer"},
};

constexpr std::array for_bridges{std::string_view{"LocateCondition"}};

struct Operation {
  std::string_view member, text;
};
constexpr std::array operations{
    Operation{"ReloadConfiguration", "reload configuration"},
    Operation{"GetState", "request state"},
    Operation{"Restart", "request restart"},
    Operation{"EmitEvent", "emit an event"},
    Operation{"EmitEventWithFile", "emit an event"},
    Operation{"OfferSockets", "offer sockets to a job"},
    Operation{"SocketsOffered", "offer sockets to a job"},
    Operation{"LocateCondition", "request state"},
    Operation{"DescribeJob", "request state"},
    Operation{"AboutUnknownJob", "request state"},
    Operation{"ListHolders", "request state"},
    Operation{"Simulate", "simulate an event"},
    Operation{"PrintClass", "print a job class"},
    Operation{"GetEnv", "query job environment"},
    Operation{"ListEnv", "query job environment"},
    Operation{"SetEnv", "modify job environment"},
    Operation{"SetEnvList", "modify job environment"},
    Operation{"UnsetEnv", "modify job environment"},
    Operation{"UnsetEnvList", "modify job environment"},
    Operation{"ResetEnv", "modify job environment"},
    Operation{"NotifyDiskWriteable", "notify disk is writeable"},
    Operation{"NotifyDBusAddress", "notify D-Bus address"},
    Operation{"NotifyCGroupManagerAddress", "notify control group manager address"},
    Operation{"EndSession", "end session"},
    Operation{"StartBridge", "start a bridge"},
    Operation{"Start", "start job"},
    Operation{"Stop", "stop job"},
    Operation{"StartJob", "start job"},
    Operation{"StartJobWithFile", "start job"},
    Operation{"StopJob", "stop job"},
    Operation{"RestartJob", "request restart"},
    Operation{"Reload", "reload job"},
    Operation{"ResetFailed", "forget the failures of jobs"},
    Operation{"Set", "change a property"},
};

} // namespace

std::optional<std::string_view> permission_for(std::string_view interface, std::string_view member) {
  if (std::ranges::contains(public_interfaces, interface)) return std::nullopt;
  if (interface == "org.freedesktop.DBus.Properties" && member != "Set") return std::nullopt;
  if (std::ranges::contains(for_everyone, member)) return std::nullopt;
  auto operation = std::ranges::find(operations, member, &Operation::member);
  return operation != operations.end() ? operation->text : "call this method";
}

bool is_for_bridges(std::string_view member) { return std::ranges::contains(for_bridges, member); }

} // namespace upstart::supervisor
