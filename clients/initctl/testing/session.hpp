// For tests of whole commands: an init daemon, and runs of initctl that talk to it.
#pragma once

#include "clients/initctl/testing/fake-upstart.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace upstart::client {

using Words = std::vector<std::string>;

// A daemon with these jobs and one initctl after another.
struct Session {
  explicit Session(std::map<std::string, FakeJob> jobs = {{"svc", {}}}, std::string log_directory = {})
      : daemon{std::move(jobs), std::move(log_directory)} {}

  Ran initctl(const std::string& line) {
    Words words{"initctl"};
    std::istringstream stream{line};
    for (std::string word; stream >> word;) words.push_back(word);
    return run(words);
  }
  Ran run(const Words& words) {
    Variables all = variables;
    all["UPSTART_SESSION"] = daemon.address();
    return run_initctl(words, all);
  }
  nlohmann::json json(const std::string& line) { return nlohmann::json::parse(initctl("--json " + line).out); }

  FakeUpstart daemon;
  Variables variables;
};

} // namespace upstart::client
