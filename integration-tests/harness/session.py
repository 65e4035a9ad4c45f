"""A session of Upstart in a directory of its own, for programs that measure it or wear it out.

Started when entered, ended by SIGTERM to init and waited for when left, whatever happened in between; then the directory
is removed. What a session left behind is told by `strays`.
"""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

TIME_LIMIT = 60  # seconds, for a start or an end; with ten thousand files on a busy machine


class Failure(Exception):
    """What the user is told; no traceback."""


def end_in_order_when_terminated():
    """SIGTERM unwinds as an interrupt from the keyboard does, so that sessions are ended."""
    def interrupt(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)


def programs_in(directory):
    found = pathlib.Path(directory).resolve()
    if not os.access(found / "init", os.X_OK):
        raise Failure(f"{directory} holds no init: give the directory of the built programs")
    return found


def without_memory(programs, directory):
    """The same programs, but that neither broker nor supervisor writes anything down: made in this directory."""
    for program in programs.iterdir():
        place = directory / program.name
        if program.name in ("upstart-event-broker", "upstart-job-supervisor"):
            place.write_text(f'#!/bin/sh\nexec {shlex.quote(str(program))} --no-memory "$@"\n')
            place.chmod(0o755)
        else:
            place.symlink_to(program)
    return directory


def environment_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def has_executed(pid):
    """Whether it runs a program of its own. A child between fork and exec still bears the name of its parent's."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return not int(fields[6]) & 0x40  # PF_FORKNOEXEC


class Session:
    def __init__(self, programs, jobs, options=(), environment=None):
        """jobs: text by the name of the file below the job directory. environment: of init, besides what it needs."""
        self.programs = programs
        self.environment = environment or {}
        self.options = list(options)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="upstart-session."))
        self.conf = self.directory / "conf"
        for part in ("conf", "logs", "home", "xdg"):
            (self.directory / part).mkdir(mode=0o700)
        for name, text in jobs.items():
            (self.conf / name).write_text(text)
        self.init = None
        self.address = ""
        self.seconds_to_start = 0.0

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, kind, *_):
        status = self._leave()
        if kind is None and status != 0:
            raise Failure(f"init ended with status {status}")

    def _start(self):
        kept = {key: os.environ[key] for key in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if key in os.environ}
        environment = kept | {"LANG": "C.UTF-8", "HOME": str(self.directory / "home"), "XDG_RUNTIME_DIR": str(self.directory / "xdg")} | self.environment
        command = [self.programs / "init", "--user", "--confdir", self.conf, "--logdir", self.directory / "logs", *self.options]
        begin = self.began = time.monotonic()
        with open(self.directory / "init.log", "ab") as log:
            self.init = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        file = self.directory / f"xdg/upstart/sessions/{self.init.pid}.session"
        while not file.exists():
            if self.init.poll() is not None:
                raise Failure(f"init ended with status {self.init.returncode}:\n{self.messages()}")
            if time.monotonic() > begin + TIME_LIMIT:
                raise Failure(f"no session after {TIME_LIMIT} seconds:\n{self.messages()}")
            time.sleep(0.001)
        self.seconds_to_start = time.monotonic() - begin
        self.address = file.read_text().strip().removeprefix("UPSTART_SESSION=")

    def kill_all_and_start_again(self):
        """init and its daemons die together, so that none has time to do anything about it; the next init goes on with the session."""
        self.init.send_signal(signal.SIGSTOP)  # it starts nobody again
        for program, pid in self.daemons().items():
            if program != "init":
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.init.kill()
        self.init.wait()
        self._start()

    def _leave(self):
        try:
            return self.end()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def end(self):
        """The exit status of init; negative the signal that ended it."""
        if self.init is None:
            return 0
        if self.init.poll() is None:
            self.init.send_signal(signal.SIGTERM)
        try:
            return self.init.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            self.init.kill()
            self.init.wait()
            raise Failure(f"init did not end within {TIME_LIMIT} seconds") from None

    def messages(self):
        return (self.directory / "init.log").read_text(errors="replace")

    def children(self, parent):
        try:
            listed = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text()
        except OSError:
            return []
        return [int(pid) for pid in listed.split()]

    def daemons(self):
        """Process ids by program, init's own among them. A child that has been forked and not yet executed is none yet."""
        found = {"init": self.init.pid}
        for pid in self.children(self.init.pid):
            try:
                program = pathlib.Path(os.readlink(f"/proc/{pid}/exe"))
            except OSError:
                continue
            if program.parent == self.programs and program.name != "init" and has_executed(pid):
                found[program.name] = pid
        return found

    def all_daemons(self, limit=30.0, bridges=()):
        """The same, once the daemons that init always starts are there, and these bridges, which its jobs ask for."""
        wanted = {"init", "upstart-event-broker", "upstart-job-supervisor", *(f"upstart-{name}" for name in bridges)}
        until = time.monotonic() + limit
        while time.monotonic() < until:
            found = self.daemons()
            if wanted <= found.keys():
                return found
            time.sleep(0.01)
        raise RuntimeError(f"not all daemons are there after {limit} s: {found}")

    def memory(self):
        """That of each daemon, by program."""
        return {program: memory_of(pid) for program, pid in self.daemons().items()}

    def processor_time(self, programs=("upstart-event-broker", "upstart-job-supervisor")):
        """Microseconds that these daemons have run."""
        daemons = self.daemons()
        return sum(int(pathlib.Path(f"/proc/{daemons[program]}/schedstat").read_text().split()[0]) for program in programs) / 1000

    def strays(self):
        """Processes of jobs of this session, each as a line: process id, job, parent, command."""
        mine = b"UPSTART_SESSION=" + self.address.encode()
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            environment = environment_of(entry)
            job = next((word.decode(errors="replace") for word in environment if word.startswith(b"UPSTART_JOB=")), None)
            if job is None or mine not in environment:
                continue
            try:
                command = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                status = pathlib.Path(f"/proc/{entry}/status").read_text()
            except OSError:
                continue
            parent = status.partition("PPid:")[2].split()[0]
            found.append(f"{entry} of {job.removeprefix('UPSTART_JOB=')}, child of {parent}: {command.strip()}")
        return found


def memory_of(pid):
    """Kilobytes resident, proportional and dirty of its own."""
    wanted = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        key, _, rest = line.partition(":")
        if key in wanted:
            wanted[key] = int(rest.split()[0])
    return wanted


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
