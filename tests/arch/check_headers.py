"""Every header compiles alone, with the flags and include roots of the sources beside it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import commands
import tree

by_folder = {}
for path, arguments, directory in commands.entries(sys.argv[1]):
    by_folder.setdefault(os.path.dirname(path), (arguments, directory))


def neighbour(folder):
    """The flags of a source in the folder, or in the nearest one above or below it."""
    for known, value in sorted(by_folder.items()):
        if known == folder or known.startswith(folder + "/"):
            return value
    while folder:
        folder = os.path.dirname(folder)
        for known, value in sorted(by_folder.items()):
            if folder and (known == folder or known.startswith(folder + "/")):
                return value
    return None


def check(path):
    flags = neighbour(os.path.dirname(path))
    if flags is None:
        return f"{path}: nothing is compiled beside it"
    arguments, directory = flags
    run = subprocess.run([*arguments, "-fsyntax-only", "-Wno-unused", "-x", "c", "-"], cwd=directory,
                         input=f'#include "{os.path.join(tree.ROOT, path)}"\n', text=True,
                         capture_output=True, timeout=60, check=False)
    return None if run.returncode == 0 else f"{path}: does not stand alone\n{run.stderr}"


paths = tree.sources("plugin", "client", "tests/sim", endings=(".h",))
with ThreadPoolExecutor(2) as pool:
    problems = [p for p in pool.map(check, paths) if p]
tree.end("headers", problems, len(paths))
