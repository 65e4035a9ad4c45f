#include "clients/rc/rc.hpp"

#include "clients/rc/order/dependencies.hpp"
#include "clients/rc/script-runner.hpp"
#include "clients/system-v/present-runlevels.hpp"
#include "clients/system-v/program.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>
#include <ranges>
#include <thread>

namespace upstart::client {

namespace {

namespace fs = std::filesystem;

const Program& program() {
  static const Program rc{
      .name = "upstart-rc",
      .synopsis = "[RUNLEVEL]",
      .about =
          "Runs the scripts of /etc/rcRUNLEVEL.d, or /etc/rc.d/rcRUNLEVEL.d: first K??name stop, then S??name start, "
          "by "
          "number, then by name. What the previous runlevel has started already is not started again, unless it was "
          "stopped. Without RUNLEVEL the variable of that name is taken; the previous runlevel is PREVLEVEL, or that "
          "of "
          "utmp.",
      .options = {{"-c,--concurrency", "HOW",
                   "`none' (default): one after the other; `makefile': in parallel, as the LSB "
                   "headers of the scripts allow; `shell': those of the same number in parallel. "
                   "Also the variable CONCURRENCY"},
                  {"-n,--dry-run", "", "print what would be run, in order, and run nothing"},
                  {"--root", "DIRECTORY", "look for etc/ in this directory"}},
  };
  return rc;
}

std::string text_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator{file}, {}};
}

std::vector<std::string> files_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{directory, error}) names.push_back(entry.path().filename());
  return names;
}

// Where the scripts of a runlevel are; nothing where there is no such directory.
std::optional<fs::path> directory_of(const fs::path& root, char runlevel) {
  for (const char* place : {"etc", "etc/rc.d"})
    if (auto path = root / place / std::format("rc{}.d", runlevel); fs::is_directory(path)) return path;
  return std::nullopt;
}

Facilities facilities_in(const fs::path& root) {
  Facilities facilities;
  add_facilities(text_of(root / "etc/insserv.conf"), facilities);
  for (const auto& file : files_in(root / "etc/insserv.conf.d"))
    add_facilities(text_of(root / "etc/insserv.conf.d" / file), facilities);
  return facilities;
}

enum class Concurrency : std::uint8_t { none, shell, makefile };

std::expected<Concurrency, Failure> concurrency_of(const GivenWords& given, const ProcessContext& context) {
  auto word = given.value("concurrency").value_or(context.variable("CONCURRENCY").value_or("none"));
  if (word.empty() || word == "none") return Concurrency::none;
  if (word == "shell") return Concurrency::shell;
  if (word == "makefile" || word == "startpar") return Concurrency::makefile;
  return std::unexpected{
      Failure{std::format("unknown concurrency: {}; it is `none', `makefile' or `shell'", word), true}};
}

struct Request {
  Runlevels levels;
  fs::path root, directory;
  Concurrency concurrency = Concurrency::none;
  bool only_shows = false;
};

std::expected<Request, Failure> request_from(const GivenWords& given, const ProcessContext& context) {
  if (given.arguments.size() > 1) return std::unexpected{Failure{"unexpected argument: " + given.arguments[1], true}};
  auto word = given.arguments.empty() ? context.variable("RUNLEVEL").value_or("") : given.arguments[0];
  if (word.empty()) return std::unexpected{Failure{"missing runlevel", true}};
  auto runlevel = runlevel_of(word);
  if (!runlevel) return std::unexpected{Failure{"illegal runlevel: " + word, true}};
  auto concurrency = concurrency_of(given, context);
  if (!concurrency) return std::unexpected{concurrency.error()};
  Request request{.levels = {.previous = no_runlevel, .current = *runlevel},
                  .root = given.value("root").value_or("/"),
                  .directory = {},
                  .concurrency = *concurrency,
                  .only_shows = given.has("dry-run")};
  if (auto previous = context.variable("PREVLEVEL")) {
    request.levels.previous = previous->empty() ? no_runlevel : previous->front();
  } else {
    auto recorded = present_runlevels(context, SystemFiles::of(context));
    request.levels.previous = recorded.current == *runlevel ? recorded.previous : recorded.current;
  }
  auto directory = directory_of(request.root, *runlevel);
  if (!directory)
    return std::unexpected{
        Failure{std::format("no scripts of runlevel {0}: neither {1}etc/rc{0}.d nor {1}etc/rc.d/rc{0}.d "
                            "is there",
                            *runlevel, (request.root / "").native())}};
  request.directory = *directory;
  return request;
}

// What scripts see besides their argument.
void set_environment(Runlevels levels) {
  std::string current{levels.current}, previous{levels.previous};
  for (const char* name : {"RUNLEVEL", "runlevel"}) ::setenv(name, current.c_str(), 1);
  for (const char* name : {"PREVLEVEL", "previous"}) ::setenv(name, previous.c_str(), 1);
}

Waits waits_of(const std::vector<ScriptToOrder>& scripts, const Request& request) {
  if (request.concurrency == Concurrency::none) return waits_in_line(scripts.size());
  if (request.concurrency == Concurrency::shell) return waits_by_numbers(scripts);
  return waits_by_headers(scripts, facilities_in(request.root));
}

void run_kind(RcKind kind, const std::vector<RcScript>& all, const Request& request, ProcessContext& context) {
  std::vector<ScriptToOrder> scripts;
  std::vector<ScriptCall> calls;
  for (const auto& script : all) {
    if (script.kind != kind) continue;
    auto path = request.directory / script.file;
    scripts.push_back(
        {script, request.concurrency == Concurrency::makefile ? read_lsb_header(text_of(path)) : std::nullopt});
    calls.push_back({path, argument_of(kind)});
  }
  auto at_a_time = std::max<std::size_t>(4, 2 * std::thread::hardware_concurrency());
  run_scripts(calls, waits_of(scripts, request), at_a_time, [&](const std::string& what) { warn(context, what); });
}

Outcome run(const GivenWords& given, ProcessContext& context) {
  auto request = request_from(given, context);
  if (!request) return std::unexpected{request.error()};
  std::vector<std::string> files_of_previous;
  if (request->levels.previous != no_runlevel)
    if (auto directory = directory_of(request->root, request->levels.previous))
      files_of_previous = files_in(*directory);
  auto scripts = scripts_to_run(files_in(request->directory), files_of_previous);
  if (request->only_shows) {
    for (const auto& script : scripts)
      context.out.write(std::format("{} {}\n", (request->directory / script.file).native(), argument_of(script.kind)));
    return 0;
  }
  set_environment(request->levels);
  for (auto kind : {RcKind::stop, RcKind::start}) run_kind(kind, scripts, *request, context);
  return 0;
}

} // namespace

int rc(const std::vector<std::string>& words, ProcessContext& context) {
  return run_program(program(), words, context, [&](const GivenWords& given) { return run(given, context); });
}

} // namespace upstart::client
