#include "clients/top/model/model.hpp"

#include <algorithm>
#include <format>
#include <ranges>
#include <utility>

namespace upstart::top {

std::string JobLine::title() const { return instance.empty() ? job : std::format("{} ({})", job, instance); }

std::string_view name_of(Order order) {
  switch (order) {
  case Order::cpu: return "cpu";
  case Order::memory: return "memory";
  case Order::restarts: return "restarts";
  case Order::name: return "name";
  }
  return "";
}

std::string_view help_text() {
  return "up, down, page up, page down, home, end   pick a job\n"
         "o          order: by cpu, memory, restarts, name\n"
         "/          show only jobs whose name contains, or whose state is, what is\n"
         "           typed; Escape: all\n"
         "e, Enter   explain why the job is, or is not, running\n"
         "l          the last lines of its log\n"
         "s          start it\n"
         "x          stop it (asks first)\n"
         "r          restart it (asks first)\n"
         "?          this text\n"
         "q          leave a text; leave top\n"
         "\n"
         "CPU is in percent of one processor, since the last look, of the processes of\n"
         "a job and of all that they have started; MEMORY what of these is in memory;\n"
         "REST how often it was respawned.\n";
}

void Model::show_jobs(std::vector<JobLine> jobs) { jobs_ = std::move(jobs); }

void Model::add_event(std::string text) {
  ++events_seen_;
  events_.push_back(std::move(text));
  if (events_.size() > most_events) events_.pop_front();
}

void Model::open(std::string title, std::string_view text) {
  pager_ = Pager{.title = std::move(title), .lines = {}};
  for (auto line : text | std::views::split('\n')) pager_->lines.emplace_back(std::string_view{line});
  if (!pager_->lines.empty() && pager_->lines.back().empty()) pager_->lines.pop_back();
}

std::vector<const JobLine*> Model::visible() const {
  std::vector<const JobLine*> lines;
  for (const auto& line : jobs_)
    if (line.title().contains(filter_) || line.state == filter_ || (line.failed && filter_ == "failed"))
      lines.push_back(&line);
  std::ranges::sort(lines, {}, [](const JobLine* line) { return line->title(); });
  auto down = [&](auto what) { std::ranges::stable_sort(lines, std::ranges::greater{}, what); };
  switch (order_) {
  case Order::name: break;
  case Order::restarts: down(&JobLine::restarts); break;
  case Order::memory: down(&JobLine::memory); break;
  case Order::cpu: down(&JobLine::memory); down([](const JobLine* line) { return static_cast<int>(line->cpu * 10); });
  }
  return lines;
}

std::size_t Model::picked() const {
  auto lines = visible();
  auto found = std::ranges::find(lines, picked_, [](const JobLine* line) { return line->title(); });
  return found == lines.end() ? 0 : static_cast<std::size_t>(found - lines.begin());
}

std::string Model::prompt() const {
  if (asked_) {
    const auto* what = asked_->operation == Operation::stop ? "Stop" : "Restart";
    return std::format("{} {}? y: yes, any other key: no", what, JobLine{asked_->job, asked_->instance}.title());
  }
  if (typing_) return "Filter: " + filter_ + "_";
  return message_;
}

Wish Model::press(Key key, char character, std::size_t page) {
  message_.clear();
  if (asked_) return answer(key == Key::character ? character : '\0');
  if (typing_) return type(key, character), Wish{};
  if (pager_) return press_in_pager(key, character, page);
  return press_in_list(key, character, page);
}

Wish Model::answer(char character) {
  auto wish = *std::exchange(asked_, std::nullopt);
  return character == 'y' || character == 'Y' ? wish : Wish{};
}

void Model::type(Key key, char character) {
  if (key == Key::enter) typing_ = false;
  if (key == Key::escape) {
    typing_ = false;
    filter_.clear();
  }
  if (key == Key::backspace && !filter_.empty()) filter_.pop_back();
  if (key == Key::character && character >= ' ') filter_ += character;
}

Wish Model::press_in_pager(Key key, char character, std::size_t page) {
  auto last = pager_->lines.size() > page ? pager_->lines.size() - page : 0;
  auto& first = pager_->first;
  switch (key) {
  case Key::up: first -= first > 0 ? 1 : 0; break;
  case Key::down: first = std::min(first + 1, last); break;
  case Key::page_up: first -= std::min(first, page); break;
  case Key::page_down: first = std::min(first + page, last); break;
  case Key::home: first = 0; break;
  case Key::end: first = last; break;
  case Key::escape:
  case Key::enter: pager_.reset(); break;
  default:
    if (character == 'q') pager_.reset();
    if (character == ' ') first = std::min(first + page, last);
  }
  return {};
}

Wish Model::press_in_list(Key key, char character, std::size_t page) {
  auto by = static_cast<std::ptrdiff_t>(std::max<std::size_t>(page, 1));
  constexpr std::ptrdiff_t all = 1'000'000;
  switch (key) {
  case Key::up: return move(-1), Wish{};
  case Key::down: return move(1), Wish{};
  case Key::page_up: return move(-by), Wish{};
  case Key::page_down: return move(by), Wish{};
  case Key::home: return move(-all), Wish{};
  case Key::end: return move(all), Wish{};
  case Key::enter: return wish(Operation::explain);
  case Key::escape: return filter_.clear(), Wish{};
  case Key::character: break;
  default: return {};
  }
  switch (character) {
  case 'q': return {.operation = Operation::quit};
  case 'j': return move(1), Wish{};
  case 'k': return move(-1), Wish{};
  case 'o': order_ = static_cast<Order>((static_cast<int>(order_) + 1) % 4); return {};
  case '/': typing_ = true; return {};
  case '?':
  case 'h': return open("Keys", help_text()), Wish{};
  case 'e': return wish(Operation::explain);
  case 'l': return wish(Operation::log);
  case 's': return wish(Operation::start);
  case 'x': asked_ = wish(Operation::stop); break;
  case 'r': asked_ = wish(Operation::restart); break;
  default: say(std::format("no key {}; ? shows them", character)); return {};
  }
  if (asked_->operation == Operation::none) asked_.reset();
  return {};
}

Wish Model::wish(Operation operation) {
  auto lines = visible();
  if (lines.empty()) return {};
  const auto& line = *lines[picked()];
  return {.operation = operation, .job = line.job, .instance = line.instance};
}

void Model::move(std::ptrdiff_t by) {
  auto lines = visible();
  if (lines.empty()) return;
  auto to = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(picked()) + by, 0,
                                       static_cast<std::ptrdiff_t>(lines.size()) - 1);
  picked_ = lines[static_cast<std::size_t>(to)]->title();
}

} // namespace upstart::top
