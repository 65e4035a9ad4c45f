"""The figures of a tree: how it is divided, how large its classes and functions are."""
from statistics import median

from includes import folder_of, is_test, unit_of
from rules import MOST_LINES, MOST_METHODS


def figures(tree):
    return "\n".join([*sizes(tree), *cycles(tree), *folders(tree), *functions(tree), *classes(tree)])


def sizes(tree):
    lines = sum(text.count("\n") for text in tree.texts.values())
    tests = sum(is_test(path) for path in tree.texts)
    yield f"files: {len(tree.texts)} C++ files ({tests} of tests), {lines} lines"


def cycles(tree):
    for name, group in (("folders", folder_of), ("units", unit_of)):
        found = [circle for circle, _ in tree.circles(group)]
        yield f"cycles of {name}: {len(found)}"
        yield from (f"  {', '.join(circle)}" for circle in found)


def folders(tree):
    ordered = sorted(tree.folders().items(), key=lambda one: (-one[1], one[0]))
    yield f"files in a folder: {ordered[0][1]} at most ({ordered[0][0]}); over 25:"
    yield from (f"  {folder}: {count}" for folder, count in ordered if count > 25)


def functions(tree):
    for name, wanted in (("functions", lambda path: not is_test(path)), ("functions of tests", is_test)):
        lengths = sorted(one.lines for path, found in tree.measures.items() if wanted(path) for one in found.functions)
        long = sum(length > MOST_LINES for length in lengths)
        yield (f"{name}: {len(lengths)}, lines median {median(lengths):g}, 9 of 10 up to {lengths[len(lengths) * 9 // 10]}, "
               f"longest {lengths[-1]}, over {MOST_LINES}: {long}")


def classes(tree):
    found = sorted(((len(one.methods), len(one.members), one.name, path) for path, measures in tree.measures.items()
                    for one in measures.classes), reverse=True)
    large = [one for one in found if one[0] > MOST_METHODS]
    yield f"classes: {len(found)}; of more than {MOST_METHODS} methods: {len(large)}"
    yield from (f"  {name} ({path}): {methods} methods, {members} members" for methods, members, name, path in large)
    many = [one for one in found if one[1] > 10 and one[0] > 0]
    yield f"classes with methods of more than 10 members: {len(many)}"
    yield from (f"  {name} ({path}): {methods} methods, {members} members" for methods, members, name, path in many)
