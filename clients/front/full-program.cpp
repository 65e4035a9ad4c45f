#include "clients/front/full-program.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace upstart::client::front {

namespace {

constexpr const char* name = "upstart-initctl";

// The directory of this program; empty: /proc is not there.
std::string own_directory() {
  std::array<char, PATH_MAX> path{};
  auto size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return {};
  std::string own{path.data(), static_cast<std::size_t>(size)};
  return own.substr(0, own.rfind('/'));
}

} // namespace

std::string execute_full_program(char** words) {
  auto beside = own_directory();
  auto prefix = beside.substr(0, beside.rfind('/'));
  std::string searched;
  for (const auto& place : {beside, prefix + "/" UPSTART_PROGRAM_DIRECTORY, std::string{UPSTART_INSTALLED_PROGRAMS}}) {
    auto path = place + "/" + name;
    ::execv(path.c_str(), words);
    if (errno != ENOENT) return "unable to run " + path + ": " + std::strerror(errno);
    searched += (searched.empty() ? "" : ", ") + place;
  }
  return std::string{"unable to find the program "} + name + " in " + searched;
}

} // namespace upstart::client::front
