// Commands on the files of jobs: enable, disable, edit, cat; and reset-failed.
#include "clients/base/supervisor.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/explain/gathering.hpp"
#include "clients/initctl/overrides/editing.hpp"
#include "clients/initctl/overrides/override-text.hpp"
#include "clients/initctl/overrides/write-file.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <format>

namespace upstart::client {

namespace {

using protocol::JobState;

// The first of the session's directories of job files; nothing where it is no session that is talked to.
std::optional<std::string> session_directory(const Call& call) {
  const auto& target = call.upstart->connection().target();
  if (target.kind != Target::Kind::peer || target.address == protocol::address::system) return std::nullopt;
  if (auto directory = call.variable("XDG_CONFIG_HOME"); directory && directory->starts_with('/'))
    return *directory + "/upstart";
  auto home = call.variable("HOME");
  return home && !home->empty() ? std::optional{*home + "/.config/upstart"} : std::nullopt;
}

std::expected<OverridePlace, Failure> place_of(const Call& call, const JobState& job) {
  auto beside = std::filesystem::path{job.file}.parent_path();
  bool may_write_beside = ::access(beside.c_str(), W_OK) == 0;
  auto exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  return override_place(job, may_write_beside, session_directory(call), exists).transform_error([](std::string text) {
    return Failure{std::move(text)};
  });
}

std::expected<std::string, Failure> text_at(const OverridePlace& place) {
  auto text = read_file(place.path);
  if (text) return *text;
  if (text.error() == ENOENT) return "";
  return std::unexpected{Failure{std::format("Unable to read {}: {}", place.path, std::strerror(text.error()))}};
}

std::expected<void, Failure> replace(const std::string& path, std::string_view text) {
  auto done = text.empty() ? remove_file(path) : write_file(path, text);
  if (!done) return std::unexpected{Failure{done.error()}};
  return {};
}

// What was done, in words.
struct Change {
  std::string text;
  bool is_written = true; // to a file; else nothing had to be done
};
using Changed = std::expected<Change, Failure>;

// Of a class whose files have changed since, nobody knows before the new one is in force.
bool is_without_start_on(const JobState& job) {
  return job.start_on.empty() && job.manual_at.empty() && !job.replaced_by_newer;
}

// What the override says decides: while an instance runs, init tells the class that it was started with.
Changed disable_job(const Call& call, const JobState& job) {
  auto place = place_of(call, job);
  auto text = place ? text_at(*place) : std::unexpected{place.error()};
  if (auto line = text ? line_of_manual(*text) : std::nullopt)
    return Change{std::format("{} is disabled already, at {}:{}", job.name, place->path, *line), false};
  if (is_without_start_on(job))
    return Change{std::format("{} has no `start on': it starts by command only", job.name), false};
  if (!text) return std::unexpected{text.error()};
  if (auto done = replace(place->path, with_manual(*text)); !done) return std::unexpected{done.error()};
  return Change{
      std::format("{} is disabled: {} says `manual'{}", job.name, place->path,
                  job.instances.empty() ? "" : std::format("; it goes on running until `stop {}'", job.name))};
}

Changed enable_job(const Call& call, const JobState& job) {
  auto place = place_of(call, job);
  auto text = place ? text_at(*place) : std::unexpected{place.error()};
  if (text && line_of_manual(*text)) {
    if (auto done = replace(place->path, without_manual(*text)); !done) return std::unexpected{done.error()};
    return Change{std::format("{} is enabled: removed `manual' from {}", job.name, place->path)};
  }
  if (is_without_start_on(job))
    return std::unexpected{Failure{std::format("{} has no `start on' in {}, so there is nothing to enable", job.name,
                                               job.file.empty() ? "its class" : job.file),
                                   false, std::format("`initctl edit {}' gives it one", job.name)}};
  return Change{std::format("{} is enabled already", job.name), false};
}

// Whether init has taken up what was written, which it does before it answers.
std::string taken_up(const Call& call, const std::string& job, bool is_to_be_manual) {
  auto state = describe(call, job);
  if (!state || state->replaced_by_newer) return {};
  if (is_to_be_manual ? state->start_on.empty() : state->manual_at.empty()) return {};
  return "; init has not taken that up: see `initctl explain " + job + "'";
}

Outcome change_jobs(Call& call, Changed (*change)(const Call&, const JobState&), bool to_manual) {
  std::string errors;
  call.upstart->must_not_repeat();
  for (const auto& name : call.arguments) {
    auto state = describe(call, name);
    auto changed = state ? change(call, *state) : Changed{std::unexpected{state.error()}};
    if (changed) call.print(changed->text + (changed->is_written ? taken_up(call, name, to_manual) : "") + "\n");
    else if (call.arguments.size() == 1) return std::unexpected{changed.error()};
    else errors += std::format("{}: {}\n", call.context.program, changed.error().message);
  }
  call.context.out.flush();
  call.context.err << errors;
  return errors.empty() ? 0 : 1;
}

Outcome enable(Call& call) { return change_jobs(call, enable_job, false); }
Outcome disable(Call& call) { return change_jobs(call, disable_job, true); }

// --- edit and cat --------------------------------------------------------------------------------------------------

std::expected<std::string, Failure> text_of_job_file(const JobState& job) {
  auto text = read_file(job.file);
  if (text) return *text;
  return std::unexpected{Failure{std::format(
      "Unable to read {}: {}", job.file.empty() ? "the file of " + job.name : job.file, std::strerror(text.error()))}};
}

std::expected<EditedFile, Failure> file_to_edit(const Call& call, const JobState& job) {
  auto conf = text_of_job_file(job);
  if (!conf) return std::unexpected{conf.error()};
  if (call.has("--full"))
    return EditedFile{.job = job.name, .path = job.file, .text = *conf, .invitation = {}, .conf_text = {}};
  auto place = place_of(call, job);
  if (!place) return std::unexpected{place.error()};
  auto text = text_at(*place);
  if (!text) return std::unexpected{text.error()};
  return EditedFile{.job = job.name,
                    .path = place->path,
                    .text = *text,
                    .invitation = std::format("# {}\n# Stanzas here are added to those of {}, or replace them.\n",
                                              place->path, job.file),
                    .conf_text = *conf};
}

Outcome edit_job(Call& call) {
  call.upstart->must_not_repeat();
  auto job = describe(call, call.arguments[0]);
  if (!job) return std::unexpected{job.error()};
  auto file = file_to_edit(call, *job);
  if (!file) return std::unexpected{file.error()};
  auto text = edit(*file, call.context);
  if (!text) return std::unexpected{text.error()};
  if (!*text) return call.print(std::format("{} is unchanged\n", file->path)), 0;
  if (auto done = replace(file->path, **text); !done) return std::unexpected{done.error()};
  call.print(std::format(
      "{} is written{}\n", file->path,
      job->instances.empty() ? "" : std::format("; {0} runs as before until `stop {0}' and `start {0}'", job->name)));
  return 0;
}

// That is in force, or will be when the files that have changed take effect; empty: there is none.
std::string override_of(const Call& call, const JobState& job) {
  if (!job.replaced_by_newer) return job.override_file;
  auto place = place_of(call, job);
  return place && place->exists ? place->path : "";
}

Outcome cat(Call& call) {
  auto job = describe(call, call.arguments[0]);
  if (!job) return std::unexpected{job.error()};
  Json document = Json::array();
  std::string text;
  for (const auto& path : {job->file, override_of(call, *job)}) {
    if (path.empty()) continue;
    auto read = read_file(path);
    if (!read) return std::unexpected{Failure{std::format("Unable to read {}: {}", path, std::strerror(read.error()))}};
    document.push_back({{"path", path}, {"text", *read}});
    text += std::format("{}# {}\n{}{}", text.empty() ? "" : "\n", path, *read, read->ends_with('\n') ? "" : "\n");
  }
  if (call.wants_json()) call.print_json(document);
  else call.print(text);
  return 0;
}

Outcome reset_failed(Call& call) {
  Supervisor supervisor{call.upstart->connection()};
  if (call.arguments.empty()) supervisor.ResetFailed("");
  for (const auto& job : call.arguments) supervisor.ResetFailed(protocol::escaped(job));
  return 0;
}

} // namespace

std::vector<Command> overrides_commands() {
  return {
      {.name = "enable",
       .group = job_group,
       .summary = "Let events start a job that was disabled.",
       .synopsis = "JOB...",
       .about = "Takes the stanza `manual' out of the job's override; an override in which nothing else stands is "
                "removed.",
       .missing = "job name",
       .completion = "jobs...",
       .options = {},
       .run = enable},
      {.name = "disable",
       .group = job_group,
       .summary = "Keep events from starting a job.",
       .synopsis = "JOB...",
       .about = "Adds the stanza `manual' to the job's override: NAME.override beside the job file or, in a session "
                "whose job file belongs to the system, in $XDG_CONFIG_HOME/upstart. `start' starts the job "
                "nevertheless; one that runs goes on.",
       .missing = "job name",
       .completion = "jobs...",
       .options = {},
       .run = disable},
      {.name = "edit",
       .group = job_group,
       .summary = "Edit the override of a job.",
       .synopsis = "JOB",
       .about = "Runs $VISUAL, else $EDITOR, on a copy. What was written is checked as init-checkconf does, and takes "
                "effect only if nothing is wrong; else the errors are shown and, on a terminal, it can be edited "
                "again.",
       .missing = "job name",
       .completion = "jobs",
       .options = {{"--full", "", "edit the job file itself"}},
       .run = edit_job},
      {.name = "cat",
       .group = job_group,
       .summary = "Print the files that a job comes from.",
       .synopsis = "JOB",
       .about = "The job file and the override that is in force, each below a line with its path.",
       .missing = "job name",
       .completion = "jobs",
       .options = {},
       .run = cat},
      {.name = "reset-failed",
       .group = job_group,
       .summary = "Forget that jobs have failed.",
       .synopsis = "[JOB]...",
       .about = "They are shown as waiting again. Without JOB all failures are forgotten.",
       .missing = "",
       .completion = "jobs...",
       .options = {},
       .run = reset_failed},
  };
}

} // namespace upstart::client
