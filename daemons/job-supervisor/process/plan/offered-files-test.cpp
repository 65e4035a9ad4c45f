#include "daemons/job-supervisor/process/plan/offered-files.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>

using namespace upstart::supervisor;
using upstart::base::FileDescriptor;
using File = std::shared_ptr<const FileDescriptor>;

namespace {

File socket_of(int type = SOCK_STREAM) {
  return std::make_shared<const FileDescriptor>(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
}
File copy_of(const File& file) {
  return std::make_shared<const FileDescriptor>(::fcntl(file->get(), F_DUPFD_CLOEXEC, 3));
}
bool is_blocking(const File& file) { return (::fcntl(file->get(), F_GETFL) & O_NONBLOCK) == 0; }

} // namespace

TEST_CASE("offered sockets come first, each with its name, and an event's descriptor that is one of them comes once") {
  auto http = socket_of(), https = socket_of(), other = socket_of();
  auto request = with_offered_files({.kind = ProcessKind::main,
                                     .environment = {},
                                     .files = {copy_of(https), other},
                                     .offered = {{.file = http, .name = "http"}, {.file = https, .name = "https"}}});
  CHECK(request.files == SharedFiles{http, https, other});
  CHECK(request.file_names == std::vector<std::string>{"http", "https", "unknown"});
}

TEST_CASE("without offered sockets a request is as it was") {
  auto file = socket_of();
  auto request = with_offered_files({.kind = ProcessKind::main, .environment = {}, .files = {file, file}});
  CHECK(request.files == SharedFiles{file, file});
  CHECK(request.file_names.empty());
}

TEST_CASE("a socket blocks, whatever the process before made of it, unless others have it") {
  auto free = socket_of(SOCK_STREAM | SOCK_NONBLOCK), used = socket_of(SOCK_STREAM | SOCK_NONBLOCK);
  auto request = with_offered_files(
      {.kind = ProcessKind::main,
       .environment = {},
       .files = {},
       .offered = {{.file = free, .name = "free"}, {.file = used, .name = "used", .is_used_by_others = true}}});
  CHECK(is_blocking(free));
  CHECK_FALSE(is_blocking(used));
}
