#include "daemons/base/files/record-store.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/base/files/reused-buffer.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

namespace upstart::base {

namespace {

enum class Change : std::uint8_t { put, erase };

void add_put(std::string& batch, std::string_view key, std::string_view bytes) {
  ByteWriter out{batch};
  out.choice(Change::put);
  out.text(key);
  out.text(bytes);
}

std::expected<void, std::string> apply(std::string_view batch, std::map<std::string, std::string>& records) {
  struct Entry {
    std::string key;
    std::optional<std::string> bytes;
  };
  std::vector<Entry> entries;
  ByteReader in{batch};
  while (!in.outcome() && !in.failed()) {
    bool put = in.choice(Change::erase) == Change::put;
    Entry entry{.key = in.text(), .bytes = {}};
    if (put) entry.bytes = in.text();
    entries.push_back(std::move(entry));
  }
  if (in.failed()) return in.outcome();
  for (auto& entry : entries) {
    if (entry.bytes) records[std::move(entry.key)] = std::move(*entry.bytes);
    else records.erase(entry.key);
  }
  return {};
}

// The form of a file whose first line is this name and another number.
std::optional<std::string> other_form(const std::string& path, const std::string& name, unsigned form) {
  std::ifstream file{path, std::ios::binary};
  std::string line(name.size() + 12, '\0');
  file.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(file.gcount()));
  auto end = line.find('\n');
  if (end == std::string::npos || !line.starts_with(name + " ")) return std::nullopt;
  auto number = line.substr(name.size() + 1, end - name.size() - 1);
  bool is_number = !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number || number == std::to_string(form)) return std::nullopt;
  return number;
}

} // namespace

std::expected<RecordStore::Found, std::string> RecordStore::open(const std::string& path, const std::string& name,
                                                                 unsigned form) {
  std::vector<std::string> faults;
  if (auto other = other_form(path, name, form)) {
    auto aside = path + ".form-" + *other;
    if (::rename(path.c_str(), aside.c_str()) < 0)
      return std::unexpected("unable to set aside " + path + ", which is in form " + *other + ": " +
                             std::strerror(errno));
    faults.push_back(path + " is in form " + *other + " and this version reads form " + std::to_string(form) +
                     ": set aside as " + aside + ", nothing of it is used");
  }
  auto opened = Journal::open(path, name + " " + std::to_string(form) + "\n");
  if (!opened) return std::unexpected(opened.error());
  Found found{.store = RecordStore{std::move(opened->journal)}, .records = {}, .faults = std::move(faults)};
  if (!opened->fault.empty()) found.faults.push_back(std::move(opened->fault));
  for (const auto& batch : opened->records)
    if (auto applied = apply(batch, found.records); !applied)
      found.faults.push_back(path + ": " + applied.error() + "; that change is left out");
  return found;
}

void RecordStore::put(std::string_view key, std::string_view bytes) {
  if (!behind()) add_put(batch_, key, bytes);
}

void RecordStore::erase(std::string_view key) {
  if (behind()) return;
  ByteWriter out{batch_};
  out.choice(Change::erase);
  out.text(key);
}

std::expected<void, std::string> RecordStore::write(const Snapshot& snapshot) {
  if (behind()) return rewrite(snapshot);
  if (batch_.empty()) return {};
  journal_.add(batch_);
  clear_for_next(batch_);
  auto written = journal_.write();
  if (!written) {
    behind_ = true;
  } else if (journal_.worth_rewriting() && journal_.size() >= no_rewrite_below_) {
    // Without room for a second file the first one goes on.
    if (!rewrite(snapshot)) {
      behind_ = false;
      no_rewrite_below_ = 2 * journal_.size();
    }
  }
  return written;
}

std::expected<void, std::string> RecordStore::rewrite(const Snapshot& snapshot) {
  // A batch for each, so that damage to the file costs one record.
  auto contents = journal_.contents();
  std::string batch;
  snapshot([&](std::string_view key, std::string_view bytes) {
    batch.clear();
    add_put(batch, key, bytes);
    contents.add(batch);
  });
  auto rewritten = journal_.rewrite(contents);
  behind_ = !rewritten;
  if (rewritten) no_rewrite_below_ = 0;
  batch_.clear();
  return rewritten;
}

} // namespace upstart::base
