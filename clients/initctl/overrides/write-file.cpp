#include "clients/initctl/overrides/write-file.hpp"

#include "clients/base/read-to-end.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <format>

namespace upstart::client {

namespace {

using base::FileDescriptor;

std::unexpected<std::string> failed(std::string_view what, const std::string& path, int error) {
  return std::unexpected{std::format("Unable to {} {}: {}", what, path, std::strerror(error))};
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    auto count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// As the file that is replaced, else readable for everyone.
bool take_over_owner(int descriptor, const std::string& path) {
  struct stat old{};
  if (::stat(path.c_str(), &old) < 0) return ::fchmod(descriptor, 0644) == 0;
  return ::fchmod(descriptor, old.st_mode & 07777) == 0 &&
         (::fchown(descriptor, old.st_uid, old.st_gid) == 0 || errno == EPERM);
}

} // namespace

std::expected<std::string, int> read_file(const std::string& path) {
  FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::unexpected{errno};
  return read_to_end(file.get());
}

std::expected<void, std::string> write_file(const std::string& path, std::string_view text) {
  std::filesystem::path whole{path};
  std::error_code error;
  std::filesystem::create_directories(whole.parent_path(), error);
  if (error) return failed("make the directory of", path, error.value());
  auto temporary = (whole.parent_path() / std::format(".{}.XXXXXX", whole.filename().native())).native();
  FileDescriptor file{::mkostemp(temporary.data(), O_CLOEXEC)};
  if (!file) return failed("write", path, errno);
  if (!write_all(file.get(), text) || !take_over_owner(file.get(), path) || ::fsync(file.get()) < 0 ||
      ::rename(temporary.c_str(), path.c_str()) < 0) {
    auto reason = failed("write", path, errno);
    ::unlink(temporary.c_str());
    return reason;
  }
  return {};
}

std::expected<void, std::string> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) return failed("remove", path, errno);
  return {};
}

} // namespace upstart::client
