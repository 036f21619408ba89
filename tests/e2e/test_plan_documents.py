"""What is published agrees with what the programs do; doctor and explain."""

import json
import os
import re
import shutil
import subprocess
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from harness.plans import EXAMPLE, RELEASE, PlanCase, step, teardown
from harness.process import SLOW, clean_environment, program


class Documents(PlanCase):
    """What is published agrees with what the programs do."""

    def schema(self, name):
        with open(os.path.join(EXAMPLE, "../../docs/schemas", name), encoding="utf-8") as file:
            return jsonschema.Draft202012Validator(json.load(file))

    @unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
    def test_files_and_plans_obey_their_schemas(self):
        sim = self.world("--recycled", "9", "--running", "1")
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": sim.ids()[0], "product": "vm", "tags": {"team": "web"}}]})
        content = teardown(step("a", ids=sim.ids()[:2] + sim.ids("RUNNING")),
                           step("b", selector={"name": "vm-00000[3-5]"}, depends_on=["a"],
                                options={"wait": "1m30s"}, policy={"min_bin_time": "0"}),
                           policy={"keep": [{"tag": "keep"}]})
        self.schema("teardown-v1.json").validate(content)
        with open(os.path.join(EXAMPLE, "teardown.json"), encoding="utf-8") as file:
            self.schema("teardown-v1.json").validate(json.load(file))
        plan, lines = self.plan(content, expected=3), self.schema("plan-v1.json")
        with open(plan, encoding="utf-8") as file:
            for line in file:
                lines.validate(json.loads(line))
        for selector in ({"all": True}, {"all": True, "min_bin_time": "7d"}, {"tags": {"a": ""}},
                         {"zone": "a", "name": "b", "min_bin_time": "1h"}):
            right = teardown(step("a", selector=selector))
            self.schema("teardown-v1.json").validate(right)
            self.assertEqual(self.run_cli("validate", self.write(right))[0], 0, right)
        for wrong in (teardown(), teardown(step("a")), {"version": 2, "steps": []},
                      teardown(step("a b", ids=["1"])), teardown(step("a", ids=["1"], extra=1)),
                      *(teardown(step("a", selector=selector)) for selector in (
                          {}, {"all": False}, {"min_bin_time": "1h"}, {"all": True, "name": "x"},
                          {"all": False, "name": "x"}, {"tags": {"": "x"}}, {"tags": {}}))):
            self.assertFalse(self.schema("teardown-v1.json").is_valid(wrong), wrong)
            self.assertEqual(self.run_cli("validate", self.write(wrong))[0], 2, wrong)

    def test_completion_and_man_page_know_every_flag(self):
        self.folder, self.environment = self.home(), {}
        packaging = os.path.join(EXAMPLE, "../../client/packaging")
        for command in ("release", "list", "info", "validate", "plan", "apply", "explain",
                        "doctor"):
            code, out, _ = self.cli(command, "--help")
            self.assertEqual(code, 0)
            flags = set(re.findall(r"^ +(?:-., )?--([a-z-]+)", out, re.M)) - {"usage"}
            self.assertIn("json", flags)
            for name in ("completion/zenrelease.bash", "completion/_zenrelease",
                         "completion/zenrelease.fish", "man/zenrelease.1"):
                with open(os.path.join(packaging, name), encoding="utf-8") as file:
                    text = file.read().replace("\\-", "-")
                for flag in flags:
                    self.assertIn(flag, text, f"{name}: --{flag} of {command}")

    def test_bash_completes_every_flag_of_every_command(self):
        """The completion is run, not read: what it offers is what --help tells."""
        self.folder, self.environment = self.home(), {}
        file = os.path.join(EXAMPLE, "../../client/packaging/completion/zenrelease.bash")
        script = (f"source '{file}'; COMP_WORDS=(zenrelease $1 --); COMP_CWORD=2; _zenrelease; "
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        for command in ("release", "list", "info", "validate", "plan", "apply", "explain",
                        "doctor"):
            _, out, _ = self.cli(command, "--help")
            flags = set(re.findall(r"^ +(?:-., )?--([a-z-]+)", out, re.M)) - {"usage"}
            done = subprocess.run(["bash", "-c", script, "bash", command], capture_output=True,
                                  text=True, check=True, timeout=30 * SLOW)
            self.assertEqual({w.removeprefix("--") for w in done.stdout.split()}, flags, command)

    def complete(self, *words):
        """What bash offers for the last word; "=" stands alone, as bash splits it."""
        file = os.path.join(EXAMPLE, "../../client/packaging/completion/zenrelease.bash")
        script = (f"source '{file}'; COMP_WORDS=(zenrelease \"$@\"); COMP_CWORD=$#; _zenrelease; "
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True,
                              text=True, check=True, timeout=30 * SLOW)
        return set(done.stdout.split())

    def test_bash_tells_a_value_from_a_command(self):
        for words in (["--profile", "list", ""], ["--profile", "=", "list", ""]):
            self.assertIn("release", self.complete(*words))
        self.assertIn("--tag", self.complete("--profile", "release", "list", "--"))
        self.assertIn("--dry-run", self.complete("release", "--request-id", "list", "--"))
        self.assertLessEqual({"bin", "any"}, self.complete("list", "--status", ""))
        self.assertEqual(self.complete("list", "--product", "=", "z"), {"zec"})
        self.assertEqual(self.complete("list", "--name", ""), set())

    def test_the_other_shells_can_read_their_completion(self):
        folder = os.path.join(EXAMPLE, "../../client/packaging/completion")
        for shell, name in (("zsh", "_zenrelease"), ("fish", "zenrelease.fish")):
            if shutil.which(shell):
                subprocess.run([shell, "-n", os.path.join(folder, name)], check=True,
                               timeout=30 * SLOW)

    def test_programs_learn_what_people_do(self):
        sim = self.world("--recycled", "4")
        code, lines = self.cli_json("plan", self.write(teardown(step("a", ids=sim.ids()))),
                                    environment=self.environment)
        self.assertEqual(code, 0)
        end = lines[-1]
        self.assertEqual((end["undetachable_disks"], end["public_addresses"], end["prepaid"]),
                         (8, 4, 0))
        self.assertTrue(end["endpoint"].endswith(sim.endpoint))
        self.assertRegex(end["account"], "^[0-9a-f]{16}$")
        self.assertLess(end["created"], end["expires"])

    def test_doctor_looks_at_the_certificate_chain(self):
        home = self.home()
        cert, key = os.path.join(home, "cert.pem"), os.path.join(home, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                        "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.world("--recycled", "1", "--tls-cert", cert, "--tls-key", key)
        self.environment["ZENLAYERCLOUD_SCHEME"] = "HTTPS"
        for trusted, finding, code in ((cert, "ok", 0), (None, "failed", 1)):
            extra = {"SSL_CERT_FILE": trusted} if trusted else {}
            found_code, lines = self.cli_json("doctor", environment={**self.environment, **extra})
            found = {line["check"]: line for line in lines if line["type"] == "check"}
            self.assertEqual((found["tls"]["finding"], found_code), (finding, code), lines)
        self.assertIn("certificate", found["tls"]["detail"])

    def test_the_example_runs(self):
        done = subprocess.run([os.path.join(EXAMPLE, "run.sh"),
                               os.path.dirname(program("zenrelease"))], capture_output=True,
                              env=clean_environment(self.home()), timeout=60 * SLOW, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"released 6 of 6", done.stdout)

    def test_doctor_and_explain(self):
        sim = self.world("--recycled", "2", "--running", "1", "--clock-offset-s", "90")
        code, lines = self.cli_json("doctor", environment=self.environment)
        found = {l["check"]: l["finding"] for l in lines if l["type"] == "check"}
        self.assertEqual((code, found["clock"], found["rights"]), (0, "warning", "ok"))
        code, out, _ = self.run_cli("explain", sim.ids("RUNNING")[0])
        self.assertEqual(code, 1)
        self.assertIn("NOT_RECYCLED", out)
        code, out, _ = self.run_cli("explain", sim.ids()[0])
        self.assertEqual(code, 0)
        self.assertIn("would release it", out)
        sim.set(revoked=True)
        code, lines = self.cli_json("doctor", environment=self.environment)
        self.assertEqual((code, lines[-1]["healthy"]), (1, False))
        self.assertEqual(sim.count(RELEASE), 0)


if __name__ == "__main__":
    unittest.main()
