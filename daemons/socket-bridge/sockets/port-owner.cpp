#include "daemons/socket-bridge/sockets/port-owner.hpp"

#include "daemons/socket-bridge/sockets/unix-diagnostics.hpp"

#include <sys/stat.h>

#include <cctype>
#include <filesystem>
#include <format>
#include <fstream>
#include <set>
#include <sstream>

namespace upstart::socket_bridge {

namespace {

namespace fs = std::filesystem;

constexpr const char* tcp_listening = "0A";

// The inodes of sockets that are bound to this port, from one of the kernel's tables in /proc/net.
void add_network_sockets(const std::string& table, const SocketAddress& address, std::set<std::string>& inodes) {
  std::ifstream file{"/proc/net/" + table};
  std::string line;
  std::getline(file, line); // the headings
  while (std::getline(file, line)) {
    std::istringstream words{line};
    std::string number, local, remote, state, queues, timer, retransmissions, user, timeout, inode;
    words >> number >> local >> remote >> state >> queues >> timer >> retransmissions >> user >> timeout >> inode;
    if (!local.ends_with(std::format(":{:04X}", address.port))) continue;
    if (table.starts_with("tcp") && state != tcp_listening) continue;
    inodes.insert(inode);
  }
}

void add_unix_sockets(const SocketAddress& address, std::set<std::string>& inodes) {
  for (const auto& socket : unix_sockets_at(address)) inodes.insert(std::to_string(socket.inode));
  if (!inodes.empty()) return;
  // A kernel may have no socket diagnostics. The table knows no other spelling of a path.
  auto path = (address.family == Family::abstract ? "@" : "") + address.path;
  std::ifstream file{"/proc/net/unix"};
  std::string line;
  while (std::getline(file, line)) {
    if (!line.ends_with(" " + path)) continue;
    std::istringstream words{line};
    std::string number, references, protocol, flags, type, state, inode;
    words >> number >> references >> protocol >> flags >> type >> state >> inode;
    inodes.insert(inode);
  }
}

std::set<std::string> sockets_at(const SocketAddress& address) {
  std::set<std::string> inodes;
  bool network = address.family == Family::inet || address.family == Family::inet6;
  if (!network) add_unix_sockets(address, inodes);
  for (const auto* table : {"tcp", "tcp6", "udp", "udp6"}) {
    bool datagrams = std::string_view{table}.starts_with("udp");
    if (network && datagrams == (address.transport == Transport::datagram)) add_network_sockets(table, address, inodes);
  }
  return inodes;
}

// Every descriptor of the process that is one of these sockets.
std::vector<int> descriptors_of(const fs::path& process, const std::set<std::string>& inodes) {
  std::vector<int> descriptors;
  std::error_code error;
  for (fs::directory_iterator at{process / "fd", error}, end; !error && at != end; at.increment(error)) {
    std::error_code unreadable;
    auto target = fs::read_symlink(at->path(), unreadable).string();
    if (!target.starts_with("socket:[") || !target.ends_with("]")) continue;
    if (inodes.contains(target.substr(8, target.size() - 9)))
      descriptors.push_back(std::stoi(at->path().filename().string()));
  }
  return descriptors;
}

std::string program_of(const fs::path& process) {
  std::string name;
  std::getline(std::ifstream{process / "comm"}, name);
  return name;
}

} // namespace

std::vector<Holder> holders_of(const SocketAddress& address) {
  std::vector<Holder> holders;
  auto inodes = sockets_at(address);
  if (inodes.empty()) return {};
  std::error_code error;
  for (fs::directory_iterator at{"/proc", error}, end; !error && at != end; at.increment(error)) {
    auto pid = at->path().filename().string();
    struct stat process{};
    if (!std::isdigit(static_cast<unsigned char>(pid.front())) || ::stat(at->path().c_str(), &process) < 0) continue;
    for (int descriptor : descriptors_of(at->path(), inodes))
      holders.push_back({.process = std::stoi(pid), .user = process.st_uid, .descriptor = descriptor});
  }
  return holders;
}

std::string owner_of(const SocketAddress& address) {
  auto holders = holders_of(address);
  if (holders.empty()) return {};
  auto pid = std::to_string(holders.front().process);
  return std::format("{}, process {}", program_of(fs::path{"/proc"} / pid), pid);
}

} // namespace upstart::socket_bridge
