"""Memory runs out once, anywhere, in the whole programs: the plugin from its start to its end, the
command line and the library below it. The sweeps of single rooms are unit tests; both come together
in tests/sweep/run.sh."""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from harness.case import Case
from harness.plugin import make_request
from harness.process import BIN, SLOW, WHOLE, clean_environment

TESTS = os.path.join(BIN, "..", "tests")
FULL = os.environ.get("ZR_SWEEP") == "full"
# Runs for each path in the ordinary tests; a place more or less is no matter there.
MOST = 0 if FULL or os.environ.get("ZR_SWEEP") == "places" else 20 if WHOLE else 8


class Memory(Case):
    def sweep(self, program, name, options, arguments, environment=None):
        home = self.home()
        command = [os.path.join(TESTS, program), name, "--most", str(MOST), *options, "--",
                   *arguments]
        settings = clean_environment(home, environment)
        settings["ZR_SWEEP"] = os.environ.get("ZR_SWEEP", "")
        done = subprocess.run(command, env=settings, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=3000 if FULL else 300 * SLOW, check=False)
        sys.stdout.write("\n" + done.stdout)  # on a line of its own
        sys.stdout.flush()
        self.assertEqual(done.returncode, 0, f"{name}\n{done.stdout}\n{done.stderr[-20000:]}")

    def write(self, name, text):
        path = os.path.join(self.home(), name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class CommandLine(Memory):
    """Against one plugin that stays."""

    def setUp(self):
        self.sim = self.simulator("--recycled", "6000" if FULL else "800")
        self.server = self.plugin(self.sim)
        self.ids = self.sim.ids()
        self.some = self.ids[:6]

    def cli_sweep(self, name, *arguments, options=("--same",)):
        self.sweep("sweep_cli", "client: " + name, options,
                   [*arguments, "--server", self.server.address])

    def teardown_file(self):
        steps = [{"name": "first", "product": "vm", "ids": self.some[:4]},
                 {"name": "second", "product": "vm", "ids": self.some[4:], "depends_on": ["first"]}]
        return self.write("teardown.json", json.dumps(
            {"version": 1, "policy": {"keep": [{"tag": "keep"}]}, "steps": steps}))

    def test_reading(self):
        self.cli_sweep("info", "info")
        self.cli_sweep("list", "list")
        self.cli_sweep("list --json", "list", "--json")
        self.cli_sweep("explain", "explain", self.some[0], options=())
        self.cli_sweep("doctor", "doctor", options=())

    def test_a_dry_run(self):
        self.cli_sweep("release --dry-run", "release", "--dry-run", *self.some, options=())
        self.cli_sweep("release --dry-run --json", "release", "--dry-run", "--json", *self.some,
                       options=())
        self.assertEqual(self.sim.count("ReleaseInstances"), 0)

    def test_a_release(self):
        """What a run calls released is gone; the plugin served on throughout."""
        fresh = self.write("ids", "\n".join(self.ids[10:]))
        self.cli_sweep("release", "release", "--json", "{id}", options=("--ids", fresh))
        self.assertEqual(self.server.release(self.ids[:1]).counts.released, 1)

    def test_the_journal(self):
        """Of a server of its own, which has a release on record."""
        self.server = self.plugin(self.sim, "--journal", os.path.join(self.home(), "j"))
        self.server.release(self.some[:2], request_id="mine")
        self.cli_sweep("history", "history", "--request-id", "mine")
        self.cli_sweep("history --json", "history", "--json", "--open")
        self.cli_sweep("resume", "resume", options=())
        self.assertEqual(self.sim.count("ReleaseInstances"), 1)

    def test_plans(self):
        teardown = self.teardown_file()
        folder = self.home()
        self.sweep("sweep_cli", "client: validate", ["--same"], ["validate", teardown])
        self.cli_sweep("plan", "plan", teardown, "--out", os.path.join(folder, "{id}"),
                       options=())
        plan = os.path.join(folder, "plan.jsonl")
        code, out, err = self.cli("plan", teardown, "--out", plan, "--server", self.server.address)
        self.assertEqual(code, 0, out + err)
        self.cli_sweep("apply", "apply", "--plan", plan, "--json", options=())
        left = set(self.sim.ids())
        self.assertTrue(all(i not in left for i in self.some))


class Server(Memory):
    def setUp(self):
        self.sim = self.simulator("--recycled", "6000" if FULL else "800")

    def plugin_sweep(self, name, client, *arguments):
        socket = os.path.join(self.home(), "s")
        client = client.format(cli=os.path.join(BIN, "zenrelease"), server=f"unix:{socket}")
        options = ["--client", f"({client}) >/dev/null 2>&1"]
        self.sweep("sweep_plugin", name, options, ["--listen", f"unix:{socket}", *arguments],
                   self.sim.environment())

    def test_start_serve_end(self):
        ids = " ".join(self.sim.ids()[:3])
        self.plugin_sweep("app: start, dry run, end",
                          "timeout 20 {cli} release --dry-run --server {server} " + ids)
        self.assertEqual(self.sim.count("ReleaseInstances"), 0)

    def test_a_journal(self):
        """Each run begins a journal, and has a release of its own on record."""
        folder = self.home()
        ids = self.write("ids", "\n".join(self.sim.ids()))
        self.plugin_sweep(
            "app: journal, release, history", f"id=$(head -n 1 {ids}); sed -i 1d {ids}; "
            "timeout 20 {cli} release --request-id mine --server {server} $id; "
            "timeout 20 {cli} history --request-id mine --server {server}",
            "--journal", os.path.join(folder, "{id}"))
        for number, sent in self.sim.submissions().items():
            self.assertEqual(sent, 1, number)

    def test_an_old_journal(self):
        """With calls that a killed server left open: settled on demand, and at the start."""
        journal = os.path.join(self.home(), "j")
        plugin = self.plugin(self.sim, "--journal", journal)
        self.sim.fault({"do": "hang", "match": {"action": "ReleaseInstances"}, "effect": True})
        call = plugin.stub().Release.future(make_request(self.sim.ids()[:3], request_id="mine"))
        self.sim.wait_for_calls("ReleaseInstances", 1)
        os.kill(plugin.pid, signal.SIGKILL)
        plugin.stop(expected=-signal.SIGKILL)
        call.exception()
        self.sim.fault()
        home = os.path.dirname(journal)
        old = os.path.join(self.home(), "old")
        shutil.copytree(home, old)  # each run leaves another journal as it was
        self.plugin_sweep("app: an old journal, resume",
                          f"timeout 20 {{cli}} resume --server {{server}}; rm -f {home}/*; "
                          f"cp {old}/* {home}", "--journal", journal)
        self.assertEqual(self.sim.count("ReleaseInstances"), 1)

    def test_a_reload(self):
        config = self.write("config.json", json.dumps({"keep": [{"tag": "keep=me"}]}))
        self.plugin_sweep("app: reload", "kill -HUP $SERVER_PID; timeout 20 {cli} info --server {server}",
                          "--config", config)

    def test_configuration(self):
        config = self.write("config.json", json.dumps({
            "call_timeout_ms": 9000, "window_ms": 1, "max_instances": 100,
            "keep": [{"tag": "keep=me"}, {"name_pattern": "golden-*"}],
            "access_key_id": self.sim.key_id, "access_key_password": self.sim.password}))
        os.chmod(config, 0o600)
        self.plugin_sweep("app: configuration file", "timeout 20 {cli} info --server {server}",
                          "--config", config, "--endpoint", f"http://{self.sim.endpoint}")


if __name__ == "__main__":
    assert shutil.which("timeout")
    unittest.main()
