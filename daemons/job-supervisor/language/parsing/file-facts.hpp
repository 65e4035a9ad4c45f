// What is known of a file besides its class: for warnings, and for what can be decided only at its end. Made and filled
// while the file is read.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/language/parsing/expression-parser.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstart::supervisor {

// Where a script stands: offsets of its first line, and of a line in it that looks like the beginning of another.
struct ScriptPlace {
  std::size_t begin = 0;
  std::optional<std::size_t> inner_block;
};

// Which stanzas (or slots) a file has, and where the last of each stands. There are few: a list will do.
class GivenStanzas {
public:
  GivenStanzas() { places_.reserve(usual); }
  // The place is the new one; the result where it was given before.
  std::optional<std::size_t> give(std::string_view stanza, std::size_t offset) {
    for (auto& [name, place] : places_)
      if (name == stanza) return std::exchange(place, offset);
    places_.emplace_back(stanza, offset);
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::size_t> place(std::string_view stanza) const {
    for (const auto& [name, offset] : places_)
      if (name == stanza) return offset;
    return std::nullopt;
  }

private:
  static constexpr std::size_t usual = 8;
  std::vector<std::pair<std::string_view, std::size_t>> places_;
};

// A block that ended while a here-document was open.
struct CutHereDocument {
  std::size_t end = 0; // offset of the line that ended the block
  std::string word;    // that the here-document waits for
};

struct FileFacts {
  bool service = false;                                          // event.d: there is a `service`
  std::array<std::optional<ScriptPlace>, process_kinds> scripts; // by ProcessKind
  ExpressionPlaces start_on, stop_on; // of the expressions in force, where they are of this file
  GivenStanzas given;
  std::vector<std::size_t> cuts; // where a # that stands right behind a word ends the stanza
  std::vector<CutHereDocument> cut_here_documents;
  std::map<std::string, std::size_t, std::less<>> env_places,
      group_places; // variable, control group → index in the class
};

} // namespace upstart::supervisor
