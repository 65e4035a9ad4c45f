#include "clients/system-v/wall.hpp"

#include "clients/system-v/login-records.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <format>

namespace upstart::client {

namespace {

std::string shown(std::string_view message) {
  std::string text;
  for (char byte : message) {
    auto value = static_cast<unsigned char>(byte);
    bool is_control = (value < 0x20 && byte != '\n' && byte != '\t') || value == 0x7f;
    if (byte == '\n') text += '\r';
    text += is_control ? '?' : byte;
  }
  return text;
}

// A record may be damaged, or made by somebody who is not trusted: names below the directory only.
bool is_plain_name(std::string_view line) { return !line.starts_with('/') && !line.contains(".."); }

bool write_to(const std::string& path, std::string_view text) {
  base::FileDescriptor terminal{::open(path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  if (!terminal || ::isatty(terminal.get()) == 0) return false;
  return ::write(terminal.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

} // namespace

WallSender WallSender::of_this_process() {
  WallSender sender;
  const char* login = ::getlogin();
  if (login == nullptr)
    if (const auto* user = ::getpwuid(::getuid()); user != nullptr) login = user->pw_name;
  if (login != nullptr) sender.user = login;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) sender.host = host.data();
  if (const char* terminal = ::ttyname(STDERR_FILENO); terminal != nullptr) sender.terminal = terminal;
  return sender;
}

std::string wall_text(const WallSender& sender, const std::tm& time, std::string_view message) {
  return std::format("\r\nBroadcast message from {}@{}\r\n\t({}) at {}:{:02} ...\r\n\r\n{}\r\n\r\n", shown(sender.user),
                     shown(sender.host), sender.terminal.empty() ? "unknown" : sender.terminal, time.tm_hour,
                     time.tm_min, shown(message));
}

int write_to_all(const SystemFiles& files, std::string_view text) {
  LoginRecords records{files.utmp, files.wtmp};
  auto lines = records.terminals();
  if (!lines) return 0;
  auto took = std::ranges::count_if(*lines, [&](const std::string& line) {
    return is_plain_name(line) && write_to(std::format("{}/{}", files.device_directory, line), text);
  });
  return static_cast<int>(took);
}

} // namespace upstart::client
