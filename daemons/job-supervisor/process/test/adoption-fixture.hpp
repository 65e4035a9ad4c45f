// A supervisor that dies, and what it leaves: a stand-in for init, which reaps the orphans and keeps descriptors,
// starts a first supervisor; that one starts a process and is killed. The test itself is the next supervisor: the
// processes are not its children, as they are not those of a supervisor that init has started again.
#pragma once

#include "daemons/job-supervisor/process/test/actors-fixture.hpp"

#include <csignal>
#include <optional>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace upstart::supervisor::test {

// Writes down also what only comes after an adoption.
struct AdoptionRecorder : Recorder {
  pid_t found_pid = 0;
  void found(ProcessKind kind, pid_t pid) override {
    told.push_back(name(kind) + " found");
    found_pid = pid;
  }
  void never_started(ProcessKind kind) override { told.push_back(name(kind) + " never started"); }
};

class Adoption {
public:
  explicit Adoption(bool groups = false) {
    options.run_directory = options.log_directory = directory.path();
    options.control_groups = groups;
    options.user_session = true;
    job_class.name = "job";
    open_store();
  }
  ~Adoption() {
    if (job) job->kill_strays();
    job.reset();
    processes.reset();
    if (init_ > 0) ::kill(init_, SIGKILL);
    if (init_ > 0) ::waitpid(init_, nullptr, 0);
    ::unsetenv("NOTIFY_SOCKET");
  }
  Adoption(const Adoption&) = delete;
  Adoption& operator=(const Adoption&) = delete;

  void exec(const std::string& words) { job_class.commands[0] = Command{actor + " " + words, false}; }
  void script(const std::string& text) { job_class.commands[0] = Command{text, true}; }

  // The first supervisor starts main, runs until that is told, does `last`, writes down its notes and dies.
  void first_supervisor(const std::string& until = "ready",
                        const std::function<void(JobProcesses&, base::EventLoop&)>& last = {}) {
    run_and_kill([&](base::EventLoop& first_loop, JobProcesses& first, Recorder& told) {
      before_ = first.notes();
      auto spawned = first.spawn(request());
      if (!spawned) ::_exit(1);
      if (!until.empty()) (void)await(first_loop, [&] { return told.has(until); });
      if (last) last(first, first_loop);
      write(directory / "first-notes", first.notes());
      write(directory / "first-notes-before", before_);
      write(directory / "first-pid", std::to_string(*spawned));
    });
    pid = std::stoi(contents(directory / "first-pid"));
  }

  // The same, but that it dies when it is told that main has executed or is ready, or that its notes have changed,
  // before or after that is written down; or when it is told so for the nth time.
  using Moment = std::function<void()> Recorder::*;
  void first_supervisor_that_dies_at(Moment moment, bool written, int nth = 1) {
    run_and_kill([&](base::EventLoop& first_loop, JobProcesses& first, Recorder& told) {
      auto spawned = first.spawn(request());
      if (!spawned) ::_exit(1);
      auto write_all = [&] {
        write(directory / "first-notes", first.notes());
        write(directory / "first-pid", std::to_string(*spawned));
      };
      write_all();
      told.*moment = [&, left = nth]() mutable {
        if (written) write_all();
        if (--left == 0) ::kill(::getpid(), SIGKILL);
      };
      (void)await(first_loop, [&] { return told.has("main executed"); });
      write_all();
      (void)await(first_loop, [] { return false; });
    });
    pid = std::stoi(contents(directory / "first-pid"));
  }

  // This process goes on. `recorded`: whether the start was written down before the first one died; `next`: whether it
  // was the next that was to be.
  void adopt(bool recorded = true, bool next = true) {
    adopt_from(contents(directory / (recorded ? "first-notes" : "first-notes-before")), recorded ? pid : 0, next);
  }
  // It dies before it has found main, and another one goes on, from what it has written down last.
  void adopt_once_more() {
    auto notes = job->notes();
    job.reset();
    processes.reset();
    adopt_from(notes, 0, true);
  }
  void adopt_from(const std::string& notes, pid_t main, bool next) {
    loop.emplace();
    auto taken = options;
    taken.init_pid = init_;
    taken.warn = [this](const std::string& text) { warnings.push_back(text); };
    processes = std::make_unique<RealProcesses>(*loop, taken);
    collect_store();
    if (tells_exits) inherited.emplace(base::orphan_exits_name, exits_.duplicate());
    processes->inherit(inherited);
    job = processes->adopt(std::make_shared<JobClass>(job_class), "", events, notes, {{ProcessKind::main, main, next}});
    CHECK(events.told.empty());
  }

  bool await_told(const std::string& what) {
    return await(*loop, [&] { return events.has(what); });
  }
  bool await_file(const std::string& name) {
    base::EventLoop waiting;
    return await(waiting, [&] { return !contents(directory / name).empty(); });
  }
  bool await_gone(pid_t process) {
    base::EventLoop waiting;
    return await(waiting, [&] { return !facts_of(process); });
  }
  [[nodiscard]] int end_of_main() { return events.ends[ProcessKind::main]; }

  Directory directory;
  ProcessOptions options;
  JobClass job_class;
  bool tells_exits = true;
  int ends_before_all = 0; // so many ends are told before it is told that these were all
  std::optional<base::EventLoop> loop;
  AdoptionRecorder events;
  std::vector<std::string> warnings;
  pid_t pid = 0;
  std::unique_ptr<RealProcesses> processes;
  std::unique_ptr<JobProcesses> job;
  std::multimap<std::string, base::FileDescriptor> inherited;

private:
  static SpawnRequest request() {
    SpawnRequest request;
    request.environment = {"PATH=/bin:/usr/bin", "UPSTART_JOB=job", "UPSTART_INSTANCE="};
    return request;
  }
  static void write(const std::string& path, const std::string& text) { std::ofstream{path, std::ios::binary} << text; }

  void open_store() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string path = directory / "store";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    store_ = base::FileDescriptor{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    REQUIRE(::bind(store_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }

  void collect_store() {
    while (true) {
      std::array<char, 512> text{};
      iovec part{text.data(), text.size()};
      alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof(int))> control{};
      msghdr header{};
      header.msg_iov = &part;
      header.msg_iovlen = 1;
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      ssize_t size = ::recvmsg(store_.get(), &header, MSG_CMSG_CLOEXEC);
      if (size < 0) return;
      std::string message{text.data(), static_cast<std::size_t>(size)};
      std::string name = message.substr(message.find("FDNAME=") + 7);
      cmsghdr* rights = CMSG_FIRSTHDR(&header);
      if (rights == nullptr) inherited.erase(name);
      else inherited.emplace(name, base::FileDescriptor{*reinterpret_cast<int*>(CMSG_DATA(rights))});
    }
  }

  using FirstSupervisor = std::function<void(base::EventLoop&, JobProcesses&, Recorder&)>;

  void run_and_kill(const FirstSupervisor& run) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    exits_ = base::FileDescriptor{ends[0]};
    base::FileDescriptor telling{ends[1]};
    init_ = ::fork();
    if (init_ == 0) be_init(run, telling.get());
    REQUIRE(await_file("first-dead"));
  }

  [[noreturn]] void be_init(const FirstSupervisor& run, int telling) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t first = ::fork();
    if (first == 0) {
      base::EventLoop first_loop;
      Recorder told;
      RealProcesses all{first_loop, options};
      // What is written down in the tick in which it began may be older than it.
      for (auto began = ticks_since_boot(); ticks_since_boot() == began;) {}
      auto opened = all.open(std::make_shared<JobClass>(job_class), "", told);
      run(first_loop, *opened, told);
      ::kill(::getpid(), SIGKILL);
    }
    ::prctl(PR_SET_NAME, "init"); // it is no child that has not executed yet
    bool first_is_dead = false;
    int ends = 0;
    auto tell_that_this_was_all = [&] {
      base::OrphanExit all_told{};
      if (first_is_dead && ends == ends_before_all) (void)!::write(telling, &all_told, sizeof all_told);
    };
    siginfo_t info{};
    while (::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0 || errno == EINTR) {
      auto facts = facts_of(info.si_pid);
      int status = 0;
      ::waitpid(info.si_pid, &status, 0);
      if (info.si_pid == first) {
        first_is_dead = true;
        tell_that_this_was_all();
        write(directory / "first-dead", "1");
        if (children_of(::getpid()).empty()) wait_for_more();
        continue;
      }
      base::OrphanExit exit{.pid = info.si_pid,
                            .status = status,
                            .start_ticks = facts ? facts->started : 0,
                            .session = facts ? facts->session : 0};
      (void)!::write(telling, &exit, sizeof exit);
      ++ends;
      tell_that_this_was_all();
      if (children_of(::getpid()).empty()) wait_for_more();
    }
    wait_for_more();
  }
  [[noreturn]] static void wait_for_more() {
    while (true) ::pause();
  }

  std::string before_;
  pid_t init_ = 0;
  base::FileDescriptor store_, exits_;
};

} // namespace upstart::supervisor::test
