// Memory that a daemon has freed but its allocator keeps, since pieces of it are still in use between: given back to
// the system in moments when nobody waits.
#pragma once

#include <cstddef>

namespace upstart::base {

// Looks, and gives back whole pages, if at least so many bytes are free. True if it did.
bool give_back_free_memory(std::size_t at_least);

} // namespace upstart::base
