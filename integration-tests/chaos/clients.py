"""The clients: others' (raw D-Bus on the private socket, which hears no more than that its connection is gone) and ours (initctl,
which is to come back and answer truly). All asynchronous; one loop, `Clients.pump`."""

import collections
import os
import pathlib
import queue
import selectors
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "harness"))
from peer import Answer, Gone, Peer  # noqa: E402

MANAGER = "com.ubuntu.Upstart0_6"
JOB = "com.ubuntu.Upstart0_6.Job"
INSTANCE = "com.ubuntu.Upstart0_6.Instance"
PROPERTIES = "org.freedesktop.DBus.Properties"
ROOT = "/com/ubuntu/Upstart"
CONNECTION_LOST, NOT_SENT = "connection lost", "not sent"  # in place of an error's name

PEERS = 4
HANDSHAKE = 30  # seconds


def element(name):
    return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):02x}" for c in name) or "_"


def job_path(job):
    return f"{ROOT}/jobs/{element(job)}"


class Command:
    """One run of initctl."""

    def __init__(self, program, words, environment, done):
        self.words, self.done = words, done
        self.process = subprocess.Popen([program, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pidfd = os.pidfd_open(self.process.pid)

    def fileno(self):
        return self.pidfd

    def end(self):
        """Exit status, standard output, standard error."""
        out, error = self.process.communicate()
        os.close(self.pidfd)
        return self.process.returncode, out.decode(errors="replace"), error.decode(errors="replace")


class Clients:
    def __init__(self, session, random):
        self.session, self.random = session, random
        self.selector = selectors.DefaultSelector()
        self.peers = []
        self.coming = 0  # connections that are being made, by threads: a handshake waits for a daemon that is being started
        self.made = queue.SimpleQueue()
        self.commands = set()
        self.answers = collections.Counter()
        self.lost_connections = 0
        self.refused = 0  # connections that could not be made in time
        for _ in range(PEERS):
            self._connect()

    def _connect(self):
        self.coming += 1
        threading.Thread(target=self._make, daemon=True).start()

    def _make(self):
        end = time.monotonic() + HANDSHAKE
        while True:
            try:
                return self.made.put(Peer(self.session.address, HANDSHAKE))
            except (Gone, OSError):
                if time.monotonic() > end:
                    return self.made.put(None)

    def _take_made(self):
        while not self.made.empty():
            peer = self.made.get()
            self.coming -= 1
            if peer is None:
                self.refused += 1
                continue
            self.peers.append(peer)
            self.watch(peer, lambda peer=peer: self._read(peer))

    def watch(self, thing, ready):
        """ready() is called from the loop when this can be read."""
        self.selector.register(thing, selectors.EVENT_READ, ready)

    def forget(self, thing):
        self.selector.unregister(thing)

    def open(self):
        """How many calls and commands are not answered."""
        return len(self.commands) + self.coming + sum(len(peer.waiting) for peer in self.peers)

    # --- others' clients

    def call(self, path, interface, member, *arguments, then):
        """then(answer); its error is CONNECTION_LOST where nobody can say what became of the call, and NOT_SENT where there is
        no connection now."""
        if not self.peers:
            return then(Answer(NOT_SENT, None))
        peer = self.random.choice(self.peers)

        def answered(answer):
            self.answers[(answer.error or "done").rpartition(".")[2]] += 1
            then(answer)
        try:
            peer.call(path, interface, member, arguments, answered)
        except Gone:
            self._come_back(peer)

    def _come_back(self, peer):
        self.lost_connections += 1
        self.selector.unregister(peer)
        waiting, peer.waiting = peer.waiting, {}
        peer.close()
        self.peers.remove(peer)
        self._connect()
        for answered in waiting.values():
            answered(Answer(CONNECTION_LOST, None))

    # --- ours

    def initctl(self, *words, then):
        """then(exit status, standard output, standard error)."""
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "UPSTART_SESSION": self.session.address}
        command = Command(self.session.programs / "initctl", words, environment, then)
        self.commands.add(command)
        self.watch(command, lambda: self._ended(command))

    def _ended(self, command):
        self.commands.discard(command)
        self.selector.unregister(command)
        status, out, error = command.end()
        self.answers["initctl 0" if status == 0 else f"initctl {status}"] += 1
        command.done(status, out, error)

    # --- the loop

    def pump(self, seconds):
        self._take_made()
        stuck = [peer for peer in self.peers if peer.outgoing]
        ready = [key.data for key, _ in self.selector.select(0 if stuck else seconds)]
        for peer in stuck:
            self._read(peer)
        for act in ready:
            act()

    def _read(self, peer):
        if peer not in self.peers:
            return  # given up meanwhile
        try:
            peer.read()
        except Gone:
            self._come_back(peer)

    def waiting_for(self):
        """What is not answered, in words."""
        return [f"initctl {' '.join(command.words)}" for command in self.commands] + ["a call" for peer in self.peers for _ in peer.waiting]

    def close(self):
        for command in list(self.commands):
            command.process.kill()
            self._ended(command)
        for peer in self.peers:
            peer.close()
