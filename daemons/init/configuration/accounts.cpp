#include "daemons/init/configuration/accounts.hpp"

#include <charconv>
#include <ranges>
#include <vector>

namespace upstart::init {

namespace {

// Neither root, nor the number that stands for nobody.
std::optional<unsigned> number_in(std::string_view text) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0 || number == ~0U) return std::nullopt;
  return number;
}

} // namespace

std::optional<Account> account_in(std::string_view passwd, std::string_view name) {
  constexpr std::size_t user_field = 2, group_field = 3;
  for (auto line : std::views::split(passwd, '\n')) {
    std::vector<std::string_view> fields;
    for (auto field : std::views::split(std::string_view{line}, ':')) fields.emplace_back(field);
    if (fields.empty() || fields.front() != name) continue; // an empty line has no field at all
    if (fields.size() <= group_field) return std::nullopt;
    auto user = number_in(fields[user_field]), group = number_in(fields[group_field]);
    if (!user || !group) return std::nullopt;
    return Account{.user = *user, .group = *group};
  }
  return std::nullopt;
}

} // namespace upstart::init
