// What a conversion makes: a job as values, and what the source had that the job does not say. Printed as a job file,
// whose first lines are comments that list exactly that.
#pragma once

#include <string>
#include <vector>

namespace upstart::convert {

// A piece of the source that is not a stanza of the job.
struct Remark {
  enum class Kind {
    note,    // the job does the same by itself, or says it another way
    missing, // nothing in the job does it
  };
  Kind kind;
  std::string place; // "nginx.service:12"; empty where no line has it
  std::string what;  // "PrivateTmp=true"
  std::string why;
};

struct Job {
  std::string name;
  std::string source; // what it was made from
  std::string description{};
  std::vector<std::string> starts{}, stops{}; // events of which any one is enough
  std::vector<std::string> settings{};        // other stanzas, a line each
  std::vector<std::string> environment{};     // KEY=VALUE
  std::vector<std::string> common{};          // lines of shell before those of every script that is not empty
  std::vector<std::string> pre_start{}, post_start{}, pre_stop{}, post_stop{}; // lines of shell
  std::vector<std::string> before_main{};
  std::string as_user{}; // a command before main, which becomes it as a user, behind the shell that opens main's files
  std::string main{};    // a line of the shell, which becomes its program if it is but one; empty: the job is a state
  std::vector<Remark> remarks{};

  // Says the same thing once.
  void start_on(std::string event);
  void stop_on(std::string event);
  void set(std::string stanza);
  [[nodiscard]] bool is_whole() const; // nothing is missing
  // Makes it one of a session of a user, which has no runlevels, and no other user.
  void move_to_session();
};

// A file, or a part of one, and what became of it.
struct Converted {
  std::string source;
  std::vector<Job> jobs{};
  std::string failure{}; // why there is none; empty: there is, or it has become part of another's
  std::string no_need{}; // why there is none, and need not be
};

// The text of the job's file.
[[nodiscard]] std::string print(const Job& job);
// "nginx.service:12: PrivateTmp=true: WHY".
[[nodiscard]] std::string text_of(const Remark& remark);

} // namespace upstart::convert
