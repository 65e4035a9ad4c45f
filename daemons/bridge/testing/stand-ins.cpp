#include "daemons/bridge/testing/stand-ins.hpp"

#include "protocol/event-pattern.hpp"
#include "protocol/names.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ranges>
#include <stdexcept>

namespace upstart::bridge::testing {

namespace {

bool names(const Expression& expression, const std::string& event) {
  return std::ranges::any_of(expression, [&](const auto& match) { return protocol::event_fits(event, match.at(0)); });
}

bool names(const Supervisor::Job& job, const std::string& event) {
  return names(job.start_on, event) || names(job.stop_on, event);
}

base::FileDescriptor datagram_socket_at(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  base::FileDescriptor fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) < 0)
    throw std::runtime_error("unable to bind " + path);
  return fd;
}

} // namespace

void Supervisor::set_job(const std::string& name, Expression start_on, Expression stop_on) {
  auto& job = jobs_[name];
  Job before{.start_on = std::exchange(job.start_on, std::move(start_on)),
             .stop_on = std::exchange(job.stop_on, std::move(stop_on))};
  for (const auto& event : watched_) {
    if (names(job, event)) tell_conditions(event, name, job);
    else if (names(before, event)) tell_conditions(event, name, {});
  }
}

void Supervisor::tell_conditions(const std::string& event, const std::string& name, const Job& job) {
  if (serving_)
    serving_->for_each([&](auto& object) { object.emitConditionsChanged(event, name, job.start_on, job.stop_on); });
}

void Supervisor::remove_job(const std::string& name) {
  set_job(name, {}, {});
  jobs_.erase(name);
}

void Supervisor::set_active(const std::string& name, unsigned active) {
  jobs_[name].active = active;
  if (!serving_) return;
  for (const auto& offer : jobs_[name].offers)
    serving_->for_each([&](auto& object) { object.emitSocketHeld(name, offer.identity, active > 0); });
  serving_->for_each([&](auto& object) { object.emitActivityChanged(name, active); });
}

void Supervisor::set_held(const std::string& name, std::size_t offer, bool held) {
  const auto& identity = jobs_[name].offers.at(offer).identity;
  serving_->for_each([&](auto& object) { object.emitSocketHeld(name, identity, held); });
}

void Supervisor::set_bus_address(const std::string& address) {
  bus_address_ = address;
  if (serving_)
    serving_->for_each([&](auto& object) {
      object.emitPropertiesChangedSignal(
          sdbus::InterfaceName{com::ubuntu::Upstart::JobSupervisor1_adaptor::INTERFACE_NAME});
    });
}

std::vector<sdbus::Struct<std::string, Expression, Expression, uint32_t>>
Supervisor::Object::WatchConditions(const std::string& event) {
  ++owner_.times_asked_;
  std::vector<sdbus::Struct<std::string, Expression, Expression, uint32_t>> jobs;
  owner_.watched_.insert(event);
  for (const auto& [name, job] : owner_.jobs_)
    if (names(job, event)) jobs.emplace_back(name, job.start_on, job.stop_on, job.active);
  return jobs;
}

void Supervisor::Object::StartJobWithFile(sdbus::Result<sdbus::ObjectPath>&& result, std::string /*token*/,
                                          std::string job, std::string instance, sdbus::UnixFd file) {
  if (owner_.all_run_) {
    ++owner_.times_busy_;
    return result.returnError(sdbus::Error{sdbus::Error::Name{protocol::error_name::already_started}, "runs"});
  }
  owner_.started_.emplace_back(instance.empty() ? job : job + "/" + instance,
                               base::FileDescriptor{::fcntl(file.get(), F_DUPFD_CLOEXEC, 3)});
  result.returnResults(sdbus::ObjectPath{protocol::instance_path(job, instance)});
}

std::vector<std::string> Supervisor::Object::OfferSockets(
    const std::string& job,
    const std::vector<sdbus::Struct<std::string, std::string, std::vector<std::string>, sdbus::UnixFd>>& sockets) {
  auto& of_job = owner_.jobs_[job];
  of_job.offers.clear();
  std::vector<std::string> held;
  for (const auto& [identity, name, event, file] : sockets) {
    of_job.offers.push_back({.identity = identity,
                             .name = name,
                             .event = event,
                             .file = base::FileDescriptor{::fcntl(file.get(), F_DUPFD_CLOEXEC, 3)}});
    if (of_job.active > 0) held.push_back(identity);
  }
  return held;
}

void Broker::finish(std::size_t id, bool failed) {
  event(id).failed = failed;
  if (serving_) serving_->for_each([&](Object& object) { object.finished(id, failed); });
}

void Broker::Object::finished(uint64_t id, bool failed) {
  auto [first, end] = waiting_.equal_range(id);
  for (auto it = first; it != end; ++it) it->second.returnResults(failed);
  waiting_.erase(first, end);
}

uint64_t Broker::Object::EmitOnce(const std::string& name, const std::vector<std::string>& env,
                                  const std::vector<sdbus::UnixFd>& files, const std::string& token) {
  if (owner_.refusing_) {
    ++owner_.refused_;
    throw sdbus::Error{sdbus::Error::Name{protocol::error_name::permission_denied},
                       "You do not have permission to emit"};
  }
  auto [known, is_new] = owner_.by_token_.try_emplace(token, owner_.events_.size() + 1);
  if (!is_new) return known->second;
  Event event{.name = name, .env = env, .files = {}, .token = token, .failed = {}};
  for (const auto& file : files) event.files.emplace_back(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
  owner_.events_.push_back(std::move(event));
  return owner_.events_.size();
}

void Broker::Object::WaitFor(sdbus::Result<bool>&& result, uint64_t id) {
  auto& event = owner_.event(id);
  ++event.times_waited_for;
  if (event.failed) result.returnResults(*event.failed);
  else waiting_.emplace(id, std::move(result));
}

Manager::Manager(base::EventLoop& loop, const std::string& directory)
    : address_{directory + "/notify"},
      fd_{datagram_socket_at(address_)},
      watcher_{loop, fd_.get(), [this](unsigned) { receive(); }} {
  watcher_.watch(base::FdWatcher::readable);
}

bool Manager::received(const std::string& line) const { return std::ranges::contains(received_, line); }

void Manager::receive() {
  std::array<char, 4096> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto size = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return;
  base::FileDescriptor fd;
  if (const auto* header = CMSG_FIRSTHDR(&message); header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    fd.reset(number);
  }
  take(std::string(text.data(), static_cast<std::size_t>(size)), std::move(fd));
}

void Manager::take(const std::string& message, base::FileDescriptor fd) {
  std::string name;
  std::vector<std::string> lines;
  for (auto line : std::views::split(message, '\n')) lines.emplace_back(std::string_view{line});
  for (const auto& line : lines)
    if (line.starts_with("FDNAME=")) name = line.substr(7);
  if (std::ranges::contains(lines, "FDSTORE=1")) kept_[name] = std::move(fd);
  if (std::ranges::contains(lines, "FDSTOREREMOVE=1")) kept_.erase(name);
  received_.insert(received_.end(), lines.begin(), lines.end());
}

} // namespace upstart::bridge::testing
