"""docs/diagnostics.md, from plugin/model/code.def. Run it with --write after a change to the list."""

import re
import sys

import tree

PAGE = "docs/diagnostics.md"
HEAD = """# Diagnostics

Every code that a diagnostic of zenrelease can carry. A code never changes its meaning; new ones may
appear. The summary and the hint travel with each diagnostic, beside a sentence about the very case.

This page is written by `tests/arch/diagnostics_page.py` from `plugin/model/code.def`.

| code | severity | can a retry help | summary | what to do |
| --- | --- | --- | --- | --- |
"""


def codes():
    """(name, severity, retry, summary, hint) in the order of the list."""
    body = re.sub(r"/\*.*?\*/", "", tree.text("plugin/model/code.def"), flags=re.S)
    rows = re.findall(r'ZR_CODE\(\s*(\w+),\s*(\w+),\s*([01]),\s*"((?:\\.|[^"\\])*)",\s*"((?:\\.|[^"\\])*)"\s*\)', body)
    if len(rows) != body.count("ZR_CODE("):
        sys.exit("plugin/model/code.def: a row does not read as ZR_CODE(NAME, severity, 0 or 1, \"…\", \"…\")")
    return rows


def page():
    lines = [f"| `{name}` | {severity.lower()} | {'yes' if retry == '1' else 'no'} | {summary} | {hint} |"
             for name, severity, retry, summary, hint in codes()]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: diagnostics_page.py --write")
    with open(tree.ROOT + "/" + PAGE, "w", encoding="utf-8") as file:
        file.write(page())
