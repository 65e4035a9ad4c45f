#include "daemons/job-supervisor/expression/expand.hpp"

#include <cstddef>

namespace upstart::supervisor {

namespace {

using Expanded = std::expected<std::string, std::string>;

constexpr int deepest_nesting = 64;

bool starts_name(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

class Expansion {
public:
  explicit Expansion(const protocol::Environment& environment) : environment_{environment} {}

  Expanded expand(std::string_view text, int depth) {
    if (depth > deepest_nesting) return bad();
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] != '$') {
        result += text[at++];
        continue;
      }
      auto part = reference(text, at, depth);
      if (!part) return part;
      result += *part;
    }
    return result;
  }

private:
  static Expanded bad() { return std::unexpected("Bad substitution"); }

  // `at` stands at the $, and is moved behind the reference.
  Expanded reference(std::string_view text, std::size_t& at, int depth) {
    if (at + 1 < text.size() && text[at + 1] == '{') return braced(text, at, depth);
    std::size_t end = at + 1;
    if (end < text.size() && starts_name(text[end]))
      while (end < text.size() && continues_name(text[end])) ++end;
    auto name = text.substr(at + 1, end - at - 1);
    at = end;
    if (name.empty()) return "$";
    return value(name);
  }

  Expanded braced(std::string_view text, std::size_t& at, int depth) {
    std::size_t begin = at + 2;
    std::size_t end = closing_brace(text, begin);
    if (end == std::string_view::npos) return bad();
    at = end + 1;
    return substitute(text.substr(begin, end - begin), depth);
  }

  static std::size_t closing_brace(std::string_view text, std::size_t from) {
    int open = 1;
    for (std::size_t i = from; i < text.size(); ++i) {
      if (text[i] == '{' && i > 0 && text[i - 1] == '$') ++open;
      else if (text[i] == '}' && --open == 0) return i;
    }
    return std::string_view::npos;
  }

  // What stands between the braces: a name, itself perhaps with references, and perhaps an operator.
  Expanded substitute(std::string_view inside, int depth) {
    if (inside.empty()) return "$";
    std::size_t split = operator_position(inside);
    auto name = expand(inside.substr(0, split), depth + 1);
    if (!name) return name;
    if (split == std::string_view::npos) return value(*name);
    bool unless_empty = inside[split] == ':';
    std::size_t symbol = split + (unless_empty ? 1 : 0);
    auto current = environment_.get(*name);
    bool there = current && !(unless_empty && current->empty());
    auto word = [&] { return expand(inside.substr(symbol + 1), depth + 1); };
    if (inside[symbol] == '-') return there ? Expanded{std::string{*current}} : word();
    return there ? word() : Expanded{""};
  }

  static std::size_t operator_position(std::string_view inside) {
    int open = 0;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] == '{') ++open;
      else if (inside[i] == '}') --open;
      if (open > 0) continue;
      bool colon = inside[i] == ':' && i + 1 < inside.size() && (inside[i + 1] == '-' || inside[i + 1] == '+');
      if (colon || inside[i] == '-' || inside[i] == '+') return i;
    }
    return std::string_view::npos;
  }

  Expanded value(std::string_view name) const {
    if (auto found = environment_.get(name)) return std::string{*found};
    return std::unexpected("Unknown parameter: " + std::string{name});
  }

  const protocol::Environment& environment_;
};

} // namespace

std::expected<std::string, std::string> expand(std::string_view text, const protocol::Environment& environment) {
  if (text.find('$') == std::string_view::npos) return std::string{text};
  return Expansion{environment}.expand(text, 0);
}

} // namespace upstart::supervisor
