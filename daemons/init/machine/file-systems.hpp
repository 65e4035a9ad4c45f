// The file systems and device nodes that process 1 needs before anything else, made where they are missing. What is
// there, whoever made it, stays as it is.
#pragma once

#include <string>
#include <vector>

namespace upstart::init {

// What could not be made, a sentence each. /dev may then still do: a node that is missing is missed by who needs it.
[[nodiscard]] std::vector<std::string> complete_file_systems();

} // namespace upstart::init
