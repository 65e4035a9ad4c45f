#include "clients/rc/order/rc-plan.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace upstart::client {

namespace {

constexpr std::array<std::string_view, 4> leavings{"~", ".bak", ".orig", ".swp"};
constexpr std::array<std::string_view, 4> marks_of_packagers{".dpkg-", ".rpmsave", ".rpmnew", ".rpmorig"};

bool is_left_behind(std::string_view name) {
  return std::ranges::any_of(leavings, [&](auto ending) { return name.ends_with(ending); }) ||
         std::ranges::any_of(marks_of_packagers, [&](auto mark) { return name.contains(mark); });
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

std::vector<RcScript> scripts_among(const std::vector<std::string>& files) {
  std::vector<RcScript> scripts;
  for (const auto& file : files)
    if (auto script = read_script_name(file)) scripts.push_back(std::move(*script));
  std::ranges::sort(scripts, {}, [](const RcScript& script) {
    return std::tuple{script.kind == RcKind::start, script.number, std::string_view{script.name}};
  });
  return scripts;
}

bool has(const std::vector<RcScript>& scripts, RcKind kind, const std::string& name) {
  return std::ranges::any_of(scripts, [&](const RcScript& each) { return each.kind == kind && each.name == name; });
}

} // namespace

std::optional<RcScript> read_script_name(std::string_view file) {
  if (file.size() < 4 || (file[0] != 'K' && file[0] != 'S') || !is_digit(file[1]) || !is_digit(file[2]) ||
      is_left_behind(file))
    return std::nullopt;
  return RcScript{.file = std::string{file},
                  .kind = file[0] == 'S' ? RcKind::start : RcKind::stop,
                  .number = (file[1] - '0') * 10 + (file[2] - '0'),
                  .name = std::string{file.substr(3)}};
}

std::vector<RcScript> scripts_to_run(const std::vector<std::string>& files,
                                     const std::vector<std::string>& files_of_previous) {
  auto scripts = scripts_among(files);
  const auto all = scripts;
  const auto previous = scripts_among(files_of_previous);
  std::erase_if(scripts, [&](const RcScript& script) {
    return script.kind == RcKind::start && has(previous, RcKind::start, script.name) &&
           !has(all, RcKind::stop, script.name);
  });
  return scripts;
}

} // namespace upstart::client
