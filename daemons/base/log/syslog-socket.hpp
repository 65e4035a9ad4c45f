// The socket of syslog, which on a machine comes only when a job has started syslog, and goes when that is restarted.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <string>
#include <string_view>

namespace upstart::base {

class SyslogSocket {
public:
  explicit SyslogSocket(std::string path = "/dev/log") : path_{std::move(path)} {}

  // A line as the kernel log has it, "<4>init: text". False: nobody takes it now. Connects where that is still to be
  // done; never waits.
  [[nodiscard]] bool send(std::string_view line);

private:
  [[nodiscard]] bool connect();

  std::string path_;
  FileDescriptor socket_;
};

// As syslog(3) would write it: facility "daemon", the time, the program and its process id.
[[nodiscard]] std::string syslog_message(std::string_view line, std::string_view time, int pid);

} // namespace upstart::base
