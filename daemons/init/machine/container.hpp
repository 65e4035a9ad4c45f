// Whether process 1 is that of a container rather than of a machine.
#pragma once

namespace upstart::init {

// So a container's manager says ($container), or this process may not mount anything (no CAP_SYS_ADMIN), which process
// 1 of a machine always may. Process 1 of mere namespaces, with all capabilities, is taken for a machine's, also where
// a file such as /.dockerenv says that these were made within a container.
[[nodiscard]] bool is_in_container();

} // namespace upstart::init
