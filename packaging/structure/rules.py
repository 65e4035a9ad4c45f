"""The rules of packaging/structure/rules.txt, and what breaks them."""
import re
from dataclasses import dataclass, field

import cplusplus
import includes
from includes import folder_of, is_test, unit_of

MOST_FILES, MOST_LINES, MOST_METHODS = 25, 100, 20
MOST_WITHOUT_README = 8
IMPURE = re.compile(r"^(uv\.h|sdbus-c\+\+/.*|systemd/.*|sys/(socket|epoll|stat|mman|inotify|signalfd|timerfd)\.h|unistd\.h|fcntl\.h|spawn\.h|poll\.h)$")
NAME_ON_THE_BUS = re.compile(r"com[./]ubuntu\b")
REASON = re.compile(r"more than (twenty|\d+) methods", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Violation:
    file: str
    line: int
    rule: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.rule}"


@dataclass
class Rules:
    may: list = field(default_factory=list)
    floors: dict = field(default_factory=dict)
    pure: list = field(default_factory=list)

    @staticmethod
    def read(text):
        rules = Rules()
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#")[0].replace(":", " : ").split()
            if not words:
                continue
            match words:
                case ["may", folder, ":", *others]:
                    rules.may.append((re.compile(re.escape(folder).replace(r"\*", "[^/]*") + "$"), others))
                case ["floors", folder, ":", *names]:
                    levels = [level.split() for level in " ".join(names).split("|")]
                    rules.floors[folder] = {name: at for at, level in enumerate(levels) for name in level}
                case ["pure", folder]:
                    rules.pure.append(folder)
                case _:
                    raise ValueError(f"rules.txt:{number}: not understood: {line}")
        return rules


def within(path, *folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


class Tree:
    """The files of a tree, measured; `texts` is {path: text} of the C++ files, `paths` names all files."""

    def __init__(self, texts, rules, paths=()):
        self.texts, self.rules, self.paths = texts, rules, paths or list(texts)
        self.ours, self.others = includes.includes_of(texts)
        self.measures = {path: cplusplus.measure(text) for path, text in texts.items()}

    def violations(self):
        found = set()
        for check in (self.parts, self.floors, self.pure, self.folder_circles, self.unit_circles, self.folder_sizes,
                      self.readmes, self.function_lengths, self.class_sizes, self.names):
            found.update(check())
        return sorted(found)

    def part_of(self, path):
        """The part of the tree that a file belongs to, and what that may include; (None, None) where no rule names it."""
        names = folder_of(path).split("/")
        for depth in range(len(names), 0, -1):  # the deepest folder that a rule names
            folder = "/".join(names[:depth])
            for pattern, others in self.rules.may:
                if pattern.match(folder):
                    return folder, others
        return None, None

    def parts(self):
        for path in self.texts:
            if not self.part_of(path)[0]:
                yield Violation(path, 1, f"no rule says what {folder_of(path)} may include")
        for one in self.ours:
            part, others = self.part_of(one.source)
            if part and not within(one.target, part) and not within(one.target, *others):
                yield Violation(one.source, one.line, f"{part} must not include {one.target}")
            if is_test(one.target) and not is_test(one.source):
                yield Violation(one.source, one.line, f"what is installed must not include {one.target}, which is for tests")

    def floors(self):
        for one in self.ours:
            if is_test(one.source) or self.part_of(one.source)[0] != self.part_of(one.target)[0]:
                continue
            common, source, target = meeting(one.source, one.target)
            if source == target:
                continue
            order = self.rules.floors.get(common, {})
            unknown = [name for name in (source, target) if name not in order]
            if unknown:
                yield Violation(one.source, one.line, f"the floors of {common} do not name {unknown[0]} (packaging/structure/rules.txt)")
            elif order[source] < order[target]:
                yield Violation(one.source, one.line, f"includes upwards: {source} stands below {target} in {common}")
            elif order[source] == order[target]:
                yield Violation(one.source, one.line, f"includes sideways: {source} stands beside {target} in {common}")

    def pure(self):
        for one in self.others:
            if not is_test(one.source) and within(one.source, *self.rules.pure) and IMPURE.match(one.target):
                yield Violation(one.source, one.line, f"{folder_of(one.source)} is pure and must not include <{one.target}>")

    def edges(self, group):
        """{(group of source, group of target): an include that makes it}, between different groups."""
        found = {}
        for one in self.ours:
            edge = group(one.source), group(one.target)
            if edge[0] != edge[1] and not is_test(one.source):
                found.setdefault(edge, one)
        return found

    def circles(self, group):
        edges = self.edges(group)
        for circle in includes.circles(edges):
            yield circle, [one for (source, target), one in sorted(edges.items()) if source in circle and target in circle]

    def folder_circles(self):
        for circle, guilty in self.circles(folder_of):
            for one in guilty:
                yield Violation(one.source, one.line, f"includes {one.target}: a cycle of folders: {', '.join(circle)}")

    def unit_circles(self):
        for circle, guilty in self.circles(unit_of):
            for one in guilty:
                yield Violation(one.source, one.line, f"includes {one.target}: a cycle of units: {', '.join(circle)}")

    def folders(self):
        counts = {}
        for path in self.texts:
            counts[folder_of(path)] = counts.get(folder_of(path), 0) + 1
        return counts

    def folder_sizes(self):
        for folder, count in self.folders().items():
            if count > MOST_FILES:
                yield Violation(folder, 1, f"holds {count} C++ files, more than {MOST_FILES}: divide it by concept")

    def function_lengths(self):
        for path, measures in self.measures.items():
            for one in measures.functions:
                if one.lines > MOST_LINES:
                    yield Violation(path, one.line, f"{one.name} has {one.lines} lines, more than {MOST_LINES}")

    def class_sizes(self):
        for path, measures in self.measures.items():
            for one in measures.classes:
                if len(one.methods) > MOST_METHODS and not REASON.search(measures.comments):
                    yield Violation(path, one.line, f"{one.name} has {len(one.methods)} methods, more than {MOST_METHODS}: divide it, "
                                                    "or give the reason in a comment that begins \"More than twenty methods:\"")

    def names(self):
        for path, measures in self.measures.items():
            for one in measures.strings:
                if NAME_ON_THE_BUS.search(one.text) and within(path, "daemons", "clients") and not is_test(path):
                    yield Violation(path, one.line, f"spells {one.text}: names and addresses are spelled in protocol only")

    def readmes(self):
        counts = {}
        for path in self.paths:
            if within(path, "daemons", "clients"):
                counts[folder_of(path)] = counts.get(folder_of(path), 0) + 1
        code = self.folders()
        for folder, count in counts.items():
            if folder in code and count > MOST_WITHOUT_README and f"{folder}/README.md" not in self.paths:
                yield Violation(folder, 1, f"holds {count} files and has no README.md that tells what they are")


def meeting(source, target):
    """(the deepest folder that holds both, the name within it under which each stands; a dot for a file of the folder itself)."""
    one, other = folder_of(source).split("/"), folder_of(target).split("/")
    depth = 0
    while depth < min(len(one), len(other)) and one[depth] == other[depth]:
        depth += 1
    return "/".join(one[:depth]), *(names[depth] if depth < len(names) else "." for names in (one, other))
