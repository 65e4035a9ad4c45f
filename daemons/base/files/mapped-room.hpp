// Room behind the end of a file, in memory: what is put there is in the file at once, without a call of the kernel, and
// stays there when the process is killed. The room reads as zeros until something is put there; whoever reads the file
// later has to know zeros for that. It is taken beforehand, and on a tmpfs only, so that no write to it
// can fail.
//
// Belongs to the writer of the file, who closes it later than this, and who does not write to the file otherwise while
// this is there. Destroying it cuts off what is left of the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace upstart::base {

class MappedRoom {
public:
  // At least `least` bytes behind `end`. Nothing where there is no room, where the file is not on a tmpfs, and on
  // processors that may tear an unaligned store; the file is then as it was.
  static std::optional<MappedRoom> make(int file, std::uint64_t end, std::size_t least);
  // The same, in a file that has this size, and had room before: from now on it holds `content`, and zeros behind it.
  // Its pages are there, and are not taken anew. Nothing where there is no memory for the mapping.
  static std::optional<MappedRoom> make_again(int file, std::uint64_t size, std::string_view content);
  MappedRoom(MappedRoom&& other) noexcept;
  MappedRoom& operator=(MappedRoom&&) = delete;
  ~MappedRoom();

  // From now on the file holds `content`, and zeros behind it. Only where the whole file is in memory, with no less
  // room.
  void begin_again(std::string_view content);

  [[nodiscard]] bool is_whole_file() const { return begin_ == 0; }
  [[nodiscard]] std::size_t left() const { return size_ - used_; }
  // The size of the file, with the room.
  [[nodiscard]] std::uint64_t end() const { return begin_ + size_; }
  // The room stays in the file, with what is in it.
  void leave();
  // No more than is left. The four bytes at each of these places within `bytes`, in order of place, appear after all
  // other bytes, one after the other: a reader finds some of the first of them, or all and then everything.
  void put(std::string_view bytes, std::span<const std::size_t> places);

private:
  MappedRoom(int file, std::uint64_t begin, char* memory, std::size_t size, std::size_t used)
      : file_{file}, begin_{begin}, memory_{memory}, size_{size}, used_{used} {}

  int file_;
  std::uint64_t begin_; // of the memory, in the file
  char* memory_;
  std::size_t size_, used_;
};

} // namespace upstart::base
