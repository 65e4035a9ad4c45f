// Service directories of runit and s6: what each file in one means.
#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>

namespace upstart::convert {

namespace {

namespace fs = std::filesystem;

struct Directory {
  fs::path path;
  Job job{};
  std::string type = "longrun";

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file{path / name, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    return std::string{trimmed(text)};
  }
  void remark(Remark::Kind kind, const std::string& name, std::string why) {
    job.remarks.push_back({kind, path.filename().string(), name, std::move(why)});
  }
  // A stanza whose argument is this value, which this file has.
  void set(const std::string& file, std::string_view stanza, const std::string& value) {
    if (auto argument = as_argument(value)) job.set(std::format("{} {}", stanza, *argument));
    else remark(Remark::Kind::missing, file, no_line_break);
  }
};

void take_finish(Directory& to) {
  to.job.post_stop.push_back("[ -n \"$UPSTART_EXIT_SIGNAL\" ] && status=-1 || status=${UPSTART_EXIT_STATUS:-0}");
  to.job.post_stop.push_back(std::format("{} \"$status\" 0 || :", as_word((to.path / "finish").string())));
}
void take_down(Directory& to) {
  if (to.type != "longrun") return;
  to.job.starts.clear();
  to.remark(Remark::Kind::note, "down", "nothing starts it but `initctl start'");
}
void take_log(Directory& to) {
  to.remark(Remark::Kind::missing, "log/", "output goes to the log of the job (`initctl log')");
}
void take_check(Directory& to) {
  to.remark(Remark::Kind::missing, "check",
            "the job runs as soon as its program does; `expect readyfd' says when it is ready");
}
void take_notification(Directory& to) {
  to.job.set("expect readyfd");
  to.job.before_main.push_back(std::format("eval \"exec {}>&$READY_FD\"", to.content("notification-fd")));
}
void take_milliseconds(Directory& to, const char* file, const char* stanza) {
  long time = 0;
  auto text = to.content(file);
  std::from_chars(text.data(), text.data() + text.size(), time);
  if (time > 0) to.job.set(std::format("{} {}", stanza, (time + 999) / 1000));
}
void take_kill_timeout(Directory& to) { take_milliseconds(to, "timeout-kill", "kill timeout"); }
void take_down_signal(Directory& to) { to.set("down-signal", "kill signal", to.content("down-signal")); }
void take_dependencies(Directory& to) {
  std::vector<std::string> names = words_of(to.content("dependencies"));
  std::error_code error;
  for (fs::directory_iterator entry{to.path / "dependencies.d", error}, end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename());
  std::ranges::sort(names);
  if (names.empty()) return;
  std::string all;
  for (const auto& dependency : names) {
    auto name = job_name(dependency);
    all += std::format("{}started {}", all.empty() ? "" : " and ", name);
    to.job.stop_on("stopping " + name);
  }
  to.job.starts = {names.size() > 1 ? "(" + all + ")" : all};
}
void take_environment(Directory& to) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry{to.path / "env", error}, end; !error && entry != end; entry.increment(error))
    files.push_back(entry->path());
  std::ranges::sort(files);
  for (const auto& file : files)
    add_variable(to.job, file.filename().string(), to.content("env/" + file.filename().string()));
  to.remark(Remark::Kind::note, "env/", "the values are those of now");
}

struct Part {
  std::string_view file;
  void (*take)(Directory&);
  const char* missing = "";
};
constexpr std::array runit_parts{
    Part{"finish", take_finish},
    Part{"down", take_down},
    Part{"log", take_log},
    Part{"check", take_check},
    Part{"env", take_environment},
    Part{"conf", nullptr, "the file run reads it by itself"},
    Part{"control", nullptr, "`initctl' sends signals, and runs no scripts of the service for that"}};
constexpr std::array s6_parts{Part{"finish", take_finish},
                              Part{"down", take_down},
                              Part{"notification-fd", take_notification},
                              Part{"timeout-kill", take_kill_timeout},
                              Part{"down-signal", take_down_signal},
                              Part{"dependencies", take_dependencies},
                              Part{"dependencies.d", take_dependencies},
                              Part{"env", take_environment},
                              Part{"log", take_log},
                              Part{"timeout-finish", nullptr, "what runs after the job has as long as it likes"},
                              Part{"timeout-up", nullptr, "a start is not bounded in time"},
                              Part{"timeout-down", nullptr, "see kill timeout"},
                              Part{"max-death-tally", nullptr, "the job is started again without end"},
                              Part{"producer-for", nullptr, "output goes to the log of the job (`initctl log')"},
                              Part{"consumer-for", nullptr, "output goes to the log of the job (`initctl log')"},
                              Part{"flag-essential", nullptr, "who may stop a job is not said in it"},
                              Part{"nosetsid", nullptr, "each job has a session of its own"},
                              Part{"instance", nullptr, "write a job with `instance' for it"},
                              Part{"template", nullptr, "write a job with `instance' for it"}};

template <std::size_t size> void take_parts(Directory& directory, const std::array<Part, size>& parts) {
  std::error_code error;
  for (const auto& part : parts) {
    if (!fs::exists(directory.path / part.file, error)) continue;
    if (part.take != nullptr) part.take(directory);
    else directory.remark(Remark::Kind::missing, std::string{part.file}, part.missing);
  }
}

Directory open(const std::string& path) {
  std::error_code error;
  Directory directory{.path = fs::weakly_canonical(fs::absolute(path, error), error)};
  directory.job.name = job_name(directory.path.filename().string());
  directory.job.source = path;
  directory.job.start_on("runlevel [2345]");
  directory.job.stop_on("runlevel [!2345]");
  return directory;
}

std::vector<Converted> run_of(Directory directory) {
  std::error_code error;
  if (!fs::exists(directory.path / "run", error))
    return {{.source = directory.path.string(), .failure = "there is no file run in it"}};
  auto& job = directory.job;
  directory.set("run", "chdir", directory.path.string());
  job.set("respawn");
  job.set("respawn limit unlimited");
  job.main = "./run";
  return {{.source = job.source, .jobs = {std::move(job)}}};
}

// A command line in a file, for s6-rc; execline is named by what runs it.
void take_command(const Directory& directory, const char* file, std::vector<std::string>& lines) {
  std::error_code error;
  if (!fs::exists(directory.path / file, error)) return;
  lines.push_back(std::format("execlineb -P {}", as_word((directory.path / file).string())));
}

} // namespace

std::vector<Converted> convert_runit(const std::string& path) {
  auto directory = open(path);
  take_parts(directory, runit_parts);
  return run_of(std::move(directory));
}

std::vector<Converted> convert_s6(const std::string& path) {
  auto directory = open(path);
  auto& job = directory.job;
  if (auto type = directory.content("type"); !type.empty()) directory.type = type;
  if (directory.type == "longrun") {
    take_parts(directory, s6_parts);
    return run_of(std::move(directory));
  }
  take_dependencies(directory);
  if (directory.type == "oneshot") {
    take_command(directory, "up", job.pre_start);
    take_command(directory, "down", job.post_stop);
    return {{.source = path, .jobs = {std::move(job)}}};
  }
  if (directory.type != "bundle")
    return {{.source = path, .failure = std::format("{} is no type of s6-rc", directory.type)}};
  return {{.source = path, .failure = "a bundle is no process; its services say in `start on' when they start"}};
}

} // namespace upstart::convert
