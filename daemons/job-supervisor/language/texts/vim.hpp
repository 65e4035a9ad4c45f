// The stanzas for the editor vim, from the table.
#pragma once

#include <string>

namespace upstart::supervisor::texts {

// Matches of a syntax file. The names of its groups are those that packaging/vim/syntax/upstart.vim declares.
[[nodiscard]] std::string vim_syntax();
// A whole file of completions: stanzas where a line begins, else the words that the stanza of the line may take.
[[nodiscard]] std::string vim_completion();

} // namespace upstart::supervisor::texts
