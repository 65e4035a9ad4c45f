// init-checkconf FILE|DIR…: are these job files right? Needs no daemon; reads, parses, and asks the shell about
// scripts.
#include "clients/init-checkconf/report.hpp"
#include "clients/init-checkconf/shell-syntax.hpp"
#include "daemons/job-supervisor/language/stanzas.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <print>

namespace {

using namespace upstart;

struct Options {
  std::vector<std::string> paths;
  bool json = false;
  bool no_scripts = false;
  bool stanzas = false;
};

void print_stanzas() {
  for (const auto& stanza : supervisor::stanzas()) {
    const auto usage = std::format("{} {}", stanza.name, stanza.arguments);
    const auto* where = stanza.in == supervisor::Stanza::In::event_d ? " (event.d only)" : "";
    std::println("  {:50} {}{}", usage, stanza.help, where);
  }
}

int check(const Options& options) {
  auto checked = client::check_all(options.paths);
  for (auto& file : checked.files) {
    if (options.no_scripts) break;
    if (const auto asked = client::check_scripts(file); !asked) {
      checked.unreadable.push_back({file.path, asked.error() + "; use -s to leave scripts unchecked"});
      break;
    }
  }
  if (options.json)
    std::cout << client::as_json(checked);
  else {
    const auto report = client::in_words(checked);
    std::cout << report.output << std::flush;
    std::cerr << report.errors;
  }
  return client::exit_status(checked);
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Check job files for errors, without a running init.", "init-checkconf"};
  app.set_version_flag("--version", "init-checkconf (upstart " UPSTART_VERSION ")");
  app.add_option("FILE|DIR,-f,--file", options.paths,
                 "job files, overrides, and directories of them in order of precedence");
  app.add_flag("-s,--noscript", options.no_scripts, "do not ask the shell about the syntax of scripts");
  app.add_flag("--json", options.json, "say everything as JSON on standard output");
  app.add_flag("--stanzas", options.stanzas, "list the stanzas of the language");
  app.footer("Exit status: 0 all is well, 1 something is wrong, 2 something could not be read.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const auto status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  if (options.stanzas) return print_stanzas(), 0;
  if (options.paths.empty()) {
    std::cerr << "init-checkconf: missing FILE or DIR\nTry `init-checkconf --help' for more information.\n";
    return 2;
  }
  return check(options);
}
