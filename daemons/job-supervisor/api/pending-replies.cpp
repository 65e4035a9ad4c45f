#include "daemons/job-supervisor/api/pending-replies.hpp"

#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

namespace upstart::supervisor {

namespace {

sdbus::Error to_error(const CommandError& error) {
  return sdbus::Error{sdbus::Error::Name{error.name}, protocol::readable(error.message)};
}

// Whoever waits gets an answer, whatever stands in the way of the right one.
template <typename Result, typename Answer> void give_answer(Result& result, Answer& answer, const std::string& value) {
  try {
    answer(result, value);
  } catch (const sdbus::Error& error) {
    if (base::is_hang_up(error)) throw;
    result.returnError(to_error(
        {protocol::error_name::limits_exceeded, "It is done, and the answer cannot be sent: " + error.getMessage()}));
  }
}

} // namespace

template <typename Result, typename Answer>
Reply PendingReplies::add(std::shared_ptr<void> object, Result&& result, Answer answer) {
  auto number = pending_->next++;
  auto kept = std::make_shared<std::decay_t<Result>>(std::forward<Result>(result));
  pending_->replies.emplace(number, [object = std::move(object), kept, answer](Outcome outcome) {
    if (outcome) give_answer(*kept, answer, *outcome);
    else kept->returnError(to_error(outcome.error()));
  });
  return [weak = std::weak_ptr{pending_}, number](Outcome outcome) {
    if (auto alive = weak.lock()) alive->give(number, std::move(outcome));
  };
}

Reply PendingReplies::add(std::shared_ptr<void> object, sdbus::Result<sdbus::ObjectPath>&& result) {
  return add(std::move(object), std::move(result),
             [](auto& kept, const std::string& path) { kept.returnResults(sdbus::ObjectPath{path}); });
}

Reply PendingReplies::add(std::shared_ptr<void> object, sdbus::Result<>&& result) {
  return add(std::move(object), std::move(result), [](auto& kept, const std::string&) { kept.returnResults(); });
}

void PendingReplies::Pending::give(std::uint64_t number, Outcome outcome) {
  auto node = replies.extract(number);
  if (node.empty()) return;
  if (auto problem = base::send_if_connected([&] { node.mapped()(std::move(outcome)); }))
    spdlog::warn("a reply cannot be sent to its client: {}", *problem);
  connection.has_sent();
}

} // namespace upstart::supervisor
