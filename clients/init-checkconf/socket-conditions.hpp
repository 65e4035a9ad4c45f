// The conditions on `socket` events, as upstart-socket-bridge understands them: what it does not serve is warned of.
#pragma once

#include "clients/init-checkconf/job-sources.hpp"

namespace upstart::client {

void check_socket_conditions(CheckedFile& file);

} // namespace upstart::client
