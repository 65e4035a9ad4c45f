// An append-only file of records that survives the death of the process at any moment. A record is a marker, its size
// and a checksum of it (these have a checksum of their own), and its bytes (what they mean is the owner's, see
// bytes.hpp). Records are gathered by `add` and reach the file together with `write`: a reader finds all of them or,
// where the death tore the write, none. What was damaged otherwise, be it one bit, costs the records it is in: a reader
// finds the next one by its marker, and the file is kept aside as it was. Each journal has one owner, who alone writes
// it.
//
// A journal in the run directory need not survive the machine; nothing is forced to disk. One on a tmpfs that is
// written often has room in memory behind its end, so that a write is no call of the kernel; the file then ends with
// zeros until it is closed in order.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/files/mapped-room.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::base {

class Journal {
public:
  // What a file held, oldest first, and what is wrong with it, if anything; a damaged file is kept aside.
  struct Found;
  // Opens or makes the file, and locks it for this process (PATH.lock). `magic` are the first bytes of the file and say
  // what its records are, with the number of their form at the end ("upstart events 1\n"). A file that begins otherwise
  // is not used: of another form it is kept as PATH.other, else as PATH.damaged. Without room on the disk it is opened
  // and not `intact`. The error says what could not be opened, and why.
  static std::expected<Found, std::string> open(const std::string& path, const std::string& magic);

  // All the records of a file to be, in one piece of memory: put together between two long-lived values, records of
  // their own would leave holes in the heap when they go.
  class Contents {
  public:
    void add(std::string_view record);

  private:
    friend class Journal;
    Contents(const std::string& magic, std::uint32_t kind) : bytes_{magic}, kind_{kind} {}
    std::string bytes_;
    std::uint32_t kind_;
  };

  void add(std::string_view record);
  [[nodiscard]] bool has_unwritten() const { return !unwritten_.empty(); }
  // On failure (also where it is not intact) the file is as before, and what was added is dropped: it then lacks
  // something, until `rewrite`.
  std::expected<void, std::string> write();
  // None yet, for `rewrite` of this journal.
  [[nodiscard]] Contents contents() const;
  // Puts them in place of all that the file holds and of what is unwritten; on failure nothing has changed.
  std::expected<void, std::string> rewrite(const Contents& contents);

  // False after a failed write that could not be undone, and where there was no room to begin: nothing is written until
  // `rewrite` succeeds.
  [[nodiscard]] bool intact() const { return intact_; }
  // The file has grown far beyond what the last rewrite needed.
  [[nodiscard]] bool worth_rewriting() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

private:
  Journal(std::string path, std::string magic, FileDescriptor file, FileDescriptor lock);
  void begin(std::size_t size, std::string_view missing, std::string& fault);
  void replace_by(const std::string& aside, std::string_view good, std::string& fault);
  [[nodiscard]] bool make_room();

  // What takes the place of the file: one that was replaced before, where there is one, since a page that is there
  // costs less than one that is taken.
  struct Successor {
    FileDescriptor file;
    std::optional<MappedRoom> room;
  };
  // The file that was replaced, under the path of the next successor. Goes from there with its owner. What it takes,
  // also of memory where the directory is a tmpfs, is bounded (2 MB). It stays mapped where the whole of it was, so
  // that no page of it is mapped again.
  class Spare {
  public:
    Spare(std::string path, FileDescriptor file, MappedRoom room)
        : path_{std::move(path)}, file_{std::move(file)}, room_{std::move(room)} {}
    Spare(Spare&&) noexcept = default;
    Spare& operator=(Spare&&) = delete;
    ~Spare();
    [[nodiscard]] std::uint64_t size() const { return room_.end(); }
    // It has a use: it holds these bytes. The room is missing where there is no memory for it.
    [[nodiscard]] Successor take(std::string_view bytes);

  private:
    std::string path_;
    FileDescriptor file_;
    MappedRoom room_;
  };
  [[nodiscard]] std::string path_of_successor() const { return path_ + ".new"; }
  [[nodiscard]] Successor write_successor(std::string_view bytes);
  [[nodiscard]] bool exchange_with_successor();

  std::string path_;
  std::string magic_;
  std::uint32_t kind_; // of file, as frames name it
  FileDescriptor file_;
  FileDescriptor lock_;
  std::optional<Spare> spare_;
  std::optional<MappedRoom> room_;
  std::uint64_t no_room_below_; // bytes of the file
  std::string unwritten_;
  std::vector<std::size_t> frames_; // in unwritten_
  std::uint64_t size_ = 0;
  std::uint64_t size_rewritten_ = 0;
  bool intact_ = true;
};

struct Journal::Found {
  Journal journal;
  std::vector<std::string> records;
  std::string fault; // empty: none

private:
  friend class Journal;
  void take(const std::string& bytes);
};

} // namespace upstart::base
