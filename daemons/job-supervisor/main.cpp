// upstart-job-supervisor: see README.md beside this file.
#include "daemons/job-supervisor/daemon.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>

using namespace upstart;

int main(int argc, char** argv) {
  supervisor::DaemonOptions options;
  return base::run_daemon(
      {.name = protocol::socket_name::supervisor,
       .description =
           "Runs the jobs of Upstart: reads job files, moves jobs through their states as events come, supervises "
           "their processes.\nStarted by init; not meant to be run by hand.",
       .levels = {.normal = spdlog::level::info, .verbose = spdlog::level::debug, .debug = spdlog::level::trace},
       .vital = true,
       .declare = [&](CLI::App& app) { supervisor::declare_options(app, options); },
       .run =
           [&](const base::CommonOptions& common) {
             complete(options, common);
             return supervisor::Daemon{std::move(options)}.run();
           }},
      argc, argv);
}
