// Standard output and error of all processes of an instance on their way into its log: a terminal, of which each
// process gets the far end, or a pipe for each process where there are no more terminals. A log lives on until the last
// process that has its terminal open is gone and all is written, be the instance long forgotten. init keeps a copy of
// each near end: the terminal of a job does not close when the supervisor dies, and the next one reads on.
//
// Where it is asked for, lines go to the supervisor's standard output, too (LabelledOutput), or only there.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/process/adoption/instance-notes.hpp"
#include "daemons/job-supervisor/process/adoption/kept-descriptors.hpp"
#include "daemons/job-supervisor/process/logs/labelled-output.hpp"
#include "daemons/job-supervisor/process/logs/log-file.hpp"
#include "daemons/job-supervisor/process/logs/log-transfer.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace upstart::supervisor {

class ConsoleLogs;

class ConsoleLog : public std::enable_shared_from_this<ConsoleLog> {
public:
  ConsoleLog(ConsoleLogs& logs, std::string path, std::string owner);
  ~ConsoleLog();
  ConsoleLog(const ConsoleLog&) = delete;
  ConsoleLog& operator=(const ConsoleLog&) = delete;

  // What a new process gets as standard output and error; the error is errno.
  [[nodiscard]] std::expected<base::FileDescriptor, int> open_for_process();
  // Takes what has been written so far into the log, up to a bound.
  void drain();
  [[nodiscard]] bool has_terminal() const;
  [[nodiscard]] LogNote note() const;
  // Takes up what an earlier supervisor read from.
  void take_up(KeptDescriptor source, bool terminal);

private:
  friend class ConsoleLogs;
  struct Source {
    base::FileDescriptor fd;
    bool terminal = false;
    Keeping keeping;
    std::unique_ptr<base::FdWatcher> watcher;
  };

  void add_source(base::FileDescriptor fd, bool terminal);
  void add_source(base::FileDescriptor fd, bool terminal, Keeping keeping);
  void readable(Source& source);
  bool take_from(Source& source);
  void remove(const Source& source);
  void append(std::string_view text, const LogFile::Before& before);
  void append_to_file(std::string_view text, const LogFile::Before& before);
  [[nodiscard]] std::string label() const;
  void flush();
  void live_while_needed();

  ConsoleLogs& logs_;
  std::string owner_; // the job and instance, as messages call it; empty: whoever asks first
  LogFile file_;
  std::string job_;   // whose it is, where that is known
  std::string begun_; // a line, for the labelled output
  std::vector<std::unique_ptr<Source>> sources_;
  std::shared_ptr<ConsoleLog> self_; // while something is still to come or to be written
};

// All logs of a directory. Those that cannot be written are tried again after a quarter of a second, then less and less
// often, every 30 seconds in the end.
class ConsoleLogs {
public:
  using Warn = std::function<void(const std::string&)>;
  // Also to be kept with the job, for those who ask why: its name, and what is the matter. May be empty.
  using WarnOfJob = std::function<void(const std::string& job, const std::string& what)>;
  // `directory` is empty: no files are written. `run_directory`: where what is on its way is kept for the next
  // supervisor; empty: nowhere.
  ConsoleLogs(base::EventLoop& loop, std::string directory, const std::string& run_directory, KeptDescriptors& kept,
              Warn warn, WarnOfJob warn_of_job = {});
  ~ConsoleLogs();
  // What goes into a log goes to this descriptor as well, line by line, each with its job in front.
  void copy_to(int fd) { output_.emplace(loop_, fd); }
  ConsoleLogs(const ConsoleLogs&) = delete;
  ConsoleLogs& operator=(const ConsoleLogs&) = delete;

  // One per job and instance: whoever asks again gets the same while it lives. Where the file of that name is that of
  // another job or instance, which runs, it gets another name, and `warn_of_job` is told.
  [[nodiscard]] std::shared_ptr<ConsoleLog> open(std::string_view job, std::string_view instance,
                                                 const Warn& warn_of_job);
  // What an earlier supervisor had read or kept and not written. Before anything is taken up.
  void recover();
  // One that an earlier supervisor had open: where its text comes from is taken out of what init kept.
  [[nodiscard]] std::shared_ptr<ConsoleLog> take_up(const LogNote& note, std::string_view job,
                                                    std::string_view instance);
  // That of a process which an earlier supervisor started without having written down what it was given; null where it
  // has none.
  [[nodiscard]] std::shared_ptr<ConsoleLog> find(pid_t process, std::string_view job, std::string_view instance);
  // What an instance that has gone left open.
  void take_up_rest(KeptDescriptor source);
  // Writes all that is kept, if it can be written now.
  void flush();
  // Some time has passed since something was tried in vain.
  [[nodiscard]] bool worth_trying() const;
  [[nodiscard]] bool enabled() const { return writes_files() || copies(); }
  [[nodiscard]] bool copies() const { return output_.has_value(); }

private:
  friend class ConsoleLog;
  [[nodiscard]] bool writes_files() const { return !directory_.empty(); }
  void unwritten(ConsoleLog& log);
  void warn_of(const ConsoleLog& log, const std::string& what);
  void try_again();
  [[nodiscard]] std::shared_ptr<ConsoleLog> open_path(std::string path, const std::string& owner);
  [[nodiscard]] std::string spool_of(const std::string& path) const;

  base::EventLoop& loop_;
  std::string directory_;
  std::string spool_directory_; // empty: none
  LogTransfer transfer_;
  std::optional<LabelledOutput> output_;
  KeptDescriptors& kept_;
  Warn warn_;
  WarnOfJob warn_of_job_;
  std::unordered_map<std::string, ConsoleLog*> logs_; // by path
  std::unordered_set<ConsoleLog*> unwritten_;
  std::chrono::milliseconds retry_;
  std::uint64_t tried_ = 0; // by the loop's clock
  base::Timer retry_timer_;
};

} // namespace upstart::supervisor
