"""Ctrl-C at any point of an apply: an exact report, and the same plan finishes the rest."""

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import tempfile
import termios
import time
import unittest

from harness.plans import RELEASE, PlanCase, step, teardown
from harness.process import SLOW, clean_environment, program, wait_until

READ = "DescribeInstances"


class Interrupt(PlanCase):
    def start(self, *arguments, **how):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.addCleanup(self.out.close)
        self.addCleanup(self.err.close)
        command = subprocess.Popen(
            [program("zenrelease"), "apply", *arguments, "--json", "--report",
             self.path("report.json")], stdout=self.out, stderr=self.err, stdin=subprocess.DEVNULL,
            env=clean_environment(self.home(), self.environment), **how)
        self.addCleanup(lambda: command.poll() is None and command.kill())
        return command

    def stop(self, command, *signals):
        """Interrupts it; answers the last object on stdout, after looking at the report file."""
        for number in signals or [signal.SIGINT]:
            command.send_signal(number)
        code = command.wait(60 * SLOW)
        self.err.seek(0)
        self.assertEqual(code, 130, self.err.read())
        self.out.seek(0)
        lines = self.out.read().splitlines()
        result = json.loads(lines[-1])
        if result["type"] == "result":
            with open(self.path("report.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["counts"], result["counts"])
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("report.json.")], [])
        return result

    def finishes(self, plan, planned):
        self.sim.fault()
        self.sim.set(latency_ms=0)
        code, result = self.apply(plan)
        self.assertEqual(code, 0, result["diagnostics"])
        self.assertEqual(self.sim.gone(), set(planned))
        self.assertEqual(self.sim.resubmitted(), [])

    def two_steps(self, *flags):
        """A plan with a step of vm and a step of bmc after it; answers it and its ids."""
        sim = self.world("--fleet", self.fleet(), *flags)
        vm, bmc = sim.ids(), sim.ids(product="bmc")
        return self.plan(teardown(step("first", ids=vm),
                                  step("second", product="bmc", ids=bmc,
                                       depends_on=["first"]))), vm, bmc

    def fleet(self):
        path = os.path.join(self.home(), "fleet.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"instances": [
                {"instanceId": str(1000 + n), "product": "vm" if n < 250 else "bmc"}
                for n in range(260)]}, file)
        return path

    def assert_both_honest(self, vm, bmc, result):
        for product, ids in (("vm", vm), ("bmc", bmc)):
            rows = [r for r in result["results"] if r["instance_id"] in set(ids)]
            counts = {k: sum(r["outcome"] == k for r in rows) for k in result["counts"]}
            counts.update(total=len(ids), duplicates=0)
            self.assert_honest(self.sim, ids, {**result, "results": rows, "counts": counts},
                               product=product, asked_before=vm + bmc)

    def test_while_the_check_reads(self):
        plan, vm, bmc = self.two_steps()
        before = self.sim.count(READ)
        self.sim.fault({"do": "delay", "delay_ms": 1000, "match": {"action": READ}})
        command = self.start("--plan", plan)
        self.sim.wait_for_calls(READ, before + 1)
        result = self.stop(command)
        self.assertEqual(self.sim.count(RELEASE), 0)
        self.assertEqual(result["counts"]["not_attempted"], len(vm + bmc))
        self.assert_both_honest(vm, bmc, result)
        self.finishes(plan, vm + bmc)

    def test_while_it_plans(self):
        sim = self.world("--recycled", "8")
        file = self.write(teardown(step("a", ids=sim.ids())))
        ids = sim.ids()
        sim.fault({"do": "delay", "delay_ms": 2000, "match": {"action": READ}})
        command = self.start(file, "--auto-approve")
        sim.wait_for_calls(READ, 1)
        result = self.stop(command)
        self.assertEqual((result["type"], result["code"]), ("error", "cancelled"))
        self.assertEqual(sim.count(RELEASE), 0)
        sim.fault()
        self.assertEqual(self.run_cli("apply", file, "--auto-approve")[0], 0)
        self.assertEqual(sim.destroyed(), set(ids))

    def test_while_a_call_is_in_flight(self):
        plan, vm, bmc = self.two_steps()
        self.sim.fault({"do": "delay", "delay_ms": 1500, "match": {"action": RELEASE, "nth": 1}})
        command = self.start("--plan", plan)
        self.sim.wait_for_calls(RELEASE, 1)
        result = self.stop(command)
        # What was in flight is settled, and what was not does not leave any more.
        self.assertGreaterEqual(result["counts"]["released"], 50)
        self.assertGreaterEqual(result["counts"]["not_attempted"], len(bmc))
        self.assertEqual(result["counts"]["unknown"], 0)
        self.assert_both_honest(vm, bmc, result)
        self.finishes(plan, vm + bmc)

    def test_between_batches(self):
        plan, vm, bmc = self.two_steps()
        self.sim.fault({"do": "throttle", "retry_after": 60,
                        "match": {"action": RELEASE, "from": 2}})
        command = self.start("--plan", plan)
        wait_until(lambda: self.sim.destroyed() and self.sim.count(RELEASE) > 1, 60, "a throttle")
        result = self.stop(command)
        self.assertGreaterEqual(result["counts"]["released"], 50)
        self.assertEqual(result["counts"]["unknown"], 0)
        self.assert_both_honest(vm, bmc, result)
        self.finishes(plan, vm + bmc)

    def test_between_steps(self):
        plan, vm, bmc = self.two_steps()
        self.sim.fault({"do": "delay", "delay_ms": 1000, "match": {"action": RELEASE}})
        command = self.start("--plan", plan)
        self.sim.wait_for_calls(RELEASE, 1)
        self.sim.fault({"do": "delay", "delay_ms": 3000,
                        "match": {"action": READ, "product": "bmc"}})
        wait_until(lambda: self.sim.get("faults")["counters"][0]["seen"], 60, "the second step")
        result = self.stop(command)
        self.assertEqual(result["counts"]["released"], len(vm))
        self.assertEqual(result["counts"]["not_attempted"], len(bmc))
        self.assertEqual(result["steps"][0]["state"], "done")
        self.assert_both_honest(vm, bmc, result)
        self.finishes(plan, vm + bmc)

    def test_a_lost_terminal_is_an_interruption_however_often_it_is_told(self):
        plan, vm, bmc = self.two_steps()
        self.sim.fault({"do": "delay", "delay_ms": 1500, "match": {"action": RELEASE, "nth": 1}})
        command = self.start("--plan", plan)
        self.sim.wait_for_calls(RELEASE, 1)
        result = self.stop(command, signal.SIGHUP, signal.SIGHUP, signal.SIGTERM, signal.SIGHUP)
        self.assertGreaterEqual(result["counts"]["released"], 50)
        self.assertEqual(result["counts"]["unknown"], 0)
        self.assert_both_honest(vm, bmc, result)

    def test_under_nohup_a_lost_terminal_is_no_matter(self):
        plan, vm, bmc = self.two_steps()
        self.sim.fault({"do": "delay", "delay_ms": 1000, "match": {"action": RELEASE, "nth": 1}})
        command = self.start("--plan", plan,
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.sim.wait_for_calls(RELEASE, 1)
        command.send_signal(signal.SIGHUP)
        self.assertEqual(command.wait(60 * SLOW), 0)
        self.assertEqual(self.sim.destroyed(), set(vm + bmc))

    def test_twice_leaves_nothing_behind(self):
        plan, _, _ = self.two_steps()
        self.sim.fault({"do": "delay", "delay_ms": 20000, "match": {"action": RELEASE}})
        command = self.start("--plan", plan)
        self.sim.wait_for_calls(RELEASE, 1)
        command.send_signal(signal.SIGINT)
        wait_until(lambda: b"stopping" in self.so_far(), 20, "the first one")
        command.send_signal(signal.SIGINT)
        self.assertEqual(command.wait(20 * SLOW), 130)
        self.err.seek(0)
        said = self.err.read()
        self.assertIn(b"interrupted twice", said)
        self.assertIn(b"Apply the same again: it reads first.", said)
        self.assertNotIn(b"--dry-run", said)
        self.assertFalse([n for n in os.listdir(self.folder) if n.startswith("report.json")])

    def so_far(self):
        return os.pread(self.out.fileno(), 1 << 20, 0)


class Terminal(PlanCase):
    """The command on a terminal of its own."""

    def on_terminal(self, *arguments, stdout=None, typed=b"", **environment):
        self.master, slave = pty.openpty()
        os.write(self.master, typed)
        self.addCleanup(os.close, self.master)

        def terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.command = subprocess.Popen(
            [program("zenrelease"), *arguments], stdin=slave,
            stdout=stdout or slave, stderr=slave,
            env=clean_environment(self.home(), {**self.environment, "TERM": "xterm",
                                                **environment}), preexec_fn=terminal)
        self.addCleanup(lambda: self.command.poll() is None and self.command.kill())
        os.close(slave)
        self.text = b""

    def read_until(self, words, seconds=30):
        end = time.monotonic() + seconds * SLOW
        while words not in self.text:
            readable, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            self.assertTrue(readable, self.text)
            try:
                self.text += os.read(self.master, 4096)
            except OSError:
                self.fail(f"it ended: {self.text!r}")

    def read_all(self, seconds=60):
        end = time.monotonic() + seconds * SLOW
        while time.monotonic() < end:
            readable, _, _ = select.select([self.master], [], [], 1)
            try:
                more = os.read(self.master, 65536) if readable else b""
            except OSError:  # the other end is closed
                break
            self.text += more
        return self.command.wait(20 * SLOW)


class Progress(Terminal):
    def test_a_bar_with_a_rate_and_the_time_that_is_left(self):
        sim = self.world("--recycled", "1200")
        plan = self.plan(teardown(step("a", ids=sim.ids())))
        sim.fault({"do": "delay", "delay_ms": 1500, "match": {"action": RELEASE, "from": 2}})
        self.on_terminal("apply", "--plan", plan)
        self.assertEqual(self.read_all(), 0, self.text)
        self.assertRegex(self.text, rb"\[=+>? *\] \d+/1200  \d+/s  \d+ s, \d+ s left")
        self.assertIn(b"\x1b[32mreleased 1200 of 1200\x1b[0m", self.text)

    def test_no_color_and_a_dumb_terminal_are_honoured(self):
        sim = self.world("--recycled", "4")
        file = self.write(teardown(step("a", ids=sim.ids())))
        self.on_terminal("plan", file, NO_COLOR="1")
        self.assertEqual(self.read_all(), 0, self.text)
        self.assertNotIn(b"\x1b[", self.text.replace(b"\r\x1b[K", b""))
        self.on_terminal("apply", file, "--auto-approve", TERM="dumb")
        self.assertEqual(self.read_all(), 0, self.text)
        self.assertNotIn(b"\x1b", self.text)


class Asking(Terminal):
    """What a person sees before the question, and what is taken for the answer."""

    def setUp(self):
        self.world("--recycled", "5")
        self.file = self.write(teardown(step("a", ids=self.sim.ids())))

    def test_what_was_typed_before_the_plan_was_there_is_no_answer(self):
        self.on_terminal("apply", self.file, typed=b"yes\n")
        self.read_until(b"goes on: ")
        os.write(self.master, b"no\n")
        self.read_until(b"not agreed to; nothing was sent")
        self.assertEqual(self.command.wait(20 * SLOW), 1)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_the_plan_is_shown_where_the_question_is_asked(self):
        with tempfile.TemporaryFile() as out:
            self.on_terminal("apply", self.file, stdout=out)
            self.read_until(b"goes on: ")
            self.assertIn(b"Step a: 5 vm instances to release", self.text)
            os.write(self.master, b"yes\n")
            self.assertEqual(self.read_all(), 0, self.text)
            out.seek(0)
            text = out.read()
        self.assertIn(b"released 5 of 5", text)
        self.assertNotIn(b"Step a", text)

    def test_nobody_is_asked_without_being_shown_a_plan(self):
        self.on_terminal("apply", self.file, "--json")
        self.assertEqual(self.read_all(), 2, self.text)
        self.assertIn(b"--auto-approve", self.text)
        self.assertEqual(self.sim.requests(), [])


class Prompt(Terminal):
    """The question before the run."""

    def setUp(self):
        sim = self.world("--recycled", "5")
        self.on_terminal("apply", self.write(teardown(step("a", ids=sim.ids()))))
        self.read_until(b"goes on: ")

    def test_ctrl_c_ends_it_at_once(self):
        os.write(self.master, b"\x03")
        self.read_until(b"nothing was sent")
        self.assertEqual(self.command.wait(20 * SLOW), 130)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_ctrl_c_behind_half_an_answer(self):
        os.write(self.master, b"ye\x03")
        self.read_until(b"nothing was sent")
        self.assertEqual(self.command.wait(20 * SLOW), 130)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_anything_but_yes_is_a_no(self):
        os.write(self.master, b"yes please\n")
        self.read_until(b"not agreed to; nothing was sent")
        self.assertEqual(self.command.wait(20 * SLOW), 1)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_the_end_of_the_input_is_a_no(self):
        os.write(self.master, b"\x04")
        self.read_until(b"not agreed to; nothing was sent")
        self.assertEqual(self.command.wait(20 * SLOW), 1)

    def test_yes_goes_on_and_names_account_endpoint_and_count(self):
        self.assertRegex(self.text, rb"Release 5 instances of account [0-9a-f]{16} at http://"
                         + self.sim.endpoint.encode() + rb" for good\?")
        os.write(self.master, b"yes\n")
        self.read_until(b"released 5 of 5")
        self.assertEqual(self.command.wait(20 * SLOW), 0)
        self.assertEqual(len(self.sim.destroyed()), 5)


if __name__ == "__main__":
    unittest.main()
