#include "clients/initctl/command/call.hpp"

#include "clients/base/plain/visible-text.hpp"
#include "clients/base/terminal/terminal.hpp"

#include <algorithm>
#include <ranges>

namespace upstart::client {

std::optional<std::string> GivenOptions::value(std::string_view name) const {
  for (const auto& [given, value] : given_ | std::views::reverse)
    if (given == name) return value;
  return std::nullopt;
}

std::vector<std::string> GivenOptions::values(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [given, value] : given_)
    if (given == name) values.push_back(value);
  return values;
}

std::string GivenOptions::last_of(std::initializer_list<std::string_view> names) const {
  for (const auto& [given, value] : given_ | std::views::reverse)
    if (std::ranges::contains(names, given)) return given;
  return {};
}

std::vector<std::string> Call::arguments_from(std::size_t first) const {
  return arguments | std::views::drop(first) | std::ranges::to<std::vector>();
}

std::optional<JobInstance> Call::own_job() const {
  auto job = variable("UPSTART_JOB");
  auto instance = variable("UPSTART_INSTANCE");
  if (!job || !instance) return std::nullopt;
  return JobInstance{*job, *instance};
}

TargetOptions Call::target_options() const {
  TargetOptions target{.session_init = has("--user"), .bus = {}, .bus_name = options.value("--dest")};
  auto bus = options.last_of({"--session", "--system"});
  if (!bus.empty()) target.bus = bus == "--session" ? Target::Kind::session_bus : Target::Kind::system_bus;
  return target;
}

void Call::print(std::string_view text) {
  if (terminal_width(context)) print_raw(visible_lines(text));
  else print_raw(text);
}

void Call::print_raw(std::string_view text) {
  if (!quiet()) context.out.write(text);
}

void Call::print_json(const Json& document) { print_raw(to_text(document)); }

} // namespace upstart::client
