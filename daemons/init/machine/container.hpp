// Whether process 1 is that of a container rather than of a machine.
#pragma once

namespace upstart::init {

// So a container's manager says ($container, /.dockerenv, /run/.containerenv), or this process may not mount anything
// (no CAP_SYS_ADMIN), which process 1 of a machine always may. Process 1 of mere namespaces, with all capabilities, is
// taken for a machine's.
[[nodiscard]] bool is_in_container();

} // namespace upstart::init
