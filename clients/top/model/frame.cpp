#include "clients/top/model/frame.hpp"

#include <algorithm>
#include <format>

namespace upstart::top {

namespace {

constexpr std::string_view keys = "e explain  l log  s start  x stop  r restart  / filter  o order  ? help  q quit";

// Length of the UTF-8 character that begins here; 0: none does.
std::size_t character_at(std::string_view text) {
  auto byte = static_cast<unsigned char>(text.front());
  std::size_t length = byte < 0x80 ? 1 : (byte >> 5) == 6 ? 2 : (byte >> 4) == 14 ? 3 : (byte >> 3) == 30 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  return length;
}

bool controls(std::string_view character) {
  auto byte = static_cast<unsigned char>(character[0]);
  return byte < 0x20 || byte == 0x7f || (byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  if (auto length = length_of(text); length < width) text.append(width - length, ' ');
  return text;
}

// A fifth of the screen, where that is three lines or more.
std::size_t event_lines(const Model& model, Size size) {
  auto lines = size.rows / 5;
  return model.pager() || lines < 3 ? 0 : std::min<std::size_t>(lines, 10);
}

Style style_of(const JobLine& job) {
  if (job.failed) return Style::bad;
  if (job.state == "running") return Style::good;
  return job.state == "waiting" ? Style::dim : Style::busy;
}

struct Columns {
  std::size_t name = 20;
};

Columns columns_for(const std::vector<const JobLine*>& jobs, Size size) {
  std::size_t longest = 12;
  for (const auto* job : jobs) longest = std::max(longest, length_of(job->title()));
  auto most = size.columns > 60 ? size.columns - 48 : std::size_t{12};
  return {.name = std::min(longest, most)};
}

std::string row_of(std::string_view name, std::string_view state, std::string_view pid, std::string_view cpu,
                   std::string_view memory, std::string_view restarts, Columns columns) {
  return std::format("{} {:<18} {:>7} {:>6} {:>7} {:>4}", padded(printable(name, columns.name), columns.name),
                     printable(state, 18), pid, cpu, memory, restarts);
}

std::string row_of(const JobLine& job, Columns columns) {
  bool lives = !job.processes.empty();
  return row_of(job.title(), job.failed && job.state == "waiting" ? "failed" : job.state,
                lives ? std::to_string(job.processes.front()) : "-", lives ? std::format("{:.1f}", job.cpu) : "-",
                lives ? shown_memory(job.memory) : "-", job.restarts > 0 ? std::to_string(job.restarts) : "-", columns);
}

class Composing {
public:
  Composing(const Model& model, Size size) : model_{model}, size_{size} {}

  std::vector<Line> all() {
    if (model_.pager()) add_pager(*model_.pager());
    else add_jobs();
    while (lines_.size() + 1 < size_.rows) add("");
    lines_.resize(size_.rows - 1);
    auto prompt = model_.prompt();
    add(prompt.empty() ? std::string{model_.pager() ? "q back  up down page: move" : keys} : prompt,
        prompt.empty() ? Style::dim : Style::header);
    return std::move(lines_);
  }

private:
  void add(std::string_view text, Style style = Style::plain) {
    auto line = printable(text, size_.columns);
    if (style == Style::picked || style == Style::header) line = padded(std::move(line), size_.columns);
    lines_.push_back({std::move(line), style});
  }

  void add_jobs() {
    auto jobs = model_.visible();
    auto running = std::ranges::count(model_.visible(), std::string_view{"running"}, &JobLine::state);
    double cpu = 0;
    std::uint64_t memory = 0;
    for (const auto* job : jobs) cpu += job->cpu, memory += job->memory;
    add(std::format("{} {}, {} running, cpu {:.1f}%, memory {}, {} {}; order: {}{}", jobs.size(),
                    jobs.size() == 1 ? "job" : "jobs", running, cpu, shown_memory(memory), model_.events_seen(),
                    model_.events_seen() == 1 ? "event" : "events", name_of(model_.order()),
                    model_.filter().empty() ? "" : ", filter: " + model_.filter()));
    auto columns = columns_for(jobs, size_);
    add(row_of("JOB", "STATE", "PROCESS", "CPU%", "MEMORY", "REST", columns), Style::header);
    auto page = page_of(model_, size_), picked = model_.picked();
    auto first = picked < page ? 0 : picked - page + 1;
    for (auto i = first; i < std::min(first + page, jobs.size()); ++i)
      add(row_of(*jobs[i], columns), i == picked ? Style::picked : style_of(*jobs[i]));
    add_events();
  }

  void add_events() {
    auto room = event_lines(model_, size_);
    if (room == 0) return;
    while (lines_.size() + room + 1 < size_.rows) add("");
    add("EVENTS", Style::header);
    const auto& events = model_.events();
    auto count = std::min(events.size(), room - 1);
    for (auto i = events.size() - count; i < events.size(); ++i) add(events[i]);
  }

  void add_pager(const Pager& pager) {
    add(pager.title, Style::header);
    auto page = page_of(model_, size_);
    for (auto i = pager.first; i < std::min(pager.first + page, pager.lines.size()); ++i) add(pager.lines[i]);
  }

  const Model& model_;
  Size size_;
  std::vector<Line> lines_;
};

} // namespace

std::size_t page_of(const Model& model, Size size) {
  std::size_t taken = model.pager() ? 2 : 3 + event_lines(model, size);
  return size.rows > taken ? size.rows - taken : 1;
}

std::vector<Line> compose(const Model& model, Size size) {
  if (size.rows == 0) return {};
  return Composing{model, size}.all();
}

std::string shown_memory(std::uint64_t bytes) {
  if (bytes == 0) return "-";
  auto kilobytes = static_cast<double>(bytes) / 1024;
  if (kilobytes < 1024) return std::format("{:.0f}K", kilobytes);
  if (kilobytes < 1024 * 1024) return std::format("{:.1f}M", kilobytes / 1024);
  return std::format("{:.1f}G", kilobytes / 1024 / 1024);
}

std::string printable(std::string_view text, std::size_t width) {
  std::string result;
  std::size_t count = 0;
  while (!text.empty() && count < width) {
    auto length = character_at(text);
    auto character = text.substr(0, std::max<std::size_t>(length, 1));
    result += length == 0 || controls(character) ? std::string_view{"?"} : character;
    text.remove_prefix(character.size());
    ++count;
  }
  if (!text.empty() && width > 1 && result.size() == width) result.back() = '+'; // cut
  return result;
}

} // namespace upstart::top
