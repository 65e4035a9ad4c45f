// The memory of a daemon. What it has freed but its allocator keeps, since pieces of it are still in use between, is
// given back to the system in moments when nobody waits.
#pragma once

#include <cstddef>

namespace upstart::base {

// To be called first: large pieces are always taken from the system itself and given back to it at once, so that none
// lies between smaller ones; what is free at the end of the heap stays for the rest of a burst.
void set_up_heap();

// Looks, and gives back whole pages, if at least so many bytes are free. True if it did.
bool give_back_free_memory(std::size_t at_least);

} // namespace upstart::base
