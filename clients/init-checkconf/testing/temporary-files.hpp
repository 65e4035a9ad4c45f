// Files in a directory of its own for each test, gone with it.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace upstart::client::testing {

class TemporaryFiles {
public:
  TemporaryFiles() {
    std::string pattern = std::filesystem::temp_directory_path() / "upstart-files.XXXXXX";
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryFiles() { std::filesystem::remove_all(path_); }
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;

  // Makes the directories above it, too; its path.
  std::string add(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  [[nodiscard]] std::string path(const std::string& below = {}) const { return (path_ / below).string(); }

private:
  std::filesystem::path path_;
};

} // namespace upstart::client::testing
