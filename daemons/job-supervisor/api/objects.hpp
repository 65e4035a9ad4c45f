// The public D-Bus objects: thin, they translate and delegate. One set of them for each client connection.
#pragma once

#include "daemons/job-supervisor/api/client.hpp"
#include "generated/Instance-adaptor.hpp"
#include "generated/Job-adaptor.hpp"
#include "generated/JobSupervisor1-adaptor.hpp"
#include "generated/Upstart0_6-adaptor.hpp"

namespace upstart::supervisor {

// /com/ubuntu/Upstart. More than twenty methods: one for each of the interface, which is the original's.
class ManagerObject final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart0_6_adaptor> {
public:
  explicit ManagerObject(Client& client);
  ManagerObject(const ManagerObject&) = delete;
  ManagerObject& operator=(const ManagerObject&) = delete;
  ~ManagerObject();

private:
  void ReloadConfiguration() override;
  sdbus::ObjectPath GetJobByName(const std::string& name) override;
  std::vector<sdbus::ObjectPath> GetAllJobs() override;
  std::string GetState() override;
  void Restart() override;
  void EmitEvent(sdbus::Result<>&& result, std::string name, std::vector<std::string> env, bool wait) override;
  void EmitEventWithFile(sdbus::Result<>&& result, std::string name, std::vector<std::string> env, bool wait,
                         sdbus::UnixFd file) override;
  std::string GetEnv(const std::vector<std::string>& job_details, const std::string& name) override;
  void SetEnv(const std::vector<std::string>& job_details, const std::string& var, const bool& replace) override;
  void SetEnvList(const std::vector<std::string>& job_details, const std::vector<std::string>& vars,
                  const bool& replace) override;
  void UnsetEnv(const std::vector<std::string>& job_details, const std::string& name) override;
  void UnsetEnvList(const std::vector<std::string>& job_details, const std::vector<std::string>& names) override;
  std::vector<std::string> ListEnv(const std::vector<std::string>& job_details) override;
  void ResetEnv(const std::vector<std::string>& job_details) override;
  void NotifyDiskWriteable() override;
  void NotifyDBusAddress(sdbus::Result<>&& result, std::string address) override;
  void NotifyCGroupManagerAddress(const std::string& address) override;
  void EndSession() override;
  std::string version() override;
  std::string log_priority() override;
  void log_priority(const std::string& value) override;

  void emit_event(sdbus::Result<>&& result, Event event, bool wait);
  void refuse_for_process_1();

  Client& client_;
};

// /com/ubuntu/Upstart/jobs/<job>. With `registered` false only its signals can be sent.
class JobObject final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart0_6::Job_adaptor> {
public:
  JobObject(Client& client, std::string job, bool registered);
  JobObject(const JobObject&) = delete;
  JobObject& operator=(const JobObject&) = delete;
  ~JobObject();

private:
  sdbus::ObjectPath GetInstance(const std::vector<std::string>& env) override;
  sdbus::ObjectPath GetInstanceByName(const std::string& name) override;
  std::vector<sdbus::ObjectPath> GetAllInstances() override;
  void Start(sdbus::Result<sdbus::ObjectPath>&& result, std::vector<std::string> env, bool wait) override;
  void Stop(sdbus::Result<>&& result, std::vector<std::string> env, bool wait) override;
  void Restart(sdbus::Result<sdbus::ObjectPath>&& result, std::vector<std::string> env, bool wait) override;
  std::string name() override;
  std::string description() override;
  std::string author() override;
  std::string version() override;
  std::vector<std::vector<std::string>> start_on() override;
  std::vector<std::vector<std::string>> stop_on() override;
  std::vector<std::string> emits() override;
  std::string usage() override;

  [[nodiscard]] ClassEntry& entry() const;

  Client& client_;
  std::string job_;
  bool registered_;
};

// /com/ubuntu/Upstart/jobs/<job>/<instance>. With `registered` false only its signals can be sent.
class InstanceObject final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart0_6::Instance_adaptor> {
public:
  InstanceObject(Client& client, std::string job, std::string instance, bool registered);
  InstanceObject(const InstanceObject&) = delete;
  InstanceObject& operator=(const InstanceObject&) = delete;
  ~InstanceObject();

private:
  void Start(sdbus::Result<>&& result, bool wait) override;
  void Stop(sdbus::Result<>&& result, bool wait) override;
  void Restart(sdbus::Result<>&& result, bool wait) override;
  void Reload() override;
  std::string name() override;
  std::string goal() override;
  std::string state() override;
  std::vector<sdbus::Struct<std::string, int32_t>> processes() override;

  [[nodiscard]] Job& job() const;

  Client& client_;
  std::string job_, instance_;
  bool registered_;
};

// A run as ListRuns tells it: job, instance, origin, causes, moments, failed, is a task.
using RunOnWire = sdbus::Struct<std::string, std::string, std::string,
                                std::vector<sdbus::Struct<uint64_t, std::string, std::string, std::string>>,
                                std::vector<sdbus::Struct<std::string, uint64_t>>, bool, bool>;

// /com/ubuntu/Upstart/JobSupervisor
class SupervisorObject final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::JobSupervisor1_adaptor> {
public:
  explicit SupervisorObject(Client& client);
  SupervisorObject(const SupervisorObject&) = delete;
  SupervisorObject& operator=(const SupervisorObject&) = delete;
  ~SupervisorObject();

private:
  std::vector<sdbus::Struct<std::string, std::vector<std::vector<std::string>>, std::vector<std::vector<std::string>>,
                            uint32_t>>
  WatchConditions(const std::string& event) override;
  std::vector<std::string>
  OfferSockets(const std::string& job,
               const std::vector<sdbus::Struct<std::string, std::string, std::vector<std::string>, sdbus::UnixFd>>&
                   sockets) override;
  void SocketsOffered() override;
  std::string LocateCondition(const std::string& job, const std::vector<std::string>& condition) override;
  void StartJobWithFile(sdbus::Result<sdbus::ObjectPath>&& result, std::string token, std::string job,
                        std::string instance, sdbus::UnixFd file) override;
  std::string PrintClass(const std::string& job) override;
  std::string DescribeJob(const std::string& job) override;
  std::string ListJobs() override;
  void ResetFailed(const std::string& job) override;
  std::string AboutUnknownJob(const std::string& job) override;
  std::vector<sdbus::Struct<std::string, std::string, std::string>> ListHolders(const uint64_t& event) override;
  std::vector<std::string> ListEmits() override;
  std::vector<sdbus::Struct<std::string, uint32_t, std::string, std::vector<std::string>, uint32_t>>
  ListBridges() override;
  void StartBridge(const std::string& name) override;
  std::tuple<uint64_t, uint64_t, std::vector<RunOnWire>> ListRuns() override;
  std::string Simulate(const std::string& name, const std::vector<std::string>& env) override;
  void StartJob(sdbus::Result<sdbus::ObjectPath>&& result, std::string token, std::vector<std::string> job_details,
                std::vector<std::string> env, bool wait) override;
  void StopJob(sdbus::Result<sdbus::ObjectPath>&& result, std::string token, std::vector<std::string> job_details,
               std::vector<std::string> env, bool wait) override;
  void RestartJob(sdbus::Result<sdbus::ObjectPath>&& result, std::string token, std::vector<std::string> job_details,
                  std::vector<std::string> env, bool wait) override;
  void EmitEvent(sdbus::Result<>&& result, std::string token, std::string name, std::vector<std::string> env,
                 bool wait) override;
  std::string bus_address() override;
  std::string event_broker_address() override;
  std::string log_directory() override;

  // Who gave this call, to be answered later. Nothing: the token is known of this method, and the call answered, now or
  // later, with what became of the command that first had it.
  template <typename Result> std::optional<Asker> asker(Result&& result, const char* method, const std::string& token);
  template <typename Act>
  void command(sdbus::Result<sdbus::ObjectPath>&& result, const char* method, const std::string& token,
               const std::vector<std::string>& job_details, const std::vector<std::string>& env, Act act);

  Client& client_;
};

} // namespace upstart::supervisor
