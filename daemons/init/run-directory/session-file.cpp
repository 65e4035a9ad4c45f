#include "daemons/init/run-directory/session-file.hpp"

#include "daemons/init/run-directory/own-directory.hpp"
#include "protocol/names.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace upstart::init {

std::expected<SessionFile, std::string> SessionFile::write(const std::string& runtime, pid_t pid,
                                                           const std::string& address) {
  auto directory = runtime + "/" + protocol::run_directory::session_files;
  if (auto made = make_own_directory(directory); !made) return std::unexpected(made.error());
  auto path = directory + "/" + std::to_string(pid) + protocol::run_directory::session_file_suffix;
  auto draft = directory + "/." + std::to_string(pid) + ".new"; // no ".session" at its end: nobody takes it for one
  std::ofstream file{draft, std::ios::trunc};
  file << "UPSTART_SESSION=" << address << '\n';
  file.close();
  if (!file || ::rename(draft.c_str(), path.c_str()) < 0)
    return std::unexpected("unable to write the session file " + path + ": " + std::strerror(errno));
  return SessionFile{path};
}

SessionFile::~SessionFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

} // namespace upstart::init
