"""What really happened, kept outside the daemons: jobs append lines to files, one write with O_APPEND each, so that a thing that
happened twice stands there twice, whoever died meanwhile. And what was found wrong, by kind."""

import collections

# What a fault is counted as.
LOST, DUPLICATED, RESTARTED, STRAY, UNANSWERED, UNTRUE = "lost", "duplicated", "restarted", "strays", "unanswered", "untrue"
KINDS = (LOST, DUPLICATED, RESTARTED, STRAY, UNANSWERED, UNTRUE)


class Ledger:
    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()

    def path(self, book):
        """The file that the jobs of one kind of work write to."""
        return self.directory / book

    def append(self, book, words):
        """The line of a job file's script that enters these words."""
        return f'echo "{words}" >>{self.path(book)}\n'

    def entries(self, book):
        """Every line so far, as its words."""
        path = self.path(book)
        return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []

    def count(self, book):
        """How often each line is there."""
        return collections.Counter(self.entries(book))

    def size(self):
        """Grows while anything is entered."""
        return sum(path.stat().st_size for path in self.directory.iterdir())


class Faults:
    def __init__(self):
        self.found = {kind: [] for kind in KINDS}

    def add(self, kind, text):
        self.found[kind].append(text)

    def expect_once(self, what, times, least=1):
        """A thing that must have happened once (least 0: once at most)."""
        if times < least:
            self.add(LOST, what)
        if times > 1:
            self.add(DUPLICATED, f"{what}: {times} times")

    def any(self):
        return any(self.found.values())

    def figures(self):
        return ", ".join(f"{kind} {len(texts)}" for kind, texts in self.found.items())

    def lines(self, most):
        """The first of each kind."""
        for kind, texts in self.found.items():
            yield from (f"{kind}: {text}" for text in texts[:most])
            if len(texts) > most:
                yield f"{kind}: … and {len(texts) - most} more"
