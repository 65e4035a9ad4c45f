#include "daemons/init/configuration/options.hpp"
#include "daemons/init/init.hpp"
#include "daemons/init/machine/console.hpp"
#include "daemons/init/machine/file-systems.hpp"
#include "daemons/init/preparation.hpp"

#include <unistd.h>

#include <cstdio>
#include <exception>

using namespace upstart;
using namespace upstart::init;

namespace {

std::expected<int, std::string> lead(const Options& options, const Log& log) {
  auto prepared = prepare(options, log);
  if (!prepared) return std::unexpected(prepared.error());
  base::EventLoop loop;
  return Init{loop, log, *prepared}.run();
}

} // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  auto options = read_options({argv + 1, argv + argc}, ::getpid() == 1);
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
    return options.error().status;
  }
  std::vector<std::string> faults;
  if (options->mode == Mode::system && ::getpid() == 1) {
    faults = complete_file_systems();
    reset_console();
    write_to_kernel_log();
  }
  Log log{options->verbosity};
  for (const auto& fault : faults) log.warning("{}", fault);
  try {
    auto status = lead(*options, log);
    if (status) return *status;
    log.error("{}", status.error());
  } catch (const std::exception& fault) { log.error("{}", fault.what()); }
  return 1;
}
