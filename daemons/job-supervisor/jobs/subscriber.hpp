// One expression at run time: `start on` of a class or `stop on` of an instance, with its references expanded, filed
// in the event index, and what it holds. Events it holds are blocked by it.
#pragma once

#include "daemons/job-supervisor/expression/event-index.hpp"
#include "daemons/job-supervisor/expression/expression-state.hpp"

namespace upstart::supervisor {

class ClassEntry;
class Job;

class Subscriber {
public:
  // `job` empty: the expression is the class's `start on`.
  Subscriber(EventIndex& index, ClassEntry& entry, Job* job) : index_{index}, entry_{entry}, job_{job} {}
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber() { unfile(); }

  // Another expression, or the same one in another environment; what is held stays held where the shape is the same,
  // else is handed back to be released or offered anew.
  [[nodiscard]] std::vector<EventPointer> set_expression(const EventExpression& expression,
                                                         std::shared_ptr<const void> owner,
                                                         const protocol::Environment& environment) {
    bool same_shape = expression_ && expression_->nodes.size() == expression.nodes.size();
    auto held = same_shape ? std::vector<EventPointer>{} : state_.reset();
    unfile();
    if (!expression.empty()) {
      expression_ = expand_patterns(std::shared_ptr<const EventExpression>{std::move(owner), &expression}, environment);
      index_.add(this, *expression_);
    }
    return held;
  }

  [[nodiscard]] ClassEntry& entry() const { return entry_; }
  [[nodiscard]] Job* job() const { return job_; }
  [[nodiscard]] const EventExpression& expression() const {
    static const EventExpression none;
    return expression_ ? *expression_ : none;
  }
  [[nodiscard]] ExpressionState& state() { return state_; }
  [[nodiscard]] const ExpressionState& state() const { return state_; }

private:
  void unfile() {
    if (expression_) index_.remove(this, *expression_);
    expression_.reset();
  }

  EventIndex& index_;
  ClassEntry& entry_;
  Job* job_;
  std::shared_ptr<const EventExpression> expression_;
  ExpressionState state_;
};

} // namespace upstart::supervisor
