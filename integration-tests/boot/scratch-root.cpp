#include "integration-tests/boot/scratch-root.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace upstart::test {

namespace fs = std::filesystem;

namespace {

// Directories of the system that are seen inside as they are.
constexpr std::array system_directories{"usr", "bin", "sbin", "lib", "lib32", "lib64"};

void link_system(const fs::path& root) {
  for (const char* name : system_directories) {
    fs::path original = fs::path{"/"} / name;
    if (fs::is_symlink(original)) fs::copy_symlink(original, root / name);
    else if (fs::is_directory(original)) fs::create_directory(root / name);
  }
}

void copy_programs(const fs::path& from, const fs::path& to) {
  fs::create_directory(to);
  for (const auto& entry : fs::directory_iterator{from}) {
    std::error_code error;
    auto target = to / entry.path().filename();
    if (entry.is_symlink()) fs::copy_symlink(entry.path(), target);
    else if (entry.is_regular_file()) {
      fs::create_hard_link(entry.path(), target, error);
      if (error) fs::copy_file(entry.path(), target);
    }
  }
}

void write_etc(const ScratchRoot& root) {
  root.write("/etc/passwd", "root::0:0:root:/root:/bin/sh\nnobody:*:65534:65534:nobody:/:/usr/sbin/nologin\n");
  root.write("/etc/group", "root:x:0:\ntty:x:5:\nutmp:x:43:\nnogroup:x:65534:\n");
  root.write("/etc/shadow", "root::19000:0:99999:7:::\n");
  root.write("/etc/hostname", "scratch\n");
  std::error_code error;
  fs::copy("/etc/alternatives", root.path() + "/etc/alternatives",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
}

bool touch(const std::string& path) {
  int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

bool bind(const std::string& from, const std::string& to) {
  return ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

bool mount_dev(const std::string& root, const std::string& console) {
  auto dev = root + "/dev";
  if (::mount("dev", dev.c_str(), "tmpfs", MS_NOSUID, "mode=755") < 0) return false;
  if (!touch(dev + "/kmsg") || !bind(root + "/kmsg", dev + "/kmsg")) return false;
  return console.empty() || (touch(dev + "/console") && bind(console, dev + "/console"));
}

} // namespace

ScratchRoot::ScratchRoot(const std::string& bin) {
  std::string path = fs::temp_directory_path() / "upstart-boot-XXXXXX";
  REQUIRE(::mkdtemp(path.data()) != nullptr);
  path_ = path;
  ::chmod(path_.c_str(), 0755);
  for (const char* name : {"etc/init", "dev", "proc", "sys", "run", "tmp", "root", "var/log/upstart", "var/run"})
    fs::create_directories(fs::path{path_} / name);
  ::chmod((path_ + "/tmp").c_str(), 01777);
  link_system(path_);
  copy_programs(bin, fs::path{path_} / "upstart");
  write_etc(*this);
  write("/kmsg", "");
}

// What was mounted below was so in the machine's own mount namespace only, which has gone with it.
ScratchRoot::~ScratchRoot() {
  std::error_code error;
  fs::remove_all(path_, error);
}

void ScratchRoot::write(const std::string& path, const std::string& text) const {
  auto file = path_ + path;
  fs::create_directories(fs::path{file}.parent_path());
  std::ofstream{file, std::ios::binary} << text;
  if (text.starts_with("#!")) ::chmod(file.c_str(), 0755);
}

bool ScratchRoot::enter(bool with_dev, const std::string& console) const {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return false;
  if (!bind(path_, path_)) return false;
  for (const char* name : system_directories) {
    auto original = std::string{"/"} + name;
    struct stat status{};
    if (::lstat(original.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && !bind(original, path_ + original))
      return false;
  }
  if (with_dev && !mount_dev(path_, console)) return false;
  if (::chdir(path_.c_str()) < 0 || ::syscall(SYS_pivot_root, ".", ".") < 0) return false;
  return ::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0;
}

} // namespace upstart::test
