#include "daemons/init/configuration/options.hpp"
#include "daemons/init/init.hpp"
#include "daemons/init/preparation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

using namespace upstart;
using namespace upstart::init;

namespace {

// The kernel may start process 1 without them, and what is opened next must not be taken for them.
void open_standard_descriptors() {
  while (true) {
    int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
    ::fcntl(fd, F_SETFD, 0);
  }
}

// Duties of process 1 that come before anything else (mounts, device nodes, console) have their place at the top.
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
  Log log{options->verbosity};
  try {
    auto status = lead(*options, log);
    if (status) return *status;
    log.error("{}", status.error());
  } catch (const std::exception& fault) { log.error("{}", fault.what()); }
  return 1;
}
