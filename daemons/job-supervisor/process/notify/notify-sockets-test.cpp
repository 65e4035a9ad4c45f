#include "daemons/job-supervisor/process/notify/notify-sockets.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <unistd.h>

using namespace upstart::supervisor;

namespace {
struct RunDirectory {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("notify-" + std::to_string(::getpid()));
  RunDirectory() {
    std::filesystem::create_directory(path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  ~RunDirectory() { std::filesystem::remove_all(path); }
};
} // namespace

TEST_CASE("a service of a session gets a path, which goes with its socket") {
  RunDirectory run;
  KeptDescriptors kept{[](const std::string&) {}};
  NotifySockets sockets{run.path, true, kept};
  std::string address;
  {
    auto socket = sockets.make({});
    REQUIRE(socket);
    address = socket->address;
    CHECK(address.starts_with(run.path.native()));
    CHECK(std::filesystem::exists(address));
  }
  CHECK_FALSE(std::filesystem::exists(address));
}

TEST_CASE("where a service cannot get to a path it gets an abstract address") {
  RunDirectory run;
  KeptDescriptors kept{[](const std::string&) {}};
  JobClass rooted, of_another_user, confined;
  confined.sandbox.edit().private_tmp = true; // where the run directory is
  rooted.chroot = "/srv";
  of_another_user.setuid = "nobody";
  NotifySockets in_session{run.path, true, kept}, of_system{run.path, false, kept}, without_place{"", true, kept};
  NotifySockets too_long{run.path / std::string(100, 'x'), true, kept};
  CHECK(in_session.make(rooted)->address.starts_with("@"));
  CHECK(in_session.make(of_another_user)->address.starts_with("@"));
  CHECK((in_session.make(confined)->address.starts_with("@") || !run.path.native().starts_with("/tmp/")));
  CHECK(of_system.make({})->address.starts_with("@"));
  CHECK(without_place.make({})->address.starts_with("@"));
  CHECK(too_long.make({})->address.starts_with("@"));
  std::filesystem::permissions(run.path, static_cast<std::filesystem::perms>(0711));
  CHECK_FALSE(NotifySockets(run.path, false, kept).make({})->address.starts_with("@"));
}

TEST_CASE("a socket that nobody has kept is made again at its address, and paths that nobody takes up are removed") {
  RunDirectory run;
  KeptDescriptors kept{[](const std::string&) {}};
  std::filesystem::create_directory(run.path / "job-notify");
  for (const char* name : {"1", "2"}) { // left by a supervisor that died
    upstart::base::FileDescriptor left{::open((run.path / "job-notify" / name).c_str(), O_CREAT | O_WRONLY, 0600)};
  }
  NotifySockets sockets{run.path, true, kept};
  auto again = sockets.take_up(0, run.path / "job-notify" / "1");
  REQUIRE(again);
  sockets.remove_rest();
  CHECK(std::filesystem::is_socket(run.path / "job-notify" / "1"));
  CHECK_FALSE(std::filesystem::exists(run.path / "job-notify" / "2"));
}
