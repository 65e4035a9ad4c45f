#include "clients/convert/systemd/command-line.hpp"
#include "clients/convert/systemd/units.hpp"
#include "clients/convert/testing/converted.hpp"

#include <filesystem>
#include <format>

using namespace upstart::convert;
using namespace upstart::convert::testing;

namespace {

// The job of one service.
Job job_of(const std::string& text, const std::string& name = "web.service") {
  const Files files;
  auto jobs = jobs_of(systemd::convert_units({files.add(name, text)}));
  REQUIRE(jobs.size() == 1);
  return jobs.front();
}
Job job_of_service(const std::string& lines) { return job_of("[Service]\n" + lines); }
bool has(const Job& job, std::string_view text) { return body_of(job).contains(text); }

std::string shell(const std::string& value, const std::string& unit = "web.service") {
  auto commands = systemd::commands_of(systemd::parse_unit(unit, ""), value);
  REQUIRE(commands);
  return commands->front().text;
}

} // namespace

TEST_CASE("a usual service is a job that does the same") {
  auto job = job_of("[Unit]\nDescription=A \"web\" server\nAfter=network.target\nDocumentation=man:web(8)\n\n"
                    "[Service]\nType=notify\nEnvironment=A=1 \"B=two words\"\nUser=www\nExecStartPre=/usr/bin/web -t\n"
                    "ExecStart=/usr/bin/web \\\n  --port=80\nExecReload=/bin/kill -HUP $MAINPID\nRestart=on-failure\n"
                    "LimitNOFILE=64K\nUMask=027\n\n[Install]\nWantedBy=multi-user.target\n");
  CHECK(job.name == "web");
  CHECK(job.is_whole());
  CHECK(is_noted(job, "web.service:3: After=network.target"));
  CHECK(body_of(job) == "description \"A 'web' server\"\n\n"
                        "start on runlevel [2345]\nstop on runlevel [!2345]\n\n"
                        "limit nofile 65536 65536\numask 027\nsetuid www\nexpect notify\nkill timeout 90\n"
                        "respawn\nrespawn limit 5 10\nnormal exit 0 HUP INT TERM PIPE\n"
                        "env A=1\nenv B=\"two words\"\n\n"
                        "pre-start script\n  /usr/bin/web -t\nend script\n\n"
                        "exec /usr/bin/web --port=80\n");
}

TEST_CASE("what cannot be said is a comment that names file, line, directive and reason, and never dropped") {
  auto job = job_of_service("ExecStart=/bin/x\nPrivateNetwork=yes\nFrobnicate=1\nProtectHome=no\n");
  CHECK_FALSE(job.is_whole());
  CHECK(is_missing(job, "web.service:3: PrivateNetwork=yes: the job has the network that others have"));
  CHECK(is_missing(job, "web.service:4: Frobnicate=1: not a directive that upstart-convert knows"));
  CHECK(is_noted(job, "web.service:5: ProtectHome=no: is off here, too"));
  CHECK(print(job).contains("# Not expressed by this job:\n#   web.service:3: PrivateNetwork=yes"));
}

TEST_CASE("a path with a blank is one argument") {
  auto job = job_of_service("ExecStart=/bin/x\nWorkingDirectory=/srv/my app\nRootDirectory=/srv/a#b\n");
  CHECK(job.is_whole());
  CHECK(has(job, "chdir \"/srv/my app\"\n"));
  CHECK(has(job, "chroot \"/srv/a#b\"\n"));
}

TEST_CASE("command lines keep their meaning in the shell") {
  CHECK(shell("/bin/x 'a b' \"c\\x20d\"") == "/bin/x 'a b' 'c d'");
  CHECK(shell("/bin/x $OPTIONS ${HOME}/a$b $$c") == "/bin/x $OPTIONS \"${HOME}/a\\$b\" '$c'");
  CHECK(shell("-/bin/x %n %p %% %i", "a@b.service") == "/bin/x a@b.service a % b");
  CHECK(shell("/bin/x %i/%I", "a@.service") == "/bin/x \"$INSTANCE/$(printf %s \"$INSTANCE\" | tr - /)\"");
  CHECK(shell("@/bin/x name arg") == "/bin/x arg");
  CHECK(shell("/bin/x it\\'s; \\;") == "/bin/x 'it'\\''s;' ';'");
  CHECK_FALSE(systemd::commands_of(systemd::parse_unit("x.service", ""), "/bin/x 'a"));
  CHECK(systemd::unescaped("dev-disk\\x2da") == "dev/disk-a");
}

TEST_CASE("an empty assignment takes back what was said before, and drop-ins come after the unit") {
  const Files files;
  auto unit = files.add("web.service", "[Service]\nExecStart=/bin/a\n");
  files.add("web.service.d/10.conf", "[Service]\nExecStart=\nExecStart=/bin/b\nNice=5\n");
  auto jobs = jobs_of(systemd::convert_units({unit}));
  CHECK(jobs.at(0).main == "/bin/b");
  CHECK(has(jobs.at(0), "nice 5\n"));
}

TEST_CASE("oneshots are tasks, and with RemainAfterExit states") {
  auto task = job_of_service("Type=oneshot\nExecStart=/bin/a\nExecStart=-/bin/b\nExecStart=/bin/c\n");
  CHECK(has(task, "task\n"));
  CHECK(has(task, "script\n  /bin/a\n  /bin/b || :\n  exec /bin/c\nend script\n"));
  auto state = job_of_service("Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/up\nExecStop=/bin/down\n");
  CHECK(has(state, "pre-start script\n  /bin/up\nend script\n"));
  CHECK(has(state, "post-stop script\n  /bin/down || :\nend script\n"));
  CHECK(state.main.empty());
}

TEST_CASE("a stop by a signal is a stanza, by a command a pre-stop process that knows the main process") {
  CHECK(has(job_of_service("ExecStart=/bin/x\nExecStop=/bin/kill -s QUIT $MAINPID\n"), "kill signal QUIT\n"));
  auto job =
      job_of_service("ExecStart=/bin/x\nExecStop=/bin/x --stop $MAINPID\nKillMode=process\nTimeoutStopSec=1min 5s\n");
  CHECK(has(job, "  /bin/x --stop $MAINPID || :\n"));
  CHECK(has(job, "export MAINPID=$(initctl status"));
  CHECK(has(job, "kill mode process\n"));
  CHECK(has(job, "kill timeout 65\n"));
}

TEST_CASE("where steps need root the program gets its user by setpriv, and stays the main process") {
  auto job = job_of_service("User=www\nGroup=web\nRuntimeDirectory=web\nRuntimeDirectoryMode=0750\nExecStart=/bin/x\n"
                            "ExecStartPre=+/bin/y\n");
  CHECK(has(job, "  install -d -m 0750 -o www -g web /run/web\n  /bin/y\n"));
  CHECK(has(job, "exec setpriv --reuid=www --regid=web --init-groups -- /bin/x\n"));
  CHECK(has(job, "post-stop script\n  rm -rf /run/web\n"));
  CHECK_FALSE(has(job, "setuid"));
  auto bound = job_of_service("User=www\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nNoNewPrivileges=yes\n"
                              "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nExecStartPre=+/bin/y\nExecStart=/bin/x\n");
  CHECK(has(bound, "setpriv --bounding-set=-all,+net_bind_service --inh-caps=+net_bind_service "
                   "--ambient-caps=+net_bind_service --no-new-privs --reuid=www"));
  CHECK_FALSE(has(bound, "no-new-privs\n"));
}

TEST_CASE("what systemd calls sandboxing are stanzas where there are such") {
  auto job = job_of_service("User=www\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nNoNewPrivileges=yes\nPrivateTmp=true\n"
                            "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=cap_kill\n"
                            "ProtectSystem=strict\nProtectHome=read-only\nReadWritePaths=/srv/a -/srv/b\n"
                            "ExecStart=/bin/x\n");
  CHECK(job.is_whole());
  for (const auto* stanza : {"setuid www\n", "no-new-privs\n", "private tmp\n", "protect system strict\n",
                             "capability bounding CAP_NET_BIND_SERVICE CAP_KILL\n", "protect home read-only\n",
                             "capability ambient CAP_NET_BIND_SERVICE\n", "protect except /srv/a -/srv/b\n"}) {
    CAPTURE(stanza);
    CHECK(has(job, stanza));
  }
  CHECK(has(job_of_service("CapabilityBoundingSet=~CAP_KILL CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL\n"),
            "capability bounding -CAP_CHOWN\n"));
  CHECK(has(job_of_service("CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=\n"), "capability bounding none\n"));
  CHECK(has(job_of_service("ProtectSystem=full\nProtectHome=tmpfs\n"), "protect system\nprotect home empty\n"));
  CHECK(has(job_of_service("ProtectSystem=yes\nProtectHome=yes\n"), "protect system usr\nprotect home\n"));
  CHECK_FALSE(has(job_of_service("ReadWritePaths=/srv\n"), "protect"));
  CHECK(is_missing(job_of_service("ProtectHome=most\n"), "not a value that upstart-convert knows"));
  CHECK(is_noted(job_of_service("PrivateTmp=no\n"), "is off here, too"));
}

TEST_CASE("limits of memory, processors and tasks keep their units") {
  auto job = job_of_service("MemoryMax=512M\nMemoryHigh=50%\nCPUWeight=20\nCPUQuota=150%\nTasksMax=64\nIOWeight=7\n"
                            "ExecStart=/bin/x\n");
  CHECK(job.is_whole());
  CHECK(has(job, "memory max 512M\nmemory high 50%\ncpu weight 20\ncpu max 150%\ntasks max 64\nio weight 7\n"));
  auto other = job_of_service("MemoryMax=infinity\nMemoryLow=1G\nCPUQuota=12.5%\nTasksMax=10%\nCPUWeight=idle\n");
  CHECK(has(other, "memory max unlimited\ncgroup memory low 1073741824\ncpu max 12500 100000\n"));
  CHECK(is_missing(other, "TasksMax=10%: the stanza `tasks max' takes a number only"));
  CHECK(is_missing(other, "CPUWeight=idle: the stanza `cpu weight' takes a number only"));
}

TEST_CASE("what a job may not make since it finds it read-only is made by a job of its own") {
  const Files files;
  auto jobs = jobs_of(systemd::convert_units({files.add(
      "web.service", "[Service]\nUser=www\nRuntimeDirectory=web\nProtectSystem=strict\nExecStart=/bin/x\n")}));
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].name == "web-directories");
  CHECK(has(jobs[0], "start on starting web\nstop on stopped web\n"));
  CHECK(has(jobs[0], "  install -d -m 0755 -o www -g \"$(id -g www)\" /run/web\n"));
  CHECK(has(jobs[0], "post-stop script\n  rm -rf /run/web\n"));
  CHECK(has(jobs[1], "protect except /run/web\n"));
  CHECK(has(jobs[1], "setuid www\n"));
}

TEST_CASE("conditions are looked at before the start, and end it without a failure") {
  auto job =
      job_of("[Unit]\nConditionPathExists=!/etc/no web\nAssertPathExists=/etc/web\n[Service]\nExecStart=/bin/x\n");
  CHECK(has(job, "  ! [ -e '/etc/no web' ] || { initctl stop --no-wait; exit 0; }\n  [ -e /etc/web ] || exit 1\n"));
}

TEST_CASE("a service that needs another and runs after it is started and stopped with it") {
  auto job = job_of("[Unit]\nRequires=db.service\nAfter=db.service cache.service\n[Service]\nExecStart=/bin/x\n"
                    "[Install]\nWantedBy=multi-user.target\n");
  CHECK(has(job, "start on started db\n"));
  CHECK(has(job, "stop on (runlevel [!2345]\n  or stopping db)\n"));
  CHECK(is_missing(job, "After=cache.service"));
}

TEST_CASE("a template has instances, and an instance of it is a job of its own") {
  const Files files;
  files.add("getty@.service", "[Service]\nExecStart=/sbin/getty %i %I\n[Install]\nWantedBy=getty.target\n");
  auto all = jobs_of(systemd::convert_units({files.path("getty@.service")}));
  CHECK(all.at(0).name == "getty");
  CHECK(has(all.at(0), "instance $INSTANCE\n"));
  auto one = jobs_of(systemd::convert_units({files.path("getty@tty-1.service")}));
  CHECK(one.at(0).name == "getty@tty-1");
  CHECK(one.at(0).main == "/sbin/getty tty-1 tty/1");
  CHECK(has(one.at(0), "start on runlevel [2345]\n"));
}

TEST_CASE("sockets, timers and paths are conditions of the service that they are for") {
  const Files files;
  files.add("web.service", "[Service]\nExecStart=/bin/web\n");
  files.add("web.socket",
            "[Socket]\nListenStream=/run/web.sock\nSocketMode=0660\nSocketUser=www\n"
            "ListenStream=127.0.0.1:80\nListenDatagram=[::1]:53\nBacklog=7\n[Install]\nWantedBy=sockets.target\n");
  files.add("web.timer", "[Timer]\nOnCalendar=daily\nOnBootSec=5min\nOnUnitActiveSec=1h\nPersistent=true\n");
  files.add("web.path", "[Path]\nPathExists=/run/go\n");
  auto jobs = jobs_of(systemd::convert_units(
      {files.path("web.service"), files.path("web.socket"), files.path("web.timer"), files.path("web.path")}));
  REQUIRE(jobs.size() == 1);
  for (const auto* event :
       {"socket PROTO=unix SOCKET_PATH=/run/web.sock MODE=0660 OWNER=www FDNAME=web.socket",
        "socket PROTO=inet PORT=80 ADDR=127.0.0.1", "socket PROTO=inet6 PORT=53 ADDR=::1 TYPE=dgram", "timer AT=daily",
        "timer AFTER=startup DELAY=300", "timer EVERY=3600", "file FILE=/run/go EVENT=create"}) {
    CAPTURE(event);
    CHECK(has(jobs[0], event));
  }
  CHECK(is_missing(jobs[0], "web.socket:7: Backlog=7"));
}

TEST_CASE("a socket without its service, and what is no process, is not converted, and told") {
  const Files files;
  auto result = systemd::convert_units(
      {files.add("a.socket", "[Socket]\nListenStream=1\n"), files.add("b.target", ""), files.path("missing.service")});
  REQUIRE(result.size() == 3);
  for (const auto& one : result) CHECK(one.jobs.empty());
  CHECK(
      std::ranges::any_of(result, [](const auto& one) { return one.failure.contains("a.service, which it is for"); }));
}

TEST_CASE("a terminal is the console that a job owns") {
  auto job =
      job_of_service("ExecStart=/bin/x\nStandardOutput=tty\nStandardInput=tty\nStandardError=tty\nTTYPath=/dev/tty5\n");
  CHECK(has(job, "console owner\n"));
  CHECK_FALSE(has(job, "console output"));
  CHECK(is_missing(job, "TTYPath=/dev/tty5"));
}

TEST_CASE("the directory of a socket is made by a job of its own") {
  const Files files;
  auto service = files.add("a.service", "[Service]\nExecStart=/bin/x\nTimeoutStopSec=0\n");
  auto jobs = jobs_of(systemd::convert_units({service, files.add("a.socket", "[Socket]\nListenStream=/run/a/b\n")}));
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].name == "a-socket-directory");
  CHECK(body_of(jobs[0]).ends_with("start on startup\n\ntask\n\nexec install -d -m 0755 /run/a\n"));
  CHECK(has(jobs[1], "kill timeout 86400\n")); // in systemd no limit, and not 0
}

TEST_CASE("a calendar that the timer bridge has not is told") {
  const Files files;
  auto service = files.add("a.service", "[Service]\nExecStart=/bin/x\n");
  auto jobs = jobs_of(systemd::convert_units({service, files.add("a.timer", "[Timer]\nOnCalendar=*-*~1 00:00\n")}));
  CHECK(is_missing(jobs.at(0), "OnCalendar=*-*~1 00:00: upstart-timer-bridge does not serve this timer"));
}

namespace {
// Why a unit is no job.
std::string failure_of(const std::string& text, const std::string& name = "web.service") {
  const Files files;
  auto all = systemd::convert_units({files.add(name, text)});
  REQUIRE(all.size() == 1);
  CHECK(all[0].jobs.empty());
  return all[0].failure;
}
} // namespace

TEST_CASE("the instance of a template that a unit names is an instance of the template's job") {
  auto job = job_of("[Unit]\nOnFailure=mail@%n.service\nWants=a@%p.service\nConflicts=c@x.service\n"
                    "PartOf=d@%p.service\n[Service]\nExecStart=/bin/x\n");
  CHECK(has(job, "initctl start --no-wait mail INSTANCE=web.service || :\n"));
  CHECK(has(job, "initctl start --no-wait a INSTANCE=web 2>/dev/null || :\n"));
  CHECK(has(job, "starting c INSTANCE=x"));
  CHECK(has(job, "stopping d INSTANCE=web"));
  auto instances = job_of("[Unit]\nOnFailure=mail@%i.service\nRequires=db@%i.service\n[Service]\nExecStart=/bin/x\n",
                          "web@.service");
  CHECK(has(instances, "initctl start --no-wait mail INSTANCE=\"$INSTANCE\" || :\n"));
  CHECK(has(instances, "initctl start --no-wait db INSTANCE=\"$INSTANCE\" 2>/dev/null || :\n"));
  CHECK(has(instances, "stop on stopping db INSTANCE=$INSTANCE\n"));
}

TEST_CASE("an instance that is a file of its own is a job of its own, for those that name it, too") {
  const Files files;
  files.add("db@a.service", "[Service]\nExecStart=/bin/db\n");
  auto jobs = jobs_of(systemd::convert_units(
      {files.add("web.service", "[Unit]\nRequires=db@a.service db@b.service\n[Service]\nExecStart=/bin/x\n")}));
  CHECK(has(jobs.at(0), "stop on (stopping db@a\n  or stopping db INSTANCE=b)\n"));
}

TEST_CASE("Requires= with After= means the same in either order") {
  for (const char* lines : {"Requires=db.service\nAfter=db.service\n", "After=db.service\nRequires=db.service\n"}) {
    CAPTURE(lines);
    auto job = job_of(std::format("[Unit]\n{}[Service]\nExecStart=/bin/x\n", lines));
    CHECK(job.is_whole());
    CHECK(has(job, "start on started db\n"));
  }
}

TEST_CASE("the working directory ~ is the home of the user that the unit names") {
  CHECK(has(job_of_service("User=www\nWorkingDirectory=~\nExecStart=/bin/x\n"),
            "  cd \"$(getent passwd www | cut -d: -f6)\"\n"));
  CHECK(
      has(job_of_service("WorkingDirectory=~\nExecStart=/bin/x\n"), "  cd \"$(getent passwd root | cut -d: -f6)\"\n"));
}

TEST_CASE("a stop has one signal; that of ExecStop= is the first") {
  for (const char* lines :
       {"ExecStop=/bin/kill -INT $MAINPID\nKillSignal=QUIT\n", "KillSignal=QUIT\nExecStop=/bin/kill -INT $MAINPID\n"}) {
    auto job = job_of_service(std::format("ExecStart=/bin/x\n{}", lines));
    CHECK(has(job, "kill signal INT\n"));
    CHECK_FALSE(has(job, "kill signal QUIT"));
    CHECK(is_missing(job, "KillSignal=QUIT: one signal is sent, that of ExecStop="));
  }
}

TEST_CASE("of two that are in conflict the start of each stops the other") {
  auto job = job_of("[Unit]\nConflicts=b.service\n[Service]\nUser=www\nExecStart=/bin/x\n");
  CHECK(has(job, "stop on starting b\n"));
  CHECK(has(job, "pre-start script\n  initctl stop --no-wait b 2>/dev/null || :\n"));
  CHECK(has(job, "exec setpriv --reuid=www")); // the user may not stop another's job
}

TEST_CASE("what is wanted by another service starts with it and does not stop with it; devices are no jobs") {
  auto job = job_of("[Service]\nExecStart=/bin/x\n[Install]\nWantedBy=b.service dev-sda.device\n");
  CHECK(has(job, "start on started b\nstop on runlevel [06]\n"));
  CHECK(is_missing(job, "no job stands for dev-sda.device"));
  CHECK(is_missing(job_of("[Service]\nExecStart=/bin/x\n[Install]\nRequiredBy=b.service\n"), "`stop on stopping JOB'"));
}

TEST_CASE("a colon before the program forbids variables") {
  CHECK(shell(":/bin/x $A ${B} $$") == "/bin/x '$A' '${B}' '$$'");
  CHECK(shell("-:/bin/x $A") == "/bin/x '$A'");
}

TEST_CASE("what is off in the unit, and cannot be off here, is missing") {
  CHECK(is_missing(job_of_service("SendSIGKILL=no\n"), "what does not end gets SIGKILL"));
  CHECK(is_noted(job_of_service("SendSIGKILL=yes\n"), "what does not end gets SIGKILL"));
  CHECK(is_missing(job_of_service("AllowedCPUs=0\n"), "AllowedCPUs=0"));
  const Files files;
  auto jobs = jobs_of(systemd::convert_units(
      {files.add("a.service", "[Service]\nExecStart=/bin/x\n"),
       files.add("a.timer", "[Timer]\nOnCalendar=daily\nRemainAfterElapse=no\nOnUnitInactiveSec=1h\nOnBootSec=1h\n")}));
  CHECK(is_missing(jobs.at(0), "RemainAfterElapse=no: a timer goes on"));
  CHECK(is_missing(jobs.at(0), "OnUnitInactiveSec=1h"));
  CHECK_FALSE(is_noted(jobs.at(0), "OnUnitInactiveSec=1h"));
}

TEST_CASE("an exit status that prevents a restart counts as success, and that is told") {
  auto job = job_of_service("ExecStart=/bin/x\nRestart=always\nRestartPreventExitStatus=2\n");
  CHECK(has(job, "normal exit 2\n"));
  CHECK(is_missing(job,
                   "RestartPreventExitStatus=2: the job is not started again, by `normal exit'; such an end counts"));
}

TEST_CASE("errors go where output goes, unless they are sent elsewhere") {
  CHECK(has(job_of_service("ExecStart=/bin/x\nStandardOutput=append:/f\n"), "exec /bin/x >>/f 2>&1\n"));
  CHECK(has(job_of_service("ExecStart=/bin/x\nStandardError=inherit\nStandardOutput=truncate:/f\n"),
            "exec /bin/x >/f 2>&1\n"));
  CHECK(has(job_of_service("ExecStart=/bin/x\nStandardOutput=file:/f\nStandardError=null\n"),
            "exec /bin/x 1<>/f 2>/dev/null\n"));
  CHECK(
      has(job_of_service("ExecStart=/bin/x\nStandardOutput=append:/f\nStandardError=journal\n"), "exec /bin/x >>/f\n"));
}

TEST_CASE("a file for the output is opened as root, as systemd does it") {
  CHECK(has(job_of_service("ExecStart=/bin/x\nUser=www\nStandardOutput=append:/f\n"),
            "exec setpriv --reuid=www --regid=\"$(id -g www)\" --init-groups -- /bin/x >>/f 2>&1\n"));
}

TEST_CASE("without another user what root does before changes nothing") {
  auto job = job_of("[Unit]\nWants=b.service\n[Service]\nExecStart=/bin/x\nNoNewPrivileges=yes\n"
                    "StandardOutput=append:/f\n");
  CHECK(has(job, "no-new-privs\n"));
  CHECK(has(job, "exec /bin/x >>/f 2>&1\n"));
}

TEST_CASE("a watchdog needs a service that notifies") {
  CHECK(is_missing(job_of_service("ExecStart=/bin/x\nWatchdogSec=5\n"), "WatchdogSec=5: the stanza `watchdog'"));
  CHECK(job_of_service("ExecStart=/bin/x\nWatchdogSec=5\nType=notify\n").is_whole());
}

TEST_CASE("a real-time policy has a priority") {
  CHECK(has(job_of_service("ExecStart=/bin/x\nCPUSchedulingPolicy=rr\n"), "exec chrt --rr 1 /bin/x\n"));
  CHECK(has(job_of_service("ExecStart=/bin/x\nCPUSchedulingPolicy=batch\n"), "exec chrt --batch 0 /bin/x\n"));
  CHECK(has(job_of_service("ExecStart=/bin/x\nCPUSchedulingPolicy=fifo\nCPUSchedulingPriority=7\n"), "--fifo 7 "));
}

TEST_CASE("what is not known, or out of range, is told") {
  CHECK(is_missing(job_of_service("ExecStart=/bin/x\nExecStopPost=/bin/y $SERVICE_RESULT\n"),
                   "SERVICE_RESULT is not set"));
  CHECK(is_missing(job_of("[Servise]\nUser=www\n[Service]\nExecStart=/bin/x\n"), "[Servise] is not a section"));
  CHECK(is_missing(job_of_service("Nice=25\n"), "Nice=25: not a number from -20 to 19"));
  CHECK(is_missing(job_of_service("OOMScoreAdjust=2000\n"), "OOMScoreAdjust=2000"));
  CHECK(has(job_of_service("OOMScoreAdjust=-1000\nNice=-5\n"), "oom score never\nnice -5\n"));
}

TEST_CASE("what says nothing of a service is a failure, and says why") {
  CHECK(failure_of("") == "it is empty, and so masked");
  CHECK(failure_of("[Unit]\nDescription=x\n").contains("there is no section [Service]"));
  CHECK(failure_of("[Unit]\nDescription=x\n", "a.timer").contains("there is no section [Timer]"));
  const Files files;
  auto masked = files.path("m.service");
  std::filesystem::create_symlink("/dev/null", masked);
  CHECK(systemd::convert_units({masked}).at(0).failure == "it is masked: a link to /dev/null");
  CHECK(systemd::convert_units({files.path("no.service")}).at(0).failure == "No such file or directory");
}

TEST_CASE("a template whose user is its instance runs as that user, and never as root") {
  auto job = job_of("[Service]\nUser=%i\nExecStart=/bin/x\nExecStartPre=/bin/y\nStateDirectory=x\n", "web@.service");
  CHECK(has(job, "exec setpriv --reuid=\"$INSTANCE\" --regid=\"$(id -g \"$INSTANCE\")\" --init-groups -- /bin/x\n"));
  CHECK(has(job, "  setpriv --reuid=\"$INSTANCE\" --regid=\"$(id -g \"$INSTANCE\")\" --init-groups -- /bin/y\n"));
  CHECK(has(job, "install -d -m 0755 -o \"$INSTANCE\" -g \"$(id -g \"$INSTANCE\")\" /var/lib/x\n"));
  CHECK(failure_of("[Service]\nUser=%d\nExecStart=/bin/x\n") == "User=%d: %d has no counterpart");
}

TEST_CASE("a group alone that only the shell knows is never left out") {
  auto job = job_of("[Service]\nGroup=%i\nExecStart=/bin/x\n", "web@.service");
  CHECK(has(job, "exec setpriv --regid=\"$INSTANCE\" --clear-groups -- /bin/x\n"));
}

TEST_CASE("a specifier of a command has its value, or the unit is a failure") {
  CHECK(shell("/bin/x %n %N", "a@.service") ==
        "/bin/x \"${UPSTART_JOB}@$INSTANCE.service\" \"${UPSTART_JOB}@$INSTANCE\"");
  CHECK(shell("/bin/x %j %J", "a-b-c@d.service") == "/bin/x c c");
  CHECK(shell("/bin/x %y %Y", "/etc/a.service") == "/bin/x /etc/a.service /etc");
  CHECK(shell("/bin/x %o") == "/bin/x \"$(. /etc/os-release; printf %s \"$ID\")\"");
  CHECK(failure_of("[Service]\nExecStart=/bin/x %d\n") == "ExecStart=/bin/x %d: %d has no counterpart");
}

TEST_CASE("a socket that accepts is for the template of its name") {
  const Files files;
  files.add("acc@.service", "[Service]\nExecStart=/bin/x\nStandardInput=socket\n");
  auto all = systemd::convert_units({files.add("acc.socket", "[Socket]\nListenStream=7\nAccept=yes\n")});
  auto jobs = jobs_of(all);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].name == "acc");
  CHECK(is_missing(jobs[0], "a process for each client is not made"));
}

TEST_CASE("a service that a socket starts ends with the machine, and may have the socket as its input") {
  const Files files;
  auto service = files.add("a.service", "[Service]\nExecStart=/bin/x\nStandardInput=socket\nStandardOutput=socket\n");
  auto jobs = jobs_of(systemd::convert_units(
      {service, files.add("a.socket", "[Socket]\nListenFIFO=/run/f\nFileDescriptorName=pipe\n")}));
  CHECK(jobs.at(0).is_whole());
  CHECK(has(jobs.at(0), "start on socket PROTO=fifo SOCKET_PATH=/run/f FDNAME=pipe\nstop on runlevel [06]\n"));
  CHECK(has(jobs.at(0), "exec /bin/x <&3 >&3 2>&1\n"));
}

TEST_CASE("times of the processor, zones of the calendar and the old weights are stanzas") {
  auto job = job_of_service("ExecStart=/bin/x\nLimitCPU=1h:infinity\nCPUShares=512\nBlockIOWeight=1000\n");
  CHECK(job.is_whole());
  CHECK(has(job, "limit cpu 3600 unlimited\ncpu weight 50\nio weight 200\n"));
  const Files files;
  auto service = files.add("a.service", "[Service]\nExecStart=/bin/x\n");
  auto jobs = jobs_of(systemd::convert_units(
      {service, files.add("a.timer", "[Timer]\nOnCalendar=Mon..Fri 08:00 Europe/Berlin\nPersistent=yes\n")}));
  CHECK(has(jobs.at(0), "timer AT=\"Mon..Fri 08:00\" TZ=Europe/Berlin"));
}

TEST_CASE("a target needs no job") {
  const Files files;
  auto all = systemd::convert_units({files.add("a.target", "[Unit]\nWants=b.service\n")});
  CHECK(all.at(0).failure.empty());
  CHECK(all.at(0).no_need.starts_with("a target is no process"));
}
