// Words of the shell, and variables of a job. Pure.
#pragma once

#include "clients/convert/output/job.hpp"

#include <string>
#include <string_view>

namespace upstart::convert {

// The text as one word of the shell.
[[nodiscard]] std::string as_word(std::string_view text);
// The text within double quotes, where the shell takes it for itself.
[[nodiscard]] std::string within_quotes(std::string_view text);
// Gives the job's processes a variable: by a stanza, or in its scripts where the language has no way to write the
// value.
void add_variable(Job& job, std::string_view key, std::string_view value);
// Without blanks at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);
// The name of the last part of a path.
[[nodiscard]] std::string file_name(std::string_view path);
// What may be the name of a job: other characters become "-".
[[nodiscard]] std::string job_name(std::string_view text);

} // namespace upstart::convert
