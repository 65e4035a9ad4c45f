// initctl, and its links start, stop and status: does the plain commands, which scripts give thousands of times,
// without any library but the C library's; executes the full program, upstart-initctl, for all else.
#include "clients/base/output.hpp"
#include "clients/base/plain/command-token.hpp"
#include "clients/base/plain/visible-text.hpp"
#include "clients/front/execute.hpp"
#include "clients/front/full-program.hpp"
#include "protocol/names.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace {

using namespace upstart;
using namespace upstart::client;

// The private socket that is meant where no option says otherwise; nothing: it is on a bus.
std::optional<std::string> address_of_peer() {
  if (const char* session = std::getenv("UPSTART_SESSION")) return session;
  if (::getuid() == 0) return protocol::address::system;
  return std::nullopt;
}

std::string random_token() {
  std::array<unsigned char, command_token_digits / 2> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  std::string token;
  for (unsigned char byte : bytes) (token += "0123456789abcdef"[byte >> 4U]) += "0123456789abcdef"[byte & 15U];
  return token;
}

bool print(std::string_view text) {
  while (!text.empty()) {
    auto written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void complain(std::string_view program, const std::string& what) {
  auto line = std::string{program.substr(program.rfind('/') + 1)} + ": " + what + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

// What it printed; nothing: the full program is to do it, under the same token.
std::optional<std::string> done_here(std::span<const char* const> words) {
  auto request = front::plain_request(words);
  auto address = request ? address_of_peer() : std::nullopt;
  auto peer = address ? front::Peer::connect(*address) : std::nullopt;
  auto token = peer ? random_token() : std::string{};
  if (token.empty()) return std::nullopt;
  auto text = front::execute(*request, token + ".1", *peer);
  if (!text) ::setenv(command_token_variable, token.c_str(), 1);
  return text;
}

} // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  ::unsetenv(command_token_variable); // of another command, whose process this one was made by
  auto text = done_here({argv, argv + argc});
  if (!text) {
    complain(argv[0], front::execute_full_program(argv));
    return 1;
  }
  if (print(::isatty(STDOUT_FILENO) == 1 ? visible_lines(*text) : *text)) return 0;
  complain(argv[0], std::string{"Unable to write: "} + std::strerror(errno));
  return 1;
}
