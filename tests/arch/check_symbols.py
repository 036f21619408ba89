"""What a room's objects define for others begins with zr_."""

import glob
import os
import subprocess
import sys

import tree

problems = []
looked_at = 0
for room in tree.rooms():
    objects = glob.glob(os.path.join(sys.argv[1], "plugin", "CMakeFiles", room + ".dir", "**", "*.o"),
                        recursive=True)
    if not objects:
        problems.append(f"{room}: has no objects in {sys.argv[1]}")
    for path in objects:
        listed = subprocess.run(["nm", "-g", "--defined-only", "--format=posix", path], text=True,
                                capture_output=True, check=True).stdout
        for line in listed.splitlines():
            looked_at += 1
            name = line.split()[0]
            if not name.startswith("zr_") and not name.startswith("__") and name != "main":
                problems.append(f"{room}: {os.path.basename(path)} defines {name}")
tree.end("symbols", problems, looked_at)
