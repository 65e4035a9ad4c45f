"""What else is not to be lost: lines of console logs, clients of sockets, edits of job files, the event startup."""

import itertools
import re
import socket

from clients import JOB, PROPERTIES, job_path
from ledger import DUPLICATED, LOST, RESTARTED, UNANSWERED, UNTRUE
from work import Work
from work.services import HELPER


class Logs(Work):
    """Jobs that print numbered lines without end; each stands in the log once, in order."""
    name = "logs"
    weight = 0
    COUNT = 6

    def __init__(self, chaos, random):
        super().__init__(chaos, random)
        self.jobs = [f"printer-{i}" for i in range(self.COUNT)]

    @staticmethod
    def files(ledger, _):
        files = {}
        for i in range(Logs.COUNT):
            ended = ledger.append("logs", f"printer-{i} $i").strip()
            files[f"printer-{i}.conf"] = ("start on chaos-begin\nstop on chaos-end\nconsole log\nkill timeout 20\nscript\n"
                                          f"i=0\ntrap '{ended}; exit 0' TERM\n"
                                          "while :; do i=$((i+1)); echo \"line $i\"; sleep 0.1 || :; done\nend script\n")
        return files

    def log(self, job):
        path = self.session.directory / f"logs/{job}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def begun(self):
        return all(self.log(job) for job in self.jobs)

    def finish(self):
        for job in self.jobs:
            self.clients.initctl("stop", job, then=lambda *_: None)

    def printed(self):
        return {job: int(count) for job, count in self.ledger.entries("logs")}

    def is_finished(self):
        printed = self.printed()
        return all(job in printed and f"line {printed[job]}\n" in self.log(job) for job in self.jobs)

    def waits_for(self):
        printed = self.printed()
        return [f"{job} to end and its last line to be in the log" for job in self.jobs if job not in printed or f"line {printed[job]}\n" not in self.log(job)]

    def reconcile(self, faults, statuses):
        printed = self.printed()
        for job in self.jobs:
            if job not in printed:
                faults.add(LOST, f"{job} did not live until its stop")
                continue
            lines = [int(number) for number in re.findall(r"^line (\d+)$", self.log(job).replace("\r", ""), re.M)]
            missing = sorted(set(range(1, printed[job] + 1)) - set(lines))
            if missing:
                faults.add(LOST, f"{len(missing)} of {printed[job]} lines of {job}, the first {missing[0]}")
            if len(lines) > len(set(lines)):
                faults.add(DUPLICATED, f"{len(lines) - len(set(lines))} lines of {job}")
            elif lines != sorted(lines):
                faults.add(UNTRUE, f"the order of the lines of {job}")


class Sockets(Work):
    """Clients of services that start on a socket: none is refused, each is answered, one server serves all."""
    name = "sockets"
    weight = 3
    COUNT = 3
    MOST_OPEN = 20

    def __init__(self, chaos, random):
        super().__init__(chaos, random)
        self.serials = itertools.count(1)
        self.open = {}
        self.clients_served = 0
        self.refused = []

    @staticmethod
    def files(ledger, directory):
        return {f"server-{i}.conf": (f"start on socket PROTO=unix SOCKET_PATH={directory}/server-{i}.socket\nstop on chaos-end\nconsole none\n"
                                     f"exec python3 {HELPER} serve {ledger.path('sockets')}\n") for i in range(Sockets.COUNT)}

    def begun(self):
        return all((self.session.directory / f"server-{i}.socket").exists() for i in range(self.COUNT))

    def step(self):
        if len(self.open) >= self.MOST_OPEN:
            return
        i = self.random.randrange(self.COUNT)
        line = f"client {next(self.serials)}\n".encode()
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.setblocking(False)
        try:
            client.connect(str(self.session.directory / f"server-{i}.socket"))
            client.sendall(line)
        except BlockingIOError:
            return client.close()  # the queue is full: as many wait as fit
        except OSError as error:
            self.refused.append(f"server-{i}: {line.decode().strip()}: {error}")
            return client.close()
        self.open[client] = line
        self.clients.watch(client, lambda: self.answered(client))

    def answered(self, client):
        line = self.open.pop(client)
        self.clients.forget(client)
        try:
            text = client.recv(100)
            why = None if text == line else f"answered with {text!r}"
        except OSError as error:
            why = str(error)
        client.close()
        self.clients_served += 1
        if why:
            self.refused.append(f"{line.decode().strip()}: {why}")

    def is_finished(self):
        return not self.open

    def waits_for(self):
        return [line.decode().strip() for line in self.open.values()]

    def reconcile(self, faults, statuses):
        for text in self.refused:
            faults.add(LOST, f"a client of a socket: {text}")
        for text in self.waits_for():
            faults.add(UNANSWERED, f"a client of a socket: {text}")
        starts = {}
        for job, _ in self.ledger.entries("sockets"):
            starts[job] = starts.get(job, 0) + 1
        for job, times in starts.items():
            if times > 1:
                faults.add(RESTARTED, f"{job} was executed {times} times")


class Edits(Work):
    """Job files that are edited, in place or by renaming; at the end what was written last is in force."""
    name = "edits"
    weight = 1
    COUNT = 12

    def __init__(self, chaos, random):
        super().__init__(chaos, random)
        self.written = {f"edited-{i}": 0 for i in range(self.COUNT)}
        self.read = {}
        self.asked = set()

    @staticmethod
    def text(edition):
        return f'description "edition {edition}"\nmanual\nexec true\n'

    @staticmethod
    def files(ledger, _):
        return {f"edited-{i}.conf": Edits.text(0) for i in range(Edits.COUNT)}

    def step(self):
        job = self.random.choice(list(self.written))
        self.written[job] += 1
        file = self.session.conf / f"{job}.conf"
        if self.random.random() < 0.5:
            return file.write_text(self.text(self.written[job]))
        beside = file.with_suffix(".new")
        beside.write_text(self.text(self.written[job]))
        beside.rename(file)

    def is_finished(self):
        """Asks until all are in force."""
        wrong = [job for job, edition in self.written.items() if self.read.get(job) != f"edition {edition}"]
        for job in wrong:
            if job not in self.asked:
                self.asked.add(job)
                self.clients.call(job_path(job), PROPERTIES, "Get", JOB, "description", then=lambda answer, job=job: self.seen(job, answer))
        return not wrong

    def seen(self, job, answer):
        self.asked.discard(job)
        self.read[job] = answer.value if answer.error is None else answer.error

    def waits_for(self):
        return [f"edition {edition} of {job}, which is {self.read.get(job)}" for job, edition in self.written.items() if self.read.get(job) != f"edition {edition}"]

    def reconcile(self, faults, statuses):
        for text in self.waits_for():
            faults.add(LOST, text)


class Startup(Work):
    """The event startup, once in the life of a session."""
    name = "startup"
    weight = 0

    @staticmethod
    def files(ledger, _):
        return {"at-startup.conf": f"start on startup\ntask\nconsole none\nscript\n{ledger.append('startup', 'startup')}end script\n"}

    def begun(self):
        return bool(self.ledger.entries("startup"))

    def reconcile(self, faults, statuses):
        faults.expect_once("the event startup", len(self.ledger.entries("startup")))
