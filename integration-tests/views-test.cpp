// What people look at: where the time of jobs went (plot, blame, critical-chain), and jobs live (top).
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

using namespace upstart::test;

namespace {

const std::map<std::string, std::string> three_jobs{
    {"net", "start on begin\ntask\nexec sleep 0.1\n"},
    {"db", "start on stopped net\npre-start exec sleep 0.05\nexec sleep 1000\n"},
    {"web", "start on started db\nexec sh -c 'echo here I am; exec sleep 1000'\n"}};

void start_all(Session& session) {
  REQUIRE(session.initctl({"emit", "begin"}).status == 0);
  session.await("/jobs/web/_ StateChanged running");
}

// The first of these programs that is installed; empty: none is, and the test says that it was skipped.
std::string find_program(std::initializer_list<std::string> names, const std::string& what) {
  for (const auto& name : names)
    for (const auto* directory : {"/usr/bin/", "/usr/local/bin/"})
      if (auto path = directory + name; ::access(path.c_str(), X_OK) == 0) return path;
  MESSAGE("SKIPPED: ", what, " needs ", *names.begin(), ", which is not installed");
  return {};
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

} // namespace

TEST_CASE("the time of jobs is told as a chain, a list and a picture") {
  Session session{three_jobs};
  CHECK(session.initctl({"plot"}).err == "initctl: no job has been started since init began: nothing to plot\n");
  start_all(session);
  auto chain = session.initctl({"critical-chain"});
  CHECK(chain.err.empty());
  std::size_t at = 0;
  for (const auto* part : {"web @", "event started db", "db @", "event stopped net", "net @", "event begin @"}) {
    CAPTURE(part);
    CAPTURE(chain.out);
    at = chain.out.find(part, at);
    REQUIRE(at != std::string::npos);
  }
  auto blame = session.initctl({"blame"}).out;
  CAPTURE(blame);
  for (const auto* job : {" net", " db", " web"}) CHECK(blame.contains(job)); // their order is the machine's
  CHECK(blame.contains("db: pre-start "));
  auto svg = session.initctl({"plot"}).out;
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.contains(">web</text>"));
  CHECK(svg.contains("· started db</text>"));
  CHECK(session.initctl({"critical-chain", "nosuch"}).err.starts_with("initctl: job nosuch has not been started"));
  CHECK_FALSE(session.initctl({"critical-chain", "nosuch"}).err.contains("did you mean"));
  CHECK(session.initctl({"critical-chain", "wbe"}).err.ends_with("\ninitctl: did you mean `web`?\n"));
  CHECK(session.initctl({"critical-chain", "db", "--json"}).out.contains("\"through\": \"stopped net\""));
}

TEST_CASE("a run that ended by a respawn has an end, the one that goes on has none") {
  Session session{
      {{"again", "respawn\nexec sh -c '[ -e @DIR@/again ] && exec sleep 1000; touch @DIR@/again; exit 1'\n"}}};
  REQUIRE(session.initctl({"start", "again"}).status == 0);
  session.await("/jobs/again/_ StateChanged running");
  session.await("/jobs/again/_ StateChanged running");
  auto runs = session.initctl({"blame", "--json"}).out;
  CAPTURE(runs);
  CHECK(count_of(runs, "\"ended_us\": ") == 2);
  CHECK(count_of(runs, "\"ended_us\": null") == 1);
}

TEST_CASE("what is known of the time of jobs outlives the supervisor") {
  Session session{three_jobs};
  start_all(session);
  auto before = session.initctl({"blame", "--json"}).out;
  CHECK(before.contains("\"at_us\""));
  auto old = session.kill_daemon("upstart-job-supervisor");
  session.await("the next supervisor", [&] { return session.daemon("upstart-job-supervisor") != old; });
  CHECK(session.initctl({"blame", "--json"}).out == before);
}

TEST_CASE("the page of a plot draws itself in a browser, and its filter chooses the jobs") {
  auto browser = find_program({"chromium", "chromium-browser", "google-chrome"}, "the page of a plot");
  if (browser.empty()) return;
  Session session{three_jobs};
  start_all(session);
  auto page = session.directory() + "/plot.html";
  std::ofstream{page} << session.initctl({"plot", "--html"}).out;
  auto drawn = [&](const std::string& address) {
    auto ran = session.run({browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                            "--user-data-dir=" + session.directory() + "/browser", "--dump-dom", address});
    CAPTURE(ran.err);
    CHECK(ran.status == 0);
    return ran.out;
  };
  auto all = drawn("file://" + page);
  CHECK(count_of(all, "<g class=\"row") == 3);
  CHECK(count_of(all, "<td>started db</td>") == 1);
  CHECK(count_of(all, "class=\"arrow") == 2);
  CHECK(count_of(drawn("file://" + page + "#filter=web"), "<g class=\"row") == 1);
}

namespace {

// initctl top in a terminal of its own, which tmux keeps.
class TopInTerminal {
public:
  TopInTerminal(Session& of, std::string tmux) : session_{of}, tmux_{std::move(tmux)} {
    run({"-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30",
         "LC_ALL=C.UTF-8 exec " + bin_directory() + "/initctl top"});
  }
  TopInTerminal(const TopInTerminal&) = delete;
  TopInTerminal& operator=(const TopInTerminal&) = delete;
  ~TopInTerminal() { (void)session_.run({tmux_, "-S", socket(), "kill-server"}); }

  void press(const std::string& key) { run({"send-keys", key}); }
  void resize(const std::string& columns, const std::string& rows) {
    run({"resize-window", "-x", columns, "-y", rows});
  }
  std::string screen() { return session_.run({tmux_, "-S", socket(), "capture-pane", "-p"}).out; }
  void await(const std::string& text) {
    session_.await("\"" + text + "\" on the screen", [&] { return screen().contains(text); });
  }
  void await_gone(const std::string& text) {
    session_.await("no \"" + text + "\" on the screen", [&] { return !screen().contains(text); });
  }
  pid_t pid() {
    return std::atoi(session_.run({tmux_, "-S", socket(), "list-panes", "-F", "#{pane_pid}"}).out.c_str());
  }
  bool has_ended() { return session_.run({tmux_, "-S", socket(), "has-session"}).status != 0; }

private:
  void run(std::vector<std::string> words) {
    words.insert(words.begin(), {"/usr/bin/env", "TERM=xterm-256color", "LC_ALL=C.UTF-8", tmux_, "-S", socket()});
    auto ran = session_.run(words);
    CAPTURE(ran.err);
    REQUIRE(ran.status == 0);
  }
  [[nodiscard]] std::string socket() const { return session_.directory() + "/tmux"; }

  Session& session_;
  std::string tmux_;
};

} // namespace

TEST_CASE("top shows jobs and events live, explains, shows logs, filters, stops what is confirmed, and leaves") {
  auto tmux = find_program({"tmux"}, "top");
  if (tmux.empty()) return;
  Session session{three_jobs};
  start_all(session);
  TopInTerminal top{session, tmux};
  top.await("3 jobs, 2 running");
  top.await("web");
  (void)session.initctl({"emit", "passing-by", "KEY=value"});
  top.await("passing-by KEY=value");
  top.press("/");
  top.press("w");
  top.press("Enter");
  top.await("1 job, 1 running");
  top.press("l");
  top.await("here I am");
  top.press("q");
  top.press("e");
  top.await("Why web is, or is not, running");
  top.await("started db");
  top.press("q");
  top.press("x");
  top.await("Stop web?");
  top.press("y");
  session.await("/jobs/web/_ StateChanged waiting");
  top.await("web          waiting");
  top.press("s");
  session.await("/jobs/web/_ StateChanged running");
  top.resize("60", "12");
  top.await_gone("EVENTS");
  auto old = session.kill_daemon("upstart-job-supervisor");
  session.await("the next supervisor", [&] { return session.daemon("upstart-job-supervisor") != old; });
  (void)session.initctl({"stop", "web"});
  top.await("waiting");
  top.press("q");
  session.await("the end of top", [&] { return top.has_ended(); });
}

TEST_CASE("top sleeps when nothing happens") {
  auto tmux = find_program({"tmux"}, "top");
  if (tmux.empty()) return;
  Session session{three_jobs};
  start_all(session);
  TopInTerminal top{session, tmux};
  top.await("3 jobs, 2 running");
  auto wake_ups = [&] { // proc(5)
    auto status = read_file("/proc/" + std::to_string(top.pid()) + "/status");
    auto number = [&](std::string_view name) { return std::stol(status.substr(status.find(name) + name.size())); };
    return number("\nvoluntary_ctxt_switches:");
  };
  auto before = wake_ups();
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  session.await("five seconds", [&] { return std::chrono::steady_clock::now() >= end; });
  auto looks = (wake_ups() - before) / 2; // each sleeps for its answer, and until the next
  CHECK(looks <= 25);
}

TEST_CASE("a job without a log is told of in the name of initctl") {
  auto tmux = find_program({"tmux"}, "top");
  if (tmux.empty()) return;
  Session session{three_jobs};
  start_all(session);
  TopInTerminal top{session, tmux};
  top.await("3 jobs, 2 running");
  for (const auto* key : {"/", "d", "b", "Enter"}) top.press(key);
  top.await("1 job, 1 running");
  top.press("l");
  top.await("initctl: db has no log");
  CHECK_FALSE(top.screen().contains("upstart-initctl"));
}

TEST_CASE("top says what it needs where there is no terminal") {
  Session session{{}};
  CHECK(session.initctl({"top"}).err == "initctl: top needs a terminal; `initctl list' and `initctl monitor' print\n");
  for (const auto* delay : {"0", "x"}) CHECK(session.initctl({"top", "-d", delay}).err.starts_with("initctl: "));
  auto script = find_program({"script"}, "top on a dumb terminal");
  if (script.empty()) return;
  auto ran = session.run({script, "-qec", "TERM=dumb " + bin_directory() + "/initctl top", "/dev/null"});
  CHECK(ran.out.starts_with("initctl: top moves the cursor, which a terminal of type dumb (TERM) cannot"));
}
