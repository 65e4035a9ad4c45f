// For the tests of conversions: what the job file of one says, checked as init-checkconf does it.
#pragma once

#include "clients/convert/formats.hpp"
#include "clients/init-checkconf/bridge-conditions.hpp"
#include "clients/init-checkconf/report.hpp"
#include "clients/init-checkconf/shell-syntax.hpp"
#include "clients/init-checkconf/testing/temporary-files.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace upstart::convert::testing {

using Files = client::testing::TemporaryFiles;

// The text must be a job file that init-checkconf finds nothing wrong with.
inline void check_text(const std::string& text) {
  const Files files;
  auto checked = client::check_all({files.add("x.conf", text)});
  std::ranges::for_each(checked.files, client::check_bridge_conditions);
  for (auto& file : checked.files) CHECK(client::check_scripts(file));
  CAPTURE(text);
  CHECK_MESSAGE(client::exit_status(checked) == 0,
                client::in_words(checked).output << client::in_words(checked).errors);
}

inline std::vector<Job> jobs_of(const std::vector<Converted>& all) {
  std::vector<Job> jobs;
  for (const auto& one : all)
    for (const auto& job : one.jobs) {
      check_text(print(job));
      jobs.push_back(job);
    }
  return jobs;
}

// What is said, without the comments before.
inline std::string body_of(const Job& job) {
  auto text = print(job);
  return text.substr(text.find("\n\n") + 2);
}

inline bool has_remark(const Job& job, Remark::Kind kind, std::string_view part) {
  return std::ranges::any_of(job.remarks,
                             [&](const auto& remark) { return remark.kind == kind && text_of(remark).contains(part); });
}
inline bool is_missing(const Job& job, std::string_view part) { return has_remark(job, Remark::Kind::missing, part); }
inline bool is_noted(const Job& job, std::string_view part) { return has_remark(job, Remark::Kind::note, part); }

} // namespace upstart::convert::testing
