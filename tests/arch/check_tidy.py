"""clang-tidy 14 over every source that the build compiles."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import commands
import tree

build = sys.argv[1]
only = sys.argv[2:]
# The analyzer follows this many states of one function. Its default, 225,000, costs six times as
# long on the hash macros and found nothing more.
NODES = ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000"]


def check(path):
    run = subprocess.run(["clang-tidy-14", "--quiet", "-p", build,
                          "--extra-arg=-Wno-unknown-warning-option",
                          *(f"--extra-arg={word}" for word in NODES), path],
                         cwd=tree.ROOT, text=True, capture_output=True, timeout=300, check=False)
    return None if run.returncode == 0 else f"{path}:\n{run.stdout}{run.stderr}"


paths = [p for p, _, _ in commands.entries(build) if not only or any(p.startswith(o) for o in only)]
paths = [p for p in paths if not p.startswith("cmake/")]
# The largest first, so that the two workers end together.
paths.sort(key=lambda p: -os.path.getsize(os.path.join(tree.ROOT, p)))
with ThreadPoolExecutor(2) as pool:
    problems = [p for p in pool.map(check, paths) if p]
tree.end("tidy", problems, len(paths))
