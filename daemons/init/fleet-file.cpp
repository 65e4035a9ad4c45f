#include "daemons/init/fleet-file.hpp"

#include "daemons/init/configuration/directories.hpp"
#include "protocol/bridges.hpp"

#include <unistd.h>

namespace upstart::init {

namespace {

std::string path_of(const protocol::Environment& environment, bool session) {
  auto home = session ? variable(environment, "HOME") : std::nullopt;
  if (session && !home) return {};
  return protocol::fleet_configuration_path(home, variable(environment, "XDG_CONFIG_HOME").value_or(""));
}

} // namespace

FleetFile::FleetFile(base::EventLoop& loop, const protocol::Environment& environment, bool session,
                     std::function<void()> may_have_changed)
    : path_{path_of(environment, session)} {
  if (!path_.empty()) watch_.emplace(loop, path_, std::move(may_have_changed), base::PathWatch::Told::every_change);
}

bool FleetFile::is_there() const { return !path_.empty() && ::access(path_.c_str(), F_OK) == 0; }

} // namespace upstart::init
