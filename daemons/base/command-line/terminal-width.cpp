#include "daemons/base/command-line/terminal-width.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace upstart::base {

std::optional<std::size_t> width_of_standard_output() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0) return std::nullopt;
  constexpr std::size_t usual = 80; // of one that does not say
  return size.ws_col > 0 ? size.ws_col : usual;
}

} // namespace upstart::base
