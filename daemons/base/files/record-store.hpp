// A table of records by key that survives the death of the process at any moment: its changes are appended to a
// journal. What was put and erased since the last `write` reaches the file together: all of it or, where the process
// dies meanwhile, nothing. The owner holds the values and knows what the bytes mean; the store holds neither, and asks
// for all of them when it writes the file anew.
//
// A file that cannot be written (a full disk) makes the store *behind*: the file then lacks changes, what is put is no
// longer gathered, and each `write` tries to write all records anew. One that succeeds makes good what was missed.
#pragma once

#include "daemons/base/files/journal.hpp"

#include <functional>
#include <map>

namespace upstart::base {

class RecordStore {
public:
  struct Found;
  // Opens or makes the file for this process alone. `name` says whose records they are and `form` in which form they
  // are written; both are the file's first line. A file in another form is never read: it is set aside as
  // PATH.form-N, and the table is empty. The error says why there can be no file at all.
  static std::expected<Found, std::string> open(const std::string& path, const std::string& name, unsigned form);

  // In place of what the key stood for.
  void put(std::string_view key, std::string_view bytes);
  void erase(std::string_view key);
  // Also true while it is behind.
  [[nodiscard]] bool has_unwritten() const { return behind() || !batch_.empty(); }

  // Calls its argument with every key and its bytes.
  using Put = std::function<void(std::string_view key, std::string_view bytes)>;
  using Snapshot = std::function<void(const Put&)>;
  // Writes what was put and erased, in one write; or everything anew, if it is behind, or the file has grown far beyond
  // what it holds: `snapshot` is asked for only then. On failure it is behind; the error says why.
  std::expected<void, std::string> write(const Snapshot& snapshot);
  // Everything anew, in place of what the file holds.
  std::expected<void, std::string> rewrite(const Snapshot& snapshot);
  [[nodiscard]] bool behind() const { return behind_ || !journal_.intact(); }

private:
  explicit RecordStore(Journal journal) : journal_{std::move(journal)} {}

  Journal journal_;
  std::string batch_;
  bool behind_ = false;
  std::uint64_t no_rewrite_below_ = 0; // bytes of the file: at half of that it could not be written anew
};

struct RecordStore::Found {
  RecordStore store;
  std::map<std::string, std::string> records;
  std::vector<std::string> faults; // what was wrong with the file, each a whole sentence that names it
};

} // namespace upstart::base
