#include "daemons/init/process-1.hpp"

#include "daemons/init/handover/re-execution.hpp"
#include "daemons/init/init.hpp"
#include "daemons/init/machine/console.hpp"
#include "daemons/init/machine/crash.hpp"
#include "daemons/init/machine/emergency.hpp"
#include "daemons/init/machine/file-systems.hpp"
#include "daemons/init/preparation.hpp"
#include "daemons/init/processes/orphans.hpp"
#include "daemons/init/processes/programs.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <utility>

namespace upstart::init {

namespace {

namespace fs = std::filesystem;

constexpr unsigned most_crashes_in_a_row = 3;

// Told everywhere, and then somebody at the console may see to it.
void call_for_help(const Log& log, const std::string& why) {
  log.critical("{}; a shell is on the console", why);
  run_emergency_shell(why);
  log.warning("the shell on the console has ended: init goes on");
}

bool has_job_file(const std::string& directory) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry{directory, error}, end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".conf" || directory == "/etc/event.d") return true;
  return false;
}

// Without a job nothing would ever happen. Whoever wants it so can have it, after a shell.
void look_for_jobs(const Options& options, const Log& log) {
  auto directories = job_directories_in_force(options);
  if (std::ranges::any_of(directories, has_job_file)) return;
  std::string all;
  for (const auto& directory : directories) all += (all.empty() ? "" : ", ") + directory;
  call_for_help(log, "there is no job file in " + all);
}

// Daemons of this process before it was executed anew: they cannot be reached any more, and what they know is written
// down. The jobs live on, also one whose program has a name like theirs.
void end_earlier_daemons(const Options& options) {
  for (pid_t child : children()) {
    auto program = program_of("/proc/" + std::to_string(child));
    bool is_daemon = program && std::ranges::any_of(own_daemons(), [&](Daemon daemon) {
                       return is_program_of_daemon(*program, entry(daemon).program, options.daemon_directory);
                     });
    if (!is_daemon) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

// Why it came to its end, which it should not.
std::string lead(const Options& options, const Log& log, const std::vector<std::string>& command_line,
                 std::optional<HandedState> handed) {
  try {
    auto prepared = prepare(options, log, command_line, std::move(handed));
    if (!prepared) return prepared.error();
    base::EventLoop loop;
    (void)Init{loop, log, *prepared}.run();
    return "init has nothing left to do";
  } catch (const std::exception& fault) { return std::string{"a fault of init: "} + fault.what(); } catch (...) {
    return "a fault of init";
  }
}

// What comes before everything else where the machine has just been started.
void take_possession() {
  (void)!::chdir("/");
  ::setsid();
  reset_console();
  write_to_kernel_log();
}

} // namespace

void lead_machine(const Options& options, const std::vector<std::string>& command_line) {
  auto crashes = crashes_so_far();
  auto handed = take_handed_state();
  survive_crashes(command_line);
  bool goes_on = handed && *handed;
  auto faults = complete_file_systems();
  if (!goes_on) take_possession();
  Log log{options.verbosity};
  for (const auto& fault : faults) log.warning("{}", fault);
  if (crashes >= most_crashes_in_a_row)
    call_for_help(log, "init has crashed " + std::to_string(crashes) + " times in a row");
  if (handed && !*handed) log.error("what the init before has handed over is lost: {}", handed->error());
  if (!goes_on) end_earlier_daemons(options);
  if (crashes == 0 && !handed) look_for_jobs(options, log);
  auto state = goes_on ? std::optional{std::move(**handed)} : std::nullopt;
  while (true) {
    call_for_help(log, lead(options, log, command_line, std::exchange(state, std::nullopt)));
    log.critical("unable to execute init anew: {}", execute_anew());
  }
}

} // namespace upstart::init
