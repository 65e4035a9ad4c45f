#include "clients/runlevel/runlevel.hpp"

#include "clients/system-v/login-records.hpp"
#include "clients/system-v/program.hpp"
#include "clients/system-v/system-files.hpp"

#include <format>

namespace upstart::client {

namespace {

const Program& program() {
  static const Program runlevel{
      .name = "runlevel",
      .synopsis = "[UTMP]",
      .about = "Prints the previous and the current runlevel, N for none, or `unknown', with exit status 1, where "
               "there is no "
               "record. Within a job that has them, the variables RUNLEVEL and PREVLEVEL are printed instead of what "
               "the file UTMP (default: /var/run/utmp) says.",
      .options = {{"--set", "RUNLEVEL", "record that the system is in this runlevel now, and print both"}},
  };
  return runlevel;
}

int print(Runlevels levels, const GivenWords& given, ProcessContext& context) {
  if (!given.has("quiet")) context.out.write(std::format("{} {}\n", levels.previous, levels.current));
  return 0;
}

int tell_error(const RecordError& error, ProcessContext& context) {
  context.out.flush();
  context.err << std::format("{}:{}: {}\n", context.program, error.file, error.code.message());
  return 1;
}

// A level that holds already stays as it came about: telinit has recorded it before the job runs that does so again.
Runlevels after_change(const std::optional<Runlevels>& before, char runlevel) {
  if (!before) return {.previous = no_runlevel, .current = runlevel};
  if (before->current == runlevel) return *before;
  return {.previous = before->current, .current = runlevel};
}

Outcome set(const std::string& word, const LoginRecords& records, const GivenWords& given, ProcessContext& context) {
  auto runlevel = runlevel_of(word);
  if (!runlevel) return std::unexpected{Failure{"illegal runlevel: " + word, true}};
  if (given.arguments.empty())
    if (auto root = need_root(context); !root) return std::unexpected{root.error()};
  auto levels = after_change(records.runlevels().value_or(std::nullopt), *runlevel);
  auto errors = records.record_runlevel(levels, LoginRecords::Missing::is_made);
  int status = print(levels, given, context);
  for (const auto& error : errors)
    if (!error.is_missing()) status = tell_error(error, context);
  return status;
}

Outcome run(const GivenWords& given, ProcessContext& context) {
  if (given.arguments.size() > 1) return std::unexpected{Failure{"unexpected argument: " + given.arguments[1], true}};
  auto files = SystemFiles::of(context);
  bool own_file = !given.arguments.empty();
  LoginRecords records{own_file ? given.arguments[0] : files.utmp, own_file ? "" : files.wtmp};
  if (auto word = given.value("set")) return set(*word, records, given, context);
  if (!own_file)
    if (auto levels = runlevels_from(context.variable("RUNLEVEL"), context.variable("PREVLEVEL")))
      return print(*levels, given, context);
  auto levels = records.runlevels();
  if (!levels) return tell_error(levels.error(), context);
  if (*levels) return print(**levels, given, context);
  if (!given.has("quiet")) context.out.write("unknown\n");
  return 1;
}

} // namespace

int runlevel(const std::vector<std::string>& words, ProcessContext& context) {
  return run_program(program(), words, context, [&](const GivenWords& given) { return run(given, context); });
}

} // namespace upstart::client
