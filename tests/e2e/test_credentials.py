"""Where credentials come from, and where secrets never go."""

import json
import os
import unittest

from harness.case import Case
from harness.plugin import by_outcome, codes, outcomes, service


class Sources(Case):
    def setUp(self):
        self.sim = self.simulator("--recycled", "3")
        self.place = {"ZENLAYERCLOUD_DOMAIN": self.sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP"}

    def info(self, plugin):
        return plugin.stub().GetServerInfo(service.GetServerInfoRequest(), timeout=30)

    def works(self, environment, *flags, source, home="/nonexistent"):
        plugin = self.plugin(None, *flags, environment={**self.place, **environment}, home=home)
        info = self.info(plugin)
        self.assertIn(source, info.credential_source)
        self.assertEqual(list(info.diagnostics), [])
        ids = self.sim.ids()
        report = plugin.release(ids)
        self.assert_honest(self.sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})

    def unusable(self, environment, *words, home="/nonexistent", flags=()):
        plugin = self.plugin(None, *flags, environment={**self.place, **environment}, home=home)
        info = self.info(plugin)
        self.assertEqual(len(info.diagnostics), 1)
        said = info.diagnostics[0].summary + " " + info.diagnostics[0].detail
        for word in words:
            self.assertIn(word, said)
        self.assertNotIn(self.sim.password, str(info))
        report = plugin.release(self.sim.ids())
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertTrue(codes(report))
        self.assertEqual(self.sim.requests(), [])

    def profile_home(self, profiles, mode=0o600, current=None):
        home = self.home()
        folder = os.path.join(home, ".zenlayer")
        os.mkdir(folder, 0o700)
        path = os.path.join(folder, "credentials.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(profiles, file)
        os.chmod(path, mode)
        if current:
            with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
                json.dump({"current_profile": current, "profiles": {current: {}}}, file)
        return home

    def good_profile(self):
        return {"access_key_id": self.sim.key_id, "access_key_secret": self.sim.password}

    def test_the_terraform_family(self):
        self.works({"ZENLAYERCLOUD_ACCESS_KEY_ID": self.sim.key_id,
                    "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": self.sim.password},
                   source="ZENLAYERCLOUD_")

    def test_the_command_line_family(self):
        self.works({"ZENLAYER_ACCESS_KEY_ID": self.sim.key_id,
                    "ZENLAYER_ACCESS_KEY_SECRET": self.sim.password}, source="ZENLAYER_")

    def test_a_token(self):
        self.works({"ZENLAYER_TOKEN": self.sim.token}, source="ZENLAYER_")
        self.assertEqual({r["auth"] for r in self.sim.requests()}, {"bearer"})

    def test_the_first_family_comes_before_the_second(self):
        self.works({"ZENLAYERCLOUD_ACCESS_KEY_ID": self.sim.key_id,
                    "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": self.sim.password,
                    "ZENLAYER_ACCESS_KEY_ID": "other", "ZENLAYER_ACCESS_KEY_SECRET": "other"},
                   source="ZENLAYERCLOUD_")

    def test_half_a_credential_is_never_completed_from_elsewhere(self):
        self.unusable({"ZENLAYERCLOUD_ACCESS_KEY_ID": self.sim.key_id,
                       "ZENLAYER_ACCESS_KEY_ID": self.sim.key_id,
                       "ZENLAYER_ACCESS_KEY_SECRET": self.sim.password},
                      "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD")

    def test_a_token_and_a_key_at_once_are_an_error(self):
        self.unusable({"ZENLAYER_TOKEN": self.sim.token, "ZENLAYER_ACCESS_KEY_ID": self.sim.key_id,
                       "ZENLAYER_ACCESS_KEY_SECRET": self.sim.password})

    def test_a_profile(self):
        home = self.profile_home({"default": self.good_profile()})
        self.works({}, source="default", home=home)

    def test_a_profile_by_name(self):
        home = self.profile_home({"default": {"access_key_id": "x", "access_key_secret": "y"},
                                  "work": self.good_profile()})
        self.works({}, "--profile", "work", source="work", home=home)

    def test_a_profile_from_the_environment(self):
        home = self.profile_home({"default": {"access_key_id": "x", "access_key_secret": "y"},
                                  "work": self.good_profile()})
        self.works({"ZENLAYER_PROFILE": "work"}, source="work", home=home)

    def test_the_current_profile_of_the_command_line(self):
        home = self.profile_home({"default": {"access_key_id": "x", "access_key_secret": "y"},
                                  "work": self.good_profile()}, current="work")
        self.works({}, source="work", home=home)

    def test_a_profile_file_that_others_may_read_is_refused(self):
        for mode in (0o644, 0o640, 0o604):
            home = self.profile_home({"default": self.good_profile()}, mode)
            self.unusable({}, "credentials.json", home=home)

    def test_a_profile_that_does_not_exist(self):
        home = self.profile_home({"default": self.good_profile()})
        self.unusable({}, "nosuch", home=home, flags=("--profile", "nosuch"))

    def test_a_profile_file_that_is_no_json(self):
        home = self.profile_home({"default": self.good_profile()})
        with open(os.path.join(home, ".zenlayer", "credentials.json"), "w", encoding="ascii") as file:
            file.write("{")
        self.unusable({}, "credentials.json", home=home)

    def test_plain_http_is_for_loopback_only(self):
        plugin_environment = {"ZENLAYERCLOUD_ACCESS_KEY_ID": "a",
                              "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": "b",
                              "ZENLAYERCLOUD_DOMAIN": "api.example.com",
                              "ZENLAYERCLOUD_SCHEME": "HTTP"}
        from harness.process import clean_environment, program, run
        code, out, err = run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0"],
                             clean_environment(self.home(), plugin_environment), seconds=20)
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        self.assertIn("http", err.lower())


class Secrets(Case):
    def search(self, sim, plugin, environment_secrets):
        sim.fault({"do": "error", "status": 401, "code": "AUTHFAILURE_SIGNATURE_EXPIRED",
                   "match": {"count": 1}},
                  {"do": "drop_after", "match": {"action": "ReleaseInstances", "count": 1}},
                  {"do": "html", "status": 502, "page": "gateway",
                   "match": {"action": "DescribeInstances", "nth": 4}})
        ids = sim.ids()
        self.assert_honest(sim, ids, plugin.release(ids, timeout=120))
        plugin.process.terminate()
        plugin.wait()
        log = plugin.errors()
        self.assertIn('"@level":"trace"', log, "nothing was logged at this level")
        for secret in environment_secrets:
            self.assertNotIn(secret, log)
        self.assertNotRegex(log, r"Signature=[0-9a-fA-F]{16}|Bearer [^\"]{6}|[0-9a-f]{64}")
        for line in log.splitlines():
            self.assertLessEqual({"@level", "@message", "@module", "@timestamp"},
                                 set(json.loads(line)), line)

    def test_no_password_in_the_log_at_its_finest(self):
        sim = self.simulator("--recycled", "30")
        plugin = self.plugin(sim, "--log-level", "trace")
        self.search(sim, plugin, [sim.password])

    def test_no_token_in_the_log_at_its_finest(self):
        sim = self.simulator("--recycled", "30")
        plugin = self.plugin(None, "--log-level", "trace", environment={
            "ZENLAYER_TOKEN": sim.token, "ZENLAYERCLOUD_DOMAIN": sim.endpoint,
            "ZENLAYERCLOUD_SCHEME": "HTTP"})
        self.search(sim, plugin, [sim.token])

    def test_no_secret_on_a_command_line_or_in_a_memory_dump_flag(self):
        sim, plugin = self.pair("--recycled", "1")
        with open(f"/proc/{plugin.pid}/cmdline", "rb") as file:
            self.assertNotIn(sim.password.encode(), file.read())


if __name__ == "__main__":
    unittest.main()
