#include "clients/system-v/login-records.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <utmpx.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <functional>
#include <string_view>

namespace upstart::client {

namespace {

using base::FileDescriptor;
using Errors = std::vector<RecordError>;
constexpr off_t record_size = sizeof(utmpx);

RecordError error_of(const std::string& file) { return {file, {errno, std::generic_category()}}; }

template <std::size_t Size> void put(char (&field)[Size], std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), Size), field);
}

template <std::size_t Size> std::string taken(const char (&field)[Size]) { return {field, ::strnlen(field, Size)}; }

std::expected<std::vector<utmpx>, RecordError> all_records(const std::string& file) {
  FileDescriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!descriptor) return std::unexpected{error_of(file)};
  std::vector<utmpx> records;
  utmpx record{};
  for (off_t at = 0;; at += record_size) {
    auto count = ::pread(descriptor.get(), &record, sizeof record, at);
    if (count < 0) return std::unexpected{error_of(file)};
    if (count < record_size) return records; // the end, or half a record
    records.push_back(record);
  }
}

// Who cannot lock for a second goes on without.
void lock(const FileDescriptor& descriptor) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 20'000'000};
  for (int attempt = 0; attempt < 50 && ::fcntl(descriptor.get(), F_OFD_SETLK, &whole) < 0; ++attempt)
    ::nanosleep(&pause, nullptr);
}

bool write_at(const FileDescriptor& descriptor, const utmpx& record, off_t at) {
  auto count = ::pwrite(descriptor.get(), &record, sizeof record, at);
  if (count == record_size) return true;
  if (count >= 0) errno = ENOSPC;
  if (count > 0) (void)::ftruncate(descriptor.get(), at); // no half record, after which nothing could be read
  return false;
}

off_t whole_records(const FileDescriptor& descriptor) {
  struct stat status{};
  if (::fstat(descriptor.get(), &status) < 0) return 0;
  return status.st_size - status.st_size % record_size;
}

// Where the record goes that takes the place of an earlier one of its type; the end where there is none.
off_t place_of(const FileDescriptor& descriptor, const utmpx& record) {
  const auto end = whole_records(descriptor);
  utmpx earlier{};
  for (off_t at = 0; at < end; at += record_size)
    if (::pread(descriptor.get(), &earlier, sizeof earlier, at) == record_size && earlier.ut_type == record.ut_type)
      return at;
  return end;
}

using Place = std::function<off_t(const FileDescriptor&)>;

void write_record(const std::string& file, const utmpx& record, int flags, const Place& place, Errors& errors) {
  FileDescriptor descriptor{::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0664)};
  if (!descriptor) {
    errors.push_back(error_of(file));
    return;
  }
  lock(descriptor);
  if (!write_at(descriptor, record, place(descriptor))) errors.push_back(error_of(file));
}

void write_utmp(const std::string& file, const utmpx& record, Errors& errors) {
  write_record(file, record, 0, [&](const FileDescriptor& open) { return place_of(open, record); }, errors);
}

void append_wtmp(const std::string& file, const utmpx& record, Errors& errors) {
  if (!file.empty()) write_record(file, record, 0, whole_records, errors);
}

// As the system's own is: its group may write it.
void make_utmp(const std::string& file) {
  FileDescriptor made{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0664)};
  if (!made) return;
  (void)::fchmod(made.get(), 0664);
  if (const auto* group = ::getgrnam("utmp"); group != nullptr) (void)::fchown(made.get(), 0, group->gr_gid);
}

timespec now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time;
}

utmpx system_record(short type, std::string_view user, std::time_t time, long ns) {
  utmpx record{};
  record.ut_type = type;
  put(record.ut_line, "~");
  put(record.ut_id, "~~");
  put(record.ut_user, user);
  utsname kernel{};
  if (::uname(&kernel) == 0) put(record.ut_host, kernel.release);
  record.ut_tv.tv_sec = static_cast<decltype(record.ut_tv.tv_sec)>(time);
  record.ut_tv.tv_usec = static_cast<decltype(record.ut_tv.tv_usec)>(ns / 1000);
  return record;
}

utmpx record_now(std::string_view user) {
  auto time = now(CLOCK_REALTIME);
  return system_record(RUN_LVL, user, time.tv_sec, time.tv_nsec);
}

utmpx boot_record() {
  return system_record(BOOT_TIME, "reboot", now(CLOCK_REALTIME).tv_sec - now(CLOCK_BOOTTIME).tv_sec, 0);
}

constexpr int levels_in_pid = 256; // the current level is the low byte of ut_pid, the previous one the next

} // namespace

std::expected<std::optional<Runlevels>, RecordError> LoginRecords::runlevels() const {
  auto records = all_records(utmp_);
  if (!records) return std::unexpected{records.error()};
  auto found = std::ranges::find(*records, RUN_LVL, &utmpx::ut_type);
  if (found == records->end()) return std::nullopt;
  auto level = [](int byte) { return byte == 0 ? no_runlevel : static_cast<char>(byte); };
  Runlevels levels{.previous = level(found->ut_pid / levels_in_pid % levels_in_pid),
                   .current = level(found->ut_pid % levels_in_pid)};
  if (levels.current == no_runlevel) return std::nullopt;
  return levels;
}

std::expected<std::vector<std::string>, RecordError> LoginRecords::terminals() const {
  auto records = all_records(utmp_);
  if (!records) return std::unexpected{records.error()};
  std::vector<std::string> lines;
  for (const auto& record : *records) {
    auto line = taken(record.ut_line);
    if (record.ut_type == USER_PROCESS && !line.empty() && !std::ranges::contains(lines, line)) lines.push_back(line);
  }
  return lines;
}

std::vector<RecordError> LoginRecords::record_runlevel(Runlevels levels, Missing missing) const {
  if (missing == Missing::is_made) make_utmp(utmp_);
  Errors errors;
  auto records = all_records(utmp_);
  if (records && std::ranges::find(*records, BOOT_TIME, &utmpx::ut_type) == records->end()) {
    auto boot = boot_record();
    write_utmp(utmp_, boot, errors);
    append_wtmp(wtmp_, boot, errors);
  }
  auto record = record_now("runlevel");
  record.ut_pid = levels.previous * levels_in_pid + levels.current;
  errors.clear(); // a file that failed fails again
  write_utmp(utmp_, record, errors);
  append_wtmp(wtmp_, record, errors);
  return errors;
}

std::vector<RecordError> LoginRecords::record_shutdown() const {
  Errors errors;
  append_wtmp(wtmp_, record_now("shutdown"), errors);
  return errors;
}

} // namespace upstart::client
