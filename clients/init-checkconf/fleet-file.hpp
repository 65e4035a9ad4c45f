// A fleet.conf among the files to check: it is no job file, and is checked by what reads it.
#pragma once

#include "clients/init-checkconf/job-sources.hpp"

namespace upstart::client {

// Puts what is wrong with it in place of what the parser of job files found, if it is one: by its name, and its
// directory (…/upstart/fleet.conf) or its first lines. A job may be called "fleet".
void check_fleet_file(CheckedFile& file);

} // namespace upstart::client
