// The conditions on events of bridges, as the bridges understand them: what one does not serve is warned of.
#pragma once

#include "clients/init-checkconf/job-sources.hpp"

namespace upstart::client {

void check_bridge_conditions(CheckedFile& file);

} // namespace upstart::client
