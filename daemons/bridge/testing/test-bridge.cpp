// The smallest bridge, for the tests of what bridges share: emits the event `test` once for each condition `test
// NAME=…` that a job comes to have, and shows on its object what it watches for whom and how the events ended.
#include "daemons/bridge/conditions/variables.hpp"
#include "daemons/bridge/main.hpp"

#include <spdlog/spdlog.h>

#include <map>
#include <set>

namespace {

using namespace upstart;
using Watched = std::map<std::string, std::vector<std::string>>; // by job, the names

class TestObject final : public bridge::ExportedObject {
public:
  static constexpr const char* interface = "com.ubuntu.Upstart.TestBridge1";

  TestObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, const Watched& watched)
      : object_{sdbus::createObject(connection, path)} {
    object_
        ->addVTable(sdbus::registerMethod("ListWatched").withOutputParamNames("watched").implementedAs([&watched] {
          return watched;
        }),
                    sdbus::registerSignal("EventFinished").withParameters<std::string, bool>("name", "failed"))
        .forInterface(interface);
  }

  void event_finished(const std::string& name, bool failed) {
    object_->emitSignal("EventFinished").onInterface(interface).withArguments(name, failed);
  }

private:
  std::unique_ptr<sdbus::IObject> object_;
};

class TestBridge final : public bridge::Bridge {
public:
  explicit TestBridge(bridge::Services services) : services_{services} {
    services_.object.serve([this](auto& connection, const auto& path) {
      return std::make_unique<TestObject>(connection, path, watched_);
    });
  }

  void jobs_changed(const bridge::ConditionsUpdate& update) override {
    spdlog::info("{} jobs changed, {} gone", update.changed.size(), update.gone.size());
    for (const auto& job : update.gone) watched_.erase(job);
    for (const auto& job : update.changed) {
      auto before = std::exchange(watched_[job.job], {});
      for (const auto& match : job.matches) watch(job.job, match, before);
    }
    for (const auto& [job, active] : update.activity) spdlog::info("job {} has {} active instances", job, active);
  }

private:
  void watch(const std::string& job, const bridge::Match& match, const std::vector<std::string>& before) {
    auto variables = bridge::variables_of(match.arguments, bridge::Patterns::refused);
    if (!variables) return warn(variables.error(), job, match);
    auto name = variables->get("NAME");
    if (!name) return warn({"NAME", "is missing"}, job, match);
    watched_[job].emplace_back(*name);
    if (!std::ranges::contains(before, *name)) emit(*variables, std::string{*name});
  }

  void warn(const bridge::ConditionFault& fault, const std::string& job, const bridge::Match& match) {
    services_.warnings.tell(bridge::describe(fault, job, match, "it is not watched for"));
  }

  void emit(const protocol::Environment& environment, const std::string& name) {
    services_.emitter.emit({.name = "test", .environment = environment}, [this, name](bool failed) {
      services_.object.for_each<TestObject>([&](auto& object) { object.event_finished(name, failed); });
    });
  }

  bridge::Services services_;
  Watched watched_;
};

} // namespace

int main(int argc, char** argv) {
  return bridge::run({.name = "test-bridge",
                      .summary = "Emits the event `test`.",
                      .events = {"test"},
                      .make = [](auto services) { return std::make_unique<TestBridge>(services); }},
                     argc, argv);
}
