#include "daemons/job-supervisor/language/words/lints.hpp"

#include <algorithm>
#include <array>

namespace upstart::supervisor {

namespace {

constexpr std::array table{
    Lint{"assignment-as-command", "exec NAME=x COMMAND, which runs a program of the name NAME=x"},
    Lint{"background-command", "a command that ends with &, where nobody supervises it"},
    Lint{"builtin-as-command", "exec cd and the like, which only a shell knows"},
    Lint{"cut-by-comment", "a # within a word, which begins a comment and cuts the line"},
    Lint{"dbus-condition", "a D-Bus signal that upstart-dbus-bridge does not wait for"},
    Lint{"device-condition", "a device that upstart-udev-bridge does not wait for"},
    Lint{"event-as-argument", "started JOB on EVENT, where an `and' or `or' is missing"},
    Lint{"exit-status-range", "normal exit with a status above 255"},
    Lint{"export-value", "export or import with a value"},
    Lint{"file-condition", "a file that upstart-file-bridge does not watch"},
    Lint{"forks-of-shell", "expect fork or daemon with a script whose shell forks, too"},
    Lint{"here-document-end", "a block that `end script' ends inside a here-document"},
    Lint{"holds-itself-up", "the job's own stopping or starting, which it would block for itself"},
    Lint{"invisible-character", "a byte order mark, a no-break space and others that cannot be seen"},
    Lint{"kill-signal-0", "kill signal 0, which stops nothing"},
    Lint{"limit-order", "a soft limit above its hard limit"},
    Lint{"misspelt-event", "an event whose name is nearly that of one of init's own"},
    Lint{"misspelt-variable", "a variable whose name is nearly that of one of the event's"},
    Lint{"nameless-variable", "env with nothing before the ="},
    Lint{"never-matches", "an event with arguments that it can never have"},
    Lint{"never-true", "a start on or stop on that can never become true"},
    Lint{"no-effect", "a stanza that does nothing without another"},
    Lint{"node-condition", "an event of a node of the fleet that upstart-mqtt-bridge does not make"},
    Lint{"override-ignored", "an override without a job file that it could change"},
    Lint{"replaced-stanza", "a stanza that a later one replaces"},
    Lint{"script-in-script", "a block inside a block: an `end script' is missing"},
    Lint{"socket-condition", "a socket that upstart-socket-bridge does not serve"},
    Lint{"system-event-condition", "an event of the system that upstart-event-bridge cannot hear of"},
    Lint{"timer-condition", "a timer that upstart-timer-bridge does not run"},
};

constexpr std::string_view switch_off = "init-checkconf: ignore";

bool has_word(std::string_view line, std::string_view word) {
  constexpr std::string_view between = " \t\r,";
  for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    auto end = at + word.size();
    if ((at == 0 || between.contains(line[at - 1])) && (end == line.size() || between.contains(line[end]))) return true;
  }
  return false;
}

} // namespace

std::span<const Lint> lints() { return table; }

bool is_ignored(std::string_view text, std::string_view lint) {
  for (auto at = text.find(switch_off); at != std::string_view::npos; at = text.find(switch_off, at + 1)) {
    auto line_begin = text.rfind('\n', at) + 1; // 0 for the first line
    if (!text.substr(line_begin, at - line_begin).contains('#')) continue;
    auto names = text.substr(at + switch_off.size());
    if (has_word(names.substr(0, names.find('\n')), lint)) return true;
  }
  return false;
}

} // namespace upstart::supervisor
