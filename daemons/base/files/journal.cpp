#include "daemons/base/files/journal.hpp"

#include "daemons/base/fault-point.hpp"
#include "daemons/base/files/reused-buffer.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

namespace upstart::base {

namespace {

constexpr std::uint64_t smallest_worth_rewriting = 1U << 20U;
// A file of less than this is not written often; and where there was no room, it is tried again when so much was added.
constexpr std::uint64_t smallest_with_room = 32U << 10U;
constexpr std::uint64_t largest_spare = 2 * smallest_worth_rewriting;

// What stands before each record. The marker holds a byte that no text in UTF-8 has, so that a reader that has lost its
// place finds the next record; it also says whether the record is the last of those that were written together.
struct Frame {
  std::uint32_t marker = 0;
  std::uint32_t size = 0;
  std::uint32_t checksum = 0; // of the record
  std::uint32_t check = 0;    // of the three above and of the file's magic
};
constexpr std::string_view marker_begins = "\xffUJ"; // and one of these
constexpr char more_follow = 'M';
constexpr char ends_write = 'E';
// Of earlier versions, whose records have another checksum, fnv_1a_of.
constexpr char more_follow_earlier = 'm';
constexpr char ends_write_earlier = 'e';

// Each enough to tell a torn or damaged record: of frames, and of records of earlier versions;
std::uint32_t fnv_1a_of(std::string_view bytes, std::uint32_t begin = 2166136261U) {
  auto hash = begin;
  for (char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  return hash;
}

// and of records, eight bytes at a time.
std::uint32_t checksum_of(std::string_view bytes) {
  constexpr std::uint64_t factor = 0x9e3779b97f4a7c15U;
  std::uint64_t hash = bytes.size() + 1;
  auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * factor;
    hash ^= hash >> 29U;
  };
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    mix(word);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
  mix(rest);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

std::uint32_t marker_of(char place) {
  std::uint32_t marker = 0;
  std::string text{marker_begins};
  text += place;
  std::memcpy(&marker, text.data(), sizeof marker);
  return marker;
}

// `kind` is the checksum of the magic: a frame of another kind of file, or of another form, is none.
std::uint32_t check_of(const Frame& frame, std::uint32_t kind) {
  return fnv_1a_of({reinterpret_cast<const char*>(&frame), offsetof(Frame, check)}, kind);
}

void append_frame(std::string& bytes, std::uint32_t kind, char place, std::string_view record) {
  Frame frame{marker_of(place), static_cast<std::uint32_t>(record.size()), checksum_of(record), 0};
  frame.check = check_of(frame, kind);
  bytes.append(reinterpret_cast<const char*>(&frame), sizeof frame);
}

// Makes the frame at this place say that its record is the last of those that are written together.
void end_write_at(std::string& bytes, std::size_t at, std::uint32_t kind) {
  Frame frame;
  std::memcpy(&frame, bytes.data() + at, sizeof frame);
  frame.marker = marker_of(ends_write);
  frame.check = check_of(frame, kind);
  std::memcpy(bytes.data() + at, &frame, sizeof frame);
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

// The frame at the beginning of these bytes, if one stands there as it was written.
std::optional<Frame> frame_at(std::string_view bytes, std::uint32_t kind) {
  Frame frame;
  if (bytes.size() < sizeof frame) return std::nullopt;
  std::memcpy(&frame, bytes.data(), sizeof frame);
  bool known = std::ranges::any_of(std::array{more_follow, ends_write, more_follow_earlier, ends_write_earlier},
                                   [&](char place) { return frame.marker == marker_of(place); });
  return known && frame.check == check_of(frame, kind) ? std::optional{frame} : std::nullopt;
}

bool ends_write_with(const Frame& frame) {
  return frame.marker == marker_of(ends_write) || frame.marker == marker_of(ends_write_earlier);
}

bool is_whole(const Frame& frame, std::string_view record) {
  bool is_earlier = frame.marker == marker_of(more_follow_earlier) || frame.marker == marker_of(ends_write_earlier);
  return frame.checksum == (is_earlier ? fnv_1a_of(record) : checksum_of(record));
}

bool is_zeros(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

// The beginning of a frame, of which the rest was not written.
bool begins_frame(std::string_view bytes) {
  auto compared = std::min(bytes.size(), marker_begins.size());
  return bytes.size() < sizeof(Frame) && bytes.substr(0, compared) == marker_begins.substr(0, compared);
}

// Reads what a file holds, record after record. Whatever is no record as it was written costs itself only: the next
// frame is looked for.
class Reader {
public:
  Reader(std::string_view bytes, std::string_view magic) : bytes_{bytes}, kind_{fnv_1a_of(magic)} {
    if (bytes.starts_with(magic)) at_ = good_ = magic.size();
    while (at_ < bytes_.size() && !torn_) step();
    if (complete_ == records_.size()) return;
    torn_ = true; // of the records that were written together, the last ones are missing
    records_.resize(complete_);
  }
  [[nodiscard]] bool found_any() const { return !records_.empty(); }
  [[nodiscard]] std::vector<std::string> take_records() { return std::move(records_); }
  // Bytes up to the end of the last record that is used.
  [[nodiscard]] std::size_t good() const { return good_; }
  // What follows is the beginning of a write that did not come to its end.
  [[nodiscard]] bool torn() const { return torn_; }
  // Where the first thing stands that is something else.
  [[nodiscard]] std::optional<std::size_t> damaged_at() const { return damaged_at_; }

private:
  void step() {
    auto rest = bytes_.substr(at_);
    auto frame = frame_at(rest, kind_);
    if (!frame) return no_frame(rest);
    auto record = rest.substr(sizeof *frame, frame->size);
    torn_ = record.size() < frame->size;
    if (torn_) return;
    auto next = at_ + sizeof *frame + frame->size;
    if (!is_whole(*frame, record)) return damaged(next);
    at_ = next;
    records_.emplace_back(record);
    if (ends_write_with(*frame)) complete();
  }
  // Room that was not used; a write that was not finished, in the file or in the room, where the marker comes last; or
  // something else.
  void no_frame(std::string_view rest) {
    if (is_zeros(rest)) {
      at_ = bytes_.size();
      return;
    }
    auto next = find_frame(at_ + 1);
    bool without_marker = is_zeros(rest.substr(0, sizeof Frame::marker)) && next == bytes_.size();
    torn_ = begins_frame(rest) || without_marker;
    if (!torn_) damaged(next);
  }
  // Records that were written together with a damaged one are used by themselves.
  void damaged(std::size_t next) {
    if (!damaged_at_) damaged_at_ = at_;
    complete();
    at_ = next;
  }
  void complete() {
    complete_ = records_.size();
    good_ = at_;
  }
  [[nodiscard]] std::size_t find_frame(std::size_t from) const {
    for (;; ++from) {
      from = bytes_.find(marker_begins, from);
      if (from == std::string_view::npos) return bytes_.size();
      if (frame_at(bytes_.substr(from), kind_) || begins_frame(bytes_.substr(from))) return from;
    }
  }

  std::string_view bytes_;
  std::uint32_t kind_;
  std::size_t at_ = 0;
  std::size_t good_ = 0;
  std::size_t complete_ = 0; // records up to the end of a write
  bool torn_ = false;
  std::optional<std::size_t> damaged_at_;
  std::vector<std::string> records_;
};

// The same magic but for the number at its end.
bool is_other_form(std::string_view bytes, std::string_view magic) {
  auto name = magic.substr(0, magic.rfind(' ') + 1);
  if (name.empty() || !bytes.starts_with(name)) return false;
  auto number = bytes.substr(name.size(), bytes.find('\n') - name.size());
  return !number.empty() && number.size() < 10 && number.find_first_not_of("0123456789") == std::string_view::npos;
}

constexpr auto between_tries = std::chrono::milliseconds{1};
constexpr auto longest_wait_for_living = std::chrono::milliseconds{100}; // it may be about to go
constexpr auto longest_wait_for_dead = std::chrono::seconds{10};

// Whether the process that holds such a lock is there. One that has gone may be 0, in a namespace of processes.
bool holder_lives(int fd, struct flock lock) {
  if (::fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0) return false;
  return ::kill(lock.l_pid, 0) == 0 || errno == EPERM;
}

// A lock of this process alone: one that goes with the descriptor would be held on by a child that has not executed its
// program yet, when this process is dead and the next one opens the journal. A child that was made with this process's
// descriptors holds it on until it has left them, for which it needs no more than a processor: it is waited for.
std::expected<FileDescriptor, std::string> lock(const std::string& path) {
  FileDescriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return std::unexpected(fault_of("unable to open", path));
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  for (auto began = std::chrono::steady_clock::now(); ::fcntl(fd.get(), F_SETLK, &whole) < 0;) {
    if (errno != EAGAIN && errno != EACCES) return std::unexpected(fault_of("unable to lock", path));
    auto waited = std::chrono::steady_clock::now() - began;
    bool lives = holder_lives(fd.get(), whole);
    if (lives ? waited > longest_wait_for_living : waited > longest_wait_for_dead)
      return std::unexpected(path + " is locked: another process uses this journal");
    std::this_thread::sleep_for(between_tries);
  }
  return fd;
}

// A file that cannot be used as it is stays under another name, for whoever wants to look; what is good of it goes on.
std::expected<FileDescriptor, std::string> replace(const std::string& path, const std::string& aside,
                                                   std::string_view good) {
  if (::rename(path.c_str(), aside.c_str()) < 0) return std::unexpected(fault_of("unable to keep aside", path));
  FileDescriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)};
  if (!fd) return std::unexpected(fault_of("unable to open", path));
  if (!write_all(fd.get(), good)) {
    auto fault = fault_of("unable to write", path);
    ::rename(aside.c_str(), path.c_str());
    return std::unexpected(std::move(fault));
  }
  return fd;
}

} // namespace

Journal::Journal(std::string path, std::string magic, FileDescriptor file, FileDescriptor lock)
    : path_{std::move(path)},
      magic_{std::move(magic)},
      kind_{fnv_1a_of(magic_)},
      file_{std::move(file)},
      lock_{std::move(lock)},
      no_room_below_{smallest_with_room} {}

std::expected<Journal::Found, std::string> Journal::open(const std::string& path, const std::string& magic) {
  auto locked = lock(path + ".lock");
  if (!locked) return std::unexpected(locked.error());
  FileDescriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) return std::unexpected(fault_of("unable to open", path));
  auto bytes = read_all(file.get());
  if (!bytes) return std::unexpected(fault_of("unable to read", path));
  Found found{.journal = Journal{path, magic, std::move(file), std::move(*locked)}, .records = {}, .fault = {}};
  found.take(*bytes);
  return found;
}

void Journal::Found::take(const std::string& bytes) {
  const auto& magic = journal.magic_;
  const auto& path = journal.path_;
  if (magic.starts_with(bytes) && bytes.size() < magic.size()) return journal.begin(0, magic, fault);
  Reader reader{bytes, magic};
  if (!bytes.starts_with(magic) && !reader.found_any()) {
    bool other_form = is_other_form(bytes, magic);
    auto aside = path + (other_form ? ".other" : ".damaged");
    fault = other_form
                ? path + " was written by another version of this program (\"" + bytes.substr(0, bytes.find('\n')) +
                      "\", and this one reads \"" + magic.substr(0, magic.find('\n')) + "\")"
                : path + " is no journal of this kind";
    fault += ": nothing of it is used, and it is kept as " + aside;
    return journal.replace_by(aside, magic, fault);
  }
  records = reader.take_records();
  if (auto at = reader.damaged_at()) {
    auto aside = path + ".damaged";
    fault = path + " is damaged at byte " + std::to_string(*at) + ": it is kept as " + aside + ", and the " +
            std::to_string(records.size()) + " records that are whole are used";
    auto whole = journal.contents();
    for (const auto& record : records) whole.add(record);
    return journal.replace_by(aside, whole.bytes_, fault);
  }
  if (reader.torn()) fault = path + ": the last records were not written to their end; they are dropped";
  journal.begin(reader.good(), {}, fault);
}

// From now on the file has this size, and what is missing at its end is written. Where that fails nothing can be
// written until a rewrite succeeds.
void Journal::begin(std::size_t size, std::string_view missing, std::string& fault) {
  size_ = size_rewritten_ = size + missing.size();
  intact_ = ::ftruncate(file_.get(), static_cast<off_t>(size)) == 0 && write_all(file_.get(), missing);
  if (!intact_) fault += (fault.empty() ? "" : "; ") + fault_of("unable to write", path_);
}

void Journal::replace_by(const std::string& aside, std::string_view good, std::string& fault) {
  auto replaced = replace(path_, aside, good);
  size_ = size_rewritten_ = good.size();
  intact_ = replaced.has_value();
  if (intact_) file_ = std::move(*replaced);
  else fault += "; " + replaced.error();
}

void Journal::add(std::string_view record) {
  frames_.push_back(unwritten_.size());
  append_frame(unwritten_, kind_, more_follow, record);
  unwritten_.append(record);
}

std::expected<void, std::string> Journal::write() {
  if (unwritten_.empty()) return {};
  std::expected<void, std::string> outcome;
  if (intact_) {
    end_write_at(unwritten_, frames_.back(), kind_);
    fault_point("journal.write");
    if (make_room()) room_->put(unwritten_, frames_);
    else if (!write_all(file_.get(), unwritten_)) outcome = std::unexpected(fault_of("unable to write", path_));
    fault_point("journal.written");
    if (outcome) size_ += unwritten_.size();
    else intact_ = ::ftruncate(file_.get(), static_cast<off_t>(size_)) == 0;
  } else {
    outcome = std::unexpected("unable to write " + path_ + ": it has to be written anew");
  }
  clear_for_next(unwritten_);
  clear_for_next(frames_);
  return outcome;
}

// Whether there is enough behind the end of the file for what is unwritten.
bool Journal::make_room() {
  if (room_ && room_->left() >= unwritten_.size()) return true;
  room_.reset();
  if (size_ < no_room_below_) return false;
  if (auto made = MappedRoom::make(file_.get(), size_, unwritten_.size())) room_.emplace(std::move(*made));
  else no_room_below_ = size_ + smallest_with_room;
  return room_.has_value();
}

Journal::Spare::~Spare() {
  if (file_) ::unlink(path_.c_str());
}

Journal::Successor Journal::Spare::take(std::string_view bytes) {
  Successor successor{.file = std::move(file_), .room = {}};
  if (room_.is_whole_file()) {
    room_.begin_again(bytes);
    successor.room.emplace(std::move(room_));
  } else {
    auto size = room_.end();
    room_.leave();
    if (auto room = MappedRoom::make_again(successor.file.get(), size, bytes)) successor.room.emplace(std::move(*room));
  }
  return successor;
}

// Without a file: it could not be written, and errno says why.
Journal::Successor Journal::write_successor(std::string_view bytes) {
  if (auto spare = std::exchange(spare_, std::nullopt); spare && spare->size() >= bytes.size() + smallest_with_room)
    if (auto again = spare->take(bytes); again.room) return again;
  Successor fresh{.file = FileDescriptor{::open(path_of_successor().c_str(),
                                                O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)},
                  .room = {}};
  if (fresh.file && !write_all(fresh.file.get(), bytes)) fresh.file.reset();
  return fresh;
}

// The file stays for the next rewrite where it has room in memory, and not too much.
bool Journal::exchange_with_successor() {
  auto fresh = path_of_successor();
  bool stays = room_ && room_->end() <= largest_spare &&
               ::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0;
  if (!stays) return ::rename(fresh.c_str(), path_.c_str()) == 0;
  spare_.emplace(std::move(fresh), std::move(file_), std::move(*room_));
  return true;
}

void Journal::Contents::add(std::string_view record) {
  append_frame(bytes_, kind_, ends_write, record);
  bytes_.append(record);
}

// They seldom take more than the file does; what of it is not used takes no memory.
Journal::Contents Journal::contents() const {
  Contents contents{magic_, kind_};
  contents.bytes_.reserve(size_);
  return contents;
}

std::expected<void, std::string> Journal::rewrite(const Contents& contents) {
  const auto& bytes = contents.bytes_;
  auto successor = write_successor(bytes);
  fault_point("journal.rewrite-written");
  if (!successor.file || !exchange_with_successor()) {
    auto fault = fault_of("unable to write", path_of_successor());
    ::unlink(path_of_successor().c_str());
    return std::unexpected(std::move(fault));
  }
  room_.reset();
  file_ = std::move(successor.file);
  if (successor.room) room_.emplace(std::move(*successor.room));
  unwritten_.clear();
  frames_.clear();
  no_room_below_ = bytes.size() + smallest_with_room;
  intact_ = true;
  size_ = size_rewritten_ = bytes.size();
  return {};
}

bool Journal::worth_rewriting() const { return size_ > smallest_worth_rewriting && size_ / 4 > size_rewritten_; }

} // namespace upstart::base
