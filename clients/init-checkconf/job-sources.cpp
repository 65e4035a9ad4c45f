#include "clients/init-checkconf/job-sources.hpp"

#include "daemons/job-supervisor/configuration/read-job-file.hpp"
#include "daemons/job-supervisor/language/model/job-files.hpp"
#include "daemons/job-supervisor/language/words/lints.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <expected>
#include <filesystem>
#include <map>

namespace upstart::client {

namespace {

namespace fs = std::filesystem;
using supervisor::Diagnostic;
using supervisor::Dialect;
using supervisor::JobFile;

// A file that is to be parsed; `rank` is the place of its directory in the order of precedence.
struct Source {
  std::string path;
  JobFile job;
  Dialect dialect = Dialect::conf;
  std::size_t rank = 0;
};

// Open already, so that reading it waits for nobody to open the other end: a descriptor, or a pipe without a name.
bool is_open_descriptor(const std::string& path) {
  constexpr std::array places{"/dev/stdin", "/dev/fd/", "/proc/self/fd/"};
  if (std::ranges::any_of(places, [&](std::string_view place) { return path.starts_with(place); })) return true;
  struct statfs system{};
  return ::statfs(path.c_str(), &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

// A named pipe may have no writer, a device no end: neither can be read as the supervisor reads a job file.
bool may_never_end(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) < 0) return false;
  bool is_null = S_ISCHR(status.st_mode) && status.st_rdev == ::makedev(1, 3);
  return (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) && !is_null && !is_open_descriptor(path);
}

// As the supervisor reads it: what is no job file by its size is not read at all. But a pipe that is open is.
std::expected<std::string, std::string> read_file(const std::string& path) {
  if (may_never_end(path)) return std::unexpected{"is not a regular file"};
  return supervisor::read_named_job_file(path).transform_error(
      [](const supervisor::ReadFault& fault) { return fault.reason; });
}

class Collection {
public:
  void add(const std::string& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) return unreadable(path, error ? error.message() : std::strerror(ENOENT));
    if (fs::is_directory(status)) add_directory(path);
    else add_file(path);
    ++rank_;
  }

  // Job files first: overrides are parsed on top of what they gave.
  CheckedFiles parse() && {
    for (const auto& source : sources_)
      result_.files.push_back(
          {.path = source.path, .name = source.job.name, .override = is_override(source), .text = {}, .result = {}});
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (!result_.files[i].override) parse_job_file(result_.files[i], sources_[i]);
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (result_.files[i].override) parse_override(result_.files[i], sources_[i]);
    std::erase_if(result_.files, [](const auto& file) { return file.path.empty(); });
    return std::move(result_);
  }

private:
  struct Owner {
    std::size_t rank = 0;
    std::shared_ptr<const supervisor::JobClass> job_class;
  };

  void unreadable(const std::string& path, std::string reason) {
    result_.unreadable.push_back({path, std::move(reason)});
  }

  void add_directory(const std::string& directory) {
    const auto dialect = supervisor::dialect_of_directory(directory);
    const auto first = sources_.size();
    descend(directory, {}, dialect);
    std::ranges::sort(sources_.begin() + static_cast<std::ptrdiff_t>(first), sources_.end(), {}, &Source::path);
  }

  void descend(const fs::path& directory, const std::string& below, Dialect dialect) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
      const auto name = entry->path().filename().string();
      if (supervisor::is_ignored_name(name)) continue;
      std::error_code ignored;
      if (entry->symlink_status(ignored).type() == fs::file_type::directory)
        descend(entry->path(), below + name + '/', dialect);
      else if (entry->is_regular_file(ignored)) add_entry(entry->path().string(), below + name, dialect);
    }
    if (error) unreadable(directory.string(), error.message());
  }

  void add_entry(std::string path, const std::string& below, Dialect dialect) {
    if (auto job = supervisor::job_file(below, dialect))
      sources_.push_back({std::move(path), *std::move(job), dialect, rank_});
  }

  // A file given by name is a job file whatever it is called.
  void add_file(const std::string& path) {
    const fs::path file(path);
    const auto dialect = supervisor::dialect_of_directory(fs::absolute(file).parent_path().string());
    const auto name = file.filename().string();
    auto job = supervisor::job_file(name, dialect).value_or(JobFile{.name = name});
    if (job.kind == JobFile::Kind::override) remember_base_beside(file, job.name, dialect);
    sources_.push_back({path, std::move(job), dialect, rank_});
  }

  // The class that an override changes, though only the override is to be checked.
  void remember_base_beside(const fs::path& file, const std::string& name, Dialect dialect) {
    auto base = file;
    base.replace_extension(".conf");
    const auto text = supervisor::read_job_file(base.string());
    if (!text) return;
    const auto parsed = supervisor::parse_job(*text, {.name = name, .path = base.string(), .dialect = dialect});
    if (parsed.job_class) own(name, rank_, parsed.job_class);
  }

  static bool is_override(const Source& source) { return source.job.kind == JobFile::Kind::override; }

  void own(const std::string& name, std::size_t rank, std::shared_ptr<const supervisor::JobClass> job_class) {
    owners_.try_emplace(name, Owner{rank, std::move(job_class)});
  }

  // A file that cannot be read loses its path, and is left out of the result.
  void parse_one(CheckedFile& file, const Source& source, const supervisor::JobClass* base) {
    auto text = read_file(source.path);
    if (!text) {
      unreadable(source.path, text.error());
      return file.path.clear();
    }
    file.text = *std::move(text);
    file.result = supervisor::parse_job(
        file.text, {.name = file.name, .path = file.path, .dialect = source.dialect, .base = base});
  }

  void parse_job_file(CheckedFile& file, const Source& source) {
    parse_one(file, source, nullptr);
    if (file.ok()) own(file.name, source.rank, file.result.job_class);
  }

  void parse_override(CheckedFile& file, const Source& source) {
    const auto owner = owners_.find(file.name);
    const bool counts = owner != owners_.end() && source.rank <= owner->second.rank;
    parse_one(file, source, counts ? owner->second.job_class.get() : nullptr);
    if (counts || file.path.empty() || supervisor::is_ignored(file.text, "override-ignored")) return;
    Diagnostic alone{.severity = Diagnostic::Severity::warning,
                     .line = 1,
                     .message = "this override is ignored",
                     .lint = "override-ignored"};
    alone.suggestion = "there is no " + file.name + ".conf in this directory or a later one that it could change";
    file.result.diagnostics.push_back(std::move(alone));
  }

  std::vector<Source> sources_;
  std::map<std::string, Owner> owners_;
  std::size_t rank_ = 0;
  CheckedFiles result_;
};

} // namespace

CheckedFiles check_all(const std::vector<std::string>& paths) {
  Collection collection;
  for (const auto& path : paths) collection.add(path);
  return std::move(collection).parse();
}

} // namespace upstart::client
