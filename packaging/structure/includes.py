"""Who includes whom: files, the units they form (x.hpp and x.cpp), the folders they stand in, and the circles among these."""
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
TEST_FOLDERS = {"test", "tests", "testing", "bench", "fuzz"}
TEST_NAME = re.compile(r"(^|-)test(-|$)|^(stand-in|fake|scripted)-")


@dataclass(frozen=True)
class Include:
    source: str
    line: int
    target: str


def folder_of(path):
    return str(PurePosixPath(path).parent)


def unit_of(path):
    return str(PurePosixPath(path).with_suffix(""))


def is_test(path):
    """Tests, and what only tests use: they may look at all of their own program."""
    parts = PurePosixPath(path).parts
    return bool(TEST_FOLDERS & set(parts[:-1])) or bool(TEST_NAME.search(PurePosixPath(path).stem))


def includes_of(texts):
    """(includes among the files of the tree, includes of system headers), of {path: text}."""
    ours, others = [], []
    for source, text in texts.items():
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            name = match.group(1) or match.group(2)
            beside = normpath(f"{folder_of(source)}/{name}")
            target = next((path for path in (name, beside) if path in texts), None)
            if match.group(1) and target:
                ours.append(Include(source, line, target))
            elif match.group(2):
                others.append(Include(source, line, name))
    return ours, others


def circles(edges):
    """The strongly connected sets of more than one node of {(from, to), …}, each sorted; Tarjan's way, without recursion."""
    after = {}
    for source, target in edges:
        after.setdefault(source, set()).add(target)
        after.setdefault(target, set())
    index, low, on_stack, stack, found = {}, {}, set(), [], []
    for root in sorted(after):
        if root in index:
            continue
        work = [(root, iter(sorted(after[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    members = stack[stack.index(node) :]
                    del stack[stack.index(node) :]
                    on_stack -= set(members)
                    if len(members) > 1:
                        found.append(sorted(members))
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(sorted(after[following]))))
            elif following in on_stack:
                low[node] = min(low[node], index[following])
    return sorted(found)
