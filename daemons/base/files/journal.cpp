#include "daemons/base/files/journal.hpp"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace upstart::base {

namespace {

constexpr std::uint64_t smallest_worth_rewriting = 1U << 20U;

struct Frame {
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
};

// FNV-1a: enough to tell a torn record.
std::uint32_t checksum_of(std::string_view bytes) {
  std::uint32_t hash = 2166136261U;
  for (char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  return hash;
}

void append_record(std::string& bytes, std::string_view record) {
  Frame frame{static_cast<std::uint32_t>(record.size()), checksum_of(record)};
  bytes.append(reinterpret_cast<const char*>(&frame), sizeof frame);
  bytes.append(record);
}

std::string fault_of(const char* what, const std::string& path) {
  return std::string{what} + " " + path + ": " + std::strerror(errno);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::optional<std::string> read_all(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) < 0) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    auto count = ::pread(fd, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    at += static_cast<std::size_t>(count);
  }
  bytes.resize(at);
  return bytes;
}

struct Contents {
  std::vector<std::string> records;
  std::size_t good = 0; // bytes up to the end of the last good record
  bool torn = false;    // what follows is the beginning of one more record
  bool damaged = false; // what follows is something else
};

// The last record is torn when it wants more bytes than there are, or fills the file with a wrong sum.
Contents contents_of(std::string_view bytes, std::string_view magic) {
  Contents contents;
  if (!bytes.starts_with(magic)) {
    contents.torn = magic.starts_with(bytes);
    contents.damaged = !contents.torn;
    return contents;
  }
  contents.good = magic.size();
  for (;;) {
    auto rest = bytes.substr(contents.good);
    if (rest.empty()) return contents;
    Frame frame;
    if (rest.size() >= sizeof frame) std::memcpy(&frame, rest.data(), sizeof frame);
    contents.torn = rest.size() < sizeof frame || frame.size > rest.size() - sizeof frame;
    if (contents.torn) return contents;
    auto record = rest.substr(sizeof frame, frame.size);
    if (checksum_of(record) != frame.checksum) {
      contents.torn = rest.size() == sizeof frame + frame.size;
      contents.damaged = !contents.torn;
      return contents;
    }
    contents.records.emplace_back(record);
    contents.good += sizeof frame + frame.size;
  }
}

std::expected<FileDescriptor, std::string> lock(const std::string& path) {
  FileDescriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return std::unexpected(fault_of("unable to open", path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) return std::unexpected(path + " is locked: another process uses this journal");
  return std::unexpected(fault_of("unable to lock", path));
}

// A damaged file stays under another name, for whoever wants to look; the good part of it goes on.
std::expected<FileDescriptor, std::string> replace_damaged(const std::string& path, std::string_view good) {
  if (std::string aside = path + ".damaged"; ::rename(path.c_str(), aside.c_str()) < 0)
    return std::unexpected(fault_of("unable to keep aside the damaged", path));
  FileDescriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)};
  if (!fd || !write_all(fd.get(), good)) return std::unexpected(fault_of("unable to write", path));
  return fd;
}

} // namespace

Journal::Journal(std::string path, std::string magic, FileDescriptor file, FileDescriptor lock, std::uint64_t size)
    : path_{std::move(path)},
      magic_{std::move(magic)},
      file_{std::move(file)},
      lock_{std::move(lock)},
      size_{size},
      size_rewritten_{size} {}

std::expected<Journal::Found, std::string> Journal::open(const std::string& path, const std::string& magic) {
  auto locked = lock(path + ".lock");
  if (!locked) return std::unexpected(locked.error());
  FileDescriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) return std::unexpected(fault_of("unable to open", path));
  auto bytes = read_all(file.get());
  if (!bytes) return std::unexpected(fault_of("unable to read", path));
  auto contents = contents_of(*bytes, magic);
  std::string fault;
  if (contents.damaged) {
    fault = path + " is damaged from byte " + std::to_string(contents.good) + " on: kept as " + path +
            ".damaged, the " + std::to_string(contents.records.size()) + " records before are used";
    auto good = contents.good == 0 ? magic : bytes->substr(0, contents.good);
    auto replaced = replace_damaged(path, good);
    if (!replaced) return std::unexpected(replaced.error());
    file = std::move(*replaced);
    contents.good = good.size();
  } else if (contents.good == 0) {
    if (::ftruncate(file.get(), 0) < 0 || !write_all(file.get(), magic))
      return std::unexpected(fault_of("unable to write", path));
    contents.good = magic.size();
  } else if (contents.torn) {
    fault = path + ": the last record was not written to its end; it is dropped";
    if (::ftruncate(file.get(), static_cast<off_t>(contents.good)) < 0)
      return std::unexpected(fault_of("unable to shorten", path));
  }
  return Found{.journal = Journal{path, magic, std::move(file), std::move(*locked), contents.good},
               .records = std::move(contents.records),
               .fault = std::move(fault)};
}

void Journal::add(std::string_view record) { append_record(unwritten_, record); }

std::expected<void, std::string> Journal::write() {
  if (unwritten_.empty()) return {};
  bool written = write_all(file_.get(), unwritten_);
  auto fault = written ? std::string{} : fault_of("unable to write", path_);
  if (written) size_ += unwritten_.size();
  else intact_ = ::ftruncate(file_.get(), static_cast<off_t>(size_)) == 0;
  unwritten_.clear();
  if (!written) return std::unexpected(std::move(fault));
  return {};
}

std::expected<void, std::string> Journal::rewrite(const std::vector<std::string>& records) {
  std::string bytes{magic_};
  for (const auto& record : records) append_record(bytes, record);
  std::string fresh = path_ + ".new";
  FileDescriptor file{::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file || !write_all(file.get(), bytes) || ::rename(fresh.c_str(), path_.c_str()) < 0) {
    auto fault = fault_of("unable to write", fresh);
    ::unlink(fresh.c_str());
    return std::unexpected(std::move(fault));
  }
  file_ = std::move(file);
  unwritten_.clear();
  intact_ = true;
  size_ = size_rewritten_ = bytes.size();
  return {};
}

bool Journal::worth_rewriting() const { return size_ > smallest_worth_rewriting && size_ / 4 > size_rewritten_; }

} // namespace upstart::base
