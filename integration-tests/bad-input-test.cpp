// Bad input gets a clear error, and everything else goes on.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

using namespace upstart::test;

TEST_CASE("a broken job file is told by line, and the others load") {
  Session session{{{"broken", "exec true\nrespwan\n"}, {"good", "exec sleep 1000\n"}}};
  CHECK(session.initctl({"status", "good"}).out == "good stop/waiting\n");
  auto broken = session.initctl({"status", "broken"});
  CHECK(broken.status == 1);
  CHECK(broken.err == "initctl: Unknown job: broken\ninitctl: its file cannot be read as a job: " +
                          session.directory() + "/conf/broken.conf:2: Unknown stanza (init-checkconf says more)\n");
  CHECK(session.messages().contains("broken.conf:2:"));
  CHECK(session.messages().contains("Unknown stanza"));
  session.write("broken.conf", "exec true\n");
  session.await("/ JobAdded /com/ubuntu/Upstart/jobs/broken" + std::string{},
                [&] { return session.initctl({"status", "broken"}).status == 0; });
}

TEST_CASE("what became of the file of a running job is told with what a stop would lead to") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto file = session.directory() + "/conf/svc.conf";
  REQUIRE(session.initctl({"start", "svc"}).status == 0);
  session.write("svc.conf", "exec sleep 1000\nbad\n");
  CHECK(session.initctl({"restart", "svc"}).err ==
        "svc: its job file cannot be read as a job any more: " + file +
            ":2: Unknown stanza; mend it before you stop the job, which could not be started again\n");
  CHECK(session.initctl({"explain", "svc"}).out.contains("cannot be read as a job any more"));
  session.remove("svc.conf");
  CHECK(session.initctl({"restart", "svc"}).err ==
        "svc: its job file has been removed since it was started: once stopped it cannot be started again\n");
  session.write("svc.override", "bad\n");
  CHECK(session.initctl({"stop", "svc"}).status == 0);
  CHECK(session.initctl({"status", "svc"}).err == "initctl: Unknown job: svc\ninitctl: there is only " +
                                                      session.directory() + "/conf/svc.override, and no svc.conf\n");
}

TEST_CASE("a warning about a job file is a warning in the log, and a quiet init does not say it") {
  std::map<std::string, std::string> jobs{{"odd", "respawn limit 1 2\nexec true\n"}, {"bad", "bad\n"}};
  for (bool quiet : {false, true}) {
    Session session{jobs, {.init_options = quiet ? std::vector<std::string>{"-q"} : std::vector<std::string>{}}};
    REQUIRE(session.initctl({"reload-configuration"}).status == 0);
    auto messages = session.messages();
    CHECK(messages.contains("warning: " + session.directory() + "/conf/odd.conf: line 1: `respawn limit`") != quiet);
    CHECK(messages.contains("odd.conf") != quiet);
    CHECK(messages.contains("error: " + session.directory() + "/conf/bad.conf:1:"));
    CHECK_FALSE(messages.contains("\n\n"));
  }
}

TEST_CASE("a job whose file is called nearly right is answered with that file, a path with its job") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  for (const auto* file : {"up.CONF", "txt.conf.txt", "til.conf~", "net/apache.conf"}) session.write(file, "exec x\n");
  const auto conf = session.directory() + "/conf/";
  const auto hint = [&](const std::string& job) { return session.initctl({"start", job}).err; };
  for (const auto& [job, file] : {std::pair{"up", "up.CONF"}, std::pair{"txt", "txt.conf.txt"},
                                  std::pair{"up.CONF", "up.CONF"}, std::pair{"til", "til.conf~"}}) {
    CAPTURE(job);
    CHECK(hint(job).contains("`mv " + conf + file + " " + conf +
                             std::string{job}.substr(0, std::string_view{job}.find('.')) + ".conf'"));
  }
  CHECK(hint(conf + "svc.conf").contains("the job of that file is called `svc'"));
  CHECK(hint("apache").contains("did you mean `net/apache`?"));
}

TEST_CASE("malformed environment is refused") {
  Session session{{{"svc", "exec sleep 1000\n"}}};
  auto refused = session.initctl({"emit", "x", "NOVALUE"});
  CHECK(refused.status == 1);
  CHECK(refused.err.starts_with("initctl: Env must be KEY=VALUE pairs\ninitctl: `NOVALUE' has no key: "));
  auto empty_key = session.busctl({"call", "com.ubuntu.Upstart", "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6",
                                   "EmitEvent", "sasb", "x", "1", "=v", "true"});
  CHECK(empty_key.err.contains("Env must be KEY=VALUE pairs"));
  CHECK(session.initctl({"start", "svc"}).status == 0);
}

TEST_CASE("an unknown job object answers that its methods do not exist") {
  Session session{{}};
  auto answer = session.busctl({"call", "com.ubuntu.Upstart", "/com/ubuntu/Upstart/jobs/nosuch",
                                "com.ubuntu.Upstart0_6.Job", "GetAllInstances"});
  CHECK(answer.status != 0);
  CHECK(session.busctl({"tree", "com.ubuntu.Upstart"}).status == 0);
}

TEST_CASE("an unreadable directory is told, and the rest is served" * doctest::skip(::geteuid() == 0)) {
  Session session{{{"good", "exec sleep 1000\n"}}};
  session.write("closed/x.conf", "exec true\n");
  ::chmod((session.directory() + "/conf/closed").c_str(), 0);
  session.initctl({"reload-configuration"});
  session.await("it is told", [&] { return session.messages().contains("closed"); });
  ::chmod((session.directory() + "/conf/closed").c_str(), 0755);
  CHECK(session.initctl({"status", "good"}).status == 0);
}

TEST_CASE("when the bus goes away, the private socket still serves") {
  Session session{{{"svc", "exec sleep 1000\n"}}, {.own_bus = false}};
  session.kill_daemon("dbus-daemon");
  CHECK(session.initctl({"start", "svc"}).out.starts_with("svc start/running"));
}

TEST_CASE("a bridge says in which file and on which line a condition stands that it does not serve") {
  Session session{{{"web", "# of the web\nstart on (startup\n  or socket PROTO=inet PORT=a)\nexec sleep 1000\n"},
                   {"late", "stop on file FILE=some/where\nexec true\n"}}};
  session.write("late.override", "env WHEN=never\n\nstart on timer EVERY=$WHEN\n");
  auto conf = session.directory() + "/conf/";
  for (const auto& told : {conf + "web.conf:3: job web: PORT in its socket condition: ",
                           conf + "late.override:3: job late: EVERY in its timer condition: "})
    session.await(told, [&] { return session.messages().contains(told); });
}
