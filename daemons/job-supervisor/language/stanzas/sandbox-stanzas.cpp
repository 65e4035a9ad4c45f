#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"
#include "daemons/job-supervisor/language/words/capabilities.hpp"

#include <format>

namespace upstart::supervisor {

namespace {

using enum Stanza::Repeated;

// Nothing, or the word that takes it back, as an override does.
constexpr std::array<std::pair<std::string_view, bool>, 1> off{{{"off", false}}};

template <auto member> void parse_switch(Statement& in) {
  const auto value = in.more() ? in.choice(off) : std::optional{true};
  if (value) in.job.sandbox.edit().*member = *value;
}
template <auto member> void print_switch(std::string_view name, const JobClass& job, Printer& out) {
  if ((*job.sandbox).*member) out.line(name);
}

constexpr std::array<std::pair<std::string_view, ProtectSystem>, 3> kinds_of_system{
    {{"usr", ProtectSystem::usr}, {"strict", ProtectSystem::strict}, {"off", ProtectSystem::off}}};
constexpr std::array<std::pair<std::string_view, ProtectHome>, 3> kinds_of_home{
    {{"empty", ProtectHome::empty}, {"read-only", ProtectHome::read_only}, {"off", ProtectHome::off}}};

// A word of the table; without one, what the stanza alone means.
template <auto member, const auto& words, auto alone> void parse_kind(Statement& in) {
  const auto value = in.more() ? in.choice(words) : std::optional{alone};
  if (value) in.job.sandbox.edit().*member = *value;
}
template <auto member, const auto& words, auto alone>
void print_kind(std::string_view name, const JobClass& job, Printer& out) {
  const auto value = (*job.sandbox).*member;
  if (value == alone) return out.line(name);
  if (value == Sandbox{}.*member) return;
  const auto found = std::ranges::find_if(words, [&](const auto& entry) { return entry.second == value; });
  if (found != std::end(words)) out.line(name, found->first);
}

constexpr int last_of_set = 63;
CapabilitySet bit_of(int capability) { return CapabilitySet{1} << static_cast<unsigned>(capability); }

// What the words name; all of them with a "-" in front, or none. Nothing where one is wrong.
struct NamedCapabilities {
  CapabilitySet set = 0;
  bool are_taken_away = false;
};
std::optional<NamedCapabilities> parse_capabilities(Statement& in, bool may_be_taken_away) {
  NamedCapabilities named;
  for (bool is_first = true; is_first || in.more(); is_first = false) {
    const auto word = in.word();
    if (in.failed()) return std::nullopt;
    const bool is_taken_away = may_be_taken_away && word.starts_with('-');
    if (!is_first && is_taken_away != named.are_taken_away) {
      in.fail("Illegal list, expected a - before each capability or before none");
      return std::nullopt;
    }
    named.are_taken_away = is_taken_away;
    const auto name = std::string_view{word}.substr(is_taken_away ? 1 : 0);
    const auto capability = capability_of_name(name);
    if (!capability) {
      in.fail("Illegal capability, expected a name of capabilities(7)", suggested_capability(name));
      return std::nullopt;
    }
    named.set |= bit_of(*capability);
  }
  return named;
}

constexpr std::array<std::string_view, 2> set_words{"all", "none"};
constexpr std::array<std::string_view, 1> ambient_words{"none"};

void parse_bounding(Statement& in) {
  auto& bounding = in.job.sandbox.edit().bounding;
  if (in.next_is("all")) bounding = all_capabilities;
  else if (in.next_is("none")) bounding = 0;
  else if (const auto named = parse_capabilities(in, true))
    bounding = named->are_taken_away ? all_capabilities & ~named->set : named->set;
}
void parse_ambient(Statement& in) {
  auto& ambient = in.job.sandbox.edit().ambient;
  if (in.next_is("none")) ambient = 0;
  else if (const auto named = parse_capabilities(in, false)) ambient = named->set;
}

std::string names_of(CapabilitySet set, std::string_view before_each) {
  std::string text;
  for (int capability = 0; capability <= last_of_set; ++capability)
    if (auto name = name_of_capability(capability); (set & bit_of(capability)) != 0 && !name.empty())
      text += std::format("{}{}{}", text.empty() ? "" : " ", before_each, name);
  return text;
}
// A set that was made by taking away holds what has no name, too.
void print_bounding(std::string_view name, const JobClass& job, Printer& out) {
  const auto set = job.sandbox->bounding;
  if (set == all_capabilities) return;
  const bool was_taken_from = (set & bit_of(last_of_set)) != 0;
  if (set == 0) out.line(name, "none");
  else out.verbatim(name, was_taken_from ? names_of(~set, "-") : names_of(set, ""));
}
void print_ambient(std::string_view name, const JobClass& job, Printer& out) {
  if (job.sandbox->ambient != 0) out.verbatim(name, names_of(job.sandbox->ambient, ""));
}

void parse_writable(Statement& in) {
  for (bool is_first = true; is_first || in.more(); is_first = false) {
    auto path = in.word();
    if (in.failed()) return;
    if (!path.starts_with('/') && !path.starts_with("-/"))
      return in.fail("Illegal path, expected one that begins with /");
    in.job.sandbox.edit().writable.push_back(std::move(path));
  }
}
void print_writable(std::string_view name, const JobClass& job, Printer& out) {
  for (const auto& path : job.sandbox->writable) out.line(name, path);
}

using shape::words_of;

// clang-format off
constexpr Stanza table[] = {
    {.name = "no-new-privs",
     .arguments = "[off]",
     .help = "no program that it executes gives it more rights",
     .manual = R"(No program that it executes gives it rights that it has not: set-user-ID bits and
capabilities of files have no effect.
Needs no right itself.)",
     .words = words_of<off>,
     .parse = parse_switch<&Sandbox::no_new_privileges>,
     .print = print_switch<&Sandbox::no_new_privileges>,
     .repeated = same},

    {.name = "capability bounding",
     .arguments = "[-]CAPABILITY…|all|none",
     .help = "capabilities that the processes may have at most",
     .manual = R"(The
.Xr capabilities 7
that its processes, and all that they execute, may have at most; or, each with a
.Ql \- ,
those that they may not have.
What it says for the user of
.Ic setuid
is what programs with capabilities of their own may get there; it grants nothing.)",
     .words = set_words,
     .parse = parse_bounding,
     .print = print_bounding},

    {.name = "capability ambient",
     .arguments = "CAPABILITY…|none",
     .help = "capabilities that the processes have though their user is not root",
     .manual = R"(With
.Ic setuid :
capabilities that its processes have though their user is not root, such as
.Ql CAP_NET_BIND_SERVICE .)",
     .words = ambient_words,
     .parse = parse_ambient,
     .print = print_ambient},

    {.name = "private tmp",
     .arguments = "[off]",
     .help = "a /tmp and /var/tmp of its own, in memory",
     .manual = R"(A
.Pa /tmp
and
.Pa /var/tmp
of its own, empty at first and in memory
.Pq Xr tmpfs 5 .
All processes of an instance have the same, from its first to its last, also when main
is respawned; they go when the instance has stopped.)",
     .words = words_of<off>,
     .parse = parse_switch<&Sandbox::private_tmp>,
     .print = print_switch<&Sandbox::private_tmp>,
     .repeated = same},

    {.name = "protect system",
     .arguments = "[usr|strict|off]",
     .help = "the system's own files are read-only",
     .manual = R"(Its processes find
.Pa /usr ,
.Pa /boot ,
.Pa /efi
and
.Pa /etc
read-only; with
.Cm usr
all of them but
.Pa /etc ;
with
.Cm strict
everything but
.Pa /dev ,
.Pa /proc
and
.Pa /sys .)",
     .words = words_of<kinds_of_system>,
     .parse = parse_kind<&Sandbox::protect_system, kinds_of_system, ProtectSystem::with_etc>,
     .print = print_kind<&Sandbox::protect_system, kinds_of_system, ProtectSystem::with_etc>},

    {.name = "protect home",
     .arguments = "[empty|read-only|off]",
     .help = "the users' own files are not to be seen, or read-only",
     .manual = R"(Its processes find nothing in
.Pa /home ,
.Pa /root
and
.Pa /run/user ,
which others than root cannot even enter, or can with
.Cm empty ;
with
.Cm read-only
they find them read-only.)",
     .words = words_of<kinds_of_home>,
     .parse = parse_kind<&Sandbox::protect_home, kinds_of_home, ProtectHome::hidden>,
     .print = print_kind<&Sandbox::protect_home, kinds_of_home, ProtectHome::hidden>},

    {.name = "protect except",
     .arguments = "[-]PATH…",
     .help = "files and directories that protect does not make read-only",
     .manual = R"(Files and directories that
.Ic protect
does not make read-only.
They must be there when the process starts, unless a
.Ql \-
stands before them.)",
     .parse = parse_writable,
     .print = print_writable,
     .repeated = adds},
};
// clang-format on

constexpr std::string_view closing =
    R"(These hold for every process of the job, from pre-start to post-stop, and for what they
execute; not for the helpers of
.Ic tmpfiles
and
.Ic apparmor load .
.Ic private
and
.Ic protect
give a process mounts of its own; with
.Ic chroot
they are about what is in the new root.
Who may not make them (they need CAP_SYS_ADMIN, which sessions of ordinary users and
most containers lack) cannot start the job: the start fails, and the log and
.Nm initctl explain
name the stanza.
So it is with
.Ic capability ,
which needs CAP_SETPCAP, and for
.Cm ambient
the capabilities themselves.)";

} // namespace

StanzaGroup stanza_group::sandbox() { return {.title = "Sandbox", .stanzas = table, .closing = closing}; }

} // namespace upstart::supervisor
