// The dictionary of the fuzz target, in libFuzzer's form: what stanzas and their arguments are made of.
#pragma once

#include <string>

namespace upstart::supervisor::texts {

[[nodiscard]] std::string fuzz_words();

} // namespace upstart::supervisor::texts
