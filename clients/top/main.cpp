// upstart-top: a live view of the jobs; `initctl top' runs this. A program of its own, since it alone needs ncurses.
// Sleeps until a key is pressed, a signal comes, or it is time to look at the processes again.
#include "clients/base/commands/target-flags.hpp"
#include "clients/top/terminal.hpp"
#include "clients/top/upstart/live-jobs.hpp"
#include "clients/top/upstart/operations.hpp"
#include "clients/top/usage/usage.hpp"
#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrong-command-line.hpp"

#include <CLI/CLI.hpp>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <format>
#include <iostream>
#include <map>
#include <tuple>
#include <utility>

namespace {

using namespace upstart;
using namespace upstart::top;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Options {
  std::string initctl;
  client::TargetFlags target;
  double delay = 2;
};

class Top {
public:
  explicit Top(const Options& options) : options_{options} {}

  // Until q; comes back when the connection is lost.
  std::expected<void, client::Failure> run(client::Upstart& upstart) {
    terminal_.emplace();
    while (true) {
      try {
        watch(upstart);
        return {};
      } catch (const sdbus::Error& error) {
        if (!client::is_lost(error)) throw; // nothing is repeated: the state is asked for anew
      }
      model_.say("the connection to Upstart was lost");
      draw();
      if (auto back = upstart.come_back(); !back) return std::unexpected{back.error()};
      terminal_->forget_screen();
      model_.say("the connection to Upstart was lost, and made again");
    }
  }

  // What it was before comes back, whatever is printed then.
  void leave_terminal() { terminal_.reset(); }

private:
  void watch(client::Upstart& upstart) {
    LiveJobs jobs{upstart, model_};
    look();
    draw();
    auto next_look = Clock::now() + first_delay;
    while (true) {
      bool is_dirty = jobs.handle_pending() || std::exchange(is_dirty_, false);
      if (is_dirty && Clock::now() >= drawn_ + least_pause) {
        jobs.refresh();
        measure();
        draw();
        is_dirty_ = jobs.handle_pending(); // what came during refresh is queued already
      } else {
        is_dirty_ = is_dirty;
      }
      if (!wait(upstart.connection(), is_dirty_ ? std::min(next_look, drawn_ + least_pause) : next_look)) return;
      if (!take_keys(upstart)) return;
      if (Clock::now() < next_look) continue;
      look();
      draw();
      next_look =
          Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{options_.delay});
    }
  }

  // False: the terminal is gone.
  static bool wait(const client::Connection& connection, Clock::time_point until) {
    std::array<pollfd, 2> waiting{{{connection.descriptor(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    ::poll(waiting.data(), waiting.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
    return (waiting[1].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
  }

  // False: q was among them.
  bool take_keys(client::Upstart& upstart) {
    while (auto pressed = terminal_->key()) {
      auto page = page_of(model_, terminal_->size());
      auto wish = model_.press(pressed->key, pressed->character, page);
      if (wish.operation == Operation::quit) return false;
      perform(upstart, wish);
      draw();
    }
    return true;
  }

  void perform(client::Upstart& upstart, const Wish& wish) {
    JobLine job{.job = wish.job, .instance = wish.instance};
    switch (wish.operation) {
    case Operation::none:
    case Operation::quit: return;
    case Operation::explain: return open("Why " + job.title() + " is, or is not, running", {"explain", wish.job});
    case Operation::log: {
      std::vector<std::string> words{"log", "-n", "500", wish.job};
      if (!wish.instance.empty()) words.push_back(wish.instance);
      return open("Log of " + job.title() + ", the last lines", std::move(words));
    }
    default: model_.say(command(upstart, wish));
    }
  }

  void open(std::string title, std::vector<std::string> words) {
    auto target = options_.target.words();
    words.insert(words.begin(), target.begin(), target.end());
    words.insert(words.begin(), options_.initctl);
    model_.open(std::move(title), output_of(std::move(words)));
  }

  // At the processes; percent count from one look to the next.
  void look() {
    meter_.look(CpuMeter::Clock::now());
    for (auto& job : model_.jobs()) {
      auto usage = usage_of(job.processes);
      used_[job.title()] = {job.cpu = meter_.percent(job.title(), usage.cpu), job.memory = usage.memory};
    }
  }

  // Jobs that were told anew get what the last look said of them.
  void measure() {
    for (auto& job : model_.jobs())
      if (auto used = used_.find(job.title()); used != used_.end() && !job.processes.empty())
        std::tie(job.cpu, job.memory) = used->second;
  }

  void draw() {
    drawn_ = Clock::now();
    terminal_->draw(compose(model_, terminal_->size()));
  }

  static constexpr auto first_delay = 500ms, least_pause = 100ms;

  const Options& options_;
  Model model_;
  std::optional<Terminal> terminal_;
  CpuMeter meter_;
  std::map<std::string, std::pair<double, std::uint64_t>> used_;
  Clock::time_point drawn_{};
  bool is_dirty_ = false;
};

int fail(const std::string& message) {
  std::cerr << "initctl: " << message << '\n';
  return 1;
}

int run(const Options& options) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    return fail("top needs a terminal; `initctl list' and `initctl monitor' print");
  if (std::getenv("TERM") == nullptr) return fail("top needs the type of the terminal in the variable TERM");
  if (std::string_view{std::getenv("TERM")} == "dumb")
    return fail(
        "top moves the cursor, which a terminal of type dumb (TERM) cannot; `initctl list' and `initctl monitor' "
        "print");
  auto context = client::ProcessContext::of_this_process();
  Top top{options};
  auto outcome = client::with_upstart(options.target.options(), context,
                                      [&](client::Upstart& upstart) { return top.run(upstart); });
  top.leave_terminal();
  return outcome ? 0 : fail(outcome.error().message);
}

} // namespace

int main(int argc, char** argv) {
  client::occupy_standard_descriptors();
  Options options;
  CLI::App app{"A live view of jobs, what they use, and events; `initctl top' runs this.", "upstart-top"};
  base::fold_help(app);
  app.set_version_flag("--version", "upstart-top (upstart " UPSTART_VERSION ")");
  app.add_option("--initctl", options.initctl, "path of the program that explains and shows logs")->required();
  app.add_option("-d,--delay", options.delay, "seconds between two looks at the processes")
      ->check(CLI::Range(0.1, 3600.0));
  options.target.add_to(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) { return app.exit(help); } catch (const CLI::ParseError& error) {
    std::cerr << base::wrong_command_line(app, error, "initctl", "initctl top");
    return 1;
  }
  return run(options);
}
