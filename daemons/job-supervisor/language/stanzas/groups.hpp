// The groups that make up the table of stanzas, each in a file of its own, where its entries stand with the functions
// that read and write them. For stanzas.cpp only, which joins them.
#pragma once

#include "daemons/job-supervisor/language/stanzas/stanza.hpp"

namespace upstart::supervisor::stanza_group {

[[nodiscard]] StanzaGroup description(); // description, author, … emits
[[nodiscard]] StanzaGroup events();      // start on, … instance
[[nodiscard]] StanzaGroup commands();    // exec, script, pre-start, …
[[nodiscard]] StanzaGroup readiness();   // expect, watchdog
[[nodiscard]] StanzaGroup ending();      // respawn, normal exit, kill, reload
[[nodiscard]] StanzaGroup environment(); // env, export, import
[[nodiscard]] StanzaGroup context();     // console, limits, identity, control groups, …
[[nodiscard]] StanzaGroup limits();      // memory max, cpu weight, …
[[nodiscard]] StanzaGroup sandbox();     // no-new-privs, capability, private, protect

} // namespace upstart::supervisor::stanza_group
