// `init 3`, called by hand: the program that is process 1 of a machine acts as telinit.
#pragma once

#include <string>
#include <vector>

namespace upstart::init {

// Whether these are not arguments of an init: nothing that names a session, a container, or asks for help, and no other
// option with a long name that telinit does not have.
[[nodiscard]] bool is_for_telinit(const std::vector<std::string>& arguments);

// Executes telinit, beside this program or where the system has it. Returns the exit status where it cannot, and has
// said why.
[[nodiscard]] int become_telinit(const std::vector<std::string>& arguments);

// Options of an init were given by hand, and none that says what it is to lead: says so. The exit status.
[[nodiscard]] int refuse_to_lead();

} // namespace upstart::init
