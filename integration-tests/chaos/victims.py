"""Who is killed: one thread that sends SIGKILL to a daemon of the session, chosen at random, every 50 to 500 milliseconds."""

import collections
import os
import pathlib
import signal
import threading
import time

PROGRAMS = {
    "broker": "upstart-event-broker",
    "supervisor": "upstart-job-supervisor",
    "bridge": "upstart-socket-bridge",
    "bus": "dbus-daemon",
}
ALL = "session"  # init and all its daemons at once, and another init goes on; not by itself among those that die
PAUSE = (0.05, 0.5)  # seconds between two kills


class Killer:
    def __init__(self, session, victims, random, pause=PAUSE):
        self.session, self.victims, self.random, self.pause = session, sorted(victims), random, pause
        self.kills = collections.Counter()
        self.history = []  # (time, victim, process id)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        if self.victims:
            self.thread.start()

    def stop(self):
        self.ended.set()
        if self.victims:
            self.thread.join()

    def _run(self):
        while not self.ended.wait(self.random.uniform(*self.pause)):
            self.kill(self.random.choice(self.victims))

    def kill(self, victim):
        if victim == ALL:
            self.history.append((time.monotonic(), victim, self.session.init.pid))
            self.session.kill_all_and_start_again()
            self.kills[victim] += 1
            return
        pid = self.daemons().get(victim)
        if pid is None:
            return  # it is being started again
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills[victim] += 1
        self.history.append((time.monotonic(), victim, pid))

    def daemons(self):
        """Process ids of the daemons that there are, by short name."""
        found = {}
        for pid in self.session.children(self.session.init.pid):
            try:
                program = pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name
            except OSError:
                continue
            name = next((name for name, file in PROGRAMS.items() if file == program), None)
            if name is not None:
                found[name] = pid
        return found
