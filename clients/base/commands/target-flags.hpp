// The options of a helper program that say which Upstart is meant; initctl, which runs it, passes its own on.
#pragma once

#include "clients/base/target.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace upstart::client {

class TargetFlags {
public:
  // This outlives the parsing.
  void add_to(CLI::App& app) {
    app.add_flag("--user", user_, "the session init of UPSTART_SESSION");
    app.add_flag("--system", system_, "over the system bus");
    app.add_flag("--session", session_, "over the session bus");
    app.add_option("--dest", bus_name_, "the name of the init daemon on the system bus");
  }

  [[nodiscard]] TargetOptions options() const {
    TargetOptions target{.session_init = user_};
    if (system_) target.bus = Target::Kind::system_bus;
    if (session_) target.bus = Target::Kind::session_bus;
    if (!bus_name_.empty()) target.bus_name = bus_name_;
    return target;
  }

  // The same Upstart, for another program.
  [[nodiscard]] std::vector<std::string> words() const {
    std::vector<std::string> words;
    if (user_) words.emplace_back("--user");
    if (system_) words.emplace_back("--system");
    if (session_) words.emplace_back("--session");
    if (!bus_name_.empty()) words.insert(words.end(), {"--dest", bus_name_});
    return words;
  }

private:
  bool user_ = false, system_ = false, session_ = false;
  std::string bus_name_;
};

} // namespace upstart::client
