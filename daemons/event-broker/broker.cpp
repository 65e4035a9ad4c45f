#include "daemons/event-broker/broker.hpp"

#include "protocol/environment.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace upstart::broker {

namespace {

constexpr std::chrono::milliseconds pause_while_memory_fails{1000};
constexpr std::chrono::milliseconds time_to_finish_up{1000};

Time now() {
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<Time>(std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
}

std::unexpected<Fault> invalid(std::string message) {
  return std::unexpected(Fault{protocol::error_name::invalid_args, std::move(message)});
}

bool has_empty(const std::vector<std::string>& names) { return std::ranges::any_of(names, &std::string::empty); }

constexpr const char* empty_name = "Name may not be empty string";

} // namespace

Broker::Broker(base::EventLoop& loop, Memory::Recalled recalled, Settings settings)
    : loop_{loop},
      memory_{std::move(recalled.memory)},
      queue_{settings},
      memory_retry_{loop, [this] { flush(); }},
      when_idle_{loop, [this] { flush_what_has_room(); }} {
  for (const auto& fault : recalled.faults) spdlog::warn("{}", fault);
  for (const auto& change : recalled.changes) queue_.restore(change);
  if (queue_.pending_count() > 0) spdlog::info("{} events were not finished and go on", queue_.pending_count());
  reserve_ids();
  write_memory();
}

Broker::~Broker() { seats_.clear(); }

void Broker::take_back(std::multimap<std::string, base::FileDescriptor> inherited) {
  descriptors_.take_back(std::move(inherited), [this](EventId id) { return queue_.is_pending(id); });
}

// --- Connections

Link& Broker::add_link(std::unique_ptr<base::BusConnection> connection, std::function<void()> lost) {
  auto& link = *links_.emplace_back(std::make_unique<Link>(*this, std::move(connection)));
  link.connection().on_disconnected([this, &link, lost = std::move(lost)] {
    auto afterwards = lost;
    remove_link(link);
    afterwards();
  });
  return link;
}

void Broker::remove_link(Link& link) {
  std::vector<Attachment> leaving;
  for (const auto& [attachment, seat] : seats_)
    if (&seat.endpoint->link() == &link) leaving.push_back(attachment);
  for (auto attachment : leaving) detach(attachment);
  for (const auto& [waiter, waiting] : link.waiting()) {
    queue_.abandon(waiting.id, waiter);
    waiters_.erase(waiter);
  }
  std::erase_if(links_, [&](const auto& candidate) { return candidate.get() == &link; });
}

void Broker::serve(std::unique_ptr<base::BusConnection> peer) {
  add_link(std::move(peer), [] {});
}

std::expected<void, Fault> Broker::join_bus(const std::string& address) {
  if (address.empty()) return invalid("Address may not be empty string");
  if (std::ranges::contains(buses_, address, &BusMembership::address)) return {};
  auto& bus = buses_.emplace_back(loop_, address);
  bus.on_joined([this, &bus](std::unique_ptr<base::BusConnection> connection) {
    add_link(std::move(connection), [&bus] { bus.lost(); });
  });
  bus.join();
  return {};
}

void Broker::retry_buses() {
  for (auto& bus : buses_) bus.join();
}

// --- What callers ask

std::expected<EventId, Fault> Broker::emit(Emitter emitter, const std::string& name,
                                           const std::vector<std::string>& env, Descriptors::Files files) {
  if (name.empty()) return invalid(empty_name);
  auto environment = protocol::Environment::parse(env);
  if (!environment) return invalid(environment.error());
  auto admission = queue_.admit(name, environment->strings(), emitter, static_cast<unsigned>(files.size()), now());
  if (!admission) return std::unexpected(Fault{protocol::error_name::limits_exceeded, admission.error()});
  auto id = admission->event->id;
  if (admission->wanted()) {
    descriptors_.keep(id, std::move(files));
    if (auto written = write_ahead(*admission); !written) {
      descriptors_.forget(id);
      return std::unexpected(written.error());
    }
  }
  carry_out(queue_.accept(*admission));
  reserve_ids();
  return id;
}

std::expected<void, Fault> Broker::write_ahead(const Queue::Admission& admission) {
  auto written = memory_.write_ahead(queue_.written_form(admission), snapshot());
  if (written) return {};
  tell_memory_fault(written.error());
  return std::unexpected(
      Fault{protocol::error_name::failed, "The event could not be written down: " + written.error()});
}

std::expected<void, Fault> Broker::wait(Link& link, EventId id, sdbus::Result<bool>& result) {
  auto waiter = ++last_waiter_;
  auto outcome = queue_.wait(id, waiter);
  if (!outcome && outcome.error() == Queue::Unknown::forgotten)
    return invalid("The outcome of event " + std::to_string(id) + " is no longer known");
  if (!outcome) return invalid("There is no event " + std::to_string(id));
  if (outcome->has_value()) {
    write_memory();
    result.returnResults(**outcome);
    return {};
  }
  waiters_[waiter] = &link;
  link.keep_waiting(waiter, id, std::move(result));
  return {};
}

Attachment Broker::attachment_of(const Origin& from) const {
  auto found = attachments_.find({&from.link, from.sender});
  return found == attachments_.end() ? 0 : found->second;
}

Endpoint* Broker::endpoint(Attachment attachment) {
  auto found = seats_.find(attachment);
  return found == seats_.end() ? nullptr : found->second.endpoint.get();
}

std::expected<std::vector<std::string>, Fault> Broker::attach(const Origin& from, const std::string& handler,
                                                              const std::vector<std::string>& events) {
  if (handler.empty() || has_empty(events)) return invalid(empty_name);
  if (auto seat = seats_.find(attachment_of(from)); seat != seats_.end() && seat->second.handler != handler)
    return invalid("You are attached as " + seat->second.handler + " already");
  auto former = std::ranges::find_if(seats_, [&](const auto& seat) { return seat.second.handler == handler; });
  if (former != seats_.end()) vacate(former);
  auto attached = queue_.attach(handler, events);
  auto gone = [this, attachment = attached.attachment] { detach(attachment); };
  seats_.emplace(attached.attachment,
                 Seat{handler, std::make_unique<Endpoint>(loop_, from.link, from.sender, std::move(gone))});
  attachments_[{&from.link, from.sender}] = attached.attachment;
  spdlog::info("{} attached, wanting {} events", handler, events.size());
  carry_out(std::move(attached.effects));
  return std::move(attached.wanted_by_others);
}

void Broker::vacate(Seats::iterator seat) {
  attachments_.erase({&seat->second.endpoint->link(), seat->second.endpoint->sender()});
  seats_.erase(seat);
}

void Broker::detach(Attachment attachment) {
  auto seat = seats_.find(attachment);
  if (seat == seats_.end()) return;
  spdlog::info("{} has gone; its events are kept", seat->second.handler);
  vacate(seat);
  carry_out(queue_.detach(attachment));
}

std::expected<void, Fault> Broker::subscribe(const Origin& from, const std::vector<std::string>& add,
                                             const std::vector<std::string>& remove) {
  auto attachment = attachment_of(from);
  if (attachment == 0) return invalid("You are not attached as a handler");
  if (has_empty(add)) return invalid(empty_name);
  carry_out(queue_.subscribe(attachment, add, remove));
  return {};
}

void Broker::finished(const Origin& from, EventId id, bool failed, JobActions done) {
  carry_out(queue_.finished(attachment_of(from), id, failed, std::move(done), now()));
}

void Broker::undeliverable(const Deliver& deliver) {
  carry_out(queue_.finished(deliver.to, deliver.event->id, true, {}, now()));
}

void Broker::record(const Origin& from, const std::string& name, const std::vector<std::string>& env, Emitter emitter) {
  if (name.empty() || protocol::environment_fault(env)) {
    spdlog::warn("an event was recorded that has {}",
                 name.empty() ? "no name" : "an environment not of KEY=VALUE pairs");
    return;
  }
  auto id = queue_.record(name, env, emitter, now());
  for (const auto& link : links_)
    if (link.get() != &from.link) {
      link->announce(id, name, env);
      something_waits_ |= link->has_waiting();
      if (link->overfull()) flush_soon();
    }
  reserve_ids();
}

void Broker::reserve_ids() {
  if (auto effects = queue_.reserve_ids(); !effects.changes.empty()) carry_out(std::move(effects));
}

// --- What follows

void Broker::carry_out(Effects effects) {
  for (const auto& change : effects.changes) memory_.note(change);
  for (auto& outgoing : effects.outgoing) post(std::move(outgoing));
  if (!effects.changes.empty() || !effects.outgoing.empty()) flush_soon();
}

void Broker::post(Outgoing outgoing) {
  if (const auto* deliver = std::get_if<Deliver>(&outgoing)) {
    if (auto* to = endpoint(deliver->to)) to->link().post(std::move(outgoing));
  } else if (const auto* answer = std::get_if<Answer>(&outgoing)) {
    if (auto waiter = waiters_.extract(answer->waiter)) waiter.mapped()->post(std::move(outgoing));
  } else {
    if (const auto* finished = std::get_if<Finished>(&outgoing)) descriptors_.forget(finished->event->id);
    post_to_all(outgoing);
  }
}

void Broker::post_to_all(const Outgoing& outgoing) {
  for (const auto& link : links_) link->post(outgoing);
}

void Broker::flush_soon() {
  if (std::exchange(flush_is_due_, true)) return;
  loop_.defer([this] { flush(); });
}

void Broker::flush() {
  flush_is_due_ = false;
  write_memory();
  if (queue_.views_changed())
    for (auto& view : queue_.take_changed_views())
      if (auto* to = endpoint(view.handler)) to->link().post(std::move(view));
  for (const auto& link : links_) link->flush();
  something_waits_ = std::ranges::any_of(links_, &Link::has_waiting);
  if (something_waits_) hang_up_on_overfull();
}

// A connection has written what it had: its outbox goes on. Deferred, so that the connection sees it before it waits.
void Broker::flush_what_has_room() {
  if (!something_waits_) return;
  if (std::ranges::any_of(links_, [](const auto& link) { return link->has_waiting() && link->has_room(); }))
    flush_soon();
}

void Broker::hang_up_on_overfull() {
  for (;;) {
    auto overfull = std::ranges::find_if(links_, &Link::overfull);
    if (overfull == links_.end()) return;
    spdlog::warn("a connection is closed: its other end does not read");
    remove_link(**overfull);
  }
}

bool Broker::write_memory() {
  if (!memory_.behind() && !memory_.has_unwritten()) return true;
  auto written = memory_.write(snapshot());
  if (written) {
    if (!memory_fault_.empty()) spdlog::warn("events are written down again");
    memory_fault_.clear();
    memory_retry_.stop();
  } else {
    tell_memory_fault(written.error());
    memory_retry_.start(pause_while_memory_fails);
  }
  return written.has_value();
}

void Broker::tell_memory_fault(const std::string& fault) {
  if (fault != memory_fault_) spdlog::error("{}: no event that a handler wants can be accepted", fault);
  memory_fault_ = fault;
}

Memory::Snapshot Broker::snapshot() const {
  return [this] { return queue_.snapshot(); };
}

void Broker::finish_up() {
  bool in_time = true;
  base::Timer limit{loop_, [&] { in_time = false; }};
  limit.start(time_to_finish_up);
  flush();
  while (in_time && !std::ranges::all_of(links_, &Link::all_written)) loop_.run_once();
}

} // namespace upstart::broker
