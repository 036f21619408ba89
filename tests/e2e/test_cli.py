"""The command line: exit codes, forms of input, forms of output."""

import json
import os
import signal
import subprocess
import tempfile
import unittest

from harness.case import Case
from harness.process import SLOW, clean_environment, program, run

RELEASE = "ReleaseInstances"


class CommandLine(Case):
    def world(self, *flags):
        self.sim = self.simulator(*flags)
        self.environment = self.sim.environment()
        return self.sim

    def release(self, *arguments, **how):
        how.setdefault("environment", self.environment)
        code, lines = self.cli_json("release", *arguments, **how)
        result = lines[-1]
        self.assertEqual(result["type"], "result")
        self.assertEqual([l["type"] for l in lines].count("result"), 1)
        return code, result


class ExitCodes(CommandLine):
    def test_0_all_released(self):
        sim = self.world("--recycled", "3")
        ids = sim.ids()
        code, result = self.release(*ids)
        self.assertEqual(code, 0)
        self.assert_honest(sim, ids, result)
        self.assertEqual({r["outcome"] for r in result["results"]}, {"released"})

    def test_output_that_cannot_be_written_is_told_and_is_a_failure(self):
        self.world("--recycled", "1")
        file = os.path.join(self.home(), "teardown.json")
        with open(file, "w", encoding="utf-8") as to:
            to.write('{"version":1,"steps":[{"name":"a","product":"vm","ids":["1"]}]}')
        for arguments in (["--help"], ["release", "--help"], ["--version"], ["validate", file],
                          ["doctor"], ["explain", *self.sim.ids()], ["info"], ["list"],
                          ["plan", file]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([program("zenrelease"), *arguments], stdout=full, check=False,
                                      stderr=subprocess.PIPE, text=True, timeout=60 * SLOW,
                                      env=clean_environment(self.home(), self.environment))
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn("No space left on device", done.stderr, arguments)

    def test_what_people_try_first_is_answered(self):
        code, _, err = self.cli()
        self.assertEqual(code, 2)
        for word in ("plan", "apply"):
            self.assertIn(word, err)
        code, _, err = self.cli("list", "--server", "http://127.0.0.1:1")
        self.assertEqual(code, 2)
        self.assertIn("HOST:PORT or unix:PATH", err)
        self.world("--recycled", "1")
        self.assertEqual(self.cli("list", "-?")[0], 0)
        self.assertEqual(self.cli("-V")[0], 0)

    def test_0_missing_ones_are_allowed(self):
        sim = self.world("--recycled", "1")
        code, result = self.release(*sim.ids(), "nosuch-1", "--allow-missing")
        self.assertEqual(code, 0)
        self.assertEqual(result["counts"]["not_found"], 1)

    def test_1_nothing_released(self):
        sim = self.world("--running", "2")
        ids = sim.ids("RUNNING")
        code, result = self.release(*ids)
        self.assertEqual(code, 1)
        self.assert_honest(sim, ids, result)

    def test_2_usage_and_nothing_sent(self):
        sim = self.world("--recycled", "1")
        ids = sim.ids()
        for arguments in (["release"], ["release", "--no-such-flag", *ids], ["frobnicate"], [],
                          ["release", "--product", "boat", *ids], ["release", "--wait", "soon", *ids],
                          ["release", " " + ids[0]], ["release", ""], ["release", "x" * 300],
                          ["release", "--from", "/nonexistent/file"], ["release", "--timeout", "-1s", *ids]):
            code, _, err = self.cli(*arguments, environment=self.environment)
            self.assertEqual(code, 2, f"{arguments}: {err}")
            self.assertTrue(err.strip(), arguments)
        code, _, _ = self.cli("release", "--from", "-", environment=self.environment, stdin="")
        self.assertEqual(code, 2)
        code, _, _ = self.cli("release", "--from", "-", environment=self.environment,
                              stdin=b"a\xff\xfeb\n")
        self.assertEqual(code, 2)
        self.assertEqual(sim.requests(), [])

    def test_3_some_released(self):
        sim = self.world("--recycled", "2", "--running", "1")
        ids = sim.ids() + sim.ids("RUNNING")
        code, result = self.release(*ids)
        self.assertEqual(code, 3)
        self.assert_honest(sim, ids, result)

    def test_accepted_counts_as_not_released(self):
        sim = self.world("--recycled", "2", "--release-ms", "600000")
        code, result = self.release(*sim.ids(), "--wait", "0s")
        self.assertEqual({r["outcome"] for r in result["results"]}, {"accepted"})
        self.assertEqual(code, 1)

    def test_4_some_unknown(self):
        sim = self.world("--recycled", "2")
        ids = sim.ids()
        sim.fault({"do": "drop_after", "match": {"action": RELEASE}},
                  {"do": "reset", "match": {"action": "DescribeInstances", "from": 2}})
        code, result = self.release(*ids, "--wait", "1s", "--timeout", "20s")
        self.assertEqual({r["outcome"] for r in result["results"]}, {"unknown"})
        self.assertEqual(code, 4)
        self.assert_honest(sim, ids, result)

    def test_130_interrupted_after_an_exact_report(self):
        sim = self.world("--recycled", "5000")
        ids = sim.ids()
        sim.slow_releases()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = subprocess.Popen(
                [program("zenrelease"), "release", "--json", "--from", "-"], stdin=subprocess.PIPE,
                stdout=out, stderr=err, env=clean_environment(self.home(), self.environment))
            command.stdin.write("\n".join(ids).encode())
            command.stdin.close()
            sim.wait_for_calls(RELEASE, 2)
            command.send_signal(signal.SIGINT)
            self.assertEqual(command.wait(60 * SLOW), 130)
            out.seek(0)
            result = json.loads(out.read().splitlines()[-1])
        self.assertEqual(result["type"], "result")
        self.assert_honest(sim, ids, result)
        self.assertGreater(result["counts"]["not_attempted"], 0)
        self.assertGreater(result["counts"]["released"], 0)

    def test_a_dry_run_has_codes_of_its_own(self):
        sim = self.world("--recycled", "2", "--running", "1")
        good, live = sim.ids(), sim.ids("RUNNING")
        for ids, expected in ((good, 0), (good + live, 3), (live, 1)):
            code, result = self.release("--dry-run", *ids)
            self.assertEqual(code, expected, ids)
            would = [d for d in result["diagnostics"] if d["code"] == "WOULD_RELEASE"]
            self.assertEqual({d["instance_id"] for d in would}, set(good) & set(ids))
        self.assertEqual(sim.count(RELEASE), 0)

    def test_nobody_at_the_server_s_address(self):
        self.world("--recycled", "1")
        code, _, err = self.cli("release", "--server", "127.0.0.1:1", "some-id",
                                environment=self.environment)
        self.assertIn(code, (1, 2))
        self.assertTrue(err.strip())


class InputAndOutput(CommandLine):
    def test_ids_from_a_file_and_from_standard_input(self):
        sim = self.world("--recycled", "6")
        ids = sim.ids()
        path = os.path.join(self.home(), "ids")
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(ids[:2]) + "\n")
        code, result = self.release("--from", path)
        self.assertEqual((code, [r["instance_id"] for r in result["results"]]), (0, ids[:2]))
        code, result = self.release("--from", "-", stdin="\n".join(ids[2:]))
        self.assertEqual((code, [r["instance_id"] for r in result["results"]]), (0, ids[2:]))
        self.assertEqual(sim.destroyed(), set(ids))

    def test_the_table_names_every_id_that_was_not_released_and_why(self):
        sim = self.world("--recycled", "3", "--running", "1")
        live = sim.ids("RUNNING")[0]
        code, out, _ = self.cli("release", *sim.ids(), live, "nosuch-1", live,
                                environment=self.environment)
        self.assertEqual(code, 3)
        self.assertIn(live, out)
        self.assertIn("nosuch-1", out)
        self.assertIn("recycle bin", out)
        self.assertEqual(out.rstrip("\n").splitlines()[-1], "released 3 of 5")
        self.assertNotIn("\x1b", out, "colours or cursor movements in a file")

    def test_through_a_server_that_runs(self):
        sim = self.world("--recycled", "2")
        plugin = self.plugin(sim)
        code, result = self.release("--server", plugin.address, *sim.ids(), environment={})
        self.assertEqual(code, 0)
        self.assertEqual(result["counts"]["released"], 2)
        self.assertTrue(plugin.alive())

    def test_list(self):
        sim = self.world("--recycled", "5", "--running", "2")
        code, lines = self.cli_json("list", environment=self.environment)
        self.assertEqual(code, 0)
        text = json.dumps(lines)
        for instance_id in sim.ids():
            self.assertIn(instance_id, text)
        for instance_id in sim.ids("RUNNING"):
            self.assertNotIn(instance_id, text)
        code, out, _ = self.cli("list", environment=self.environment)
        self.assertEqual(code, 0)
        self.assertTrue(all(i in out for i in sim.ids()))

    def test_info_tells_no_secret(self):
        sim = self.world()
        code, out, _ = self.cli("info", environment=self.environment)
        self.assertEqual(code, 0)
        self.assertIn(sim.endpoint, out)
        self.assertNotIn(sim.password, out)
        code, lines = self.cli_json("info", environment=self.environment)
        self.assertEqual(code, 0)
        self.assertIn(sim.endpoint, json.dumps(lines))

    def test_the_other_products(self):
        for product in ("bmc", "zec"):
            sim = self.world("--product", product, "--recycled", "2")
            ids = sim.ids(product=product)
            code, result = self.release("--product", product, *ids)
            self.assertEqual(code, 0)
            self.assert_honest(sim, ids, result, product=product)

    def test_version_and_help(self):
        for name in ("zenrelease", "zenrelease-plugin", "zenlayer-sim"):
            for flag in ("--version", "--help"):
                code, out, _ = run([program(name), flag], clean_environment(self.home()))
                self.assertEqual(code, 0, f"{name} {flag}")
                self.assertTrue(out.strip(), f"{name} {flag}")

    def test_the_plugin_that_it_starts_does_not_stay(self):
        sim = self.world("--recycled", "1")
        marker = f"ZR_MARK=e2e-{os.getpid()}-{id(self)}"
        name, value = marker.split("=")
        self.release(*sim.ids(), environment={**self.environment, name: value})
        left = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if marker.encode() in file.read():
                        left.append(pid)
            except OSError:
                pass
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
