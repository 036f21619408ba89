"""Files that a running program is to take up, and what its log says of that."""

import json
import os


def logged(plugin, message):
    """Its log lines that begin with `message`."""
    lines = [json.loads(line) for line in plugin.errors().splitlines() if line.startswith("{")]
    return [line for line in lines if line["@message"].startswith(message)]


def write(path, data, mode=0o600):
    """In one step, as a careful administrator does."""
    with open(path + ".new", "wb") as file:
        file.write(data if isinstance(data, bytes) else json.dumps(data).encode())
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
