// The warnings that can be given of a job file, by name: each is in the table, is shown with its name, and can be
// switched off for a file by a comment in it, "# init-checkconf: ignore NAME…".
#pragma once

#include <span>
#include <string_view>

namespace upstart::supervisor {

struct Lint {
  std::string_view name, what; // what it warns of, in half a sentence
};

[[nodiscard]] std::span<const Lint> lints();
// A comment of this text switches that warning off.
[[nodiscard]] bool is_ignored(std::string_view text, std::string_view lint);

} // namespace upstart::supervisor
