#include "daemons/job-supervisor/language/warnings.hpp"

#include <format>

namespace upstart::supervisor {

namespace {

class Warnings {
public:
  Warnings(const JobClass& job, const FileFacts& facts, Findings& findings) : job_(job), facts_(facts), findings_(findings) {}

  void all() {
    when_given("respawn limit", !job_.respawn, "`respawn limit` without `respawn` has no effect");
  }

private:
  void when_given(std::string_view stanza, bool wrong, std::string_view message) {
    const auto place = facts_.given.find(stanza);
    if (wrong && place != facts_.given.end()) findings_.warning({std::string(message), place->second, {}, {}, {}});
  }

  const JobClass& job_;
  const FileFacts& facts_;
  Findings& findings_;
};

} // namespace

void warn(const JobClass& job, const FileFacts& facts, Findings& findings) { Warnings(job, facts, findings).all(); }

} // namespace upstart::supervisor
