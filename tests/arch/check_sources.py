"""Source rules: layers, banned functions, the clock, stdout, file length."""

import re

import tree

LONGEST = 450
BANNED = ("strcpy strcat sprintf vsprintf strtok atoi atol atof gmtime localtime ctime asctime rand "
          "srand system popen alloca gets tmpnam mktemp").split()
CLOCK = "time gettimeofday clock_gettime clock".split()
STDOUT = "printf vprintf puts putchar".split()
# Outside libraries by the headers they are known by, and the rooms that may use them. app wires all.
OUTSIDE = {
    "grpc/": {"rpc", "app"},
    "protobuf-c/": {"service", "terraform", "app"},
    "curl/": {"http", "app"},
    "cjson/": {"zenlayer", "terraform", "app"},
    "sqlite3": {"journal", "app"},
    "msgpack": {"terraform", "app"},
    "openssl/": {"zenlayer", "terraform", "app"},
}
# The engine decides: no I/O, no clock, no threads.
NOT_IN_ENGINE = {"pthread.h", "time.h", "unistd.h", "fcntl.h", "poll.h", "stdio.h", "threads.h",
                 "signal.h"}
CLOCKS = {"plugin/base/clock.c", "tests/sim/base.c"}

problems = []
table = tree.rooms()


def complain(path, offset, body, what):
    problems.append(f"{path}:{body.count(chr(10), 0, offset) + 1}: {what}")


def calls(body, names):
    for match in re.finditer(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(", body):
        yield match.start(), match.group(1)


def check_includes(path, room):
    body = tree.text(path)
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', body, re.M):
        style, name = match.groups()
        if ".." in name.split("/"):
            complain(path, match.start(), body, f"include of {name}: leaves its folder")
        if room is None:
            continue
        if style == "<":
            for prefix, allowed in OUTSIDE.items():
                if name.startswith(prefix) and room not in allowed:
                    complain(path, match.start(), body, f"{room} does not use <{name}>")
            if room == "engine" and (name in NOT_IN_ENGINE or name.startswith("sys/")):
                complain(path, match.start(), body, f"the engine does not use <{name}>")
        elif name.endswith(".pb-c.h") or name == "zr_descriptors.h":
            if not any(o.startswith("zr_proto") for o in table[room][1]):
                complain(path, match.start(), body, f"{room} does not use generated {name}")
        elif name.split("/")[0] not in [room, *table[room][0]] or "/" not in name:
            complain(path, match.start(), body, f"{room} does not use \"{name}\"")


paths = tree.sources("plugin", "client", "tests")
for path in paths:
    parts = path.split("/")
    room = parts[1] if parts[0] == "plugin" else None
    if room is not None and room not in table:
        problems.append(f"{path}: {room} is not in the table of plugin/CMakeLists.txt")
        continue
    body = tree.code(path)
    lines = body.count("\n")
    if lines > LONGEST:
        problems.append(f"{path}: {lines} lines, at most {LONGEST}")
    check_includes(path, room)
    for offset, name in calls(body, BANNED):
        complain(path, offset, body, f"{name}() is banned")
    if (room is not None or path.startswith("tests/sim/")) and path not in CLOCKS:
        for offset, name in calls(body, CLOCK):
            complain(path, offset, body, f"{name}() outside the clock")
    if room not in (None, "app"):
        for offset, name in calls(body, STDOUT):
            complain(path, offset, body, f"{name}(): stdout belongs to the ready line")
        for match in re.finditer(r"\bstdout\b|\bSTDOUT_FILENO\b", body):
            complain(path, match.start(), body, "stdout belongs to the ready line")

scripts = tree.sources("tests", "examples", endings=(".py",))
for path in scripts:
    lines = tree.text(path).count("\n")
    if lines > LONGEST:
        problems.append(f"{path}: {lines} lines, at most {LONGEST}")
tree.end("sources", problems, len(paths) + len(scripts))
