#include "clients/shutdown/shutdown.hpp"

#include "clients/shutdown/countdown.hpp"
#include "clients/shutdown/pid-file.hpp"
#include "clients/system-v/program.hpp"
#include "clients/system-v/system-init.hpp"
#include "clients/system-v/wall.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <format>
#include <fstream>
#include <ranges>

namespace upstart::client {

namespace {

const Program& program() {
  static const Program shutdown{
      .name = "shutdown",
      .synopsis = "TIME [MESSAGE]",
      .about =
          "Takes the system down at TIME: `now', `+m' for minutes from now, or `hh:mm', which is tomorrow where it "
          "is past. Those who are logged in are warned at once and then more and more often, with MESSAGE; "
          "nobody logs in during the last five minutes. Without -r, -h, -H or -P the system goes to the runlevel for "
          "one user.\n"
          "It waits in the foreground. `shutdown -c' from elsewhere, or a signal from the keyboard, cancels it.",
      .options = {{"-r", "", "reboot"},
                  {"-h", "", "halt or power off"},
                  {"-H", "", "halt, and leave the power on"},
                  {"-P", "", "power off"},
                  {"-c", "", "cancel the shutdown that is waiting; arguments are a message about it"},
                  {"-k", "", "only send the warnings"},
                  {"-a", "", ""},
                  {"-n", "", ""},
                  {"-f", "", ""},
                  {"-F", "", ""},
                  {"-y", "", ""},
                  {"-i", "RUNLEVEL", ""},
                  {"-t", "SECONDS", ""}},
  };
  return shutdown;
}

std::tm local_time(std::time_t time) {
  std::tm local{};
  ::localtime_r(&time, &local);
  return local;
}

std::string joined(std::ranges::input_range auto&& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

ShutdownGoal goal_of(const GivenWords& given) {
  using enum ShutdownGoal;
  auto goal = maintenance;
  for (const auto& [option, value] : given.options)
    if (option == "r") goal = reboot;
    else if (option == "H") goal = halt;
    else if (option == "P") goal = power_off;
    else if (option == "h" && goal != halt && goal != power_off) goal = halt_or_power_off;
  return goal;
}

// While it is there only root logs in.
class NoLogins {
public:
  explicit NoLogins(const SystemFiles& files) : path_{files.run_directory + "/nologin"} {}

  void begin(const std::string& text) {
    if (std::exchange(is_there_, true)) return;
    std::ofstream{path_} << text << '\n';
  }
  void end() {
    if (std::exchange(is_there_, false)) ::unlink(path_.c_str());
  }

private:
  std::string path_;
  bool is_there_ = false;
};

std::string pid_path(const SystemFiles& files) { return files.run_directory + "/shutdown.pid"; }

void tell_all(const SystemFiles& files, const std::string& text) {
  write_to_all(files, wall_text(WallSender::of_this_process(), local_time(std::time(nullptr)), text));
}

// A minute is shorter in tests.
std::chrono::milliseconds length_of_minute(const ProcessContext& context) {
  auto given = context.variable("UPSTART_SHUTDOWN_MINUTE").value_or("");
  long long ms = 0;
  auto read = std::from_chars(given.data(), given.data() + given.size(), ms);
  return read.ec == std::errc{} && ms > 0 ? std::chrono::milliseconds{ms} : std::chrono::minutes{1};
}

// One shutdown from its first warning to the change of the runlevel.
class Shutdown {
public:
  Shutdown(ShutdownGoal goal, bool only_warns, std::string message, ProcessContext& context)
      : goal_{goal}, only_warns_{only_warns}, message_{std::move(message)}, context_{context} {}

  Outcome run(const ShutdownTime& time) {
    Countdown countdown{time, length_of_minute(context_)};
    warn_users(countdown.minutes_left());
    while (countdown.minutes_left() > 0) {
      if (!countdown.wait_for_next_minute()) return cancelled();
      if (auto left = countdown.minutes_left(); is_warning_due(left)) warn_users(left);
    }
    if (only_warns_) return 0;
    auto outcome = go();
    if (!outcome || goal_ == ShutdownGoal::maintenance) no_logins_.end();
    return outcome;
  }

private:
  void warn_users(std::int64_t minutes_left) {
    auto text = warning(goal_, minutes_left);
    if (!only_warns_ && minutes_left <= no_logins_minutes) no_logins_.begin(text);
    tell_all(files_, message_.empty() ? text : message_ + "\n\n" + text);
  }

  Outcome cancelled() {
    no_logins_.end();
    tell_all(files_, "The shutdown is cancelled.");
    context_.err << "Shutdown cancelled\n";
    return 0;
  }

  Outcome go() {
    std::vector<std::string> environment;
    if (auto value = init_halt_for(goal_); !value.empty()) environment.push_back(std::format("INIT_HALT={}", value));
    return change_runlevel(runlevel_for(goal_), environment, context_);
  }

  ShutdownGoal goal_;
  bool only_warns_;
  std::string message_;
  ProcessContext& context_;
  SystemFiles files_ = SystemFiles::of(context_);
  NoLogins no_logins_{files_};
};

Outcome cancel(const GivenWords& given, ProcessContext& context) {
  auto files = SystemFiles::of(context);
  auto waiting = PidFile::holder(pid_path(files));
  if (!waiting || ::kill(*waiting, SIGINT) < 0) return std::unexpected{Failure{"Shutdown is not running"}};
  if (!given.arguments.empty()) tell_all(files, joined(given.arguments));
  return 0;
}

std::expected<PidFile, Failure> take_pid_file(const SystemFiles& files) {
  return PidFile::take(pid_path(files)).transform_error([&](const std::error_code& error) {
    if (error == std::errc::resource_unavailable_try_again)
      return Failure{.message = "Another shutdown is already running", .hint = "`shutdown -c' cancels it"};
    return Failure{std::format("unable to write {}: {}", pid_path(files), error.message())};
  });
}

Outcome run(const GivenWords& given, ProcessContext& context) {
  if (given.has("c")) {
    if (auto root = need_root(context); !root) return std::unexpected{root.error()};
    return cancel(given, context);
  }
  if (given.arguments.empty()) return std::unexpected{Failure{"time expected", true}};
  auto time = read_time(given.arguments[0], local_time(std::time(nullptr)));
  if (!time)
    return std::unexpected{
        Failure{std::format("illegal time value: {}; it is `now', `+m' or `hh:mm'", given.arguments[0]), true}};
  if (auto root = need_root(context); !root) return std::unexpected{root.error()};
  auto pid_file = take_pid_file(SystemFiles::of(context));
  if (!pid_file) return std::unexpected{pid_file.error()};
  auto message = joined(given.arguments | std::views::drop(1));
  return Shutdown{goal_of(given), given.has("k"), std::move(message), context}.run(*time);
}

} // namespace

int shutdown(const std::vector<std::string>& words, ProcessContext& context) {
  return run_program(program(), words, context, [&](const GivenWords& given) { return run(given, context); });
}

} // namespace upstart::client
