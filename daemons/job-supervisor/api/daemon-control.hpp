// What the public interface needs of the daemon as a whole, apart from the jobs. More than twenty methods: each is one
// thing that clients may ask for.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/job-supervisor/api/bridge-register.hpp"
#include "daemons/job-supervisor/jobs/values/command.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "protocol/job-state.hpp"

namespace upstart::supervisor {

class DaemonControl {
public:
  virtual ~DaemonControl() = default;
  virtual void reload_configuration() = 0;
  // What has been done to job files before this call takes effect before it returns.
  virtual void settle_configuration() = 0;
  // The same where only that job is looked at, or, with an empty name, none.
  virtual void settle_job(const std::string& job) = 0;
  // What the files of the job are like now, which the jobs do not know.
  virtual void add_file_facts(protocol::JobState& job) const = 0;
  // Where a condition of the class stands, as the class's files are now: condition-place.hpp.
  [[nodiscard]] virtual std::string place_of_condition(const JobClass& job_class,
                                                       const std::vector<std::string>& condition) = 0;
  // What may be meant by the name of a job that is not there, or why it is not there; empty: nothing is known.
  [[nodiscard]] virtual std::string about_unknown_job(const std::string& job) const = 0;
  [[nodiscard]] virtual std::string state_as_json() = 0;
  virtual void restart(const base::Caller& caller) = 0;
  virtual void logs_writable() = 0;
  // Answers when the bus is joined, or with the reason why not.
  virtual void join_bus(const std::string& address, Reply reply) = 0;
  virtual void end_session() = 0;
  [[nodiscard]] virtual std::string log_priority() const = 0;
  [[nodiscard]] virtual bool set_log_priority(const std::string& priority) = 0;
  [[nodiscard]] virtual std::string bus_address() const = 0;
  [[nodiscard]] virtual std::string event_broker_address() const = 0;
  [[nodiscard]] virtual BridgeRegister& bridges() = 0;
  // By init, if it runs no more or has not yet; ended again some time after, if no job asks for it.
  virtual void start_bridge(const std::string& name) = 0;
  // A bridge has offered all sockets that it has for jobs.
  virtual void sockets_offered() = 0;
  // Calls that start jobs are to wait for that.
  [[nodiscard]] virtual bool holds_starts() const = 0;
  [[nodiscard]] virtual std::string log_directory() const = 0; // empty: jobs are not logged
  // Everyone may look; changing is for root and, in a session, its own user.
  [[nodiscard]] virtual bool may_change(const base::Caller& caller) const = 0;
  // Whether the caller may do what bridges do: who may change anything, and the user of bridges that need no root.
  [[nodiscard]] virtual bool may_bridge(const base::Caller& caller) const = 0;
  [[nodiscard]] virtual bool is_process_1() const = 0;
};

} // namespace upstart::supervisor
