#include "clients/initctl/testing/fake-upstart.hpp"

#include "daemons/base/listen.hpp"
#include "daemons/base/peer.hpp"
#include "generated/Instance-stub.hpp"
#include "generated/Job-stub.hpp"
#include "generated/JobSupervisor1-stub.hpp"
#include "generated/Upstart0_6-stub.hpp"
#include "protocol/environment.hpp"
#include "protocol/job-state.hpp"
#include "protocol/jobs/job-summary.hpp"
#include "protocol/names.hpp"

#include <sys/eventfd.h>

#include <atomic>
#include <condition_variable>
#include <format>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace upstart::client {

namespace {

using namespace upstart::base;
using namespace upstart::protocol;
using sdbus::ObjectPath;
using Strings = std::vector<std::string>;

class ManagerObject;

struct World {
  std::map<std::string, FakeJob> jobs;
  std::mutex guard = {};
  Strings calls = {}, tokens = {};
  int version_reads = 0;
  std::condition_variable version_read = {};
  std::set<ManagerObject*> managers = {};
  std::string log_directory = {};
  std::string priority = "message";
  bool knows_tokens = true;
  AfterRestart after_restart = AfterRestart::tells;
  std::vector<Loss> losses = {};                    // of the next commands with a token, the last first
  std::map<std::string, std::string> done = {};     // path by token
  std::map<std::string, sdbus::Error> refused = {}; // by token
  Strings environment{"B=2", "A=1"};
  void note(const std::string& call, const Strings& arguments = {}) {
    std::string line = call;
    for (const auto& argument : arguments) line += " " + argument;
    std::lock_guard lock{guard};
    calls.push_back(line);
  }
};

void hang_up(sdbus::IObject& object) { ::shutdown(object.getConnection().getEventLoopPollData().fd, SHUT_RDWR); }

[[noreturn]] void fail(const char* name, const std::string& message) {
  throw sdbus::Error{sdbus::Error::Name{name}, message};
}

class InstanceObject : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart0_6::Instance_stub> {
public:
  InstanceObject(sdbus::IConnection& connection, const std::string& job, std::string name, World& world)
      : AdaptorInterfaces(connection, ObjectPath{instance_path(job, name)}), name_{std::move(name)}, world_{world} {
    registerAdaptor();
  }
  ~InstanceObject() { unregisterAdaptor(); }

private:
  void Start(sdbus::Result<>&& result, bool wait) override { answer("Instance.Start", std::move(result), wait); }
  void Stop(sdbus::Result<>&& result, bool wait) override { answer("Instance.Stop", std::move(result), wait); }
  void Restart(sdbus::Result<>&& result, bool wait) override { answer("Instance.Restart", std::move(result), wait); }
  void Reload() override { world_.note("Reload", {name_}); }
  std::string name() override { return name_; }
  std::string goal() override { return "start"; }
  std::string state() override { return "running"; }
  std::vector<sdbus::Struct<std::string, std::int32_t>> processes() override { return {{"main", 42}}; }
  void answer(const char* method, sdbus::Result<>&& result, bool wait) {
    world_.note(method, {wait ? "wait" : "no-wait"});
    result.returnResults();
  }

  std::string name_;
  World& world_;
};

class JobObject : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart0_6::Job_stub> {
public:
  JobObject(sdbus::IConnection& connection, std::string name, FakeJob& job, World& world)
      : AdaptorInterfaces(connection, ObjectPath{job_path(name)}),
        connection_{connection},
        name_{std::move(name)},
        job_{job},
        world_{world} {
    registerAdaptor();
    for (const auto& instance : job_.running) serve(instance);
  }
  ~JobObject() { unregisterAdaptor(); }

  [[nodiscard]] const std::string& own_name() const { return name_; }
  ObjectPath existing(const std::string& instance) {
    if (!job_.running.contains(instance)) fail(error_name::unknown_instance, "Unknown instance: " + instance);
    return ObjectPath{instance_path(name_, instance)};
  }
  ObjectPath start(const Strings& env, bool wait) {
    world_.note(wait ? "Start" : "Start no-wait", env);
    std::string instance = instance_of(env);
    if (job_.fails) fail(error_name::job_failed, "Job failed to start");
    if (!job_.running.insert(instance).second) fail(error_name::already_started, "Job is already running: " + name_);
    serve(instance);
    return existing(instance);
  }
  ObjectPath stop(const Strings& env, bool wait) {
    world_.note(wait ? "Stop" : "Stop no-wait", env);
    std::string instance = instance_of(env);
    auto path = existing(instance);
    job_.running.erase(instance);
    instances_.erase(instance);
    return path;
  }
  ObjectPath restart(const Strings& env, bool wait) {
    world_.note(wait ? "Restart" : "Restart no-wait", env);
    return existing(instance_of(env));
  }

private:
  void serve(const std::string& instance) {
    instances_[instance] = std::make_unique<InstanceObject>(connection_, name_, instance, world_);
  }
  std::string instance_of(const Strings& env) {
    if (auto fault = environment_fault(env)) fail(error_name::invalid_args, *fault);
    Environment environment{env};
    auto named = environment.get("NAME");
    if (job_.has_instances && !named) fail(error_name::invalid_args, "Unknown parameter: NAME");
    return job_.has_instances ? std::string{*named} : "";
  }
  ObjectPath GetInstance(const Strings& env) override { return existing(instance_of(env)); }
  ObjectPath GetInstanceByName(const std::string& name) override { return existing(name); }
  std::vector<ObjectPath> GetAllInstances() override {
    std::vector<ObjectPath> paths;
    for (const auto& instance : job_.running) paths.emplace_back(instance_path(name_, instance));
    return paths;
  }
  void Start(sdbus::Result<ObjectPath>&& result, Strings env, bool wait) override {
    result.returnResults(start(env, wait));
  }
  void Stop(sdbus::Result<>&& result, Strings env, bool wait) override {
    stop(env, wait);
    result.returnResults();
  }
  void Restart(sdbus::Result<ObjectPath>&& result, Strings env, bool wait) override {
    result.returnResults(restart(env, wait));
  }
  std::string name() override { return name_; }
  std::vector<Strings> start_on() override { return job_.start_on; }
  std::vector<Strings> stop_on() override { return job_.stop_on; }
  Strings emits() override { return job_.emits; }
  std::string usage() override { return job_.usage; }

  sdbus::IConnection& connection_;
  std::string name_;
  FakeJob& job_;
  World& world_;
  std::map<std::string, std::unique_ptr<InstanceObject>> instances_;
};

// More than twenty methods: it stands for the whole public interface.
class ManagerObject : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart0_6_stub> {
public:
  ManagerObject(sdbus::IConnection& connection, World& world)
      : AdaptorInterfaces(connection, ObjectPath{path::manager}), world_{world} {
    registerAdaptor();
    world_.managers.insert(this);
  }
  void emit(const std::string& name, const Strings& env, bool wait) {
    Strings arguments{name};
    arguments.insert(arguments.end(), env.begin(), env.end());
    world_.note(wait ? "EmitEvent" : "EmitEvent no-wait", arguments);
    auto fault = environment_fault(env);
    if (fault && name != "svc-fails") fail(error_name::invalid_args, *fault);
    if (name == "failing") fail(error_name::event_failed, "Event failed");
    for (auto* manager : world_.managers)
      if (name == "svc-fails") manager->signal_failure("svc", std::stoi(env.at(0)));
      else manager->emitEventEmitted(name, env);
  }
  void signal_failure(const std::string& job, int status) {
    InstanceObject{getObject().getConnection(), job, "", world_}.emitFailed(status);
  }
  ~ManagerObject() {
    world_.managers.erase(this);
    unregisterAdaptor();
  }

private:
  void ReloadConfiguration() override { world_.note("ReloadConfiguration"); }
  void Restart() override {
    world_.note("Restart");
    if (world_.after_restart == AfterRestart::tells)
      for (auto* manager : world_.managers) manager->emitRestarted();
  }
  ObjectPath GetJobByName(const std::string& name) override {
    if (!world_.jobs.contains(name)) fail(error_name::unknown_job, "Unknown job: " + name);
    return ObjectPath{job_path(name)};
  }
  std::vector<ObjectPath> GetAllJobs() override {
    std::vector<ObjectPath> paths{ObjectPath{job_path("gone-meanwhile")}};
    for (const auto& [name, job] : world_.jobs) paths.emplace_back(job_path(name));
    return {paths.rbegin(), paths.rend()};
  }
  std::string GetState() override {
    SupervisorState state;
    for (const auto& [name, job] : world_.jobs)
      state.jobs.push_back({.name = name, .file = "/nowhere/" + name + ".conf"});
    return to_json(state);
  }
  void EmitEvent(sdbus::Result<>&& result, std::string name, Strings env, bool wait) override {
    if (name == "vanish") hang_up(getObject());
    emit(name, env, wait);
    result.returnResults();
  }
  std::string GetEnv(const Strings& job, const std::string& name) override {
    world_.note("GetEnv", job);
    Environment environment{world_.environment};
    auto value = environment.get(name);
    if (!value) fail(error_name::invalid_args, "No such variable: " + name);
    return std::string{*value};
  }
  void SetEnv(const Strings& job, const std::string& var, const bool& replace) override {
    world_.note(replace ? "SetEnv" : "SetEnv retain", job);
    world_.note(var);
  }
  void SetEnvList(const Strings&, const Strings& vars, const bool&) override { world_.note("SetEnvList", vars); }
  void UnsetEnv(const Strings&, const std::string& name) override { world_.note("UnsetEnv", {name}); }
  void UnsetEnvList(const Strings&, const Strings& names) override { world_.note("UnsetEnvList", names); }
  Strings ListEnv(const Strings&) override { return world_.environment; }
  void ResetEnv(const Strings& job) override { world_.note("ResetEnv", job); }
  void NotifyDiskWriteable() override { world_.note("NotifyDiskWriteable"); }
  void NotifyDBusAddress(sdbus::Result<>&& result, std::string address) override {
    world_.note("NotifyDBusAddress", {address});
    result.returnResults();
  }
  void NotifyCGroupManagerAddress(const std::string& address) override {
    world_.note("NotifyCGroupManagerAddress", {address});
  }
  void EndSession() override { world_.note("EndSession"); }
  std::string version() override {
    std::lock_guard lock{world_.guard};
    ++world_.version_reads;
    world_.version_read.notify_all();
    return "init (upstart 0)";
  }
  std::string log_priority() override { return world_.priority; }
  void log_priority(const std::string& value) override {
    if (value == "bogus") fail(error_name::invalid_args, "The log priority given was not recognised");
    world_.priority = value;
  }

  World& world_;
};

using JobObjects = std::vector<std::unique_ptr<JobObject>>;

class SupervisorObject : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::JobSupervisor1_stub> {
public:
  SupervisorObject(sdbus::IConnection& connection, World& world, ManagerObject& manager, JobObjects& jobs)
      : AdaptorInterfaces(connection, ObjectPath{path::job_supervisor}), world_{world}, manager_{manager}, jobs_{jobs} {
    registerAdaptor();
  }
  ~SupervisorObject() { unregisterAdaptor(); }

private:
  std::string PrintClass(const std::string& job) override {
    return job == "mute" ? "console none\nexec x\n" : "# the class " + job + "\n";
  }
  std::string DescribeJob(const std::string& job) override {
    auto found = world_.jobs.find(job);
    if (found == world_.jobs.end()) fail(error_name::unknown_job, "Unknown job: " + job);
    if (found->second.state.empty()) fail(error_name::unknown_method, "Unknown method DescribeJob");
    return found->second.state;
  }
  std::string ListJobs() override {
    if (!world_.knows_tokens) fail(error_name::unknown_method, "Unknown method ListJobs");
    std::vector<JobSummary> summaries;
    for (const auto& [name, job] : world_.jobs) {
      JobSummary summary{.name = name, .description = job.usage};
      for (const auto& instance : job.running)
        summary.instances.push_back(
            {.name = instance, .goal = "start", .state = "running", .processes = {{"main", 42}}});
      if (!job.failure.empty()) summary.failures.push_back({.instance = "", .time = 1, .text = job.failure});
      summaries.push_back(std::move(summary));
    }
    return to_json(summaries);
  }
  void ResetFailed(const std::string& job) override {
    if (!job.empty() && !world_.jobs.contains(job)) fail(error_name::unknown_job, "Unknown job: " + job);
    world_.note("ResetFailed", {job});
  }
  std::string AboutUnknownJob(const std::string& job) override {
    return job == "shiny" ? "there is a file /etc/init/shiny, but a job's file must be called NAME.conf" : "";
  }
  std::vector<sdbus::Struct<std::string, std::uint32_t, std::string, Strings, std::uint32_t>> ListBridges() override {
    std::vector<sdbus::Struct<std::string, std::uint32_t, std::string, Strings, std::uint32_t>> bridges;
    if (world_.jobs.contains("web"))
      bridges.emplace_back("socket-bridge", 7, "com.ubuntu.Upstart.SocketBridge", Strings{"socket"}, 1);
    return bridges;
  }
  std::string Simulate(const std::string& name, const Strings& env) override {
    world_.note("Simulate " + name, env);
    return R"([{"kind": "event", "name": "go", "env": ["K=v"]}, {"kind": "goal", "job": "svc", "instance": "", "name": "start"},
      {"kind": "state", "job": "svc", "instance": "", "name": "starting"}, {"kind": "blocked", "name": "go"}])";
  }
  std::string log_directory() override { return world_.log_directory; }

  // Does it once for each token, and hangs up as the test has asked for.
  template <typename Result, typename Do> void track(Result&& result, const std::string& token, Do act) {
    if (!world_.knows_tokens) fail(error_name::unknown_method, "Unknown method");
    {
      std::lock_guard lock{world_.guard};
      world_.tokens.push_back(token);
    }
    auto loss = Loss::none;
    if (!world_.losses.empty()) {
      loss = world_.losses.back();
      world_.losses.pop_back();
    }
    if (loss == Loss::before_acceptance) return hang_up(getObject());
    do_once(token, act);
    if (loss == Loss::before_answer) return hang_up(getObject());
    if (auto error = world_.refused.find(token); error != world_.refused.end()) throw sdbus::Error{error->second};
    if constexpr (std::is_same_v<std::decay_t<Result>, sdbus::Result<>>) result.returnResults();
    else result.returnResults(ObjectPath{world_.done.at(token)});
  }
  template <typename Do> void do_once(const std::string& token, Do act) {
    if (world_.done.contains(token) || world_.refused.contains(token)) return;
    try {
      world_.done.emplace(token, act());
    } catch (const sdbus::Error& error) { world_.refused.emplace(token, error); }
  }
  JobObject& job_of(const Strings& details) {
    for (auto& job : jobs_)
      if (job->own_name() == details[0]) return *job;
    fail(error_name::unknown_job, "Unknown job: " + details[0]);
  }
  // To the instance that is named, else to what does it with the environment.
  template <typename Do> ObjectPath act_on(const char* method, const Strings& details, bool wait, Do with_environment) {
    auto& job = job_of(details);
    if (details.size() == 1) return with_environment(job);
    auto path = job.existing(details[1]);
    world_.note(method, {wait ? "wait" : "no-wait"});
    return path;
  }
  void StartJob(sdbus::Result<ObjectPath>&& result, std::string token, Strings details, Strings env,
                bool wait) override {
    track(std::move(result), token, [&] {
      return act_on("Instance.Start", details, wait, [&](JobObject& job) { return job.start(env, wait); });
    });
  }
  void StopJob(sdbus::Result<ObjectPath>&& result, std::string token, Strings details, Strings env,
               bool wait) override {
    track(std::move(result), token,
          [&] { return act_on("Instance.Stop", details, wait, [&](JobObject& job) { return job.stop(env, wait); }); });
  }
  void RestartJob(sdbus::Result<ObjectPath>&& result, std::string token, Strings details, Strings env,
                  bool wait) override {
    track(std::move(result), token, [&] {
      return act_on("Instance.Restart", details, wait, [&](JobObject& job) { return job.restart(env, wait); });
    });
  }
  void EmitEvent(sdbus::Result<>&& result, std::string token, std::string name, Strings env, bool wait) override {
    track(std::move(result), token, [&] {
      manager_.emit(name, env, wait);
      return std::string{};
    });
  }

  World& world_;
  ManagerObject& manager_;
  JobObjects& jobs_;
};

int say_gone(sd_bus_message* message, void*, sd_bus_error*) {
  return sd_bus_reply_method_errorf(message, error_name::unknown_method, "no such object");
}

struct Client {
  Client(std::unique_ptr<BusConnection> with, World& world)
      : connection{std::move(with)},
        manager{connection->sdbus(), world},
        supervisor{connection->sdbus(), world, manager, jobs} {
    sd_bus_add_fallback(connection->raw(), nullptr, path::jobs, say_gone, nullptr);
    for (auto& [name, job] : world.jobs)
      jobs.push_back(std::make_unique<JobObject>(connection->sdbus(), name, job, world));
  }
  std::unique_ptr<BusConnection> connection;
  JobObjects jobs;
  ManagerObject manager;
  SupervisorObject supervisor;
};

std::string fresh_address() {
  static std::atomic<int> count = 0;
  return std::format("unix:abstract=/upstart-fake/{}/{}", ::getpid(), ++count);
}

} // namespace

struct FakeUpstart::Server {
  Server(std::map<std::string, FakeJob> jobs, FileDescriptor listening)
      : world{.jobs = std::move(jobs)},
        server{loop, std::move(listening), [this](auto client) { serve(std::move(client)); }} {}

  void serve(std::unique_ptr<BusConnection> connection) {
    auto& client = clients.emplace_back(std::make_unique<Client>(std::move(connection), world));
    client->connection->on_disconnected(
        [this, gone = client.get()] { std::erase_if(clients, [&](const auto& each) { return each.get() == gone; }); });
  }

  World world;
  EventLoop loop;
  std::vector<std::unique_ptr<Client>> clients;
  PeerServer server;
  FileDescriptor end{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  FdWatcher end_watcher{loop, end.get(), [this](unsigned) { loop.stop(); }};
  FileDescriptor hang_up{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  FdWatcher hang_up_watcher{loop, hang_up.get(), [this](unsigned) {
                              ::eventfd_t count = 0;
                              ::eventfd_read(hang_up.get(), &count);
                              for (auto& client : clients)
                                ::shutdown(sd_bus_get_fd(client->connection->raw()), SHUT_RDWR);
                            }};
  std::thread thread;
};

FakeUpstart::FakeUpstart(std::map<std::string, FakeJob> jobs, std::string log_directory) : address_{fresh_address()} {
  auto listening = listen_at(address_);
  if (!listening) throw std::runtime_error{listening.error()};
  server_ = std::make_unique<Server>(std::move(jobs), std::move(*listening));
  server_->world.log_directory = std::move(log_directory);
  server_->end_watcher.watch(FdWatcher::readable);
  server_->hang_up_watcher.watch(FdWatcher::readable);
  server_->thread = std::thread{[this] { server_->loop.run(); }};
}

FakeUpstart::~FakeUpstart() {
  ::eventfd_write(server_->end.get(), 1);
  server_->thread.join();
}

void FakeUpstart::knows_no_tokens() { server_->world.knows_tokens = false; }

void FakeUpstart::lose(std::vector<Loss> losses) { server_->world.losses = {losses.rbegin(), losses.rend()}; }

void FakeUpstart::after_restart(AfterRestart what) { server_->world.after_restart = what; }

void FakeUpstart::hang_up() { ::eventfd_write(server_->hang_up.get(), 1); }

std::vector<std::string> FakeUpstart::calls() const {
  std::lock_guard lock{server_->world.guard};
  return server_->world.calls;
}

std::vector<std::string> FakeUpstart::tokens() const {
  std::lock_guard lock{server_->world.guard};
  return server_->world.tokens;
}

void FakeUpstart::wait_for_version_reads(int count) {
  auto& world = server_->world;
  std::unique_lock lock{world.guard};
  world.version_read.wait(lock, [&] { return world.version_reads >= count; });
}

Ran run_initctl(const std::vector<std::string>& words, const Variables& variables) {
  std::ostringstream out, err;
  int status = run_initctl_onto(out, err, words, variables);
  return {out.str(), err.str(), status};
}

int run_initctl_onto(std::ostream& out, std::ostream& err, const std::vector<std::string>& words,
                     const Variables& variables) {
  ProcessContext context{.out = out,
                         .err = err,
                         .variable = [&](const std::string& name) -> std::optional<std::string> {
                           auto found = variables.find(name);
                           return found == variables.end() ? std::nullopt : std::optional{found->second};
                         },
                         .uid = 0,
                         .terminal_width = [&]() -> std::optional<std::size_t> {
                           auto found = variables.find(terminal_width_variable);
                           if (found == variables.end()) return std::nullopt;
                           return std::stoul(found->second);
                         }};
  return run(words, context);
}

} // namespace upstart::client
