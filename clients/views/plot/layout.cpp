#include "clients/views/plot/layout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <map>

namespace upstart::client::plot {

namespace {

constexpr double time_width = 1000, margin = 16, character_width = 6.4;
constexpr std::size_t longest_name = 40;
constexpr int most_lanes = 5;
constexpr Time passing = std::chrono::microseconds{100}; // a state that a job has only passed through

double width_of(std::string_view text) { return character_width * static_cast<double>(text.size()); }

std::string cut(const std::string& text) {
  if (text.size() <= longest_name) return text;
  auto end = longest_name - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end; // not within a character
  return text.substr(0, end) + "…";
}

// 1, 2 or 5 times a power of ten, so that there are about ten of them.
double step_of(double span) {
  double rough = std::max(span, 10.0) / 10, power = std::pow(10, std::floor(std::log10(rough)));
  for (double factor : {1.0, 2.0, 5.0})
    if (rough <= factor * power) return factor * power;
  return 10 * power;
}

class LayingOut {
public:
  LayingOut(const Timeline& timeline, const Window& window, const std::vector<ChainLink>& chain)
      : window_{window}, timeline_{timeline}, chain_{chain} {}

  Layout all() {
    std::size_t longest = 3;
    for (const auto& run : timeline_.runs)
      if (window_.contains(run.begin())) longest = std::max(longest, std::min(run.title().size(), longest_name));
    layout_.left = margin + character_width * static_cast<double>(longest) + 12;
    layout_.right = layout_.left + time_width;
    layout_.width = layout_.right + margin;
    add_ticks();
    add_marks();
    add_rows();
    layout_.rows_end = layout_.rows_y + row_height * static_cast<double>(layout_.rows.size());
    layout_.height = layout_.rows_end + axis_height + margin;
    add_arrows();
    return std::move(layout_);
  }

private:
  [[nodiscard]] double x_of(Time time) const {
    auto span = static_cast<double>(std::max<std::int64_t>((window_.to - window_.from).count(), 1));
    double share = static_cast<double>((time - window_.from).count()) / span;
    return layout_.left + std::clamp(share, 0.0, 1.0) * time_width;
  }

  void add_ticks() {
    double span = static_cast<double>((window_.to - window_.from).count()), step = step_of(span);
    for (double at = std::ceil(static_cast<double>(window_.from.count()) / step) * step;
         at <= static_cast<double>(window_.to.count()); at += step) {
      Time time{static_cast<std::int64_t>(at)};
      auto label = step >= 1e6   ? std::format("{}s", time.count() / 1'000'000)
                   : span >= 1e6 ? std::format("{:.{}f}s", at / 1e6, step >= 1e5 ? 1 : 2)
                                 : std::format("{}ms", at / 1e3);
      layout_.ticks.push_back({.x = x_of(time), .label = std::move(label)});
    }
  }

  // The events from outside, each once, where the first run that it started began.
  void add_marks() {
    std::map<std::uint64_t, Mark> marks;
    for (const auto& run : timeline_.runs)
      if (window_.contains(run.begin()))
        for (const auto& cause : run.causes)
          if (cause.job.empty())
            marks.try_emplace(cause.event, Mark{.event = cause.event, .name = cause.name, .x = x_of(run.begin())});
    for (auto& [_, mark] : marks) layout_.marks.push_back(std::move(mark));
    std::ranges::stable_sort(layout_.marks, {}, &Mark::x);
    std::array<double, most_lanes> ends{};
    int lanes = 0;
    for (auto& mark : layout_.marks) {
      double width = width_of(mark.name) + 14;
      mark.label_is_left = mark.x + width > layout_.right;
      double begin = mark.label_is_left ? mark.x - width : mark.x;
      auto free = std::ranges::find_if(ends, [&](double end) { return end <= begin; });
      mark.lane = free == ends.end() ? -1 : static_cast<int>(free - ends.begin());
      if (mark.lane < 0) continue;
      *free = begin + width + (mark.label_is_left ? 6 : 0);
      lanes = std::max(lanes, mark.lane + 1);
    }
    layout_.marks_y = header_height + axis_height;
    layout_.rows_y = layout_.marks_y + lane_height * lanes + 10;
  }

  void add_rows() {
    for (const auto& run : timeline_.runs) {
      if (!window_.contains(run.begin())) continue;
      Row row{.run = &run, .y = layout_.rows_y + row_height * static_cast<double>(layout_.rows.size())};
      add_segments(row);
      row.name = cut(run.title());
      row.is_critical = std::ranges::contains(chain_, &run, &ChainLink::run);
      add_note(row);
      layout_.rows.push_back(std::move(row));
    }
  }

  // Without the states that it only passed through; of one that did nothing else, the first.
  void add_segments(Row& row) const {
    const auto& moments = row.run->moments;
    for (std::size_t i = 0; i < moments.size(); ++i) {
      if (moments[i].state == "waiting" || moments[i].time > window_.to) break;
      auto end = i + 1 < moments.size() ? moments[i + 1].time : row.run->end().value_or(timeline_.now);
      if (end - moments[i].time >= passing) add_segment(row, moments[i].state, moments[i].time, end);
    }
    if (row.segments.empty()) add_segment(row, moments.front().state, moments.front().time, moments.back().time);
    row.goes_on = row.run->end().value_or(timeline_.now) > window_.to;
  }

  // At least a pixel wide.
  void add_segment(Row& row, const std::string& state, Time from, Time to) const {
    Segment segment{.part = part_of(state), .state = state, .from = x_of(from), .to = x_of(to)};
    if (segment.to - segment.from < 1)
      segment.from = std::min(segment.from, layout_.right - 1), segment.to = segment.from + 1;
    row.segments.push_back(std::move(segment));
  }

  // Beside where the job is up; to the left of its bar where there is no room.
  void add_note(Row& row) const {
    const auto& run = *row.run;
    row.note = shown(run.took(timeline_.now));
    if (run.failed) row.note += " failed";
    else if (!run.up() && !run.end()) row.note += " " + run.state();
    if (const auto* cause = run.last_cause()) row.note += " · " + title(*cause);
    else if (run.origin != "event") row.note += " · " + run.origin;
    double end = x_of(run.up().value_or(run.end().value_or(timeline_.now)));
    row.note_ends_there = end + 6 + width_of(row.note) > layout_.right;
    row.note_x = row.note_ends_there ? x_of(run.begin()) - 6 : end + 6;
  }

  void add_arrows() {
    for (const auto& row : layout_.rows) {
      const auto* last = row.run->last_cause();
      for (const auto& cause : row.run->causes)
        if (auto arrow = arrow_of(row, cause)) {
          arrow->is_last = &cause == last;
          arrow->is_critical = arrow->is_critical && arrow->is_last;
          layout_.arrows.push_back(*arrow);
        }
    }
    std::ranges::stable_partition(layout_.arrows, [](const Arrow& arrow) { return !arrow.is_critical; });
  }

  [[nodiscard]] std::optional<Arrow> arrow_of(const Row& row, const RunCause& cause) const {
    Arrow arrow{.to_x = x_of(row.run->begin())};
    if (cause.job.empty()) {
      auto mark = std::ranges::find(layout_.marks, cause.event, &Mark::event);
      arrow.from_x = mark->x;
      arrow.from_y = layout_.rows_y - 6;
      bool is_first_link = !chain_.empty() && chain_.back().run == nullptr && chain_.back().event == title(cause);
      arrow.is_critical = row.is_critical && is_first_link;
    } else {
      const auto* source = source_of(cause, row.run->begin());
      if (source == nullptr) return std::nullopt;
      arrow.from_x = x_of(*source->run->emitted(cause.name));
      arrow.from_y = source->y + row_height / 2;
      arrow.is_critical = row.is_critical && source->is_critical;
    }
    double top = row.y + (row_height - bar_height) / 2;
    arrow.to_y = arrow.from_y < row.y ? top : top + bar_height;
    return arrow;
  }

  [[nodiscard]] const Row* source_of(const RunCause& cause, Time before) const {
    const Row* found = nullptr;
    for (const auto& row : layout_.rows) {
      auto time = row.run->emitted(cause.name);
      if (row.run->job == cause.job && row.run->instance == cause.instance && time && *time <= before) found = &row;
    }
    return found;
  }

  const Window& window_;
  const Timeline& timeline_;
  const std::vector<ChainLink>& chain_;
  Layout layout_;
};

} // namespace

Part part_of(std::string_view state) {
  if (state == "starting") return Part::waiting;
  if (state == "spawned") return Part::spawning;
  if (state == "running") return Part::running;
  if (state == "stopping" || state == "killed") return Part::ending;
  return Part::hook;
}

Layout lay_out(const Timeline& timeline, const Window& window, const std::vector<ChainLink>& chain) {
  return LayingOut{timeline, window, chain}.all();
}

} // namespace upstart::client::plot
