#include "clients/convert/systemd/command-line.hpp"
#include "clients/convert/systemd/units.hpp"
#include "clients/convert/testing/converted.hpp"

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
