#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::convert {

namespace {

struct Script {
  Job job;
  std::string path;
  std::vector<std::string> provides{}, levels{};
};
struct Line {
  std::string key, value, place;
};

void missing(Script& to, const Line& line, std::string why) {
  to.job.remarks.push_back({Remark::Kind::missing, line.place, line.key + ": " + line.value, std::move(why)});
}
void note(Script& to, const Line& line, std::string why) {
  to.job.remarks.push_back({Remark::Kind::note, line.place, line.key + ": " + line.value, std::move(why)});
}

void take_description(Script& to, const Line& line) { to.job.description = line.value; }
void take_provides(Script& to, const Line& line) {
  to.provides = words_of(line.value);
  if (to.provides != std::vector{file_name(to.path)}) note(to, line, "the job has the name of the script");
}
void take_levels(Script& to, const Line& line) {
  std::string levels;
  for (const auto& level : words_of(line.value)) levels += level;
  if (levels == "S") {
    to.job.start_on("startup");
    return to.job.stop_on("runlevel [06]");
  }
  std::erase(levels, 'S');
  if (levels.empty()) return note(to, line, "nothing starts it but `initctl start'");
  to.job.start_on(std::format("runlevel [{}]", levels));
  to.job.stop_on(std::format("runlevel [!{}]", levels));
}
void take_after(Script& to, const Line& line) {
  bool of_boot = std::ranges::all_of(words_of(line.value), [](const auto& name) { return name.starts_with('$'); });
  if (of_boot) note(to, line, "what the boot does has been done at the runlevels of services");
  else missing(to, line, "`start on started JOB' says it, where that is a job, too");
}
void take_stop_order(Script& to, const Line& line) { note(to, line, "at the end jobs stop at the same time"); }
void take_before(Script& to, const Line& line) {
  missing(to, line, "`start on starting JOB' makes that job wait for this one");
}
void take_interactive(Script& to, const Line& line) {
  if (line.value == "true") to.job.set("console owner");
}

struct Keyword {
  std::string_view name;
  void (*take)(Script&, const Line&);
};
constexpr std::array keywords{Keyword{"Provides", take_provides},
                              Keyword{"Short-Description", take_description},
                              Keyword{"Default-Start", take_levels},
                              Keyword{"Default-Stop", take_stop_order},
                              Keyword{"Required-Start", take_after},
                              Keyword{"Should-Start", take_after},
                              Keyword{"Required-Stop", take_stop_order},
                              Keyword{"Should-Stop", take_stop_order},
                              Keyword{"X-Start-Before", take_before},
                              Keyword{"X-Stop-After", take_stop_order},
                              Keyword{"X-Interactive", take_interactive},
                              Keyword{"Description", [](Script& to, const Line& line) {
                                        if (to.job.description.empty()) to.job.description = line.value;
                                      }}};

} // namespace

std::vector<Converted> convert_lsb_script(const std::string& path, std::string_view text) {
  auto name = file_name(path);
  Script script{.job = {.name = job_name(name), .source = path}, .path = path};
  bool in_header = false, had_header = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("### BEGIN INIT INFO")) in_header = had_header = true;
    if (line.starts_with("### END INIT INFO")) break;
    auto colon = line.find(':');
    if (!in_header || colon == std::string_view::npos) continue;
    Line one{.key = std::string{trimmed(line.substr(1, colon - 1))},
             .value = std::string{trimmed(line.substr(colon + 1))},
             .place = std::format("{}:{}", name, number)};
    auto keyword = std::ranges::find(keywords, one.key, &Keyword::name);
    if (one.value.empty() || one.key.contains(' ')) continue;
    if (keyword != keywords.end()) keyword->take(script, one);
    else if (!one.key.starts_with("X-")) missing(script, one, "not a keyword that upstart-convert knows");
  }
  if (!had_header) return {{.source = path, .failure = "there is no LSB header (### BEGIN INIT INFO) in it"}};
  auto& job = script.job;
  auto command = as_word(path.starts_with('/') ? path : "/etc/init.d/" + name);
  job.pre_start = {command + " start"};
  job.post_stop = {command + " stop || :"};
  job.remarks.push_back(
      {Remark::Kind::missing, name, "the daemon",
       "the script starts it, so that nobody sees it end; `exec' with its command line makes it a job"});
  return {{.source = path, .jobs = {std::move(job)}}};
}

} // namespace upstart::convert
