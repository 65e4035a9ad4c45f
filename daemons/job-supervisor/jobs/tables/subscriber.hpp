// One expression at run time, filed in the event index: `start on` of a class or `stop on` of an instance, with its
// references expanded. Which events it holds is part of its owner's state, and stays there.
#pragma once

#include "daemons/job-supervisor/expression/event-index.hpp"
#include "daemons/job-supervisor/expression/expression-state.hpp"
#include "daemons/job-supervisor/jobs/tables/emissions.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"

namespace upstart::supervisor {

class Subscriber {
public:
  // All of them outlive the subscriber; `job_class` is its owner's member, referred to and not copied. `job` 0: the
  // expression is the class's `start on`, and there is no instance.
  Subscriber(EventIndex& index, const std::shared_ptr<const JobClass>& job_class, ExpressionState& state, JobId job = 0,
             const std::string* instance = nullptr)
      : index_{index}, class_{job_class}, state_{state}, job_{job}, instance_{instance} {}
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber() { unfile(); }

  // Files the class's expression, its references expanded in this environment, in place of what was filed before. What
  // is held stays held: the expression has the same nodes in the same places.
  void expand(const EventExpression& expression, const protocol::Environment& environment) {
    if (expression.empty()) return unfile();
    auto expanded = expand_patterns(std::shared_ptr<const EventExpression>{class_, &expression}, environment);
    if (expanded == expression_) return; // it has no references
    unfile();
    expression_ = std::move(expanded);
    index_.add(this, *expression_);
  }
  void unfile() {
    if (expression_) index_.remove(this, *expression_);
    expression_.reset();
  }

  [[nodiscard]] const std::string& job_name() const { return class_->name; }
  [[nodiscard]] JobId job() const { return job_; }
  [[nodiscard]] std::string_view instance() const {
    return instance_ != nullptr ? std::string_view{*instance_} : std::string_view{};
  }
  [[nodiscard]] const EventExpression& expression() const {
    static const EventExpression none;
    return expression_ ? *expression_ : none;
  }
  [[nodiscard]] ExpressionState& state() { return state_; }
  [[nodiscard]] const ExpressionState& state() const { return state_; }

private:
  EventIndex& index_;
  const std::shared_ptr<const JobClass>& class_;
  ExpressionState& state_;
  JobId job_;
  const std::string* instance_;
  std::shared_ptr<const EventExpression> expression_;
};

} // namespace upstart::supervisor
