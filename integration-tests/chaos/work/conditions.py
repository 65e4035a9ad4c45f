"""Conditions with `and`: one half comes, and is held, however often the supervisor dies before the other half comes."""

from ledger import UNANSWERED, UNTRUE
from work import Work

PAIRS = 12
SIDES = ("left", "right")


class Pair:
    def __init__(self):
        self.serial = 0
        self.open = set()  # sides that are emitted and not answered
        self.missing = []  # sides that are still to be emitted in this round
        self.retired = False  # something went wrong: its state is not known any more


class Conditions(Work):
    name = "conditions"
    weight = 2

    def __init__(self, chaos, random):
        super().__init__(chaos, random)
        self.pairs = [Pair() for _ in range(PAIRS)]
        self.untrue = []

    @staticmethod
    def files(ledger, _):
        files = {}
        for i in range(PAIRS):
            entry = ledger.append("conditions", f"{i} $LEFT $RIGHT")
            files[f"both-{i}.conf"] = f"start on chaos-left-{i} and chaos-right-{i}\ntask\nconsole none\nscript\n{entry}end script\n"
        return files

    def step(self):
        if len(self.clients.commands) >= 30:
            return
        i = self.random.randrange(PAIRS)
        pair = self.pairs[i]
        if pair.retired or (pair.open and not pair.missing):
            return
        if not pair.missing:
            pair.serial += 1
            pair.missing = self.random.sample(SIDES, 2)
        self.emit(i, pair.missing.pop())

    def emit(self, i, side):
        pair = self.pairs[i]
        pair.open.add(side)
        self.clients.initctl("emit", f"chaos-{side}-{i}", f"{side.upper()}={pair.serial}", then=lambda status, _, error: self.answered(i, side, status, error))

    def answered(self, i, side, status, error):
        pair = self.pairs[i]
        pair.open.discard(side)
        if status == 0 and pair.missing:
            self.wrong(i, f"{side} of pair {i} was answered before the other half came")
        elif status != 0:
            self.wrong(i, f"{side} of pair {i}: exit status {status}: {error.strip()}")

    def wrong(self, i, text):
        self.untrue.append(text)
        self.pairs[i].retired = True

    def finish(self):
        for i, pair in enumerate(self.pairs):
            while pair.missing:
                self.emit(i, pair.missing.pop())

    def is_finished(self):
        return not any(pair.open for pair in self.pairs)

    def waits_for(self):
        return [f"{side} of pair {i}" for i, pair in enumerate(self.pairs) for side in pair.open]

    def reconcile(self, faults, statuses):
        for text in self.untrue:
            faults.add(UNTRUE, text)
        for text in self.waits_for():
            faults.add(UNANSWERED, text)
        times = self.ledger.count("conditions")
        for i, pair in enumerate(self.pairs):
            for serial in range(1, pair.serial + 1):
                is_last_of_retired = serial == pair.serial and pair.retired
                faults.expect_once(f"round {serial} of pair {i}", times.pop((str(i), str(serial), str(serial)), 0), least=0 if is_last_of_retired else 1)
        for line in times:
            faults.add(UNTRUE, f"halves of two rounds were joined: {line}")
