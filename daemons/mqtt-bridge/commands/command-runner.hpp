// Runs initctl for another node: a process with this Upstart's environment, its output and errors taken, ended when its
// time is over. Bounded: output beyond what a reply can carry is thrown away as it comes.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/mqtt-bridge/messages/messages.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace upstart::mqtt_bridge {

class CommandRunner {
public:
  using Done = std::function<void(ReplyMessage)>;

  // `program`: the path of initctl.
  CommandRunner(base::EventLoop& loop, std::string program);
  CommandRunner(const CommandRunner&) = delete;
  CommandRunner& operator=(const CommandRunner&) = delete;
  ~CommandRunner();

  // `done` is called once, from the loop; not any more when this is destroyed, which ends what runs.
  void run(std::vector<std::string> arguments, std::chrono::seconds limit, Done done);
  [[nodiscard]] std::size_t running() const { return running_.size(); }

private:
  class Process;
  base::EventLoop& loop_;
  std::string program_;
  std::list<std::unique_ptr<Process>> running_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// initctl beside this program, or where an installation has it.
[[nodiscard]] std::string path_of_initctl();

} // namespace upstart::mqtt_bridge
