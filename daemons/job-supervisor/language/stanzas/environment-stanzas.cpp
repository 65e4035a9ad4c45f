#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"

namespace upstart::supervisor {

namespace {

using namespace shape;
using Job = JobClass;
using enum Stanza::Takes;
using enum Stanza::In;
using enum Stanza::Repeated;

// A later entry of the same variable takes the place of the earlier one, whichever way it is given.
void parse_env(Statement& in) {
  auto entry = in.word();
  if (in.failed()) return;
  const auto key_of = [](const std::string& text) { return text.substr(0, text.find('=')); };
  auto& env = in.job.env;
  const auto place = place_of(in.facts.env_places, env, key_of(entry), key_of);
  if (place < env.size()) env[place] = std::move(entry);
  else env.push_back(std::move(entry));
}

// clang-format off
constexpr Stanza table[] = {
    {.name = "env",
     .arguments = "KEY[=VALUE]",
     .help = "a variable of the job's environment, or one taken over from init",
     .manual = R"(A variable of the job's environment; a bare
.Ar KEY
takes init's own value.)",
     .parse = parse_env,
     .print = print_list<&Job::env>,
     .repeated = adds},

    {.name = "export",
     .arguments = "KEY…",
     .help = "variables that the job's events carry",
     .manual = R"(Put these variables into the events of this job.)",
     .parse = parse_list<&Job::exports>,
     .print = print_list<&Job::exports>,
     .repeated = adds},

    {.name = "import",
     .arguments = "KEY…",
     .help = "variables taken over from the start event or command",
     .manual = R"(Variables that are expected from the start event or command; for documentation.)",
     .parse = parse_list<&Job::imports>,
     .print = print_list<&Job::imports>,
     .repeated = adds},
};
// clang-format on

} // namespace

StanzaGroup stanza_group::environment() { return {.title = "Environment", .stanzas = table}; }

} // namespace upstart::supervisor
