#include "protocol/environment.hpp"

#include <algorithm>

namespace upstart::protocol {

namespace {

auto find_key(auto& strings, std::string_view key) {
  return std::ranges::find_if(strings, [&](const std::string& entry) {
    return entry.size() > key.size() && entry[key.size()] == '=' && entry.starts_with(key);
  });
}

bool well_formed(std::string_view entry) {
  auto equals = entry.find('=');
  return equals != std::string_view::npos && equals > 0 && entry.find('\0') == std::string_view::npos;
}

} // namespace

std::string_view key_of(std::string_view key_value) { return key_value.substr(0, key_value.find('=')); }

std::string_view value_of(std::string_view key_value) {
  auto equals = key_value.find('=');
  return equals == std::string_view::npos ? std::string_view{} : key_value.substr(equals + 1);
}

std::optional<std::string> environment_fault(const std::vector<std::string>& strings) {
  if (std::ranges::all_of(strings, well_formed)) return std::nullopt;
  return "Env must be KEY=VALUE pairs";
}

Environment::Environment(const std::vector<std::string>& strings) {
  strings_.reserve(strings.size());
  for (const auto& entry : strings)
    if (well_formed(entry)) set_string(entry);
}

std::expected<Environment, std::string> Environment::parse(const std::vector<std::string>& strings) {
  if (auto fault = environment_fault(strings)) return std::unexpected(*fault);
  return Environment{strings};
}

std::optional<std::string_view> Environment::get(std::string_view key) const {
  auto found = find_key(strings_, key);
  if (found == strings_.end()) return std::nullopt;
  return value_of(*found);
}

void Environment::set(std::string_view key, std::string_view value) {
  std::string entry;
  entry.reserve(key.size() + 1 + value.size());
  entry.append(key).append("=").append(value);
  set_string(entry);
}

void Environment::set_string(std::string_view key_value, bool replace) {
  auto found = find_key(strings_, key_of(key_value));
  if (found == strings_.end()) strings_.emplace_back(key_value);
  else if (replace) *found = key_value;
}

bool Environment::unset(std::string_view key) {
  auto found = find_key(strings_, key);
  if (found == strings_.end()) return false;
  strings_.erase(found);
  return true;
}

void Environment::merge(const Environment& other, bool replace) {
  for (const auto& entry : other.strings_) set_string(entry, replace);
}

} // namespace upstart::protocol
