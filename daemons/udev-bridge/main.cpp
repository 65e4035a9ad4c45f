// upstart-udev-bridge: what the bridge is, and its options.
#include "daemons/bridge/main.hpp"
#include "daemons/udev-bridge/conditions/device-condition.hpp"
#include "daemons/udev-bridge/udev-bridge.hpp"

#include <CLI/CLI.hpp>

#include <map>

using namespace upstart;

int main(int argc, char** argv) {
  udev_bridge::Options options;
  const std::map<std::string, udev_bridge::Group> groups{{"udev", udev_bridge::Group::udev},
                                                         {"kernel", udev_bridge::Group::kernel}};
  const bridge::Description description{
      .name = "udev-bridge",
      .summary = "Emits events such as `net-device-added` for the devices that jobs name.",
      .events = {udev_bridge::event_names},
      .make = [&](auto services) { return std::make_unique<udev_bridge::UdevBridge>(services, options); },
      .declare =
          [&](CLI::App& app) {
            app.add_flag("--no-coldplug", options.no_coldplug, "do not tell of devices that are there at the start");
            app.add_flag("--no-strip", options.no_strip, "keep bytes that are not printable");
            app.add_option("--monitor", options.group, "whose messages: `udev', or `kernel' where no udev runs")
                ->transform(CLI::CheckedTransformer(groups))
                ->envname("UPSTART_UDEV_MONITOR")
                ->type_name("GROUP");
          }};
  return bridge::run(description, argc, argv);
}
