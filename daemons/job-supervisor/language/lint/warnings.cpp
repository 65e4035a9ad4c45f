#include "daemons/job-supervisor/language/lint/warnings.hpp"

#include "daemons/job-supervisor/language/lint/impossible-match.hpp"

#include <algorithm>
#include <format>

namespace upstart::supervisor {

namespace {

using Kind = ExpressionNode::Kind;

bool contains_word(std::string_view text, std::string_view word) {
  constexpr std::string_view before = " \t\n;&|({`";
  constexpr std::string_view after = " \t\n;";
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || before.contains(text[at - 1])) && (end == text.size() || after.contains(text[end]))) return true;
  }
  return false;
}

std::string_view stanza_of(ExpressionUse use) { return use == ExpressionUse::start_on ? "start on" : "stop on"; }

struct Builtin {
  std::string_view word, instead;
};
constexpr Builtin builtins[]{
    {"cd", "use the stanza `chdir DIRECTORY`, or a script"},
    {"export", "use the stanza `env NAME=VALUE`, or a script"},
    {"set", "use a script"},
    {"unset", "use a script"},
    {"source", "use a script, and `.` in it"},
    {".", "use a script"},
    {"ulimit", "use the stanza `limit RESOURCE SOFT HARD`, or a script"},
    {"umask", "use the stanza `umask MASK`"},
    {"exec", "the stanza itself is `exec`: leave out the second one"},
    {"if", "use a script"},
    {"for", "use a script"},
    {"while", "use a script"},
};

class Warnings {
public:
  Warnings(const JobClass& job, const FileFacts& facts, Findings& findings)
      : job_(job), facts_(facts), findings_(findings) {}

  void all() {
    respawn_and_expect();
    scripts();
    commands();
    values();
    variables();
    expression(facts_.start_on, job_.start_on, ExpressionUse::start_on);
    expression(facts_.stop_on, job_.stop_on, ExpressionUse::stop_on);
  }

private:
  void add(std::string_view lint, std::size_t offset, std::string message, std::string suggestion = {}) {
    findings_.warning({std::move(message), offset, std::move(suggestion), {}, {}, lint});
  }
  void when_given(std::string_view lint, std::string_view stanza, bool wrong, std::string_view message,
                  std::string_view suggestion = {}) {
    if (!wrong) return;
    if (const auto place = facts_.given.place(stanza)) add(lint, *place, std::string(message), std::string(suggestion));
  }

  void respawn_and_expect() {
    const auto& main = job_.command(ProcessKind::main);
    when_given("no-effect", "respawn limit", !job_.respawn, "`respawn limit` without `respawn` has no effect");
    when_given("no-effect", "respawn", !main, "`respawn` has no effect: there is no main process");
    when_given("no-effect", "expect", !main, "`expect` has no effect: there is no main process");
    const bool follows_forks = job_.expect == Expect::fork || job_.expect == Expect::daemon;
    when_given("forks-of-shell", "expect", follows_forks && main && main->script && !contains_word(main->text, "exec"),
               "forks of the shell itself are counted too: this script does not exec its daemon",
               "let the script's last command be `exec COMMAND`");
    when_given("no-effect", "watchdog", job_.expect != Expect::notify,
               "`watchdog` has no effect without `expect notify`");
    const auto& sandbox = *job_.sandbox;
    when_given("no-effect", "protect except",
               sandbox.protect_system == ProtectSystem::off && sandbox.protect_home == ProtectHome::off,
               "`protect except` without `protect system` or `protect home` has no effect");
    when_given("background-command", "main",
               main && !main->script && main->text.ends_with('&') && !main->text.ends_with("&&"),
               "the command runs in the background, where it is not supervised", "remove the `&`");
  }

  void scripts() {
    for (const auto& script : facts_.scripts)
      if (script && script->inner_block)
        add("script-in-script", *script->inner_block, "this is part of the script above",
            "is `end script` missing before it?");
  }

  // What `exec` runs is a program: only a shell, and not before `exec`, knows assignments and builtins.
  void commands() {
    for (const auto kind : {ProcessKind::main, ProcessKind::pre_start, ProcessKind::post_start, ProcessKind::pre_stop,
                            ProcessKind::post_stop})
      if (const auto& command = job_.command(kind); command && !command->script)
        check_first_word(name_of(kind), std::string_view(command->text).substr(0, command->text.find_first_of(" \t")));
  }

  void check_first_word(std::string_view slot, std::string_view word) {
    constexpr std::string_view name_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    const auto name = word.substr(0, word.find_first_not_of(name_characters));
    const bool assigns = !name.empty() && word.substr(name.size()).starts_with('=');
    if (assigns)
      when_given("assignment-as-command", slot, true, std::format("`{}` is run as the program", word),
                 std::format("use a stanza `env {}`, or `exec env {} …`", word, word));
    const auto builtin = std::ranges::find(builtins, word, &Builtin::word);
    if (builtin == std::end(builtins)) return;
    when_given(
        "builtin-as-command", slot, true,
        std::format("`{}` is no program but a command of the shell itself: the job will fail to start, or do nothing",
                    word),
        builtin->instead);
  }

  void values() {
    for (const auto& [resource, limit] : job_.limits)
      when_given("limit-order", "limit", limit.soft > limit.hard,
                 "a soft limit above its hard limit cannot be set: the job will fail to start");
    const auto too_great = [](const NormalExit& end) { return !end.signal && end.number > 255; };
    when_given("exit-status-range", "normal exit", std::ranges::any_of(job_.normal_exits, too_great),
               "an exit status is at most 255: this never matches");
    when_given("kill-signal-0", "kill signal", job_.kill_signal == 0,
               "signal 0 stops nothing: the job is killed after its kill timeout");
  }

  void variables() {
    const auto has_value = [](const std::string& name) { return name.contains('='); };
    when_given("export-value", "export", std::ranges::any_of(job_.exports, has_value), "`export` takes names only",
               "set the value with `env`");
    when_given("export-value", "import", std::ranges::any_of(job_.imports, has_value), "`import` takes names only");
    when_given("nameless-variable", "env",
               std::ranges::any_of(job_.env, [](const auto& entry) { return entry.starts_with('='); }),
               "this variable has no name");
  }

  // Only expressions of this file itself, whose places are known: not those that it overrides.
  void expression(const ExpressionPlaces& places, const EventExpression& expression, ExpressionUse use) {
    const auto& nodes = expression.nodes;
    if (nodes.empty() || places.nodes.size() != nodes.size()) return;
    std::vector<bool> never(nodes.size());
    std::size_t arguments_before = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].kind == Kind::all_of) never[i] = never[i - 1] || never[nodes[i].left];
      else if (nodes[i].kind == Kind::any_of) never[i] = never[i - 1] && never[nodes[i].left];
      else if (const auto why = why_never(nodes[i], job_, use)) {
        never[i] = true;
        add(why->lint, why->argument ? places.arguments[arguments_before + *why->argument] : places.nodes[i], why->why,
            why->suggestion);
      } else if (const auto held = holds_itself_up(nodes[i], job_, use)) {
        add(held->lint, places.nodes[i], held->why, held->suggestion);
      } else if (const auto word = misspelling(nodes[i])) {
        add(word->lint, word->argument ? places.arguments[arguments_before + *word->argument] : places.nodes[i],
            word->why, word->suggestion);
      }
      arguments_before += nodes[i].arguments.size();
    }
    if (nodes.size() > 1 && never.back())
      when_given("never-true", stanza_of(use), true, std::format("this `{}` can never become true", stanza_of(use)));
  }

  const JobClass& job_;
  const FileFacts& facts_;
  Findings& findings_;
};

} // namespace

void warn(const JobClass& job, const FileFacts& facts, Findings& findings) { Warnings(job, facts, findings).all(); }

} // namespace upstart::supervisor
