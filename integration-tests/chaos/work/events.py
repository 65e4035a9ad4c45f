"""Events that start tasks: each event has a serial number, which its task enters in the ledger. Whatever dies, the task of an
accepted event runs once, and the answer says how it ended."""

import itertools

from clients import CONNECTION_LOST, JOB, MANAGER, NOT_SENT, ROOT, job_path
from ledger import LOST, UNANSWERED, UNTRUE
from work import Work

EVENT_FAILED = "com.ubuntu.Upstart0_6.Error.EventFailed"
JOB_FAILED = "com.ubuntu.Upstart0_6.Error.JobFailed"
SHAPES = {"ok": "true", "slow": "sleep 0.2", "fail": "exit 3"}
MOST_CALLS, MOST_COMMANDS = 40, 6


class Errand:
    def __init__(self, shape, how):
        self.shape, self.how = shape, how
        self.outcome = None  # "done", "failed", "lost", or another error in words

    def is_followed(self):
        """Whether another task starts on its end."""
        return self.shape == "ok" and "tart" not in self.how

    def __str__(self):
        return f"{self.how} {self.shape}"


class Events(Work):
    name = "events"
    weight = 10

    def __init__(self, chaos, random):
        super().__init__(chaos, random)
        self.serials = itertools.count(1)
        self.errands = {}

    @staticmethod
    def files(ledger, _):
        files = {}
        for shape, ending in SHAPES.items():
            entry = ledger.append("events", "$SERIAL")
            text = f"task\nconsole none\ninstance $SERIAL\nscript\n{entry}{ending}\nend script\n"
            files[f"event-{shape}.conf"] = f"start on chaos-{shape}\n{text}"
            files[f"command-{shape}.conf"] = text
        entry = ledger.append("followers", "$INSTANCE")
        files["follower.conf"] = f"start on stopped event-ok\ntask\nconsole none\ninstance $INSTANCE\nscript\n{entry}end script\n"
        return files

    def step(self):
        ways = [self.emit_and_wait, self.emit, self.start] if self.clients.open() < MOST_CALLS else []
        ways += [self.initctl_emit, self.initctl_start] if len(self.clients.commands) < MOST_COMMANDS else []
        if ways:
            self.random.choice(ways)()

    def errand(self, how, shape=None):
        serial = str(next(self.serials))
        errand = self.errands[serial] = Errand(shape or self.random.choice(("ok", "ok", "slow", "fail")), how)
        return errand, [f"SERIAL={serial}"]

    # --- others' clients

    def answered(self, errand, answer):
        if answer.error == NOT_SENT:
            errand.outcome = "not sent"
        elif answer.error == CONNECTION_LOST:
            errand.outcome = "lost"
        elif answer.error in (EVENT_FAILED, JOB_FAILED):
            errand.outcome = "failed"
        else:
            errand.outcome = f"{answer.error}: {answer.value}" if answer.error else "done"

    def emit_and_wait(self):
        errand, environment = self.errand("a call that waits:")
        self.clients.call(ROOT, MANAGER, "EmitEvent", f"chaos-{errand.shape}", environment, True, then=lambda answer: self.answered(errand, answer))

    def emit(self):
        errand, environment = self.errand("a call that does not wait:", self.random.choice(("ok", "slow")))
        self.clients.call(ROOT, MANAGER, "EmitEvent", f"chaos-{errand.shape}", environment, False, then=lambda answer: self.answered(errand, answer))

    def start(self):
        errand, environment = self.errand("a call of Start:")
        self.clients.call(job_path(f"command-{errand.shape}"), JOB, "Start", environment, True, then=lambda answer: self.answered(errand, answer))

    # --- ours

    def command_ended(self, errand, status, error):
        is_failure = status == 1 and any(text in error for text in ("Event failed", "Job failed"))
        errand.outcome = "done" if status == 0 else "failed" if is_failure else f"exit status {status}: {error.strip()}"

    def initctl_emit(self):
        errand, environment = self.errand("initctl emit")
        self.clients.initctl("emit", f"chaos-{errand.shape}", *environment, then=lambda status, _, error: self.command_ended(errand, status, error))

    def initctl_start(self):
        errand, environment = self.errand("initctl start")
        self.clients.initctl("start", f"command-{errand.shape}", *environment, then=lambda status, _, error: self.command_ended(errand, status, error))

    # --- the account

    def is_finished(self):
        """All are answered, and what was accepted without waiting has run."""
        if any(errand.outcome is None for errand in self.errands.values()):
            return False
        times, followers = self.ledger.count("events"), self.ledger.count("followers")
        return all(times[serial,] or errand.outcome not in ("done", "failed") for serial, errand in self.errands.items()) and all(
            followers[serial,] or not times[serial,] for serial, errand in self.errands.items() if errand.is_followed())

    def waits_for(self):
        return [f"{errand}, serial {serial}" for serial, errand in self.errands.items() if errand.outcome is None]

    def reconcile(self, faults, statuses):
        times, followers = self.ledger.count("events"), self.ledger.count("followers")
        for serial, errand in self.errands.items():
            what = f"{errand}, serial {serial}, outcome {errand.outcome}"
            if errand.outcome is None:
                faults.add(UNANSWERED, what)
            elif errand.outcome not in ("done", "failed", "lost", "not sent") or errand.outcome == ("done" if errand.shape == "fail" else "failed"):
                faults.add(UNTRUE, what)
            ran = times[serial,]
            faults.expect_once(what, ran, least=1 if errand.outcome in ("done", "failed") else 0)
            if errand.is_followed() and ran <= 1:
                faults.expect_once(f"the event stopped after {what}", followers[serial,], least=ran)
        for line in times.keys() | followers.keys():
            if len(line) != 1 or line[0] not in self.errands:
                faults.add(LOST, f"an event's environment: a task ran with {line}")
