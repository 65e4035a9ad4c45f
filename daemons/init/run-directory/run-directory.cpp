#include "daemons/init/run-directory/run-directory.hpp"

#include "protocol/names.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace upstart::init {

namespace {

namespace fs = std::filesystem;

constexpr mode_t for_the_owner = 0700;

std::unexpected<std::string> failed(const std::string& what, const std::string& path) {
  return std::unexpected("unable to " + what + " " + path + ": " + std::strerror(errno));
}

std::expected<std::string, std::string> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), for_the_owner) < 0 && errno != EEXIST) return failed("make the directory", path);
  return path;
}

std::expected<std::string, std::string> make_anew(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (::mkdir(path.c_str(), for_the_owner) < 0) return failed("make the run directory", path);
  return path;
}

std::expected<std::string, std::string> make_temporary(const std::string& where) {
  std::string path = where + "/upstart-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return failed("make a run directory", path);
  return path;
}

// A path that goes into a D-Bus address as it is must not hold what separates the parts of one.
std::expected<void, std::string> check_path(const std::string& path) {
  if (path.find_first_of(",;%") == std::string::npos) return {};
  return std::unexpected("the run directory cannot be in " + path + ": its path must not hold any of , ; %");
}

} // namespace

std::expected<RunDirectory, std::string> RunDirectory::make(Mode mode, const Places& places, pid_t pid) {
  auto taken = [](std::string path) { return RunDirectory{std::move(path)}; };
  if (mode == Mode::session || (mode == Mode::user && !places.runtime))
    return check_path(places.temporary).and_then([&] { return make_temporary(places.temporary); }).transform(taken);
  if (mode == Mode::system) return make_anew(protocol::run_directory::system).transform(taken);
  auto parent = *places.runtime + "/upstart";
  return check_path(parent)
      .and_then([&] { return make_directory(parent); })
      .and_then([&](const std::string&) { return make_anew(parent + "/" + std::to_string(pid)); })
      .transform(taken);
}

RunDirectory::~RunDirectory() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

std::expected<SessionFile, std::string> SessionFile::write(const std::string& runtime, pid_t pid,
                                                           const std::string& address) {
  auto directory = runtime + "/" + protocol::run_directory::session_files;
  if (auto made = make_directory(directory); !made) return std::unexpected(made.error());
  auto path = directory + "/" + std::to_string(pid) + protocol::run_directory::session_file_suffix;
  auto draft = directory + "/." + std::to_string(pid) + ".new"; // no ".session" at its end: nobody takes it for one
  std::ofstream file{draft, std::ios::trunc};
  file << "UPSTART_SESSION=" << address << '\n';
  file.close();
  if (!file || ::rename(draft.c_str(), path.c_str()) < 0) return failed("write the session file", path);
  return SessionFile{path};
}

SessionFile::~SessionFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

} // namespace upstart::init
