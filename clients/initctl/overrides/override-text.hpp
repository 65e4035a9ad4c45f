// Overrides of jobs: where the override of a job file belongs, and what enabling and disabling does to its text. Pure.
#pragma once

#include "protocol/job-state.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::client {

// The number of the line on which a stanza `manual` stands first; nothing where there is none.
[[nodiscard]] std::optional<std::size_t> line_of_manual(std::string_view text);
// The text with `manual` as its last stanza.
[[nodiscard]] std::string with_manual(std::string_view text);
// The text without stanzas `manual`; empty where nothing is left but blank lines.
[[nodiscard]] std::string without_manual(std::string_view text);

// Where the override of a job is, or is to be written.
struct OverridePlace {
  std::string path;
  bool exists = false;
};
// The override that is there: of a class whose files have not changed since, the one that it was made with; else the
// first that is found. Without one a place for it, beside the job file where that can be written to, else in the
// session's own directory of job files. The error says why there is none.
[[nodiscard]] std::expected<OverridePlace, std::string>
override_place(const protocol::JobState& job, bool may_write_beside,
               const std::optional<std::string>& session_directory,
               const std::function<bool(const std::string& path)>& exists);

// The directory below which the name of the job is that of its file; nothing if it is not called NAME.conf.
[[nodiscard]] std::optional<std::string> root_of(const protocol::JobState& job);

} // namespace upstart::client
