#include "daemons/job-supervisor/process/adoption/kept-descriptors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <format>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

// init keeps 16384 descriptors, whose names take 100 000 bytes; the other descriptors of this daemon are among them.
constexpr std::size_t most_kept = 16'000, most_name_bytes = 90'000, most_bytes_with_labels = 45'000;
constexpr std::size_t longest_label = 64;
constexpr int longest_wait = 50; // milliseconds, for room in the queue of init's socket

// "job.12", or "job.12 web.log".
constexpr std::string_view prefix = "job.";

bool is_label(std::string_view label) {
  return label.size() <= longest_label &&
         std::ranges::all_of(label, [](char byte) { return byte >= ' ' && byte < '\x7f' && byte != ':'; });
}

std::optional<std::pair<std::uint64_t, std::string>> parse_name(std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || number == 0) return std::nullopt;
  name.remove_prefix(static_cast<std::size_t>(end - name.data()));
  if (!name.empty() && name.front() != ' ') return std::nullopt;
  return std::pair{number, std::string{name.substr(std::min<std::size_t>(1, name.size()))}};
}

} // namespace

void Keeping::reset() {
  if (number_ != 0) all_->forget(std::exchange(number_, 0));
}

void KeptDescriptors::inherit(std::multimap<std::string, FileDescriptor>& inherited) {
  for (auto each = inherited.begin(); each != inherited.end();) {
    auto name = parse_name(each->first);
    if (!name) {
      ++each;
      continue;
    }
    last_number_ = std::max(last_number_, name->first);
    name_bytes_ += each->first.size() + 1;
    names_.emplace(name->first, each->first);
    inherited_.insert_or_assign(name->first, Inherited{std::move(each->second), std::move(name->second)});
    each = inherited.erase(each);
  }
}

bool KeptDescriptors::has_room(std::size_t name_size) const {
  return names_.size() < most_kept && name_bytes_ + name_size + 1 <= most_name_bytes;
}

Keeping KeptDescriptors::keep(int fd, std::string_view label) {
  std::string name = std::format("{}{}", prefix, ++last_number_);
  if (!label.empty() && is_label(label) && name_bytes_ < most_bytes_with_labels) name.append(" ").append(label);
  int error = has_room(name.size()) ? send("FDSTORE=1\nFDNAME=" + name, fd) : ENOSPC;
  if (error == 0) {
    name_bytes_ += name.size() + 1;
    names_.emplace(last_number_, std::move(name));
    return {*this, last_number_};
  }
  if (!no_manager_ && !std::exchange(warned_, true))
    warn_(std::format("a descriptor of a job cannot be given to init to keep ({}); if the job supervisor dies, output "
                      "or readiness of the job is lost; further ones are not reported",
                      error == ENOSPC ? "its store is full" : std::strerror(error)));
  return {};
}

void KeptDescriptors::forget(std::uint64_t number) {
  auto known = names_.find(number);
  if (known == names_.end()) return;
  (void)send("FDSTOREREMOVE=1\nFDNAME=" + known->second, -1);
  name_bytes_ -= known->second.size() + 1;
  names_.erase(known);
}

KeptDescriptor KeptDescriptors::take(std::uint64_t number) {
  auto found = inherited_.find(number);
  if (found == inherited_.end()) return {};
  KeptDescriptor taken{std::move(found->second.fd), {*this, number}, std::move(found->second.label)};
  inherited_.erase(found);
  return taken;
}

KeptDescriptor KeptDescriptors::take_if(const std::function<bool(int fd)>& holds) {
  for (const auto& [number, one] : inherited_)
    if (holds(one.fd.get())) return take(number);
  return {};
}

std::vector<KeptDescriptor> KeptDescriptors::take_rest() {
  std::vector<KeptDescriptor> rest;
  while (!inherited_.empty()) rest.push_back(take(inherited_.begin()->first));
  return rest;
}

bool KeptDescriptors::connect() {
  if (manager_) return true;
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  no_manager_ = path == nullptr || *path == '\0' || std::strlen(path) >= sizeof address.sun_path;
  if (no_manager_) return false;
  std::size_t length = std::strlen(path);
  std::memcpy(address.sun_path, path, length);
  if (*path == '@') address.sun_path[0] = '\0';
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), size) < 0) return false;
  manager_ = std::move(socket);
  return true;
}

// The error is errno, or 0.
int KeptDescriptors::send(const std::string& message, int fd) {
  if (!connect()) return no_manager_ ? ENOTCONN : errno;
  iovec part{const_cast<char*>(message.data()), message.size()};
  alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  while (::sendmsg(manager_.get(), &header, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    pollfd room{manager_.get(), POLLOUT, 0};
    if (errno != EAGAIN || ::poll(&room, 1, longest_wait) <= 0) return errno == 0 ? EAGAIN : errno;
  }
  return 0;
}

} // namespace upstart::supervisor
