"""docs/fault-cases.md, from the cases in tests/cases. Run it with --write after a change to them."""

import ast
import re
import sys

import tree

PAGE = "docs/fault-cases.md"
COUNT = 43
HEAD = """# The 43 fault cases

What can go wrong between a release and its report, and what must hold then. Each case runs on real processes (the plugin, where
it matters the command line, and `zenlayer-sim`), in every way named in the last column. After each run the simulator's
ledger is the judge (`tests/e2e/harness/truth.py`):

- one outcome for each distinct id, and counts that add up; every id that is neither released nor already gone has a diagnostic;
- what was sent is a subset of what was asked for;
- what is told released was destroyed by a release of ours; what is told gone is not alive; what is told not done was not destroyed;
- unknown are only those that could not be read, and once the fault is over a new request leaves none;
- nothing is sent again after a read had shown its effect.

```
tests/cases/run.sh build            all of them; the last line counts the cases
tests/cases/run.sh build 14 21      some
tests/cases/run.sh build --long     those marked (long) too, which take their true length: minutes
```

Where a true length is minutes, the ordinary run has a scaled version beside it: it moves the clocks of the plugin (a preloaded
`clock_shim.c`) and of the simulator on, or shortens a limit by configuration. Its name says so.

This page is written by `tests/arch/cases_page.py` from the classes in `tests/cases/`.

| # | fault | what must hold | test | ways it is provoked |
| --- | --- | --- | --- | --- |
"""


def cases():
    """(number, fault, what must hold, file, class, ways) in order."""
    found = []
    for path in tree.sources("tests/cases", endings=(".py",)):
        for node in ast.parse(tree.text(path)).body:
            named = isinstance(node, ast.ClassDef) and re.match(r"Case(\d\d)_", node.name)
            if not named:
                continue
            title, _, rest = (ast.get_docstring(node) or "").partition("\n")
            ways = [way(f) for f in node.body
                    if isinstance(f, ast.FunctionDef) and f.name.startswith("test_")]
            found.append((int(named.group(1)), title, " ".join(rest.split()), path, node.name, ways))
    return sorted(found)


def way(function):
    words = function.name.removeprefix("test_").replace("_", " ")
    is_long = any(isinstance(d, ast.Name) and d.id == "long" for d in function.decorator_list)
    return words + (" (long)" if is_long else "")


def problems():
    """What is wrong with the list itself."""
    listed = cases()
    numbers = [c[0] for c in listed]
    found = [f"case {n} has {numbers.count(n)} classes in tests/cases" for n in range(1, COUNT + 1)
             if numbers.count(n) != 1]
    return found + [f"{path}: {name} lacks a title, what must hold, or a test"
                    for _, title, hold, path, name, ways in listed if not (title and hold and ways)]


def page():
    lines = [f"| {number} | {title} | {hold} | `{path.rsplit('/', 1)[1]}` `{name}` | {'; '.join(ways)} |"
             for number, title, hold, path, name, ways in cases()]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: cases_page.py --write")
    for problem in problems():
        print(problem)
    with open(tree.ROOT + "/" + PAGE, "w", encoding="utf-8") as file:
        file.write(page())
