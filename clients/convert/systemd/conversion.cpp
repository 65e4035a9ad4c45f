#include "clients/convert/systemd/conversion.hpp"

#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <format>

namespace upstart::convert::systemd {

namespace {

struct Span {
  std::string_view name;
  double seconds;
};
constexpr double minute = 60, hour = 60 * minute, day = 24 * hour;
constexpr std::array spans{
    Span{"", 1},        Span{"s", 1},        Span{"sec", 1},         Span{"second", 1},       Span{"seconds", 1},
    Span{"m", minute},  Span{"min", minute}, Span{"minute", minute}, Span{"minutes", minute}, Span{"h", hour},
    Span{"hr", hour},   Span{"hour", hour},  Span{"hours", hour},    Span{"d", day},          Span{"day", day},
    Span{"days", day},  Span{"w", 7 * day},  Span{"week", 7 * day},  Span{"weeks", 7 * day},  Span{"ms", 1e-3},
    Span{"msec", 1e-3}, Span{"us", 1e-6},    Span{"usec", 1e-6},
};

} // namespace

void Conversion::note(const Assignment& from, std::string why) {
  job.remarks.push_back({Remark::Kind::note, from.place, from.text(), std::move(why)});
}
void Conversion::missing(const Assignment& from, std::string why) {
  job.remarks.push_back({Remark::Kind::missing, from.place, from.text(), std::move(why)});
}
void Conversion::set(const Assignment& from, std::string_view stanza, std::string_view value) {
  if (auto argument = as_argument(value)) job.set(std::format("{} {}", stanza, *argument));
  else missing(from, no_line_break);
}

void take_section(Conversion& conversion, std::string_view section, std::span<const Directives> tables) {
  for (const auto& one : conversion.unit.assignments) {
    if (one.section != section || one.key.starts_with("X-")) continue;
    const Directive* directive = nullptr;
    for (const auto& table : tables)
      if (auto found = std::ranges::find(table, one.key, &Directive::name); found != table.end()) directive = &*found;
    if (directive == nullptr) conversion.missing(one, "not a directive that upstart-convert knows");
    else if (directive->take != nullptr) directive->take(conversion, one);
    else if (directive->kind == Remark::Kind::note) conversion.note(one, directive->why);
    else if (directive->is_switch && is_false(one.value)) conversion.note(one, "is off here, too");
    else conversion.missing(one, directive->why);
  }
}

void tell_other_sections(Conversion& conversion, std::span<const std::string_view> known) {
  for (const auto& one : conversion.unit.assignments)
    if (!one.section.starts_with("X-") && !std::ranges::contains(known, one.section))
      conversion.missing(one, std::format("[{}] is not a section that upstart-convert knows here", one.section));
}

bool is_true(std::string_view value) { return value == "yes" || value == "true" || value == "on" || value == "1"; }
bool is_false(std::string_view value) { return value == "no" || value == "false" || value == "off" || value == "0"; }

std::optional<long> seconds_of(std::string_view value) {
  if (value == "infinity") return static_cast<long>(day);
  double sum = 0;
  bool any = false;
  for (value = trimmed(value); !value.empty(); value = trimmed(value)) {
    double number = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    value = trimmed(value.substr(static_cast<std::size_t>(end - value.data())));
    auto name = value.substr(0, std::min(value.find_first_of(" 0123456789."), value.size()));
    auto span = std::ranges::find(spans, name, &Span::name);
    if (span == spans.end()) return std::nullopt;
    sum += number * span->seconds;
    value.remove_prefix(name.size());
    any = true;
  }
  return any ? std::optional{static_cast<long>(std::ceil(sum))} : std::nullopt;
}

std::string job_of_unit(std::string_view unit) {
  auto stem = unit.substr(0, unit.rfind('.'));
  auto at = stem.find('@');
  if (at != std::string_view::npos && at + 1 == stem.size()) stem = stem.substr(0, at);
  return job_name(stem);
}

} // namespace upstart::convert::systemd
