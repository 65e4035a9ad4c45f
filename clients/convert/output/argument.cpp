#include "clients/convert/output/argument.hpp"

namespace upstart::convert {

// Within quotes a backslash is one only where a blank or another follows it, and no quote can be escaped: text with
// both kinds of quotes becomes several quoted pieces, which are one argument where nothing is between them.
std::optional<std::string> as_argument(std::string_view text) {
  if (text.contains('\n')) return std::nullopt;
  if (!text.empty() && text.find_first_of(" \t\r\\\"'#()") == std::string_view::npos) return std::string{text};
  std::string result;
  do {
    const char quote = text.starts_with('"') ? '\'' : '"';
    const auto piece = text.substr(0, text.find(quote));
    text.remove_prefix(piece.size());
    result += quote;
    for (char c : piece) result += c == '\\' ? std::string{"\\\\"} : std::string{c};
    result += quote;
  } while (!text.empty());
  return result;
}

} // namespace upstart::convert
