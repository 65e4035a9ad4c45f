#include "daemons/dbus-bridge/conditions/dbus-names.hpp"

#include <algorithm>
#include <charconv>
#include <ranges>

namespace upstart::dbus_bridge {

namespace {

constexpr std::size_t longest_name = 255;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

// At least two elements, separated by dots.
template <typename Fits> bool is_dotted(std::string_view text, Fits&& fits) {
  if (text.size() > longest_name || !text.contains('.')) return false;
  return std::ranges::all_of(text | std::views::split('.'),
                             [&](auto element) { return fits(std::string_view{element}); });
}

bool is_number(std::string_view text) {
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

} // namespace

bool is_member_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && !is_digit(text.front()) &&
         std::ranges::all_of(text, is_word_character);
}

bool is_interface_name(std::string_view text) { return is_dotted(text, is_member_name); }

bool is_bus_name(std::string_view text) {
  bool unique = text.starts_with(':');
  if (unique) text.remove_prefix(1);
  return is_dotted(text, [&](std::string_view element) {
    return !element.empty() && (unique || !is_digit(element.front())) &&
           std::ranges::all_of(element, [](char c) { return is_word_character(c) || c == '-'; });
  });
}

bool is_object_path(std::string_view text) {
  if (!text.starts_with('/')) return false;
  return text == "/" || std::ranges::all_of(text.substr(1) | std::views::split('/'), [](auto element) {
           return !element.empty() && std::ranges::all_of(element, is_word_character);
         });
}

bool is_text_only(std::string_view value) {
  bool is_signature = value.find_first_not_of("ybnqiuxtdsogavh(){}") == std::string_view::npos;
  return !is_signature && !is_number(value) && value != "true" && value != "false" && !is_object_path(value);
}

int argument_number(std::string_view variable) {
  constexpr std::string_view prefix = "ARG";
  if (!variable.starts_with(prefix)) return -1;
  variable.remove_prefix(prefix.size());
  int number = -1;
  auto [end, error] = std::from_chars(variable.data(), variable.data() + variable.size(), number);
  bool canonical = variable == "0" || (!variable.empty() && variable.front() != '0' && variable.front() != '-');
  return error == std::errc{} && end == variable.data() + variable.size() && canonical ? number : -1;
}

} // namespace upstart::dbus_bridge
