// Detaching from the terminal and the parent process once ready (options --fork and --daemon): the foreground process
// waits and ends with the status that says whether that worked.
#pragma once

#include "daemons/base/file-descriptor.hpp"

namespace upstart::socket_bridge {

class Detachment {
public:
  // Goes on in a child process; the foreground process waits in here and does not return: it exits with 0 when the
  // child is `ready`, with the child's own status when that ends before. To be called before there is any thread or
  // loop.
  void begin();
  // Once; nothing where nothing was begun. Standard input and output become /dev/null; standard error, where the log
  // goes, stays.
  void ready();

private:
  base::FileDescriptor waiting_; // the foreground process hears when this is written to or closed
};

} // namespace upstart::socket_bridge
