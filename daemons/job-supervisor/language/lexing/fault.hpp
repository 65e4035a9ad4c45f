// What is wrong with a text and where, as the lexer and those who read with it return it: an offset, which becomes line
// and column only if it is reported.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// `cause` is the other place worth looking at, such as where an unclosed quote was opened.
struct Fault {
  std::string message;
  std::size_t offset = 0;
  std::string suggestion = {};
  std::optional<std::size_t> cause = {};
  std::string cause_message = {};
  std::string_view lint = {}; // of a warning: its name (words/lints.hpp)
};

template <class Value> using Read = std::expected<Value, Fault>;

} // namespace upstart::supervisor
