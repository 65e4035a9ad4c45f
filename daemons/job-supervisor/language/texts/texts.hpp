// The files of the tree that say something of every stanza. They are generated from the table, some whole, some between
// two marks, and checked in; a test tells when one is out of date, and the target job-language-texts writes them anew.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace upstart::supervisor::texts {

struct Text {
  std::string_view path; // from the root of the tree
  // The text of the file as it should be, by what it is now; an error names the mark that is missing.
  std::expected<std::string, std::string> (*renewed)(std::string_view text);
};

[[nodiscard]] std::span<const Text> generated_texts();

// `text` with what stands between the line that holds "begin generated: MARK" and that with "end generated: MARK"
// replaced.
[[nodiscard]] std::expected<std::string, std::string> with_region(std::string_view text, std::string_view mark,
                                                                  std::string_view region);

} // namespace upstart::supervisor::texts
