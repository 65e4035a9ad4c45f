#include "integration-tests/session.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace upstart::test {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr auto time_limit = 20s;

std::string replace_all(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// Waits for a child, by its pidfd, up to the time limit; then it is killed.
int await_end(pid_t pid, std::chrono::milliseconds bound) {
  int pidfd = static_cast<int>(::syscall(434 /* pidfd_open */, pid, 0));
  pollfd watch{.fd = pidfd, .events = POLLIN, .revents = 0};
  if (::poll(&watch, 1, static_cast<int>(bound.count())) == 0) ::kill(pid, SIGKILL);
  ::close(pidfd);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Waits for a file to have content, woken by changes in its directory.
bool await_file(const std::string& path, const std::function<bool()>& hopeless) {
  auto end = Clock::now() + time_limit;
  while (Clock::now() < end && !hopeless()) {
    if (fs::exists(path) && fs::file_size(path) > 0) return true;
    int watch = ::inotify_init1(IN_CLOEXEC);
    auto folder = fs::path{path}.parent_path();
    ::inotify_add_watch(watch, (fs::exists(folder) ? folder : folder.parent_path()).c_str(),
                        IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE);
    pollfd waiting{.fd = watch, .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, 20);
    ::close(watch);
  }
  return false;
}

std::string first_line(const std::string& path) {
  auto text = read_file(path);
  return text.substr(0, text.find('\n'));
}

// The configuration of a bus that lets everybody do everything, as no system does.
std::string open_bus(const std::string& name) {
  return "<busconfig><type>session</type><listen>unix:abstract=" + name +
         "</listen><auth>EXTERNAL</auth>"
         "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
         "receive_sender=\"*\"/></policy></busconfig>";
}

std::string arguments_of(sd_bus_message* message) {
  std::string text;
  char type = 0;
  const char* contents = nullptr;
  while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
    if (type == 'a') {
      sd_bus_message_enter_container(message, 'a', contents);
      text += arguments_of(message);
      sd_bus_message_exit_container(message);
    } else if (type == 's' || type == 'o') {
      const char* value = nullptr;
      sd_bus_message_read_basic(message, type, &value);
      text += std::string{" "} + value;
    } else if (type == 'i') {
      std::int32_t number = 0;
      sd_bus_message_read_basic(message, type, &number);
      text += " " + std::to_string(number);
    } else if (sd_bus_message_skip(message, nullptr) < 0) { // properties that changed, say
      break;
    }
  }
  return text;
}

} // namespace

std::string bin_directory() { return UPSTART_BIN_DIRECTORY; }

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

int free_port() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

std::vector<std::string> stray_processes(const std::string& session_address) {
  std::vector<std::string> found;
  std::string wanted = "UPSTART_SESSION=" + session_address;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{"/proc", error}) {
    auto environment = read_file(entry.path() / "environ");
    if (("\0" + environment).find(wanted + std::string(1, '\0')) == std::string::npos) continue;
    if (environment.find("UPSTART_JOB=") == std::string::npos) continue;
    auto command = read_file(entry.path() / "cmdline");
    std::ranges::replace(command, '\0', ' ');
    found.push_back(entry.path().filename().string() + ": " + command);
  }
  return found;
}

Session::Session(std::map<std::string, std::string> jobs) : Session{std::move(jobs), Options{}} {}

Session::Session(std::map<std::string, std::string> jobs, Options options) {
  std::string name = (fs::temp_directory_path() / "upstart-test.XXXXXX").string();
  directory_ = ::mkdtemp(name.data());
  for (const char* part : {"conf", "logs", "home", "xdg"}) fs::create_directory(directory_ + "/" + part);
  ::chmod((directory_ + "/xdg").c_str(), 0700);
  environment_ = {{"PATH", bin_directory() + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                  {"HOME", directory_ + "/home"},
                  {"XDG_RUNTIME_DIR", directory_ + "/xdg"},
                  {"LANG", "C.UTF-8"},
                  {"TERM", "linux"}};
  for (const char* key : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"})
    if (const char* value = std::getenv(key)) environment_[key] = value;
  environment_.insert(options.environment.begin(), options.environment.end());
  for (const auto& [job, text] : jobs) write(job + ".conf", text);
  if (options.own_bus) start_bus(options.bus_for_everybody);
  options_ = std::move(options);
  start_init();
  if (!bus_address_.empty()) listen();
}

Session::~Session() {
  end();
  if (connection_ != nullptr) sd_bus_close_unref(connection_);
  if (bus_ > 0) {
    ::kill(bus_, SIGTERM);
    await_end(bus_, 5s);
  }
  if (std::getenv("UPSTART_TEST_KEEP") == nullptr) fs::remove_all(directory_);
}

void Session::write(const std::string& file, const std::string& text) {
  auto path = fs::path{directory_} / "conf" / file;
  fs::create_directories(path.parent_path());
  auto finished = replace_all(replace_all(text, "@BIN@", bin_directory()), "@DIR@", directory_);
  std::ofstream{path, std::ios::binary} << finished;
}

void Session::remove(const std::string& file) { fs::remove(fs::path{directory_} / "conf" / file); }

pid_t Session::launch(const std::vector<std::string>& command, int out, int err) const {
  std::vector<std::string> environment;
  for (const auto& [key, value] : environment_) environment.push_back(key + "=" + value);
  std::vector<char*> argv, envp;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  for (const auto& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  std::string path = environment_.at("PATH");
  pid_t pid = ::fork();
  if (pid != 0) return pid;
  int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::setenv("PATH", path.c_str(), 1);
  ::execvpe(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

void Session::start_bus(bool for_everybody) {
  std::string printed = directory_ + "/bus.address";
  int out = ::open(printed.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  int log = ::open((directory_ + "/bus.log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  std::string configuration = directory_ + "/bus.conf";
  if (for_everybody) std::ofstream{configuration} << open_bus(directory_);
  std::vector<std::string> command{"dbus-daemon", for_everybody ? "--config-file=" + configuration : "--session",
                                   "--nofork", "--nopidfile", "--print-address=1"};
  if (!for_everybody) command.push_back("--address=unix:path=" + directory_ + "/bus");
  bus_ = launch(command, out, log);
  ::close(out);
  ::close(log);
  REQUIRE(await_file(printed, [this] { return ::waitpid(bus_, nullptr, WNOHANG) == bus_; }));
  bus_address_ = first_line(printed);
  environment_["DBUS_SESSION_BUS_ADDRESS"] = bus_address_;
}

void Session::start_init() {
  std::vector<std::string> command{bin_directory() + "/init", "--user",   "--confdir",
                                   directory_ + "/conf",      "--logdir", directory_ + "/logs"};
  command.insert(command.end(), options_.init_options.begin(), options_.init_options.end());
  int log = ::open((directory_ + "/init.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  init_ = launch(command, log, log);
  ::close(log);
  auto file = directory_ + "/xdg/upstart/sessions/" + std::to_string(init_) + ".session";
  bool there = await_file(file, [this] {
    if (::waitpid(init_, nullptr, WNOHANG) != init_) return false;
    init_ = 0;
    return true;
  });
  REQUIRE_MESSAGE(there, messages());
  address_ = first_line(file).substr(std::strlen("UPSTART_SESSION="));
  environment_["UPSTART_SESSION"] = address_;
}

void Session::kill_all_and_start_again() {
  REQUIRE(init_ > 0);
  ::kill(init_, SIGSTOP); // it starts nobody again
  for (const char* program : {"upstart-event-broker", "upstart-job-supervisor", "upstart-socket-bridge",
                              "upstart-file-bridge", "upstart-timer-bridge", "dbus-daemon"})
    if (pid_t pid = daemon(program); pid > 0) ::kill(pid, SIGKILL);
  ::kill(init_, SIGKILL);
  ::waitpid(init_, nullptr, 0);
  start_init();
}

void Session::listen() {
  REQUIRE(sd_bus_new(&connection_) >= 0);
  REQUIRE(sd_bus_set_address(connection_, bus_address_.c_str()) >= 0);
  REQUIRE(sd_bus_set_bus_client(connection_, 1) >= 0);
  REQUIRE(sd_bus_start(connection_) >= 0);
  auto hear = [](sd_bus_message* message, void* self, sd_bus_error*) {
    std::string line = std::string{sd_bus_message_get_path(message)}.substr(std::strlen("/com/ubuntu/Upstart")) + " " +
                       sd_bus_message_get_member(message);
    static_cast<Session*>(self)->signals_.push_back(line + arguments_of(message));
    return 0;
  };
  REQUIRE(sd_bus_add_match(connection_, nullptr,
                           "type='signal',sender='com.ubuntu.Upstart',path_namespace='/com/ubuntu/Upstart'", hear,
                           this) >= 0);
  await("com.ubuntu.Upstart is on the bus", [this] {
    sd_bus_message* reply = nullptr;
    int has = 0;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    if (sd_bus_call_method(connection_, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", &error,
                           &reply, "s", "com.ubuntu.Upstart") >= 0)
      sd_bus_message_read(reply, "b", &has);
    sd_bus_error_free(&error);
    sd_bus_message_unref(reply);
    return has != 0;
  });
}

Outcome Session::run(const std::vector<std::string>& command) {
  int out[2], err[2];
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(err, O_CLOEXEC) == 0);
  pid_t pid = launch(command, out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);
  Outcome outcome;
  pollfd ends[2] = {{.fd = out[0], .events = POLLIN, .revents = 0}, {.fd = err[0], .events = POLLIN, .revents = 0}};
  auto bound = Clock::now() + 60s;
  int open = 2;
  while (open > 0 && Clock::now() < bound) {
    ::poll(ends, 2, 1000);
    for (int i = 0; i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char buffer[65536];
      ssize_t got = ::read(ends[i].fd, buffer, sizeof buffer);
      if (got > 0) (i == 0 ? outcome.out : outcome.err).append(buffer, static_cast<std::size_t>(got));
      else ends[i].fd = -1, --open;
    }
  }
  ::close(out[0]);
  ::close(err[0]);
  outcome.status = await_end(pid, open > 0 ? 1ms : 10s);
  return outcome;
}

Outcome Session::initctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), bin_directory() + "/initctl");
  return run(arguments);
}

Outcome Session::busctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"busctl", "--address=" + bus_address_});
  return run(arguments);
}

void Session::pump(std::chrono::milliseconds wait) {
  while (sd_bus_process(connection_, nullptr) > 0) {}
  if (wait.count() == 0) return;
  sd_bus_wait(connection_, static_cast<std::uint64_t>(wait.count()) * 1000);
  while (sd_bus_process(connection_, nullptr) > 0) {}
}

const std::vector<std::string>& Session::signals() {
  pump(0ms);
  return signals_;
}

void Session::await(const std::string& what, const std::function<bool()>& condition) {
  auto end = Clock::now() + time_limit;
  while (!condition()) {
    if (Clock::now() >= end) {
      std::string heard;
      for (const auto& line : signals_) heard += "\n  " + line;
      FAIL("in vain: " << what << "\nheard:" << heard << "\n" << messages());
    }
    if (connection_ != nullptr) pump(20ms);
    else ::poll(nullptr, 0, 20);
  }
}

void Session::await(const std::string& signal) {
  auto& from = awaited_[signal];
  await(signal, [&] {
    auto found = std::find(signals_.begin() + static_cast<std::ptrdiff_t>(from), signals_.end(), signal);
    if (found == signals_.end()) return false;
    from = static_cast<std::size_t>(found - signals_.begin()) + 1;
    return true;
  });
}

std::vector<std::string> Session::states(const std::string& job) {
  std::vector<std::string> states;
  std::string prefix = "/jobs/" + job + "/_ StateChanged ";
  for (const auto& line : signals())
    if (line.starts_with(prefix)) states.push_back(line.substr(prefix.size()));
  return states;
}

int Session::end() {
  if (init_ <= 0) return 0;
  ::kill(init_, SIGTERM);
  return await_end(std::exchange(init_, 0), time_limit);
}

namespace {

// A child between fork and exec still bears the name of its parent's program.
bool has_executed(const fs::path& process) {
  constexpr unsigned long forked_and_not_executed = 0x40; // PF_FORKNOEXEC
  auto stat = read_file(process / "stat");
  std::istringstream fields{stat.substr(std::min(stat.size(), stat.rfind(')') + 1))};
  std::string skipped;
  unsigned long flags = forked_and_not_executed;
  for (int field = 0; field < 6; ++field) fields >> skipped;
  fields >> flags;
  return (flags & forked_and_not_executed) == 0;
}

} // namespace

pid_t Session::daemon(const std::string& program) const {
  for (const auto& entry : fs::directory_iterator{"/proc"}) {
    auto status = read_file(entry.path() / "status");
    if (status.find("\nPPid:\t" + std::to_string(init_) + "\n") == std::string::npos) continue;
    std::error_code error;
    if (fs::read_symlink(entry.path() / "exe", error).filename() == program && has_executed(entry.path()))
      return std::stoi(entry.path().filename().string());
  }
  return 0;
}

pid_t Session::kill_daemon(const std::string& program, pid_t before) {
  pid_t pid = 0;
  await(program + " is there", [&] {
    pid = daemon(program);
    return pid > 0 && pid != before;
  });
  REQUIRE(pid > 0);
  ::kill(pid, SIGKILL);
  return pid;
}

std::string Session::log(const std::string& name) const { return read_file(directory_ + "/logs/" + name + ".log"); }
std::string Session::messages() const { return read_file(directory_ + "/init.log"); }

} // namespace upstart::test
