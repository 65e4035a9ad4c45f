#include "clients/initctl/jobs/subjects.hpp"

#include "clients/initctl/legacy/legacy-services.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <format>
#include <iterator>
#include <ranges>
#include <span>

namespace upstart::client {

namespace {

bool is_assignment(std::string_view word) { return word.contains('='); }
bool is_pattern(std::string_view word) { return word.find_first_of("*?[") != std::string_view::npos; }

// The words that name jobs, and those that give variables. The first is a name, whatever it looks like.
struct Words {
  std::vector<std::string> names, assignments;
};

Words words_of(const std::vector<std::string>& arguments) {
  Words words;
  for (const auto& argument : arguments)
    (words.names.empty() || !is_assignment(argument) ? words.names : words.assignments).push_back(argument);
  return words;
}

bool is_known(const Call& call, const std::vector<std::string>& jobs, const std::string& name) {
  if (is_pattern(name) || std::ranges::contains(jobs, name)) return true;
  auto services = LegacyServices::of(call);
  return services && services->find(name).has_value();
}

bool is_meant(const InstanceStatus& status, PatternMeaning meaning) {
  return meaning == PatternMeaning::both || status.instance.has_value() == (meaning == PatternMeaning::instances);
}

std::vector<Subject> subjects_for(const std::string& pattern, const std::vector<InstanceStatus>& statuses,
                                  PatternMeaning meaning) {
  std::vector<Subject> subjects;
  for (const auto& status : statuses)
    if (is_meant(status, meaning) && ::fnmatch(pattern.c_str(), status.job.c_str(), 0) == 0)
      subjects.push_back({.job = status.job, .instance = status.instance});
  return subjects;
}

constexpr const char* nothing_matches(PatternMeaning meaning) {
  switch (meaning) {
  case PatternMeaning::jobs_without_instance: return "no stopped job matches the pattern `{}'";
  case PatternMeaning::instances: return "no running job matches the pattern `{}'";
  case PatternMeaning::both: return "no job matches the pattern `{}'";
  }
  return "";
}

using Subjects = std::expected<std::vector<Subject>, Failure>;

Subjects expanded(Call& call, const Words& words, const std::vector<std::string>& jobs, PatternMeaning meaning) {
  std::vector<Subject> subjects;
  std::vector<InstanceStatus> statuses;
  for (const auto& name : words.names) {
    if (!is_pattern(name) || std::ranges::contains(jobs, name)) {
      subjects.push_back({.job = name, .environment = words.assignments});
      continue;
    }
    if (!words.assignments.empty())
      return std::unexpected{Failure{std::format("a pattern such as `{}' goes with no KEY=VALUE", name), true}};
    if (statuses.empty()) statuses = call.upstart->all_statuses();
    auto meant = subjects_for(name, statuses, meaning);
    if (meant.empty())
      return std::unexpected{Failure{std::vformat(nothing_matches(meaning), std::make_format_args(name))}};
    std::ranges::move(meant, std::back_inserter(subjects));
  }
  return subjects;
}

} // namespace

std::expected<std::optional<std::vector<Subject>>, Failure> several_subjects_of(Call& call, PatternMeaning meaning) {
  auto words = words_of(call.arguments);
  if (words.names.empty() || (words.names.size() == 1 && !is_pattern(words.names[0]))) return std::nullopt;
  if (!call.chosen) {
    auto jobs = call.upstart->job_names();
    auto further = std::span{words.names}.subspan(1);
    bool is_several = (is_pattern(words.names[0]) && !std::ranges::contains(jobs, words.names[0])) ||
                      std::ranges::any_of(further, [&](const auto& name) { return is_known(call, jobs, name); });
    if (!is_several) return std::nullopt;
    auto subjects = expanded(call, words, jobs, meaning);
    if (!subjects) return std::unexpected{subjects.error()};
    call.chosen = std::make_shared<const std::vector<Subject>>(std::move(*subjects));
  }
  return *call.chosen;
}

Subject subject_of(const Call& call) {
  if (!call.arguments.empty()) return {.job = call.arguments[0], .environment = call.arguments_from(1)};
  auto own = call.own_job();
  return {.job = own->job, .instance = own->instance, .is_own_job = true};
}

} // namespace upstart::client
