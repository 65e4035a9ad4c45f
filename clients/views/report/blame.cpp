#include "clients/views/report/blame.hpp"

#include "clients/views/report/timeline-json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <format>

namespace upstart::client {

namespace {

std::vector<const Run*> by_time(const Timeline& timeline) {
  std::vector<const Run*> runs;
  for (const auto& run : timeline.runs) runs.push_back(&run);
  std::ranges::stable_sort(runs, std::ranges::greater{}, [&](const Run* run) { return run->took(timeline.now); });
  return runs;
}

// What a state before a job is up means.
struct Phase {
  std::string_view state, words;
};
constexpr std::array phases{
    Phase{"starting", "waited for its event starting"},
    Phase{"security", "security"},
    Phase{"pre-start", "pre-start"},
    Phase{"spawned", "main process getting ready"},
    Phase{"post-start", "post-start"},
};

// The phases that took a tenth or more of it, where there is more to say than how long it took.
std::string phases_of(const Run& run, Time now) {
  std::string text;
  for (const auto& [state, words] : phases)
    if (auto time = run.time_in(state, now); time.count() > 0 && time * 10 >= run.took(now))
      text += std::format("{}{} {}", text.empty() ? "" : ", ", words, shown(time));
  return text;
}

std::string remark_on(const Run& run) {
  if (run.failed) return "failed";
  if (run.up()) return "";
  return run.end() ? "stopped before it was up" : "still " + run.state();
}

} // namespace

std::string blame_in_words(const Timeline& timeline) {
  std::string text;
  for (const auto* run : by_time(timeline)) {
    auto line = std::format("{:>12} {}", shown(run->took(timeline.now)), run->title());
    auto remark = remark_on(*run), parts = phases_of(*run, timeline.now);
    if (!remark.empty()) line += std::format(" ({})", remark);
    if (!parts.empty()) line += ": " + parts;
    text += line + "\n";
  }
  return text;
}

Json blame_as_json(const Timeline& timeline) {
  Json document = Json::array();
  for (const auto* run : by_time(timeline)) document.push_back(to_json(*run, timeline.now));
  return document;
}

} // namespace upstart::client
