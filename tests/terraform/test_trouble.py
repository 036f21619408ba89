"""What a user meets on a bad day: each case ends with an exact state and an honest word."""

import os
import re
import signal

import host
from host import Case, instances

RELEASE = "ReleaseInstances"
READ = "DescribeInstances"


def denied(ids, **match):
    """The service refuses to release these."""
    return {"do": "error", "code": "OPERATION_DENIED", "status": 403, "message": "denied",
            "match": {"action": RELEASE, "containing": ids, **match}}


class Partial(Case):
    def adopted(self, count):
        sim, work = self.pair("--recycled", str(count))
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        return sim, work, ids

    def test_destroy_keeps_exactly_the_rest(self):
        sim, work, ids = self.adopted(8)
        bad = [ids[2], ids[5]]
        sim.fault(denied(bad))
        self.failed(work.destroy(), *bad)
        self.assertEqual(sim.destroyed(), set(ids) - set(bad))
        self.assertEqual(work.ids("zenrelease_instances.a"), bad)
        sim.fault()
        before = sim.submissions()
        self.ok(work.destroy())
        self.assertEqual(work.state(), {})
        after = sim.submissions()
        self.assertEqual({i for i in ids if after[i] > before.get(i, 0)}, set(bad))

    def test_update_keeps_exactly_the_rest(self):
        sim, work, ids = self.adopted(6)
        bad = ids[3]
        sim.fault(denied([bad]))
        work.write(instances("a", ids[:2]))
        self.failed(work.apply(), bad)
        self.assertEqual(sim.destroyed(), set(ids[2:]) - {bad})
        self.assertEqual(sorted(work.ids("zenrelease_instances.a")), sorted(ids[:2] + [bad]))
        sim.fault()
        self.ok(work.apply())
        self.assertEqual(work.ids("zenrelease_instances.a"), ids[:2])

    def test_create_is_all_or_nothing_and_never_tainted(self):
        sim, work = self.pair("--recycled", "2", "--running", "1")
        ids = sim.ids() + sim.ids("RUNNING")
        work.write(instances("a", ids))
        self.failed(work.apply(), ids[2])
        self.assertEqual(work.state(), {})
        self.assertEqual(sim.count(RELEASE), 0)


class Underlined(Case):
    """Diagnostics point at the very line of the list."""

    def refused(self, done, element, *words):
        self.failed(done, *words)
        self.assertRegex(done.text, r"\d+:\s+\"" + re.escape(element) + r"\",", str(done))

    def test_not_in_the_bin(self):
        sim, work = self.pair("--recycled", "2", "--running", "1")
        running = sim.ids("RUNNING")[0]
        work.write(instances("a", [sim.ids()[0], running, sim.ids()[1]]))
        self.refused(work.plan(), running, running, "RUNNING")

    def test_not_found_is_a_warning_at_plan_and_an_error_at_apply(self):
        sim, work = self.pair("--recycled", "1")
        work.write(instances("a", sim.ids() + ["404404404"]))
        self.assertIn("404404404", self.ok(work.plan()).text)
        self.failed(work.apply(), "404404404")
        self.assertEqual(work.state(), {})

    def test_duplicates_and_blanks_at_validation(self):
        work = self.workspace()
        work.write(instances("a", ["1000000000001", "1000000000002", "1000000000001"]))
        self.refused(work.run("validate", "-no-color"), "1000000000001")
        work.write(instances("a", ["1000000000001", " "]))
        self.refused(work.run("validate", "-no-color"), " ")


class Interrupts(Case):
    def slow(self, ms):
        sim, work = self.pair("--recycled", "3")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        sim.fault({"do": "delay", "delay_ms": ms, "match": {"action": RELEASE, "nth": 1}})
        return sim, work, ids

    def test_once(self):
        """What was sent is settled and told; the state is exact, whichever way it went."""
        sim, work, ids = self.slow(2500)
        running = work.start("destroy", "-no-color", "-auto-approve")
        sim.wait_for_calls(RELEASE, 1)
        running.interrupt(signal.SIGINT)
        done = running.finish()
        self.assertIn("Interrupt received", done.text)
        left = work.ids("zenrelease_instances.a") or []
        self.assertEqual(set(left), set(ids) - sim.destroyed(), str(done))
        self.ok(work.destroy())
        self.assertEqual(sim.destroyed(), set(ids))
        self.assertEqual(sim.resubmitted(), [])

    def test_twice(self):
        """The state of what was in flight is lost; the next run finds the truth by reading."""
        sim, work, ids = self.slow(4000)
        running = work.start("destroy", "-no-color", "-auto-approve")
        sim.wait_for_calls(RELEASE, 1)
        running.interrupt(signal.SIGINT)
        running.wait_for("Interrupt received")
        running.interrupt(signal.SIGINT)
        done = running.finish()
        self.assertEqual(done.code, 1, str(done))
        self.assertNotIn("panic:", done.text)
        sim.fault()
        self.ok(work.destroy())
        self.assertEqual(sim.destroyed(), set(ids))
        self.assertEqual(work.state(), {})

    def test_provider_killed(self):
        sim, work, ids = self.slow(3000)
        running = work.start("destroy", "-no-color", "-auto-approve")
        sim.wait_for_calls(RELEASE, 1)
        for pid in running.providers():
            os.kill(pid, signal.SIGKILL)
        done = self.failed(running.finish())
        self.assertRegex(done.text, "Plugin did not respond|Request cancelled")
        self.assertEqual(work.ids("zenrelease_instances.a"), ids)
        sim.fault()
        self.ok(work.destroy())
        self.assertEqual(sim.destroyed(), set(ids))
        self.assertEqual(work.state(), {})

    def test_provider_crashes(self):
        """Terraform shows the provider's last words without any log setting."""
        sim, work, _ = self.slow(3000)
        running = work.start("destroy", "-no-color", "-auto-approve")
        sim.wait_for_calls(RELEASE, 1)
        for pid in running.providers():
            os.kill(pid, signal.SIGSEGV)
        if host.kind()[0] == "tofu":  # 1.11 and 1.12 read nothing of a plugin while logging is off
            self.failed(running.finish())
        else:
            self.failed(running.finish(), "panic: terraform-provider-zenrelease", "SIGSEGV")
        sim.fault()
        self.ok(work.destroy())

    def test_nothing_is_left_behind(self):
        _, work, _ = self.slow(0)
        before = {n for n in os.listdir("/tmp") if re.fullmatch(r"zr-\w{6}", n)}
        running = work.start("plan", "-no-color", environment={"TMPDIR": work.path})
        self.ok(running.finish())
        self.assertEqual([n for n in os.listdir(work.path) if n.startswith("zr-")], [])
        self.assertEqual({n for n in os.listdir("/tmp") if re.fullmatch(r"zr-\w{6}", n)} - before,
                         set())


class Unreachable(Case):
    def test_api_down_at_plan_is_a_warning(self):
        sim, work = self.pair("--recycled", "1")
        ids = sim.ids()
        work.write(instances("a", ids))
        gone = {"ZENLAYERCLOUD_DOMAIN": "127.0.0.1:1"}
        self.assertIn("Warning", self.ok(work.plan(environment=gone)).text)
        self.ok(work.apply())
        self.assertIn("Warning", self.ok(work.plan(environment=gone)).text)
        self.failed(work.destroy(environment=gone), ids[0])
        self.assertEqual(work.ids("zenrelease_instances.a"), ids)
        self.ok(work.destroy())

    def test_wrong_credentials(self):
        sim, work = self.pair("--recycled", "2")
        work.write(instances("a", sim.ids()))
        wrong = {"ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": "wrong-" + "x" * 20}
        done = self.failed(work.apply(environment=wrong), "AUTHFAILURE")
        self.assertNotIn("wrong-", done.text)
        self.assertEqual(work.state(), {})

    def test_no_credentials(self):
        sim, work = self.pair("--recycled", "1")
        work.write(instances("a", sim.ids()))
        none = {"ZENLAYERCLOUD_ACCESS_KEY_ID": None, "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": None}
        self.failed(work.apply(environment=none), "ZENLAYERCLOUD_ACCESS_KEY_ID")


class Secrets(Case):
    def test_trace_log_has_none(self):
        sim, work = self.pair("--recycled", "2")
        work.write(f'provider "zenrelease" {{\n  access_key_id = "{sim.key_id}"\n'
                   f'  access_key_password = "{sim.password}"\n}}\n' + instances("a", sim.ids()))
        log = os.path.join(work.path, "log")
        told = {"TF_LOG": "TRACE", "TF_LOG_PATH": log, "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": None}
        self.ok(work.apply(environment=told))
        self.ok(work.destroy(environment=told))
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        ours = [line for line in lines if "provider.terraform-provider-zenrelease" in line]
        self.assertGreater(len(ours), 20)
        self.assertTrue(any("release done" in line for line in ours), "our lines are not parsed")
        for line in lines:
            self.assertNotIn(sim.password, line)
            self.assertNotRegex(line, r"Signature=|ZC2-HMAC|Bearer ")
        parsed = [line for line in ours if '"@level"' in line]
        self.assertEqual(parsed, [], "lines that Terraform could not take apart")


class Debugging(Case):
    def test_reattach(self):
        sim, work = self.pair("--recycled", "2")
        work.write(instances("a", sim.ids()))
        server = host.Running([host.program("zenrelease-plugin"), "--reattach"], work.path,
                              host.settings(work.path, sim.environment()))
        server.wait_for("\n")
        name, value = server.text().splitlines()[0].split("=", 1)
        told = {name: value.strip("'")}
        self.ok(work.apply(environment=told))
        self.assertIn("No changes", self.ok(work.plan(environment=told)).out)
        self.ok(work.destroy(environment=told))
        self.assertEqual(len(sim.destroyed()), 2)
        server.process.terminate()
        self.assertEqual(server.finish().code, 0)

    def test_without_tls(self):
        sim, work = self.pair("--recycled", "1")
        work.write(instances("a", sim.ids()))
        self.ok(work.apply(environment={"TF_DISABLE_PLUGIN_TLS": "1"}))

    def test_the_prompt_is_not_stolen(self):
        """The plugin has Terraform's own standard input."""
        sim, work = self.pair("--recycled", "1")
        work.write(instances("a", sim.ids()))
        told = {"TF_INPUT": None, "TF_IN_AUTOMATION": None}
        self.ok(work.start("apply", "-no-color", stdin="yes\n", environment=told).finish())
        self.assertEqual(len(work.state()), 1)


if __name__ == "__main__":
    host.main()
