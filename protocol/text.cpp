#include "protocol/text.hpp"

#include <algorithm>

namespace upstart::protocol {

namespace {

constexpr char32_t escapes = 0xF700;
constexpr char32_t first_escape = escapes + 0x80, last_escape = escapes + 0xFF;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

struct Piece {
  std::size_t size = 1;   // in bytes
  char32_t character = 0; // where it is one
  bool is_text = false;
};

unsigned char byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

// The length of the character that begins with this byte; 0 where none does.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

// Characters that sd-bus takes for text: no surrogates, no non-characters, none in more bytes than it needs.
bool is_character(char32_t code, std::size_t length) {
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[length] || code > 0x10FFFF) return false;
  if (code >= 0xD800 && code <= 0xDFFF) return false;
  return !(code >= 0xFDD0 && code <= 0xFDEF) && (code & 0xFFFEU) != 0xFFFE;
}

Piece piece_at(std::string_view bytes, std::size_t at) {
  auto length = length_of(byte_at(bytes, at));
  if (length <= 1) return {.size = 1, .character = byte_at(bytes, at), .is_text = length == 1};
  if (at + length > bytes.size()) return {};
  char32_t code = byte_at(bytes, at) & (0x7FU >> length);
  for (std::size_t i = at + 1; i < at + length; ++i) {
    if ((byte_at(bytes, i) & 0xC0U) != 0x80) return {};
    code = (code << 6U) | (byte_at(bytes, i) & 0x3FU);
  }
  return is_character(code, length) ? Piece{.size = length, .character = code, .is_text = true} : Piece{};
}

bool is_escape(const Piece& piece) {
  return piece.is_text && piece.character >= first_escape && piece.character <= last_escape;
}

void append_escape(std::string& text, char byte) {
  auto low = static_cast<unsigned char>(byte);
  text += '\xEF';
  text += static_cast<char>(0x9C | (low >> 6U));
  text += static_cast<char>(0x80 | (low & 0x3FU));
}

bool is_ascii(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return static_cast<signed char>(c) >= 0; });
}

// Every piece is one that `good` takes.
template <typename Good> bool consists_of(std::string_view bytes, Good good) {
  if (is_ascii(bytes)) return true;
  for (std::size_t at = 0; at < bytes.size();) {
    auto piece = piece_at(bytes, at);
    if (!good(piece)) return false;
    at += piece.size;
  }
  return true;
}

bool needs_no_escape(std::string_view bytes) {
  return consists_of(bytes, [](const Piece& piece) { return piece.is_text && !is_escape(piece); });
}
bool has_no_escape(std::string_view text) {
  return consists_of(text, [](const Piece& piece) { return !is_escape(piece); });
}
bool is_readable(std::string_view bytes) {
  return consists_of(bytes, [](const Piece& piece) { return piece.is_text; });
}

template <typename Append> std::string rewritten(std::string_view bytes, Append append) {
  std::string result;
  result.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    auto piece = piece_at(bytes, at);
    append(result, piece, bytes.substr(at, piece.size));
    at += piece.size;
  }
  return result;
}

using Lists = std::vector<std::vector<std::string>>;

Lists all_converted(Lists lists, std::string (*convert)(std::string_view)) {
  for (auto& list : lists)
    for (auto& string : list)
      if (!is_ascii(string)) string = convert(string);
  return lists;
}

} // namespace

std::string escaped(std::string_view bytes) {
  return rewritten(bytes, [](std::string& text, const Piece& piece, std::string_view part) {
    if (piece.is_text && !is_escape(piece)) text += part;
    else
      for (char byte : part) append_escape(text, byte);
  });
}

std::string unescaped(std::string_view text) {
  return rewritten(text, [](std::string& bytes, const Piece& piece, std::string_view part) {
    if (is_escape(piece)) bytes += static_cast<char>(piece.character - escapes);
    else bytes += part;
  });
}

std::string readable(std::string_view bytes) {
  return rewritten(bytes, [](std::string& text, const Piece& piece, std::string_view part) {
    text += piece.is_text ? part : replacement;
  });
}

Converted::Converted(const Strings& strings, bool (*stands_for_itself)(std::string_view),
                     std::string (*convert)(std::string_view))
    : strings_{&strings} {
  if (std::ranges::all_of(strings, stands_for_itself)) return;
  own_.reserve(strings.size());
  for (const auto& string : strings) own_.push_back(convert(string));
  strings_ = &own_;
}

Converted escaped(const std::vector<std::string>& strings) { return {strings, needs_no_escape, escaped}; }
Converted unescaped(const std::vector<std::string>& strings) { return {strings, has_no_escape, unescaped}; }
Converted readable(const std::vector<std::string>& strings) { return {strings, is_readable, readable}; }

Lists escaped(Lists lists) { return all_converted(std::move(lists), escaped); }
Lists unescaped(Lists lists) { return all_converted(std::move(lists), unescaped); }
Lists readable(Lists lists) { return all_converted(std::move(lists), readable); }

} // namespace upstart::protocol
