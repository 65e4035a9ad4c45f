// A system for a test: its files in a temporary directory, the environment of the programs, and what they print.
#pragma once

#include "clients/base/process-context.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace upstart::client {

struct ProgramRun {
  int status = 0;
  std::string out, err;
};

class SystemFixture {
public:
  SystemFixture();
  SystemFixture(const SystemFixture&) = delete;
  SystemFixture& operator=(const SystemFixture&) = delete;
  ~SystemFixture();

  using Main = std::function<int(const std::vector<std::string>& words, ProcessContext& context)>;
  // Runs a program within this process.
  ProgramRun run(const Main& program, const std::vector<std::string>& words) const;
  [[nodiscard]] std::string path(const std::string& name) const { return directory + "/" + name; }
  // Empty files, as a system has them before its first runlevel.
  void make_records() const;
  // A record of somebody who is logged in on this terminal.
  void log_in(const std::string& terminal) const;

  std::string directory;
  std::map<std::string, std::string> variables; // of the environment; the paths are set
  uid_t uid = 0;
};

[[nodiscard]] std::string text_of(const std::string& path);
// The output of a shell command; nothing where its first word is no program of this machine.
[[nodiscard]] std::string output_of(const std::string& command);

} // namespace upstart::client
