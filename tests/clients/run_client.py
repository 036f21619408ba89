"""Runs somebody else's client against a plugin of our own: run_client.py python|node.

Ends with 77 and a line that begins with SKIPPED: when the client's libraries cannot be had.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
# pylint: disable=wrong-import-position
from harness.plugin import Plugin  # noqa: E402
from harness.simulator import Simulator  # noqa: E402

PROTO = os.path.join(HERE, "..", "..", "proto")


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def python_command(plugin):
    return ["/usr/bin/python3", "-B", os.path.join(HERE, "python", "client.py"), plugin.address,
            os.environ["ZR_STUBS"]]


def node_modules(folder):
    """Installs what package-lock.json pins, once, below the build folder."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not on PATH")
    stamp = os.path.join(folder, "installed")
    with open(os.path.join(HERE, "node", "package-lock.json"), "rb") as file:
        pinned = file.read()
    if os.path.exists(stamp):
        with open(stamp, "rb") as file:
            if file.read() == pinned:
                return
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, "node", name), folder)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                          capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        skip("npm ci could not install @grpc/grpc-js: " + (done.stderr.strip() or "no reason given"))
    with open(stamp, "wb") as file:
        file.write(pinned)


def node_command(plugin, folder):
    return ["node", os.path.join(HERE, "node", "client.js"), plugin.address, PROTO, folder]


def main():
    which = sys.argv[1]
    folder = os.path.join(os.environ["ZR_CLIENTS"], which)
    if which == "node":
        node_modules(folder)
    sim = Simulator("--recycled", "6", "--running", "1")
    plugin = None
    try:
        plugin = Plugin(sim.environment())
        good, live = sim.ids(), sim.ids("RUNNING")[0]
        command = node_command(plugin, folder) if which == "node" else python_command(plugin)
        code = subprocess.run([*command, ",".join(good), live], timeout=180, check=False).returncode
        if code == 0 and sim.destroyed() != set(good):
            print(f"the ledger disagrees: {sim.destroyed()} of {good}")
            code = 1
    finally:
        for process in (plugin, sim):
            if process is not None:
                process.stop()
    sys.exit(code)


main()
