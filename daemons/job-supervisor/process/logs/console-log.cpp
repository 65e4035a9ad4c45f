#include "daemons/job-supervisor/process/logs/console-log.hpp"

#include "daemons/base/fault-point.hpp"
#include "daemons/base/processes/lasting-descriptor.hpp"
#include "daemons/job-supervisor/process/logs/terminal.hpp"
#include "protocol/log-names.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <format>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FdWatcher;
using base::FileDescriptor;

// A source is read once in a turn of the loop, so that a job that writes without end keeps nobody waiting.
constexpr int most_rounds_of_drain = 16;
constexpr std::chrono::milliseconds first_retry{250}, last_retry{30'000};

struct Taken {
  std::size_t size = 0;
  bool ended = false;
};

Taken read_available(int fd, std::span<char> buffer) {
  Taken taken;
  while (taken.size < buffer.size()) {
    ssize_t got = ::read(fd, buffer.data() + taken.size, buffer.size() - taken.size);
    if (got > 0) taken.size += static_cast<std::size_t>(got);
    else if (got < 0 && errno == EINTR) continue;
    else {
      taken.ended = got == 0 || errno != EAGAIN; // EIO: nobody has the far end of the terminal open any more
      break;
    }
  }
  return taken;
}

} // namespace

ConsoleLog::ConsoleLog(ConsoleLogs& logs, std::string path, std::string owner)
    : logs_{logs}, owner_{std::move(owner)}, file_{path, logs.spool_of(path)} {}

ConsoleLog::~ConsoleLog() {
  logs_.unwritten_.erase(this);
  logs_.logs_.erase(file_.path());
}

bool ConsoleLog::has_terminal() const { return std::ranges::any_of(sources_, &Source::terminal); }

std::expected<FileDescriptor, int> ConsoleLog::open_for_process() {
  for (const auto& source : sources_)
    if (source->terminal) return far_end(source->fd);
  if (auto near_end = open_terminal()) {
    auto end = far_end(*near_end);
    if (end) {
      add_source(std::move(*near_end), true);
      return end;
    }
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return std::unexpected{errno};
  FileDescriptor reading{ends[0]}, writing{ends[1]};
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  add_source(std::move(reading), false);
  return writing;
}

LogNote ConsoleLog::note() const {
  LogNote note{.path = file_.path()};
  for (const auto& source : sources_)
    (source->terminal ? note.terminals : note.pipes).push_back(source->keeping.number());
  return note;
}

void ConsoleLog::take_up(KeptDescriptor source, bool terminal) {
  add_source(std::move(source.fd), terminal, std::move(source.keeping));
}

// Before anybody has its other end.
void ConsoleLog::add_source(FileDescriptor fd, bool terminal) {
  auto keeping = logs_.kept_.keep(fd.get(), std::filesystem::path{file_.path()}.filename().native());
  add_source(std::move(fd), terminal, std::move(keeping));
}

void ConsoleLog::add_source(FileDescriptor fd, bool terminal, Keeping keeping) {
  auto source = std::make_unique<Source>(base::out_of_the_way(std::move(fd)), terminal, std::move(keeping));
  source->watcher = std::make_unique<FdWatcher>(logs_.loop_, source->fd.get(),
                                                [this, raw = source.get()](unsigned) { readable(*raw); });
  source->watcher->watch(FdWatcher::readable);
  sources_.push_back(std::move(source));
  live_while_needed();
}

void ConsoleLog::readable(Source& source) {
  auto alive = shared_from_this();
  take_from(source);
  live_while_needed();
}

// True if there may be more.
bool ConsoleLog::take_from(Source& source) {
  auto& transfer = logs_.transfer_;
  auto buffer = transfer.begin(file_.path());
  Taken taken = read_available(source.fd.get(), buffer);
  base::fault_point("log.read");
  transfer.has_read(taken.size);
  append({buffer.data(), taken.size}, [&](const std::string& file, std::uint64_t size, std::size_t from) {
    transfer.is_written_at(file, size, from);
  });
  base::fault_point("log.written");
  transfer.end();
  if (taken.ended) remove(source);
  return !taken.ended && taken.size == buffer.size();
}

void ConsoleLog::remove(const Source& source) {
  std::erase_if(sources_, [&](const auto& one) {
    if (one.get() != &source) return false;
    one->watcher.reset(); // before its descriptor is closed
    return true;
  });
  if (sources_.empty() && logs_.output_) logs_.output_->end_line(label(), begun_);
}

void ConsoleLog::drain() {
  auto alive = shared_from_this();
  std::vector<Source*> all;
  for (const auto& source : sources_) all.push_back(source.get());
  for (Source* source : all)
    for (int round = 0; round < most_rounds_of_drain && take_from(*source); ++round) {}
  live_while_needed();
}

void ConsoleLog::append(std::string_view text, const LogFile::Before& before) {
  if (text.empty()) return;
  if (logs_.writes_files()) append_to_file(text, before);
  if (logs_.output_) logs_.output_->write(label(), begun_, text);
}

void ConsoleLog::append_to_file(std::string_view text, const LogFile::Before& before) {
  if (file_.kept() && logs_.worth_trying()) flush();
  file_.append(text, before);
  if (file_.kept()) logs_.unwritten(*this);
}

// Of one that is only known by the name of its log, that.
std::string ConsoleLog::label() const {
  return owner_.empty() ? std::filesystem::path{file_.path()}.stem().native() : owner_;
}

void ConsoleLog::flush() {
  auto alive = shared_from_this();
  file_.flush();
  std::size_t lost = file_.kept() ? 0 : file_.take_lost();
  if (lost > 0)
    logs_.warn_of(*this, std::format("{}: {} bytes of output are lost: more than could be kept until it was writable",
                                     file_.path(), lost));
  if (!file_.kept()) logs_.unwritten_.erase(this);
  live_while_needed();
}

void ConsoleLog::live_while_needed() {
  bool needed = !sources_.empty() || file_.kept();
  if (needed == (self_ != nullptr)) return;
  auto keep = std::exchange(self_, needed ? shared_from_this() : nullptr); // may be the last: goes when this returns
}

ConsoleLogs::ConsoleLogs(base::EventLoop& loop, std::string directory, const std::string& run_directory,
                         KeptDescriptors& kept, Warn warn, WarnOfJob warn_of_job)
    : loop_{loop},
      directory_{std::move(directory)},
      spool_directory_{run_directory.empty() ? "" : run_directory + "/unwritten-logs"},
      transfer_{run_directory.empty() ? "" : run_directory + "/log-transfer"},
      kept_{kept},
      warn_{std::move(warn)},
      warn_of_job_{std::move(warn_of_job)},
      retry_{first_retry},
      retry_timer_{loop, [this] { try_again(); }} {
  if (!spool_directory_.empty()) ::mkdir(spool_directory_.c_str(), 0700);
}

// Logs that still wait for output end here; each releases itself.
ConsoleLogs::~ConsoleLogs() {
  while (!logs_.empty()) {
    auto log = logs_.begin()->second->shared_from_this();
    logs_.erase(logs_.begin());
    log->drain();
    log->sources_.clear();
    if (output_) output_->end_line(log->label(), log->begun_);
    log->self_.reset();
  }
}

namespace {

std::string owner_name(std::string_view job, std::string_view instance) {
  return std::string{job} + (instance.empty() ? "" : " (" + std::string{instance} + ")");
}

} // namespace

std::shared_ptr<ConsoleLog> ConsoleLogs::open(std::string_view job, std::string_view instance,
                                              const Warn& warn_of_job) {
  std::string path = directory_ + "/" + protocol::log_name(job, instance), owner = owner_name(job, instance);
  if (auto known = logs_.find(path);
      known != logs_.end() && !known->second->owner_.empty() && known->second->owner_ != owner) {
    std::string other = directory_ + "/" + protocol::unlike_log_name(job, instance);
    if (warn_of_job && !logs_.contains(other))
      warn_of_job(std::format("would log to {}, to which {} also logs; its output goes to {}", path,
                              known->second->owner_, other));
    path = std::move(other);
  }
  auto log = open_path(std::move(path), owner);
  log->job_ = job;
  return log;
}

// The spool file of a log, if any, is read when the log is opened.
void ConsoleLogs::recover() {
  if (!enabled()) return;
  auto left = transfer_.left();
  std::error_code ignored;
  std::vector<std::string> spools;
  for (const auto& entry : std::filesystem::directory_iterator{spool_directory_, ignored})
    spools.push_back(entry.path().filename());
  for (const std::string& name : spools) {
    if (LogSpool::is_unfinished(name)) {
      ::unlink((spool_directory_ + "/" + name).c_str());
      continue;
    }
    auto log = open_path(directory_ + "/" + name, "");
    if (log->file_.kept()) unwritten(*log);
    log->live_while_needed();
  }
  if (!left.text.empty()) {
    auto log = open_path(left.log, "");
    log->append(left.text, [&](const std::string& file, std::uint64_t size, std::size_t from) {
      transfer_.is_written_at(file, size, left.from + from);
    });
    log->live_while_needed();
  }
  transfer_.end();
}

std::string ConsoleLogs::spool_of(const std::string& path) const {
  if (spool_directory_.empty() || !writes_files()) return {};
  return spool_directory_ + "/" + std::filesystem::path{path}.filename().native();
}

std::shared_ptr<ConsoleLog> ConsoleLogs::take_up(const LogNote& note, std::string_view job, std::string_view instance) {
  auto log = note.path.empty() ? open(job, instance, {}) : open_path(note.path, owner_name(job, instance));
  for (auto number : note.terminals)
    if (auto kept = kept_.take(number); kept.fd) log->take_up(std::move(kept), true);
  for (auto number : note.pipes)
    if (auto kept = kept_.take(number); kept.fd) log->take_up(std::move(kept), false);
  return log;
}

std::shared_ptr<ConsoleLog> ConsoleLogs::find(pid_t process, std::string_view job, std::string_view instance) {
  std::string output = link_of(process, "fd/1");
  bool terminal = false;
  auto kept = kept_.take_if([&](int fd) {
    terminal = far_end_name(fd) == output;
    return terminal || (output.starts_with("pipe:") && link_of(::getpid(), "fd/" + std::to_string(fd)) == output);
  });
  if (!kept.fd) return nullptr;
  auto log = open(job, instance, {});
  log->take_up(std::move(kept), terminal);
  return log;
}

void ConsoleLogs::take_up_rest(KeptDescriptor source) {
  bool terminal = !far_end_name(source.fd.get()).empty();
  if (source.label.empty() || !enabled()) return;
  auto log = open_path(directory_ + "/" + source.label, "");
  log->take_up(std::move(source), terminal);
}

std::shared_ptr<ConsoleLog> ConsoleLogs::open_path(std::string path, const std::string& owner) {
  if (auto known = logs_.find(path); known != logs_.end()) {
    if (known->second->owner_.empty()) known->second->owner_ = owner;
    return known->second->shared_from_this();
  }
  auto log = std::make_shared<ConsoleLog>(*this, path, owner);
  logs_.emplace(std::move(path), log.get());
  return log;
}

void ConsoleLogs::warn_of(const ConsoleLog& log, const std::string& what) {
  warn_(what);
  if (warn_of_job_ && !log.job_.empty()) warn_of_job_(log.job_, "its log " + what);
}

void ConsoleLogs::unwritten(ConsoleLog& log) {
  tried_ = uv_now(loop_.raw());
  if (!unwritten_.insert(&log).second) return;
  int error = log.file_.error();
  if (error != 0 && error != ENOENT)
    warn_of(log, std::format("{}: cannot be written, output is kept: {}", log.file_.path(),
                             error == ELOOP ? "it is a symbolic link, which is not followed" : std::strerror(error)));
  if (retry_timer_.active()) return;
  retry_ = first_retry;
  retry_timer_.start(retry_);
}

void ConsoleLogs::try_again() {
  flush();
  if (unwritten_.empty()) return;
  retry_ = std::min(retry_ * 2, last_retry);
  retry_timer_.start(retry_);
}

bool ConsoleLogs::worth_trying() const {
  return uv_now(loop_.raw()) - tried_ >= static_cast<std::uint64_t>(first_retry.count());
}

void ConsoleLogs::flush() {
  tried_ = uv_now(loop_.raw());
  for (ConsoleLog* log : std::vector(unwritten_.begin(), unwritten_.end())) log->flush();
}

} // namespace upstart::supervisor
