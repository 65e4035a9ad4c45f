// What `initctl top` shows and what its keys do, as a value: the jobs with what they use, the last events, which job is
// picked, what is typed. Pure: it is told what there is and which key was pressed, and says what is wished.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::top {

struct JobLine {
  std::string job, instance = {};
  std::string goal = "stop", state = "waiting";
  bool failed = false;
  std::vector<int> processes = {}; // of the job itself; what they have started is counted with them
  std::uint64_t restarts = 0;      // that nobody asked for
  double cpu = 0;                  // % of one processor
  std::uint64_t memory = 0;        // bytes

  // "JOB", or "JOB (INSTANCE)".
  [[nodiscard]] std::string title() const;
};

enum class Order : std::uint8_t { cpu, memory, restarts, name };
[[nodiscard]] std::string_view name_of(Order order);

enum class Operation : std::uint8_t { none, quit, start, stop, restart, explain, log };

// What is to be done, and to which job.
struct Wish {
  Operation operation = Operation::none;
  std::string job = {}, instance = {};
};

enum class Key : std::uint8_t { character, up, down, page_up, page_down, home, end, enter, escape, backspace, other };

// A text in place of the jobs, until it is left: an explanation, a log, the help.
struct Pager {
  std::string title;
  std::vector<std::string> lines;
  std::size_t first = 0; // line at the top
};

class Model {
public:
  static constexpr std::size_t most_events = 200;

  // What there is now: all jobs. The picked one stays picked as long as it is there.
  void show_jobs(std::vector<JobLine> jobs);
  [[nodiscard]] std::vector<JobLine>& jobs() { return jobs_; }
  void add_event(std::string text);
  // Stands in the line of messages until the next key.
  void say(std::string message) { message_ = std::move(message); }
  void open(std::string title, std::string_view text);

  // `page`: how many lines of jobs, or of a text, are seen at a time.
  Wish press(Key key, char character, std::size_t page);

  // In the order asked for; those that match what was typed.
  [[nodiscard]] std::vector<const JobLine*> visible() const;
  // Index of the picked one among those; 0 where there is none.
  [[nodiscard]] std::size_t picked() const;
  [[nodiscard]] const std::deque<std::string>& events() const { return events_; }
  [[nodiscard]] std::uint64_t events_seen() const { return events_seen_; }
  [[nodiscard]] const std::optional<Pager>& pager() const { return pager_; }
  [[nodiscard]] Order order() const { return order_; }
  [[nodiscard]] const std::string& filter() const { return filter_; }
  // What stands in the last line: a question, what is typed, a message; empty: the keys.
  [[nodiscard]] std::string prompt() const;

private:
  Wish press_in_pager(Key key, char character, std::size_t page);
  Wish press_in_list(Key key, char character, std::size_t page);
  void type(Key key, char character);
  Wish answer(char character);
  Wish wish(Operation operation);
  void move(std::ptrdiff_t by);

  std::vector<JobLine> jobs_;
  std::deque<std::string> events_;
  std::uint64_t events_seen_ = 0;
  std::string filter_, picked_, message_;
  bool typing_ = false;
  Order order_ = Order::cpu;
  std::optional<Wish> asked_; // to be confirmed
  std::optional<Pager> pager_;
};

[[nodiscard]] std::string_view help_text();

} // namespace upstart::top
