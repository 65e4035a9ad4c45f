// upstart-views plot|blame|critical-chain …: the commands of that name of initctl, which runs this. A program of its
// own, so that upstart-initctl links none of it.
#include "clients/base/commands/target-flags.hpp"
#include "clients/base/supervisor.hpp"
#include "clients/views/plot/page.hpp"
#include "clients/views/plot/svg.hpp"
#include "clients/views/report/blame.hpp"
#include "clients/views/report/chain.hpp"
#include "clients/views/report/timeline-json.hpp"
#include "clients/views/timeline/read-timeline.hpp"
#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrong-command-line.hpp"
#include "protocol/text.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstring>
#include <format>
#include <iostream>

namespace {

using namespace upstart::client;

struct Options {
  std::string view, job;
  TargetFlags target;
  bool json = false, html = false, all = false;
};

struct Seen {
  Timeline timeline;
  Emitters emitters;
  std::string meant; // by the name of a job that is not there
};

// What may be meant by the name of a job; empty: it is there, or nothing is known.
std::string meant_job(const std::string& job, Upstart& upstart) {
  try {
    (void)upstart.job_class(job);
    return {};
  } catch (const sdbus::Error& error) {
    if (error.getName() != upstart::protocol::error_name::unknown_job) throw;
  }
  try {
    return Supervisor{upstart.connection()}.AboutUnknownJob(upstart::protocol::escaped(job));
  } catch (const sdbus::Error&) { return {}; } // nothing that we may know
}

// The events that jobs emit are asked for only where a chain needs them.
std::expected<Seen, Failure> look(const Options& options, const ProcessContext& context) {
  return with_upstart(options.target.options(), context, [&](Upstart& upstart) -> std::expected<Seen, Failure> {
    Seen seen{.timeline = read_timeline(upstart.connection()), .emitters = {}, .meant = {}};
    if (options.view != "blame") seen.emitters = read_emitters(upstart);
    if (!options.job.empty() && first_run_of(seen.timeline, options.job) == nullptr)
      seen.meant = meant_job(options.job, upstart);
    return seen;
  });
}

std::vector<ChainLink> chain_of(const Seen& seen, const Timeline& part) {
  const auto* last = last_up(part);
  if (last == nullptr) return {};
  auto same = [&](const Run& run) { return run.title() == last->title() && run.begin() == last->begin(); };
  return critical_chain(seen.timeline, *std::ranges::find_if(seen.timeline.runs, same), seen.emitters);
}

std::expected<std::string, Failure> plot(const Options& options, const Seen& seen) {
  auto window = options.all ? all_of(seen.timeline) : boot_of(seen.timeline);
  auto part = within(window, seen.timeline);
  if (part.runs.empty()) return std::unexpected{Failure{"no job has been started since init began: nothing to plot"}};
  auto chain = chain_of(seen, part);
  auto data = plot_as_json(seen.timeline, window, chain);
  if (options.json) return to_text(data);
  auto title = std::format("{} {} of jobs in {}", part.runs.size(), part.runs.size() == 1 ? "run" : "runs",
                           shown(window.to - window.from));
  if (options.html) return plot::as_page(data, title);
  return plot::as_svg(plot::lay_out(seen.timeline, window, chain), title);
}

std::string blame(const Options& options, const Seen& seen) {
  auto part = options.all ? seen.timeline : within(boot_of(seen.timeline), seen.timeline);
  return options.json ? to_text(blame_as_json(part)) : blame_in_words(part);
}

std::expected<std::string, Failure> chain(const Options& options, const Seen& seen) {
  std::vector<ChainLink> links;
  if (options.job.empty()) {
    links = chain_of(seen, within(boot_of(seen.timeline), seen.timeline));
  } else {
    const auto* run = first_run_of(seen.timeline, options.job);
    if (run == nullptr)
      return std::unexpected{
          Failure{std::format("job {0} has not been started since init began, or there is none of that name; `initctl "
                              "explain {0}' says why",
                              options.job),
                  false, seen.meant}};
    links = critical_chain(seen.timeline, *run, seen.emitters);
  }
  if (links.empty() && !options.json) return std::unexpected{Failure{"no job has been started since init began"}};
  return options.json ? to_text(chain_as_json(links)) : chain_in_words(links);
}

std::expected<std::string, Failure> show(const Options& options, const ProcessContext& context) {
  auto seen = look(options, context);
  if (!seen) return std::unexpected{seen.error()};
  if (options.view == "plot") return plot(options, *seen);
  if (options.view == "blame") return blame(options, *seen);
  return chain(options, *seen);
}

int run(const Options& options) {
  auto context = ProcessContext::of_this_process();
  auto text = show(options, context);
  if (!text) {
    context.err << std::format("{}: {}\n", context.program, text.error().message);
    if (!text.error().hint.empty()) context.err << std::format("{}: {}\n", context.program, text.error().hint);
    return 1;
  }
  context.out.write(*text);
  context.out.flush();
  if (context.out.good()) return 0;
  context.err << std::format("{}: Unable to write: {}\n", context.program, std::strerror(context.out.error()));
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  Options options;
  CLI::App app{"Show where the time of jobs went; `initctl plot', `blame' and `critical-chain' run this.",
               "upstart-views"};
  upstart::base::fold_help(app);
  app.set_version_flag("--version", "upstart-views (upstart " UPSTART_VERSION ")");
  app.add_option("VIEW", options.view, "plot, blame or critical-chain")
      ->required()
      ->check(CLI::IsMember({"plot", "blame", "critical-chain"}));
  app.add_option("JOB", options.job, "of critical-chain: the job at its end");
  app.add_flag("--json", options.json, "as JSON");
  app.add_flag("--html", options.html, "of plot: a page instead of a picture");
  app.add_flag("--all", options.all, "all that is known, not the boot alone");
  options.target.add_to(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) { return app.exit(help); } catch (const CLI::ParseError& error) {
    std::cerr << upstart::base::wrong_command_line(app, error, "upstart-views");
    return 1;
  }
  return run(options);
}
