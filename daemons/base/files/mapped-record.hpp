// A value in a file of the run directory, mapped: what is written to it outlives the process that has written it. One
// of another boot of the machine, or of another form, is begun anew, with all bits 0.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace upstart::base {

class MappedBytes {
public:
  // Opens the file or makes it, with all the room that it needs. An empty path, or where that fails: there is none, and
  // `error` is errno. `form` says what it holds, and ends with a newline.
  MappedBytes(const std::string& path, std::string_view form, std::size_t size);
  ~MappedBytes();
  MappedBytes(const MappedBytes&) = delete;
  MappedBytes& operator=(const MappedBytes&) = delete;

  [[nodiscard]] void* data() const; // null: there is none
  [[nodiscard]] int error() const { return error_; }

private:
  void* memory_ = nullptr;
  std::size_t size_;
  int error_ = 0;
};

template <typename Value> class MappedRecord {
public:
  MappedRecord(const std::string& path, std::string_view form) : bytes_{path, form, sizeof(Value)} {}

  [[nodiscard]] explicit operator bool() const { return bytes_.data() != nullptr; }
  [[nodiscard]] Value* operator->() const { return static_cast<Value*>(bytes_.data()); }
  [[nodiscard]] int error() const { return bytes_.error(); }

private:
  MappedBytes bytes_;
};

} // namespace upstart::base
