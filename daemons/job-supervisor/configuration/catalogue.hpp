// The catalogue of job files: which files there are for each job name, which of them counts, and which class that
// gives.
//
// Of several directories the first whose NAME.conf parses owns the name. On top of it comes the first NAME.override
// without an error that stands in the same or an earlier directory. Reports of files (found, gone) only mark
// names; `update` then reads the files of marked names and of no others. It keeps no text and no class, only a hash of
// each file: a file whose text has not changed changes nothing, and its errors are not reported again.
//
// Pure but for its two ports, one that reads a file and one that parses a text.
#pragma once

#include "daemons/job-supervisor/configuration/class-change.hpp"
#include "daemons/job-supervisor/language/model/job-files.hpp"
#include "daemons/job-supervisor/language/parse-job.hpp"

#include <expected>
#include <functional>
#include <limits>
#include <map>
#include <vector>

namespace upstart::supervisor {

struct JobDirectory {
  std::string path;
  Dialect dialect = Dialect::conf;
};

struct ReadFault {
  bool missing = false; // it is not there (any more), or is no regular file
  std::string reason;
};

// A diagnostic of a file. Line 0: of the file as a whole, that it cannot be read.
struct Report {
  std::string path;
  Diagnostic diagnostic;
};

class Catalogue {
public:
  using Read = std::function<std::expected<std::string, ReadFault>(const std::string& path)>;
  using Parse = std::function<ParseResult(std::string_view text, const ParseOptions& options)>;

  struct Outcome {
    std::vector<ClassChange> changes; // sorted by name
    std::vector<Report> reports;
  };
  enum class Reporting : std::uint8_t { new_only, all };

  // Directories in order of precedence.
  Catalogue(std::vector<JobDirectory> directories, Read read, Parse parse);

  [[nodiscard]] const std::vector<JobDirectory>& directories() const { return directories_; }

  // That file is there, and its text may have changed. A file that is no job file is ignored.
  void found(std::size_t directory, std::string_view below);
  void gone(std::size_t directory, std::string_view below);
  // Everything below that path is gone; an empty path: the whole directory.
  void gone_below(std::size_t directory, std::string_view below);
  // Takes that back, for that file and everything below, if `update` has not run since: they cannot be examined,
  // and are assumed to be unchanged.
  void kept(std::size_t directory, std::string_view below);

  // The files of that job that are ignored, each with the first error in it: "PATH:LINE: MESSAGE".
  [[nodiscard]] std::vector<std::string> faults_of(std::string_view job) const;
  // That of the first of its job files that is ignored, whatever its overrides are like; empty: none is.
  [[nodiscard]] std::string job_file_fault(std::string_view job) const;
  // The path of its first override, where there is no job file that it could change; empty: there is none, or both.
  [[nodiscard]] std::string lone_override(std::string_view job) const;

  // What has become of the classes; of the next so many in the order of their names, where there are more. Reports what
  // is wrong and new; with Reporting::all, also errors that were reported before and remain.
  [[nodiscard]] Outcome update(Reporting reporting = Reporting::new_only,
                               std::size_t most = std::numeric_limits<std::size_t>::max());
  // Of that one alone.
  [[nodiscard]] Outcome update_job(std::string_view name);
  // Is there a file that `update` has not looked at?
  [[nodiscard]] bool is_behind() const { return !marked_.empty(); }

private:
  enum class Verdict : std::uint8_t { unread, valid, invalid };
  struct File {
    std::uint64_t hash = 0; // of the text, or of why there is none
    std::uint32_t directory = 0;
    JobFile::Kind kind = JobFile::Kind::job;
    Verdict verdict = Verdict::unread;
    bool present = true;
    std::string fault = {}; // of an invalid one: "PATH:LINE: MESSAGE", of its first error
    [[nodiscard]] auto order() const { return std::pair{directory, kind}; }
  };
  struct Job {
    std::vector<File> files;       // in order of precedence
    std::uint64_t fingerprint = 0; // the files and texts behind its class; 0: it has none
    std::uint32_t owner = 0;       // the directory of its .conf, where it has a class
    bool marked = false;
  };
  using Jobs = std::map<std::string, Job, std::less<>>;
  struct ClassUpdate;

  void mark(Jobs::iterator job);
  void sort_marked();
  void set_present(std::size_t directory, std::string_view below, bool present);
  void set_present_below(std::size_t directory, std::string_view below, bool present);
  [[nodiscard]] std::string path_of(std::string_view job, const File& file) const;
  [[nodiscard]] const File* first_file(std::string_view job, JobFile::Kind kind, bool invalid = false) const;
  static File& file_of(Job& job, std::size_t directory, JobFile::Kind kind);
  void update_job(Jobs::iterator job, Reporting reporting, Outcome& outcome);

  std::vector<JobDirectory> directories_;
  Read read_;
  Parse parse_;
  Jobs jobs_;
  std::vector<Jobs::iterator> marked_; // the first in the order of their names is the last, where they are sorted
  bool sorted_ = true;
};

} // namespace upstart::supervisor
