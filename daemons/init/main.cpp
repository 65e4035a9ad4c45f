#include "daemons/base/command-line/terminal-width.hpp"
#include "daemons/init/configuration/options.hpp"
#include "daemons/init/handover/re-execution.hpp"
#include "daemons/init/init.hpp"
#include "daemons/init/machine/console.hpp"
#include "daemons/init/machine/container.hpp"
#include "daemons/init/preparation.hpp"
#include "daemons/init/process-1.hpp"
#include "daemons/init/processes/programs.hpp"
#include "daemons/init/telinit.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>

using namespace upstart;
using namespace upstart::init;

namespace {

// It is ending: whoever asks it to once more gets the same status, although its handlers go before it does.
void heed_no_signal() {
  sigset_t all{};
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

std::expected<int, std::string> lead(const Options& options, const Log& log,
                                     const std::vector<std::string>& command_line) {
  auto handed = take_handed_state();
  if (handed && !*handed) log.error("what the init before has handed over is lost: {}", handed->error());
  auto prepared =
      prepare(options, log, command_line, handed && *handed ? std::optional{std::move(**handed)} : std::nullopt);
  if (!prepared) return std::unexpected(prepared.error());
  base::EventLoop loop;
  Init init{loop, log, *prepared};
  int status = init.run();
  heed_no_signal();
  return status;
}

// Of a session or a container: where it cannot work it says why, and ends.
int lead_to_the_end(const Options& options, const std::vector<std::string>& command_line) {
  Log log{options.verbosity};
  try {
    auto status = lead(options, log, command_line);
    if (status) return *status;
    log.error("{}", status.error());
  } catch (const std::exception& fault) { log.error("{}", fault.what()); }
  return 1;
}

std::vector<std::string> command_line_of(int argc, char** argv) {
  std::vector<std::string> result{argv, argv + argc};
  if (result.empty()) result.emplace_back();
  if (auto path = own_path()) result.front() = *path;
  return result;
}

} // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  auto command_line = command_line_of(argc, argv);
  std::vector<std::string> arguments{command_line.begin() + 1, command_line.end()};
  if (arguments.size() == 2 && arguments[0] == check_option) return check_state(arguments[1]);
  bool process_1 = ::getpid() == 1;
  if (!process_1 && is_for_telinit(arguments)) return become_telinit(arguments);
  bool machine = process_1 && !is_in_container() && std::ranges::find(arguments, "--container") == arguments.end();
  auto options = read_options(arguments, machine, base::help_width(base::width_of_standard_output()));
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
    return options.error().status;
  }
  if (!process_1 && options->mode == Mode::system && !options->container) return refuse_to_lead();
  if (machine && options->mode == Mode::system) lead_machine(*options, command_line);
  options->container = options->container || (process_1 && options->mode == Mode::system);
  return lead_to_the_end(*options, command_line);
}
