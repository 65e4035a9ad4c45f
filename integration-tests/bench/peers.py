"""Upstart beside other supervisors, on one machine in one run: those of runit, s6, supervisor and dinit whose programs are on PATH. None
of them is needed: what is not installed has no column.

Every one of them gets the same services, a `sleep` each, which are down at first, and then the command that its manual gives for all of
them at once. What is measured is what the process table shows, from that command on, whatever it returns and when.
"""

import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

from session import Failure, Session, memory_of  # of the harness; run says where it is

LIMIT = 120.0
SETTLED = 1.5  # seconds that a service has run, after which every one of them starts it again at once


def words_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def process_ids():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def last_process_id():
    return int(pathlib.Path("/proc/loadavg").read_text().split()[-1])


def descendants(pid):
    found = [pid]
    for each in found:
        try:
            found += map(int, pathlib.Path(f"/proc/{each}/task/{each}/children").read_text().split())
        except OSError:
            continue
    return found


class Peer:
    """One supervisor with `count` services in a directory of its own. Entered: it runs, and none of them does."""

    name = ""
    programs = ()

    def __init__(self, count):
        self.count = count
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="upstart-peer."))
        self.command = ["sleep", f"99{os.getpid()}.5"]  # by which its services are known
        self.process = None

    @classmethod
    def is_there(cls):
        return all(shutil.which(program) for program in cls.programs)

    def __enter__(self):
        try:
            self.begin()
            self.await_true(self.is_ready, "is not ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def begin(self):
        """Writes the services down and starts the supervisor."""
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def start_all(self):
        raise NotImplementedError

    def stop_all(self):
        raise NotImplementedError

    def end(self):
        self.process.terminate()
        self.process.wait(LIMIT)

    def supervisor(self):
        return self.process.pid

    def launch(self, *command):
        with open(self.directory / "output", "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.directory)

    def run(self, *command, words=""):
        subprocess.run(command, input=words, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.directory, check=False)

    def service_directories(self, script):
        for i in range(self.count):
            place = self.directory / "services" / f"s{i}"
            place.mkdir(parents=True)
            (place / "run").write_text(script)
            (place / "run").chmod(0o755)
            (place / "down").touch()
        return self.directory / "services"

    def script(self):
        return f"#!/bin/sh\nexec {' '.join(self.command)}\n"

    def is_service(self, pid):
        return words_of(pid) == [word.encode() for word in self.command]

    def services(self):
        return [pid for pid in process_ids() if self.is_service(pid)]

    def await_true(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                said = self.directory / "output"
                raise Failure(f"{self.name} {what} after {LIMIT:.0f} seconds\n{said.read_text(errors='replace') if said.exists() else ''}")
            time.sleep(0.002)

    def milliseconds_until(self, count, act):
        begin = time.monotonic()
        act()
        self.await_true(lambda: len(self.services()) == count, f"has not got to {count} services")
        return (time.monotonic() - begin) * 1e3

    def milliseconds_to_restart(self):
        """From the SIGKILL of a service until its next process executes the program."""
        time.sleep(SETTLED)
        old, first = self.services()[0], last_process_id() + 1
        begin = time.monotonic()
        os.kill(old, signal.SIGKILL)
        while time.monotonic() < begin + LIMIT:
            if any(self.is_service(pid) for pid in range(first, last_process_id() + 1)):
                return (time.monotonic() - begin) * 1e3
        raise Failure(f"{self.name} has not started a service again after {LIMIT:.0f} seconds")

    def memory(self):
        """Kilobytes, private and dirty, of all its processes but the services."""
        services = set(self.services())
        return sum(memory_of(pid)["Private_Dirty"] for pid in descendants(self.supervisor()) if pid not in services)


class Upstart(Peer):
    """A session without a bus. Its programs are those that are measured, not those on PATH."""

    name = "upstart"
    bin = None

    @classmethod
    def is_there(cls):
        return True

    def begin(self):
        text = f"start on fan\nstop on unfan\nrespawn\nconsole none\nexec {' '.join(self.command)}\n"
        self.session = Session(self.bin, {f"s{i}.conf": text for i in range(self.count)}, ["--no-dbus"])
        self.session.__enter__()
        self.process = self.session.init

    def is_ready(self):
        return True

    def emit(self, event):
        subprocess.run([self.bin / "initctl", "emit", event], env=os.environ | {"UPSTART_SESSION": self.session.address}, check=True)

    def start_all(self):
        self.emit("fan")

    def stop_all(self):
        self.emit("unfan")

    def end(self):
        self.session.__exit__(None)


class Runit(Peer):
    name, programs = "runit", ("runsvdir", "sv")

    def begin(self):
        self.places = [str(place) for place in sorted(self.service_directories(self.script()).iterdir())]
        self.launch("runsvdir", "services")

    def is_ready(self):
        return all(pathlib.Path(place, "supervise/ok").exists() for place in self.places)

    def start_all(self):
        self.run("sv", "-w", "100", "start", *self.places)

    def stop_all(self):
        self.run("sv", "-w", "100", "stop", *self.places)

    def end(self):
        self.process.send_signal(signal.SIGHUP)  # and all that it supervises
        self.process.wait(LIMIT)
        self.await_true(lambda: not self.services(), "has not ended its services")


class S6(Peer):
    name, programs = "s6", ("s6-svscan", "s6-svc")

    def begin(self):
        self.places = sorted(self.service_directories(self.script()).iterdir())
        self.launch("s6-svscan", "-c", str(2 * self.count + 10), "services")

    def is_ready(self):
        return all((place / "supervise/control").exists() for place in self.places)

    def each(self, option):  # its command takes one service
        self.run("xargs", "-n", "1", "s6-svc", option, words="\n".join(map(str, self.places)))

    def start_all(self):
        self.each("-u")

    def stop_all(self):
        self.each("-d")


class Supervisor(Peer):
    name, programs = "supervisor", ("supervisord", "supervisorctl")

    def begin(self):
        (self.directory / "conf").write_text(
            f"[supervisord]\nnodaemon=true\nidentifier=bench\npidfile={self.directory}/pid\nlogfile=/dev/null\nlogfile_maxbytes=0\nminfds=10000\n"
            f"[unix_http_server]\nfile={self.directory}/sock\n[supervisorctl]\nserverurl=unix://{self.directory}/sock\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
            f"[program:s]\ncommand={' '.join(self.command)}\nprocess_name=s%(process_num)d\nnumprocs={self.count}\nautostart=false\nstartsecs=0\n"
            "autorestart=true\nstdout_logfile=/dev/null\nstderr_logfile=/dev/null\nstdout_logfile_maxbytes=0\nstderr_logfile_maxbytes=0\n")
        self.launch("supervisord", "-c", "conf")

    def is_ready(self):
        return (self.directory / "sock").exists()

    def start_all(self):
        self.run("supervisorctl", "-c", "conf", "start", "all")

    def stop_all(self):
        self.run("supervisorctl", "-c", "conf", "stop", "all")


class Dinit(Peer):
    """Not in Debian."""

    name, programs = "dinit", ("dinit", "dinitctl")

    def begin(self):
        services = self.directory / "services"
        services.mkdir()
        for i in range(self.count):
            (services / f"s{i}").write_text(f"type = process\ncommand = {shutil.which('sleep')} {self.command[1]}\nrestart = true\ndepends-on: all\n")
        (services / "all").write_text("type = internal\n")
        (services / "boot").write_text("type = internal\n")
        (services / "fan").write_text("type = internal\n" + "".join(f"depends-on: s{i}\n" for i in range(self.count)))
        self.launch("dinit", "--user", "-d", "services", "-p", str(self.directory / "sock"), "boot")

    def is_service(self, pid):
        return words_of(pid)[1:] == [self.command[1].encode()]

    def is_ready(self):
        return (self.directory / "sock").exists()

    def start_all(self):
        self.run("dinitctl", "-p", str(self.directory / "sock"), "start", "fan")

    def stop_all(self):
        self.run("dinitctl", "-p", str(self.directory / "sock"), "stop", "fan")


PEERS = (Upstart, Runit, S6, Supervisor, Dinit)


def measure(kind, count, repetitions):
    """Figures by the name of their row."""
    with kind(count) as peer:
        empty = peer.memory()
        starts, stops = [], []
        for repetition in range(repetitions):
            starts.append(peer.milliseconds_until(count, peer.start_all))
            if repetition == 0:
                running = peer.memory()
                restarts = [peer.milliseconds_to_restart() for _ in range(repetitions)]
            stops.append(peer.milliseconds_until(0, peer.stop_all))
    median = statistics.median
    return {f"start {count}, ms": median(starts), f"stop {count}, ms": median(stops), "restart of one, ms": median(restarts),
            f"memory, {count} down, kB": empty, f"memory, {count} up, kB": running}


def compare(programs, count, repetitions):
    """By the name of each supervisor that is there, its figures."""
    Upstart.bin = programs
    return {kind.name: measure(kind, count, repetitions) for kind in PEERS if kind.is_there()}


def as_table(by_name):
    names = list(by_name)
    rows = next(iter(by_name.values())).keys()
    lines = [f"{'':28}" + "".join(f"{name:>12}" for name in names)]
    lines += [f"{row:28}" + "".join(f"{by_name[name][row]:12.1f}" for name in names) for row in rows]
    return "\n".join(lines)
