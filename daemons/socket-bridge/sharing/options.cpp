#include "daemons/socket-bridge/sharing/options.hpp"

#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrong-command-line.hpp"
#include "daemons/bridge/by-hand.hpp"
#include "protocol/bridges.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <format>
#include <iostream>
#include <span>

namespace upstart::socket_bridge {

namespace {

constexpr const char* program = "upstart-socket-bridge";
constexpr const char* command_for_help = "upstart-socket-bridge --master";
constexpr const char* text = "One socket for several services. A master owns the socket; its slaves accept from it, or "
                             "get the connections that it accepts. Without --master and --slave: the default mode, "
                             "which serves the sockets that jobs name.";

struct Words {
  std::string path, policy = "least";
  std::vector<std::string> instances;
};

void declare(CLI::App& app, SharingOptions& options, Words& words) {
  app.set_version_flag("--version", std::format("{} (upstart {})", program, UPSTART_VERSION));
  app.add_flag("--master", options.master, "own the socket and have slaves");
  app.add_flag("--slave", options.slave, "serve a socket that a master owns");
  app.add_flag(
      "--accept", options.accept,
      "master: accept, and give each connection to a slave, or to an instance of a job; slave: run COMMAND for "
      "each connection");
  app.add_flag("--fork", options.fork, "go to the background once ready, as `expect fork' has it");
  app.add_flag("--daemon", options.daemon, "go to the background once ready, as `expect daemon' has it");
  app.add_flag("--wait", options.wait, "slave: wait for a master where there is none");
  app.add_option("--policy", words.policy, "master: how a server is chosen: least, round-robin, source")
      ->type_name("POLICY");
  app.add_option("--instance", words.instances, "master: an instance to give connections to (may be repeated)")
      ->type_name("JOB[/NAME]");
  app.add_option("--max-connections", options.most_connections,
                 "master: refuse what is more than that; slave: take no more at a time")
      ->type_name("N");
  app.add_option("--run-directory", options.run_directory, "where the daemons' sockets are")->type_name("DIR");
  app.add_option("--bus", options.bus, "D-Bus address of the bus to be on")->type_name("ADDRESS");
  app.add_flag("-v,--verbose", options.verbose, "log also what is done");
  app.add_flag("--debug", options.debug, "log everything");
}

std::string fault_of(const SharingOptions& options) {
  if (options.master && options.slave) return "either --master or --slave";
  bool for_master = options.most_connections > 0 || !options.instances.empty();
  if (options.master && !options.accept && for_master)
    return "--instance and --max-connections are for a master that accepts: add --accept";
  if (options.master && options.wait) return "--wait is for a slave";
  if (options.master && !options.command.empty()) return "a COMMAND is for a slave";
  if (options.slave && !options.instances.empty()) return "--instance is for a master";
  if (options.slave && options.accept && options.command.empty())
    return "--slave --accept needs the COMMAND that serves a connection: -- COMMAND…";
  if (options.slave && (options.fork || options.daemon) && options.command.empty())
    return "a slave without a COMMAND serves on its standard input and output, and cannot go to the background";
  if (options.address.transport == Transport::datagram || options.address.family == Family::fifo)
    return std::format("{} has no connections; a stream socket is needed", text_of(options.address));
  return {};
}

int refuse(const std::string& why) {
  std::cerr << "socket-bridge: " << why << "\nTry `" << command_for_help << " --help' for more information.\n";
  return EXIT_FAILURE;
}

InstanceName instance_named(const std::string& word) {
  auto slash = word.find('/');
  if (slash == std::string::npos) return {.job = word, .instance = {}};
  return {.job = word.substr(0, slash), .instance = word.substr(slash + 1)};
}

} // namespace

bool is_sharing(int argc, char** argv) {
  for (std::string_view word : std::span{argv, static_cast<std::size_t>(argc)}.subspan(1)) {
    if (word == "--") return false;
    if (word == "--master" || word == "--slave") return true;
  }
  return false;
}

std::expected<SharingOptions, int> sharing_options(int argc, char** argv) {
  SharingOptions options;
  Words words;
  // What follows "--" is the command, whatever it looks like.
  auto all = std::span{argv, static_cast<std::size_t>(argc)};
  auto end = std::ranges::find(all, std::string_view{"--"});
  if (end != all.end()) options.command.assign(end + 1, all.end());
  CLI::App app{text, program};
  base::fold_help(app);
  declare(app, options, words);
  app.add_option("SOCKET_PATH", words.path, "/path, @abstract name, or inet:ADDRESS:PORT, inet6:[ADDRESS]:PORT")
      ->required();
  app.footer("-- COMMAND…  what a slave becomes, or runs for each connection");
  try {
    app.parse(static_cast<int>(end - all.begin()), argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return std::unexpected{app.exit(error)};
    std::cerr << base::wrong_command_line(app, error, "socket-bridge", command_for_help);
    return std::unexpected{EXIT_FAILURE};
  }
  auto address = address_named(words.path);
  if (!address)
    return std::unexpected{refuse(std::format(
        "{} is no socket; an absolute path, @NAME, inet:ADDRESS:PORT or inet6:[ADDRESS]:PORT is needed", words.path))};
  options.address = *address;
  auto policy = policy_named(words.policy);
  if (!policy)
    return std::unexpected{
        refuse(std::format("unknown policy {}; least, round-robin or source is needed", words.policy))};
  options.policy = *policy;
  std::ranges::transform(words.instances, std::back_inserter(options.instances), instance_named);
  if (auto fault = fault_of(options); !fault.empty()) return std::unexpected{refuse(fault)};
  if (options.run_directory.empty()) options.run_directory = bridge::ByHand{}.run_directory().value_or("");
  return options;
}

void describe_sharing(CLI::App& app) {
  app.footer(
      "With a SOCKET_PATH, and --master or --slave: several services behind one socket. Options for that are --accept, "
      "--policy, --instance, --max-connections, --wait, --fork; see upstart-socket-bridge --master --help");
}

std::optional<SocketAddress> address_named(const std::string& name) {
  if (name.starts_with('/')) return address_of_text("unix:" + name);
  if (name.starts_with('@')) return address_of_text("abstract:" + name.substr(1));
  return address_of_text(name);
}

std::string master_address(const SocketAddress& address) { return protocol::socket_master_address(text_of(address)); }

} // namespace upstart::socket_bridge
