#include "clients/base/plain/visible-text.hpp"

namespace upstart::client {

namespace {

void append_escaped(std::string& text, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    text += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
  }
}

// So many bytes as a control character at the beginning has; 0: there is none.
std::size_t size_of_control(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  if (first < ' ' || first == 0x7f) return 1;
  if (first != 0xc2 || text.size() < 2) return 0;
  auto second = static_cast<unsigned char>(text[1]);
  return second >= 0x80 && second <= 0x9f ? 2 : 0;
}

std::string without_controls(std::string_view text, std::string_view allowed) {
  std::string result;
  while (!text.empty()) {
    auto size = allowed.contains(text[0]) ? 0 : size_of_control(text);
    if (size == 0) result += text[0];
    else append_escaped(result, text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

} // namespace

std::string visible(std::string_view value) { return without_controls(value, ""); }

std::string visible_lines(std::string_view text) { return without_controls(text, "\n\t"); }

} // namespace upstart::client
