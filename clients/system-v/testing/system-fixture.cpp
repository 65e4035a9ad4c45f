#include "clients/system-v/testing/system-fixture.hpp"

#include <utmpx.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace upstart::client {

SystemFixture::SystemFixture() {
  char name[] = "/tmp/upstart-system-v.XXXXXX";
  directory = ::mkdtemp(name);
  variables = {{"UPSTART_UTMP", path("utmp")},
               {"UPSTART_WTMP", path("wtmp")},
               {"UPSTART_RUN_DIRECTORY", directory},
               {"UPSTART_INIT_ADDRESS", "unix:path=" + path("nobody")}};
}

SystemFixture::~SystemFixture() { std::filesystem::remove_all(directory); }

ProgramRun SystemFixture::run(const Main& program, const std::vector<std::string>& words) const {
  std::ostringstream out, err;
  ProcessContext context{.out = out,
                         .err = err,
                         .variable = [this](const std::string& name) -> std::optional<std::string> {
                           auto found = variables.find(name);
                           return found == variables.end() ? std::nullopt : std::optional{found->second};
                         },
                         .uid = uid};
  int status = program(words, context);
  return {.status = status, .out = out.str(), .err = err.str()};
}

void SystemFixture::make_records() const {
  for (const char* name : {"utmp", "wtmp"}) std::ofstream{path(name), std::ios::app};
}

void SystemFixture::log_in(const std::string& terminal) const {
  utmpx record{};
  record.ut_type = USER_PROCESS;
  terminal.copy(record.ut_line, sizeof record.ut_line);
  std::ofstream file{path("utmp"), std::ios::app | std::ios::binary};
  file.write(reinterpret_cast<const char*>(&record), sizeof record);
}

std::string text_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator{file}, {}};
}

std::string output_of(const std::string& command) {
  auto program = command.substr(0, command.find(' '));
  if (std::system(("command -v " + program + " >/dev/null").c_str()) != 0) return {};
  std::string output;
  auto* pipe = ::popen(("LC_ALL=C " + command).c_str(), "r");
  if (pipe == nullptr) return {};
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  ::pclose(pipe);
  return output;
}

} // namespace upstart::client
