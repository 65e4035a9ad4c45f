"""Services: steady ones, of every way to say that one is ready, that nobody touches and nothing may restart; ones that clients start,
stop and restart; and ones whose main process is killed and that respawn."""

import os
import pathlib
import signal

from clients import CONNECTION_LOST, JOB, NOT_SENT, job_path
from ledger import DUPLICATED, LOST, RESTARTED, UNANSWERED, UNTRUE
from work import Work

HELPER = pathlib.Path(__file__).resolve().parent.parent / "helper.py"
SLEEP = "exec sleep 100000\n"
# How the main process says that it is ready: the script, after the first words of the ledger's line, and how many such jobs.
READY = {
    "none": (36, "{entry_self}" + SLEEP),
    "fork": (12, "sleep 100000 &\n{entry_child}"),
    "daemon": (12, "(\nsleep 100000 &\n{entry_child})\n"),
    "stop": (12, "{entry_self}kill -STOP $$\n" + SLEEP),
    "notify": (6, "{entry_self}exec python3 {helper} notify\n"),
    "readyfd": (6, "{entry_self}exec python3 {helper} readyfd\n"),
}
HOOKS_EVERY = 4  # so many have a pre-start and a post-start
STABLE = {("start", "running"), ("stop", "waiting")}


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Steady(Work):
    name = "steady"
    weight = 0

    @staticmethod
    def files(ledger, _):
        files = {}
        for kind, (count, script) in READY.items():
            for i in range(count):
                job = f"steady-{kind}-{i}"
                text = script.format(entry_self=ledger.append("steady", f"{job} $$"), entry_child=ledger.append("steady", f"{job} $!"), helper=HELPER)
                hooks = "pre-start exec true\npost-start exec true\n" if i % HOOKS_EVERY == 0 else ""
                stopped = ledger.append("steady-stopped", job)
                files[f"{job}.conf"] = (f"start on chaos-begin\nstop on chaos-end\nconsole none\nkill timeout 20\nexpect {kind}\n{hooks}"
                                        f"script\n{text}end script\npost-stop script\n{stopped}end script\n")
        return files

    def jobs(self):
        return [f"steady-{kind}-{i}" for kind, (count, _) in READY.items() for i in range(count)]

    def begun(self):
        return len(self.ledger.entries("steady")) >= len(self.jobs())

    def reconcile(self, faults, statuses):
        pids = {}
        for job, pid in self.ledger.entries("steady"):
            pids.setdefault(job, []).append(int(pid))
        for job in self.jobs():
            mine = pids.get(job, [])
            if len(mine) != 1:
                faults.add(RESTARTED if mine else LOST, f"{job} was executed {len(mine)} times")
                continue
            if not is_alive(mine[0]):
                faults.add(LOST, f"{job}, process {mine[0]}, has ended")
            status = statuses.get(job)
            if status is None or (status.goal, status.state, status.pid) != ("start", "running", mine[0]):
                faults.add(LOST, f"{job} runs as process {mine[0]}; the supervisor says {status or 'that there is no such job'}")


class Moved:
    def __init__(self):
        self.goal, self.state = "stop", "waiting"
        self.busy = False
        self.starts, self.stops = 0, 0  # that were answered
        self.doubtful = 0  # whose answer was lost, and that may have happened
        self.open = ""


class Commands(Work):
    """One client at a time for each job, so that the answer can only be one."""
    name = "commands"
    weight = 5
    COUNT = 40

    def __init__(self, chaos, random):
        super().__init__(chaos, random)
        self.jobs = {f"moved-{i}": Moved() for i in range(self.COUNT)}
        self.untrue = []

    @staticmethod
    def files(ledger, _):
        files = {}
        for i in range(Commands.COUNT):
            job = f"moved-{i}"
            pre, main, post = (ledger.append("commands", f"{job} {hook}") for hook in ("pre-start", "main", "post-stop"))
            expect = ("none", "fork", "stop")[i % 3]
            script = {"none": main + SLEEP, "fork": f"sleep 100000 &\n{main}", "stop": f"{main}kill -STOP $$\n{SLEEP}"}[expect]
            files[f"{job}.conf"] = (f"console none\nkill timeout 20\nexpect {expect}\npre-start script\n{pre}end script\n"
                                    f"script\n{script}end script\npost-stop script\n{post}end script\n")
        return files

    def step(self):
        if len(self.clients.commands) >= 8 or self.clients.open() >= 48:
            return
        job = self.random.choice(list(self.jobs))
        moved = self.jobs[job]
        if moved.busy:
            return
        moved.busy = True
        if (moved.goal, moved.state) not in STABLE:
            return self.look(job)
        action = self.random.choice(("stop", "restart")) if moved.goal == "start" else "start"
        moved.open = f"{action} of {job}"
        if self.random.random() < 0.5:
            self.clients.initctl(action, job, then=lambda status, _, error: self.command_ended(job, action, status, error))
        else:
            self.clients.call(job_path(job), JOB, action.capitalize(), (), True, then=lambda answer: self.answered(job, action, answer))

    def command_ended(self, job, action, status, error):
        if status == 0:
            return self.done(job, action)
        self.untrue.append(f"initctl {action} {job}: exit status {status}: {error.strip()}")
        self.in_doubt(job, action)

    def answered(self, job, action, answer):
        if answer.error is None:
            return self.done(job, action)
        if answer.error == NOT_SENT:
            self.jobs[job].busy, self.jobs[job].open = False, ""
            return None
        if answer.error != CONNECTION_LOST:
            self.untrue.append(f"a call of {action} on {job}: {answer.error}: {answer.value}")
        self.in_doubt(job, action)

    def done(self, job, action):
        moved = self.jobs[job]
        moved.busy, moved.open = False, ""
        moved.starts += action != "stop"
        moved.stops += action != "start"
        moved.goal, moved.state = ("stop", "waiting") if action == "stop" else ("start", "running")

    def in_doubt(self, job, action):
        moved = self.jobs[job]
        moved.doubtful += 1
        moved.busy, moved.open, moved.state = False, "", "in doubt"

    def look(self, job):
        self.jobs[job].open = f"status of {job}"
        self.clients.initctl("status", job, then=lambda status, out, error: self.seen(job, status, out, error))

    def seen(self, job, status, out, error):
        moved = self.jobs[job]
        moved.busy, moved.open = False, ""
        if status != 0:
            return self.untrue.append(f"initctl status {job}: exit status {status}: {error.strip()}")
        goal, _, state = out.split()[1].rstrip(",").partition("/")
        if (goal, state) in STABLE:
            moved.goal, moved.state = goal, state

    def is_finished(self):
        if not any(moved.busy for moved in self.jobs.values()):
            for job, moved in self.jobs.items():
                if (moved.goal, moved.state) not in STABLE and not moved.busy and len(self.clients.commands) < 8:
                    moved.busy = True
                    self.look(job)
        return not any(moved.busy or (moved.goal, moved.state) not in STABLE for moved in self.jobs.values())

    def waits_for(self):
        return [moved.open for moved in self.jobs.values() if moved.open]

    def reconcile(self, faults, statuses):
        for text in self.untrue:
            faults.add(UNTRUE, text)
        for text in self.waits_for():
            faults.add(UNANSWERED, text)
        times = self.ledger.count("commands")
        for job, moved in self.jobs.items():
            for hook, wanted in (("pre-start", moved.starts), ("post-stop", moved.stops)):
                ran = times[job, hook]
                if not wanted <= ran <= wanted + moved.doubtful:
                    faults.add(LOST if ran < wanted else DUPLICATED, f"{hook} of {job}: ran {ran} times, commands answered: {wanted}, in doubt: {moved.doubtful}")
            if times[job, "main"] > moved.starts + moved.doubtful:
                faults.add(RESTARTED, f"{job} was executed {times[job, 'main']} times, commands answered: {moved.starts}, in doubt: {moved.doubtful}")
            status = statuses.get(job)
            said = (status.goal, status.state) if status else None
            if (moved.goal, moved.state) in STABLE and said != (moved.goal, moved.state):
                faults.add(LOST, f"{job} is {moved.goal}/{moved.state}; the supervisor says {status or 'that there is no such job'}")


class Respawn(Work):
    """Main processes are killed, also while there is no supervisor; each is started again once."""
    name = "respawn"
    weight = 2
    COUNT = 20

    def __init__(self, chaos, random):
        super().__init__(chaos, random)
        self.kills = {f"respawn-{i}": 0 for i in range(self.COUNT)}

    @staticmethod
    def files(ledger, _):
        return {f"respawn-{i}.conf": (f"start on chaos-begin\nstop on chaos-end\nrespawn\nrespawn limit unlimited\nconsole none\n"
                                      f"script\n{ledger.append('respawn', f'respawn-{i} $$')}{SLEEP}end script\n")
                for i in range(Respawn.COUNT)}

    def pids(self):
        pids = {job: [] for job in self.kills}
        for job, pid in self.ledger.entries("respawn"):
            pids[job].append(int(pid))
        return pids

    def begun(self):
        return all(self.pids().values())

    def step(self):
        if self.random.random() < 0.8:
            return  # rarely: each is a start
        pids = self.pids()
        job = self.random.choice(list(self.kills))
        if len(pids[job]) != self.kills[job] + 1 or not is_alive(pids[job][-1]):
            return  # on its way
        try:
            os.kill(pids[job][-1], signal.SIGKILL)
            self.kills[job] += 1
        except ProcessLookupError:
            pass

    def is_finished(self):
        pids = self.pids()
        return all(len(pids[job]) > kills for job, kills in self.kills.items())

    def waits_for(self):
        pids = self.pids()
        return [f"{job} after {kills} kills" for job, kills in self.kills.items() if len(pids[job]) <= kills]

    def reconcile(self, faults, statuses):
        for job, mine in self.pids().items():
            wanted = self.kills[job] + 1
            if len(mine) != wanted:
                faults.add(LOST if len(mine) < wanted else RESTARTED, f"{job} was executed {len(mine)} times, killed {wanted - 1} times")
            status = statuses.get(job)
            if mine and (status is None or status.pid != mine[-1]):
                faults.add(LOST, f"{job} runs as process {mine[-1]}; the supervisor says {status or 'that there is no such job'}")
