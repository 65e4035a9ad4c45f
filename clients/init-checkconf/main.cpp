// init-checkconf FILE|DIR…: are these job files right? Needs no daemon; reads, parses, and asks the shell about
// scripts.
#include "clients/base/output.hpp"
#include "clients/init-checkconf/bridge-conditions.hpp"
#ifdef UPSTART_MQTT
#include "clients/init-checkconf/fleet-file.hpp"
#endif
#include "clients/init-checkconf/job-events.hpp"
#include "clients/init-checkconf/report.hpp"
#include "clients/init-checkconf/shell-syntax.hpp"
#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrong-command-line.hpp"
#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"
#include "daemons/job-supervisor/language/words/lints.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstring>
#include <format>
#include <iostream>
#include <sstream>

namespace {

using namespace upstart;

constexpr int unable = 2; // to read what is to be checked, to write what was found
constexpr const char* hint = "Try `init-checkconf --help' for more information.\n";

struct Options {
  std::vector<std::string> paths;
  bool json = false;
  bool no_scripts = false;
  bool stanzas = false;
  bool lints = false;
};

void print_stanzas(client::Output& output) {
  for (const auto& stanza : supervisor::stanzas()) {
    const auto usage = std::format("{} {}", stanza.name, stanza.arguments);
    const auto* where = stanza.in == supervisor::Stanza::In::event_d ? " (event.d only)" : "";
    output.write(std::format("  {:50} {}{}\n", usage, stanza.help, where));
  }
}

void print_lints(client::Output& output) {
  for (const auto& lint : supervisor::lints()) output.write(std::format("  {:24} {}\n", lint.name, lint.what));
}

int check(const Options& options, client::Output& output) {
  auto checked = client::check_all(options.paths);
#ifdef UPSTART_MQTT
  std::ranges::for_each(checked.files, client::check_fleet_file);
#endif
  std::ranges::for_each(checked.files, client::check_bridge_conditions);
  client::check_job_events(checked);
  for (auto& file : checked.files) {
    if (options.no_scripts) break;
    if (const auto asked = client::check_scripts(file); !asked) {
      checked.unreadable.push_back({file.path, asked.error() + "; use -s to leave scripts unchecked"});
      break;
    }
  }
  if (options.json) output.write(client::as_json(checked));
  else {
    const auto report = client::in_words(checked);
    output.write(report.output);
    output.flush();
    std::cerr << report.errors;
  }
  return client::exit_status(checked);
}

// What the library says of the command line: help and version as they are, a mistake as initctl says it.
int answer(const CLI::App& app, const CLI::ParseError& said, client::Output& output) {
  std::ostringstream text, mistake;
  const auto status = app.exit(said, text, mistake);
  output.write(text.str());
  if (status == 0) return 0;
  std::cerr << upstart::base::wrong_command_line(app, said, "init-checkconf");
  return unable;
}

int run(int argc, char** argv, client::Output& output) {
  Options options;
  CLI::App app{"Check job files for errors, without a running init.", "init-checkconf"};
  base::fold_help(app);
  app.set_version_flag("--version", "init-checkconf (upstart " UPSTART_VERSION ")");
  app.add_option("FILE|DIR,-f,--file", options.paths,
                 "job files, overrides, and directories of them in order of precedence");
  app.add_flag("-s,--noscript", options.no_scripts, "do not ask the shell about the syntax of scripts");
  app.add_flag("--json", options.json, "say everything as JSON on standard output");
  app.add_flag("--stanzas", options.stanzas, "list the stanzas of the language");
  app.add_flag("--lints", options.lints,
               "list the warnings, by the names that a comment `# init-checkconf: ignore NAME' takes");
  app.footer("Exit status: 0 all is well, 1 something is wrong, 2 something could not be read or written.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return answer(app, error, output); }
  if (options.stanzas) return print_stanzas(output), 0;
  if (options.lints) return print_lints(output), 0;
  if (options.paths.empty()) {
    std::cerr << "init-checkconf: missing FILE or DIR\n" << hint;
    return unable;
  }
  return check(options, output);
}

} // namespace

int main(int argc, char** argv) {
  client::occupy_standard_descriptors();
  client::Output output{std::cout};
  const auto status = run(argc, argv, output);
  output.flush();
  if (output.good()) return status;
  std::cerr << "init-checkconf: Unable to write: " << std::strerror(output.error()) << '\n';
  return unable;
}
