// upstart-file-bridge: emits `file` when a file that a job asks for is made, modified or deleted.
#include "daemons/bridge/main.hpp"
#include "daemons/file-bridge/conditions/file-condition.hpp"
#include "daemons/file-bridge/file-bridge.hpp"

int main(int argc, char** argv) {
  using namespace upstart;
  return bridge::run(
      {.name = "file-bridge",
       .summary = "Emits the event `file' when a file that jobs ask for is created, modified or deleted.",
       .events = {file_bridge::event_name},
       .make = [](auto services) { return std::make_unique<file_bridge::FileBridge>(services); }},
      argc, argv);
}
