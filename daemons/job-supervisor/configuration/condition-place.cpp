#include "daemons/job-supervisor/configuration/condition-place.hpp"

#include <algorithm>
#include <format>
#include <optional>
#include <span>

namespace upstart::supervisor {

namespace {

// One expression, with where it stands.
struct Placed {
  std::string path;
  EventExpression expression; // expanded
  std::vector<std::size_t> lines;
};

struct PlacedClass {
  std::shared_ptr<const JobClass> job_class;
  Placed start_on, stop_on;
};

std::vector<std::size_t> or_none(std::vector<std::size_t> lines, const EventExpression& expression) {
  return lines.size() == expression.nodes.size() ? std::move(lines) : std::vector<std::size_t>{};
}

// What the text of this path says, on top of what the file that it overrides, if any, says.
std::optional<PlacedClass> read_placed(const std::string& path, const JobClass& like, const PlacedClass* base,
                                       const Catalogue::Read& read, const ExpandExpression& expand) {
  auto text = read(path);
  if (!text) return std::nullopt;
  auto [result, lines] = parse_job_with_lines(*text, {.name = like.name,
                                                      .path = path,
                                                      .dialect = dialect_of(like),
                                                      .base = base == nullptr ? nullptr : base->job_class.get()});
  if (!result.job_class) return std::nullopt;
  const auto& parsed = *result.job_class;
  PlacedClass placed{.job_class = result.job_class,
                     .start_on = {path, expand(parsed, parsed.start_on), or_none(lines.start_on, parsed.start_on)},
                     .stop_on = {path, expand(parsed, parsed.stop_on), or_none(lines.stop_on, parsed.stop_on)}};
  if (base == nullptr) return placed;
  if (lines.start_on.empty()) placed.start_on = base->start_on;
  if (lines.stop_on.empty()) placed.stop_on = base->stop_on;
  return placed;
}

bool has_among_others(const ConditionWords& words, const ConditionWords& wanted) {
  return words.front() == wanted.front() &&
         std::ranges::all_of(std::span{wanted}.subspan(1),
                             [&](const auto& argument) { return std::ranges::contains(words, argument); });
}

template <typename Fits> std::string place_in(const Placed& placed, Fits fits) {
  auto rows = postfix(placed.expression);
  if (rows.size() != placed.lines.size()) return {};
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (placed.expression.nodes[i].kind == ExpressionNode::Kind::match && fits(rows[i]))
      return std::format("{}:{}", placed.path, placed.lines[i]);
  return {};
}

} // namespace

std::string place_of_condition(const JobClass& job_class, const ConditionWords& condition, const Catalogue::Read& read,
                               const ExpandExpression& expand) {
  if (job_class.path.empty() || condition.empty()) return job_class.path;
  auto placed = read_placed(job_class.path, job_class, nullptr, read, expand);
  if (placed && !job_class.override_path.empty())
    placed = read_placed(job_class.override_path, job_class, &*placed, read, expand);
  if (!placed) return job_class.path;
  auto is_it = [&](const ConditionWords& words) { return words == condition; };
  auto has_it = [&](const ConditionWords& words) { return has_among_others(words, condition); };
  for (const auto& place : {place_in(placed->start_on, is_it), place_in(placed->stop_on, is_it),
                            place_in(placed->start_on, has_it), place_in(placed->stop_on, has_it)})
    if (!place.empty()) return place;
  return job_class.path;
}

} // namespace upstart::supervisor
