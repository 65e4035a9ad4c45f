#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

bool has_main_process(const Job& job) { return job.life().process(ProcessKind::main).alive; }

std::vector<std::string> held_ones(const OfferedSockets::OfJob& sockets) {
  std::vector<std::string> held;
  for (const auto& socket : sockets)
    if (!socket.holders.empty()) held.push_back(socket.offer.identity);
  return held;
}

} // namespace

std::vector<std::string> SocketOffers::take(const ClassEntry& entry, std::vector<SocketOffer> offers) {
  auto& before = core_.offers.of(entry.name());
  OfferedSockets::OfJob sockets;
  for (auto& offer : offers) {
    auto known = std::ranges::find(before, offer.identity, [](const auto& each) { return each.offer.identity; });
    bool is_new = known == before.end();
    auto& socket = is_new ? sockets.emplace_back() : sockets.emplace_back(*known);
    if (is_new) socket.file = core_.events.next_file();
    auto file = is_new ? std::move(offer.file) : known->offer.file;
    socket.offer = std::move(offer);
    socket.offer.file = std::move(file);
    if (!is_new) continue;
    for (const auto& [_, job] : entry.instances()) {
      if (!belongs(socket, *job)) continue;
      (has_main_process(*job) ? socket.without : socket.holders).insert(job->id());
    }
  }
  core_.offers.set(entry.name(), std::move(sockets));
  return held_ones(core_.offers.of(entry.name()));
}

void SocketOffers::restore(const std::string& job, std::vector<OfferedSocket> sockets) {
  core_.offers.set(job, std::move(sockets));
}

void SocketOffers::drop(const std::string& job) { core_.offers.set(job, {}); }

bool SocketOffers::stands_for(const std::string& job, const Event& event) const {
  return std::ranges::any_of(core_.offers.of(job), [&](const OfferedSocket& socket) {
    return event.name == "socket" && socket.offer.variables == event.environment;
  });
}

bool SocketOffers::belongs(const OfferedSocket& socket, const Job& job) const {
  const auto& name = job.job_class().instance;
  if (name.empty()) return true;
  const auto& pending = job.life().rare->pending_start;
  auto environment = pending ? pending->environment : job.life().environment;
  environment.merge(socket.offer.variables);
  return expand(name, environment) == job.instance();
}

void SocketOffers::assign(const Job& job) {
  for (auto& socket : core_.offers.of(job.name()))
    if (!socket.without.contains(job.id()) && belongs(socket, job)) add_holder(job.name(), socket, job.id());
}

void SocketOffers::add_holder(const std::string& job, OfferedSocket& socket, JobId instance) {
  if (core_.offers.add_holder(socket, instance)) core_.tell(notice::SocketHeld{job, socket.offer.identity, true});
}

void SocketOffers::instance_gone(const Job& job) {
  for (auto& socket : core_.offers.of(job.name())) {
    if (socket.without.erase(job.id()) > 0) core_.offers.mark(socket);
    if (core_.offers.remove_holder(socket, job.id()))
      core_.tell(notice::SocketHeld{job.name(), socket.offer.identity, false});
  }
}

std::vector<OfferedFile> SocketOffers::of(const Job& job) const {
  std::vector<OfferedFile> files;
  for (const auto& socket : core_.offers.of(job.name()))
    if (bool has = socket.holders.contains(job.id()); has || socket.without.contains(job.id()))
      files.push_back({.file = socket.offer.file,
                       .name = socket.offer.name,
                       .is_used_by_others = core_.offers.holders_of(socket.offer.identity) > (has ? 1 : 0)});
  return files;
}

void SocketOffers::handed_over(const Job& job) {
  for (auto& socket : core_.offers.of(job.name())) {
    if (socket.without.erase(job.id()) == 0) continue;
    core_.offers.mark(socket);
    add_holder(job.name(), socket, job.id());
  }
}

} // namespace upstart::supervisor
