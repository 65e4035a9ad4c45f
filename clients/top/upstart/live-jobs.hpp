// The jobs of an Upstart, kept up to date: all are asked for once, then those that a signal names. Puts them and the
// events that pass into the model.
#pragma once

#include "clients/base/upstart.hpp"
#include "clients/top/model/model.hpp"

#include <map>
#include <set>

namespace upstart::top {

class LiveJobs {
public:
  // Both outlive this; the connection of `upstart` is one that lasts as long as this. Throws sdbus::Error.
  LiveJobs(client::Upstart& upstart, Model& model);
  LiveJobs(const LiveJobs&) = delete;
  LiveJobs& operator=(const LiveJobs&) = delete;

  // Takes what has arrived; true if something is to be shown. Throws sdbus::Error when the connection is lost.
  bool handle_pending();
  // Asks for the jobs that signals have named since.
  void refresh();

private:
  void hear(sdbus::Message& signal);
  void ask_all();
  void ask(const std::string& job);
  void show();

  client::Upstart& upstart_;
  Model& model_;
  std::map<std::string, std::vector<JobLine>> jobs_;
  std::set<std::string> changed_;
  bool all_changed_ = false, heard_ = false;
  sdbus::Slot slot_;
};

} // namespace upstart::top
