// fleet.conf as init needs it: whether there is one, since that is what makes a machine a node of a fleet, and a watch
// that tells when it may have come or gone. What it says is the bridge's affair.
#pragma once

#include "daemons/base/path-watch.hpp"
#include "protocol/environment.hpp"

#include <functional>
#include <optional>
#include <string>

namespace upstart::init {

class FleetFile {
public:
  // Of a session, whose environment this is, or of the system. A session without a home directory has none.
  FleetFile(base::EventLoop& loop, const protocol::Environment& environment, bool session,
            std::function<void()> may_have_changed);

  [[nodiscard]] bool is_there() const;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_; // empty: there can be none
  std::optional<base::PathWatch> watch_;
};

} // namespace upstart::init
