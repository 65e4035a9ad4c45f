// Commands about job environments: get-env, set-env, unset-env, list-env, reset-env. Inside a job's own process they
// are about that job's table, elsewhere and with --global about the one that all jobs begin with.
#include "clients/base/upstart.hpp"

#include "clients/initctl/command/command.hpp"
#include "daemons/base/values/suggestions.hpp"
#include "protocol/environment.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <clocale>
#include <cstring>

namespace upstart::client {

namespace {

// [] for the global table, [JOB, INSTANCE] for that of a job.
std::vector<std::string> table_of(const Call& call) {
  auto own = call.own_job();
  if (call.has("--global") || !own) return {};
  return {own->job, own->instance};
}

std::string as_pair(const std::string& argument) { return argument.contains('=') ? argument : argument + "="; }

Outcome set_env(Call& call) {
  bool replace = !call.has("--retain");
  std::vector<std::string> pairs;
  for (const auto& argument : call.arguments) pairs.push_back(as_pair(argument));
  auto& manager = call.upstart->manager();
  if (pairs.size() == 1) manager.SetEnv(table_of(call), pairs.front(), replace);
  else manager.SetEnvList(table_of(call), pairs, replace);
  return 0;
}

Outcome unset_env(Call& call) {
  auto& manager = call.upstart->manager();
  if (call.arguments.size() == 1) manager.UnsetEnv(table_of(call), call.arguments.front());
  else manager.UnsetEnvList(table_of(call), call.arguments);
  return 0;
}

bool is_no_such_variable(const sdbus::Error& error) {
  return std::string_view{error.getMessage()}.starts_with("No such variable: ");
}

// What may be meant by the name of a variable that the table does not have.
std::string meant_variable(Call& call, const std::string& name) {
  auto pairs = call.upstart->manager().ListEnv(table_of(call));
  std::vector<std::string_view> names;
  for (const auto& pair : pairs) names.push_back(protocol::key_of(pair));
  return base::near_miss(name, names);
}

std::expected<std::string, Failure> value_of(Call& call, const std::string& name) try {
  return call.upstart->manager().GetEnv(table_of(call), name);
} catch (const sdbus::Error& error) {
  if (!is_no_such_variable(error)) throw;
  return std::unexpected{Failure{error.getMessage(), false, meant_variable(call, name)}};
}

Outcome get_env(Call& call) {
  auto value = value_of(call, call.arguments[0]);
  if (!value) return std::unexpected{value.error()};
  if (call.wants_json()) call.print_json(Json{{"name", call.arguments[0]}, {"value", *value}});
  else call.print(*value + "\n");
  return 0;
}

void sort_as_locale(std::vector<std::string>& lines) {
  std::setlocale(LC_COLLATE, "");
  std::ranges::sort(lines,
                    [](const std::string& a, const std::string& b) { return std::strcoll(a.c_str(), b.c_str()) < 0; });
}

Outcome list_env(Call& call) {
  auto pairs = call.upstart->manager().ListEnv(table_of(call));
  sort_as_locale(pairs);
  if (call.wants_json()) {
    Json document = Json::object();
    for (const auto& pair : pairs)
      document[std::string{protocol::key_of(pair)}] = std::string{protocol::value_of(pair)};
    call.print_json(document);
    return 0;
  }
  std::string text;
  for (const auto& pair : pairs) text += pair + "\n";
  call.print(text);
  return 0;
}

Outcome reset_env(Call& call) {
  call.upstart->manager().ResetEnv(table_of(call));
  return 0;
}

const Option global{"-g,--global", "", "the global table, also inside a job's own process"};
constexpr std::string_view about_tables =
    "Inside a job's own process the command is about the environment of that job, elsewhere about the "
    "environment that every job is started with.";

} // namespace

std::vector<Command> environment_commands() {
  return {
      {.name = "get-env",
       .group = environment_group,
       .summary = "Show the value of a job environment variable.",
       .synopsis = "VARIABLE",
       .about = about_tables,
       .missing = "variable name",
       .completion = "environment",
       .options = {global},
       .run = get_env},
      {.name = "list-env",
       .group = environment_group,
       .summary = "List all job environment variables.",
       .synopsis = "",
       .about = about_tables,
       .missing = "",
       .options = {global},
       .run = list_env},
      {.name = "reset-env",
       .group = environment_group,
       .summary = "Undo all changes of the job environment.",
       .synopsis = "",
       .about = about_tables,
       .missing = "",
       .options = {global},
       .run = reset_env},
      {.name = "set-env",
       .group = environment_group,
       .summary = "Set job environment variables.",
       .synopsis = "VARIABLE[=VALUE]...",
       .about = about_tables,
       .missing = "variable value",
       .completion = "assignments...",
       .options = {global, {"-r,--retain", "", "leave a variable that is set as it is"}},
       .run = set_env},
      {.name = "unset-env",
       .group = environment_group,
       .summary = "Remove job environment variables.",
       .synopsis = "VARIABLE...",
       .about = about_tables,
       .missing = "variable name",
       .completion = "environment...",
       .options = {global},
       .run = unset_env},
  };
}

} // namespace upstart::client
