#include "daemons/init/processes/programs.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace upstart::init;
namespace fs = std::filesystem;

TEST_CASE("a daemon's program is told by its name and its place, not by its name alone") {
  auto place = fs::canonical(fs::temp_directory_path()).string();
  CHECK(is_program_of_daemon(place + "/upstart-file-bridge", "upstart-file-bridge", place));
  CHECK(is_program_of_daemon(place + "/upstart-file-bridge", "upstart-file-bridge", place + "/."));
  CHECK_FALSE(is_program_of_daemon("/opt/upstart-file-bridge", "upstart-file-bridge", place));
  CHECK_FALSE(is_program_of_daemon(place + "/upstart-notifier", "upstart-file-bridge", place));
  CHECK_FALSE(is_program_of_daemon("/opt/upstart-file-bridge", "upstart-file-bridge", std::nullopt));
}
