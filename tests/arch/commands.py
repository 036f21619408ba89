"""compile_commands.json: how each of our files is compiled."""

import json
import os
import shlex

import tree


def entries(build):
    """(path relative to the root, argument list without output and input, folder)"""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        rows = json.load(file)
    seen = set()
    for row in rows:
        path = os.path.realpath(os.path.join(row["directory"], row["file"]))
        relative = os.path.relpath(path, tree.ROOT)
        inside_build = not os.path.relpath(path, os.path.realpath(build)).startswith("..")
        if relative.startswith("..") or inside_build or relative in seen:
            continue
        seen.add(relative)
        words = shlex.split(row["command"])
        kept, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-MF", "-MT", "-MQ"):
                skip = True
            elif word not in ("-c", "-MD", row["file"]):
                kept.append(word)
        yield relative, kept, row["directory"]
