"""The sources as the checks see them."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def sources(*folders, endings=(".c", ".h")):
    """Paths below the named folders, relative to the root, sorted."""
    found = []
    for folder in folders:
        for place, dirs, names in os.walk(os.path.join(ROOT, folder)):
            dirs[:] = [d for d in dirs if d not in ("node_modules", "__pycache__")]
            found += [os.path.join(place, n) for n in names if n.endswith(endings)]
    return sorted(os.path.relpath(path, ROOT) for path in found)


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


_NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(path):
    """The text with comments and literals blanked out, line numbers kept."""

    def blank(match):
        return "".join(c if c == "\n" else " " for c in match.group())

    return _NOISE.sub(blank, text(path))


def rooms():
    """name -> (USES, OUTSIDE) as plugin/CMakeLists.txt declares them."""
    table = {}
    calls = re.findall(r"zr_room\((\w+)(.*?)\)", re.sub(r"#[^\n]*", "", text("plugin/CMakeLists.txt")), re.S)
    for name, body in calls:
        parts = {"SOURCES": [], "USES": [], "OUTSIDE": [], "GENERATED": []}
        key = None
        for word in body.split():
            if word in parts:
                key = word
            elif key:
                parts[key].append(word)
        table[name] = (parts["USES"], parts["OUTSIDE"])
    return table


def end(name, problems, looked_at):
    """Prints the verdict and leaves; looking at nothing is a failure too."""
    for problem in problems:
        print(problem)
    if not looked_at:
        print(f"{name}: found nothing to look at")
    print(f"{name}: {looked_at} looked at, {len(problems)} problems")
    sys.exit(1 if problems or not looked_at else 0)
