// upstart-simulate --confdir DIR… EVENT [KEY=VALUE]…: what would happen if that event were emitted in a system of these
// job files with nothing running. Prints the steps as JSON; `initctl simulate` calls this and shows them. A program of
// its own so that upstart-initctl links no part of the supervisor.
#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrong-command-line.hpp"
#include "daemons/job-supervisor/configuration/configuration.hpp"
#include "daemons/job-supervisor/simulation/simulation.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <print>

namespace {

using namespace upstart;

std::vector<std::shared_ptr<const supervisor::JobClass>> load(const std::vector<std::string>& directories) {
  base::EventLoop loop;
  std::vector<std::shared_ptr<const supervisor::JobClass>> classes;
  auto take = [&](const std::vector<supervisor::ClassChange>& changes) {
    for (const auto& change : changes)
      if (change.job_class) classes.push_back(change.job_class);
  };
  supervisor::Configuration configuration{
      loop, directories, take, [](auto, const std::string& diagnostic) { std::println(stderr, "{}", diagnostic); }};
  configuration.load();
  return classes;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> directories, words;
  CLI::App app{"Say what an event would do in a system of these job files.", "upstart-simulate"};
  base::fold_help(app);
  app.set_version_flag("--version", "upstart-simulate (upstart " UPSTART_VERSION ")");
  app.add_option("--confdir", directories, "directory of job files; repeatable, in order of precedence")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.allow_extras();
  try {
    app.parse(argc, argv);
    words = app.remaining();
    if (!words.empty() && words.front().starts_with("--") && words.front() != "--") throw CLI::ExtrasError{words};
  } catch (const CLI::Success& help) { return app.exit(help); } catch (const CLI::ParseError& error) {
    std::print(stderr, "{}", upstart::base::wrong_command_line(app, error, "upstart-simulate"));
    return 1;
  }
  std::erase(words, "--");
  if (words.empty()) {
    std::println(stderr, "upstart-simulate: missing event name");
    return 1;
  }
  upstart::supervisor::SimulatedEvent event{words.front(), {words.begin() + 1, words.end()}};
  if (auto fault = protocol::environment_fault(event.environment)) {
    std::println(stderr, "upstart-simulate: {}", *fault);
    return 1;
  }
  std::println("{}", supervisor::as_json(supervisor::simulate({.classes = load(directories)}, event)));
  return 0;
}
