"""Where secrets never go: streams, logs, errors, command lines, saved files, core dumps."""

import base64
import json
import os
import resource
import signal
import subprocess
import unittest
import urllib.parse

import grpc

from harness import secrets
from harness.case import Case
from harness.certificates import Certificates
from harness.plugin import PRODUCTS, by_outcome, make_request, service, stubs
from harness.process import SANITIZED, children, clean_environment, program, run, wait_until
from harness.secrets import KEY_ID, PASSWORD, PROXY_PASSWORD, TOKEN

ALL = {"the key id": KEY_ID, "the password": PASSWORD, "the token": TOKEN,
       "the proxy's password": PROXY_PASSWORD}
# Everything that a service can do to make somebody talk.
TROUBLE = (
    {"do": "error", "status": 401, "code": "AUTHFAILURE_SIGNATURE_EXPIRED",
     "match": {"action": "DescribeInstances", "nth": 1}},
    {"do": "error", "status": 400, "code": "INVALID_PARAMETER",
     "message": f"you sent {KEY_ID}, {PASSWORD} and {TOKEN}", "match": {"action": "ReleaseInstances", "nth": 1}},
    {"do": "drop_after", "match": {"action": "ReleaseInstances", "nth": 2}},
    {"do": "redirect", "location": "http://127.0.0.1:1/", "match": {"action": "DescribeInstances",
                                                                   "nth": 3}},
    {"do": "html", "status": 502, "page": "gateway", "text": f"{KEY_ID} {PASSWORD} {TOKEN}",
     "match": {"action": "DescribeInstances", "nth": 4}},
)


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


class Search(unittest.TestCase):
    def test_it_finds_every_form(self):
        data = f"{secrets.PROXY_USER}:{PROXY_PASSWORD}".encode()
        for text in (f"x{PASSWORD}y", json.dumps({"a": PASSWORD}), PASSWORD.encode().hex(),
                     urllib.parse.quote_plus(PASSWORD, safe=""), urllib.parse.quote(PASSWORD),
                     base64.b64encode(PASSWORD.encode()), base64.b64encode(b"a" + TOKEN.encode()),
                     base64.urlsafe_b64encode(b"ab" + TOKEN.encode() + b"c"),
                     b"Basic " + base64.b64encode(data), data.hex().upper()):
            self.assertTrue(secrets.found_in(text, ALL), text)
        self.assertEqual(secrets.found_in("nothing of the kind", ALL), [])


class Hidden(Case):
    def setUp(self):
        self.folder = self.home()
        os.mkdir(os.path.join(self.folder, ".zenlayer"), 0o700)
        self.sources = []  # files that are allowed to hold secrets
        sim = self.source("sim.json", {"access_key_id": KEY_ID, "access_key_password": PASSWORD,
                                       "token": TOKEN})
        self.sim = self.simulator("--recycled", "40", "--running", "2", "--credentials", sim)
        self.place = {"ZENLAYERCLOUD_DOMAIN": self.sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP",
                      "ZENRELEASE_LOG": "trace"}
        self.keys = {}
        self.said = {}  # what -> bytes or text

    def source(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.chmod(path, 0o600)
        self.sources.append(path)
        return path

    def check(self):
        for path, data in secrets.files_below(self.folder, self.sources).items():
            self.said[path] = data
        self.assertTrue(self.said)
        everything = {**ALL, **self.keys}
        for what, text in self.said.items():
            self.assertEqual(secrets.found_in(text, everything), [], what)

    def end(self, plugin, signal_number=signal.SIGTERM):
        plugin.process.send_signal(signal_number)
        plugin.wait()
        log = plugin.errors()
        self.said["the plugin's stderr"] = log
        self.said["the plugin's stdout"] = plugin.process.stdout.read()
        return log

    def release(self, plugin, ids, **fields):
        """A report, or the refusal, as text."""
        try:
            return str(plugin.release(ids, timeout=120, **fields))
        except grpc.RpcError as error:
            return f"{error.details()} {error.trailing_metadata()}"

    def live(self, *flags, environment=None, faults=()):
        """One server through success and trouble; its log."""
        self.sim.fault(*faults)
        plugin = self.plugin(None, *self.journal(), *flags, home=self.folder,
                             environment={**self.place, **(environment or {})})
        self.said["the plugin's command line"] = command_line(plugin.pid)
        ids = self.sim.ids()[:5]
        self.said["the report"] = self.release(plugin, ids)
        self.said["another report"] = self.release(plugin, [*ids, "x" * 64, PASSWORD[:5]])
        log = self.end(plugin)
        self.assertIn('"@level":"trace"', log, "nothing was logged at this level")
        return log

    def journal(self):
        """Its file lies in the folder, and is searched with it."""
        _, usage, _ = run([program("zenrelease-plugin"), "--help"], clean_environment(self.folder))
        return ("--journal", os.path.join(self.folder, "journal")) if "--journal" in usage else ()

    SOURCES = ("environment", "other family", "token", "profile", "configuration file",
               "token in the configuration file")

    def credential(self, kind):
        """(flags, environment) of a source."""
        pair = {"access_key_id": KEY_ID, "access_key_password": PASSWORD}
        if kind == "environment":
            return (), {"ZENLAYERCLOUD_ACCESS_KEY_ID": KEY_ID,
                        "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": PASSWORD}
        if kind == "other family":
            return (), {"ZENLAYER_ACCESS_KEY_ID": KEY_ID, "ZENLAYER_ACCESS_KEY_SECRET": PASSWORD}
        if kind == "token":
            return (), {"ZENLAYER_TOKEN": TOKEN}
        if kind == "profile":
            self.source(".zenlayer/credentials.json",
                        {"p": {"access_key_id": KEY_ID, "access_key_secret": PASSWORD}})
            return ("--profile", "p"), {}
        content = pair if kind == "configuration file" else {"token": TOKEN}
        return ("--config", self.source("config.json", content)), {}

    def test_every_source_in_good_days_and_bad(self):
        for kind in self.SOURCES:
            for faults in ((), TROUBLE):
                with self.subTest(source=kind, trouble=bool(faults)):
                    flags, environment = self.credential(kind)
                    self.live(*flags, environment=environment, faults=faults)
                    self.check()
        self.assertGreater(len(self.sim.destroyed()), 0)

    def test_a_credential_that_is_refused(self):
        self.sim.set(revoked=True)
        for kind in ("environment", "token"):
            flags, environment = self.credential(kind)
            self.live(*flags, environment=environment)
            self.check()

    def test_a_service_that_names_the_key(self):
        self.sim.fault({"do": "error", "status": 401, "code": "AUTHFAILURE_INVALID_AUTHORIZATION",
                        "message": f"access key {KEY_ID} is not known",
                        "match": {"action": "DescribeInstances"}})
        flags, environment = self.credential("environment")
        plugin = self.plugin(None, *self.journal(), *flags, home=self.folder,
                             environment={**self.place, **environment})
        self.said["the report"] = self.release(plugin, self.sim.ids()[:2])
        self.assertIn("withheld", self.said["the report"])
        with self.assertRaises(grpc.RpcError) as raised:
            plugin.stub().ListInstances(service.ListInstancesRequest(product=PRODUCTS["vm"]), timeout=60)
        self.said["the list"] = f"{raised.exception.details()} {raised.exception.trailing_metadata()}"
        self.assertIn("withheld", self.said["the list"])
        self.end(plugin)
        self.check()

    def test_a_source_that_is_not_usable(self):
        broken = {"access_key_id": KEY_ID, "access_key_password": PASSWORD, "token": TOKEN}
        plugin = self.plugin(None, "--config", self.source("config.json", broken), home=self.folder,
                             environment=self.place)
        self.said["the report"] = self.release(plugin, ["1"])
        self.end(plugin)
        for name, text in (("cut.json", json.dumps(broken)[:-4]), ("open.json", json.dumps(broken)),
                           ("unknown.json", json.dumps({**broken, "x": PASSWORD}))):
            path = self.source(name, {})
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o644 if name == "open.json" else 0o600)
            done = subprocess.run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0",
                                   "--config", path], capture_output=True, check=False, timeout=60,
                                  env=clean_environment(self.folder, self.place))
            self.assertEqual(done.returncode, 1)
            self.said[name] = done.stdout + done.stderr
            self.assertTrue(done.stderr)
        self.check()

    def test_a_proxy_with_a_password(self):
        proxy = secrets.Proxy()
        self.addCleanup(proxy.stop)
        pair = {"access_key_id": KEY_ID, "access_key_password": PASSWORD}
        for number, (password, scheme) in enumerate(((PROXY_PASSWORD, "http"), ("no" + PROXY_PASSWORD,
                                                                               "http"),
                                                     (PROXY_PASSWORD, "https"))):
            path = self.source(f"proxy{number}.json",
                               {**pair, "proxy": proxy.url(password), "scheme": scheme})
            self.live("--config", path, environment={"ZENLAYERCLOUD_SCHEME": scheme.upper()})
            self.check()
        self.assertGreater(proxy.passed, 0, "nothing went through the proxy")
        self.assertGreater(proxy.refused, 0, "the proxy refused nothing")
        self.assertGreater(len(self.sim.destroyed()), 0)

    def test_a_proxy_that_is_no_url(self):
        for number, url in enumerate((f"gopher://u:{PROXY_PASSWORD}@127.0.0.1:1",
                                      f"http://u:{PROXY_PASSWORD}@127.0.0.1:port",
                                      f"http://u:{PROXY_PASSWORD}@[::1")):
            path = self.source(f"proxy{number}.json", {"proxy": url, "access_key_id": KEY_ID,
                                                       "access_key_password": PASSWORD})
            done = subprocess.run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0",
                                   "--config", path, "--log-level", "trace"], capture_output=True,
                                  check=False, timeout=60, env=clean_environment(self.folder))
            self.assertEqual(done.returncode, 1, url)
            self.assertIn(b"proxy", done.stderr)
            self.said[url[:9] + str(number)] = done.stdout + done.stderr
        self.check()

    def test_the_keys_of_tls(self):
        certificates = Certificates(self.home())
        path = certificates.path
        self.keys = {**secrets.key_lines(path("server.key")), **secrets.key_lines(path("client.key"))}
        self.assertTrue(self.keys)
        flags, environment = self.credential("environment")
        plugin = self.plugin(None, "--tls-cert", path("server.crt"), "--tls-key", path("server.key"),
                             "--tls-client-ca", path("ca.crt"), *flags, home=self.folder,
                             environment={**self.place, **environment})
        stub = stubs.ReleaseServiceStub(plugin.channel(certificates.credentials("client")))
        self.assertEqual(set(by_outcome(stub.Release(make_request(self.sim.ids()[:3]), timeout=60))),
                         {"released"})
        code, out, err = self.cli("info", "--server", plugin.address, "--tls-ca", path("ca.crt"),
                                  "--tls-cert", path("client.crt"), "--tls-key", path("client.key"))
        self.assertEqual(code, 0, err)
        self.said["the client"] = out + err
        with open(path("server.key"), "a", encoding="ascii") as file:
            file.write("and nonsense")  # read again, and the file is looked into
        with open(path("server.key"), "r+", encoding="ascii") as file:
            file.write("-----BEGIN PRIVATE KEX-----")
        plugin.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "cannot be used" in plugin.errors(), 20, "the broken key")
        self.end(plugin)
        self.check()

    def test_the_command_line_and_what_it_saves(self):
        flags, environment = self.credential("environment")
        teardown = os.path.join(self.folder, "teardown.json")
        saved, report = (os.path.join(self.folder, name) for name in ("plan.jsonl", "report.json"))
        with open(teardown, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "steps": [{"name": "all", "product": "vm",
                                                "ids": self.sim.ids()[:4]}]}, file)
        self.sim.set(latency_ms=300)
        self.plugins_seen = 0
        for arguments in (("plan", teardown, "--out", saved),
                          ("apply", "--plan", saved, "--report", report),
                          ("release", *self.sim.ids()[4:8], "--json"), ("list",), ("info",),
                          ("doctor",), ("explain", self.sim.ids()[9])):
            self.watched(arguments, {**self.place, **environment})
        self.assertGreater(self.plugins_seen, 0)
        for path in (saved, report):
            self.assertTrue(os.path.getsize(path), path)
        self.check()

    def watched(self, arguments, environment):
        """Runs it with --verbose, and keeps every command line that it starts."""
        client = subprocess.Popen([program("zenrelease"), *arguments, "--verbose"],
                                  env=clean_environment(self.folder, environment),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        lines = {}
        try:
            self.said[f"command line of {arguments[0]}"] = command_line(client.pid)
            wait_until(lambda: children(client.pid) or client.poll() is not None, 20, "its plugin")
            for child in children(client.pid):
                lines[child] = command_line(child)
            out, err = client.communicate(timeout=120)
        finally:
            if client.poll() is None:
                client.kill()
                client.communicate()
        self.assertEqual(client.returncode, 0, err)
        self.plugins_seen += len(lines)
        self.said.update({f"command line of the plugin of {arguments[0]}": line
                          for line in lines.values()})
        self.said[f"streams of {arguments[0]}"] = out + err

    @unittest.skipIf(SANITIZED, "a sanitizer has last words of its own")
    def test_a_plugin_that_crashes_under_the_command_line(self):
        _, environment = self.credential("environment")
        self.sim.fault({"do": "hang", "match": {"action": "ReleaseInstances"}})
        for number in (signal.SIGSEGV, signal.SIGABRT):
            calls = self.sim.count("ReleaseInstances")
            client = subprocess.Popen([program("zenrelease"), "release", *self.sim.ids()[:3],
                                       "--verbose"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, cwd=self.folder, env=clean_environment(
                                          self.folder, {**self.place, **environment}))
            try:
                self.sim.wait_for_calls("ReleaseInstances", calls + 1)
                for child in children(client.pid):
                    os.kill(child, number)
                out, err = client.communicate(timeout=60)
            finally:
                if client.poll() is None:
                    client.kill()
                    client.communicate()
            self.assertNotEqual(client.returncode, 0)
            self.assertTrue(err)
            self.said[f"streams after {number.name}"] = out + err
        self.check()


@unittest.skipIf(SANITIZED, "a sanitizer needs to look into the process")
class Dumps(Case):
    """No core file, and no look into the memory for others."""

    def setUp(self):
        self.folder = self.home()
        os.chmod(self.folder, 0o777)

    def unlimited(self):
        """Runs in the child: a core file, where the system writes any, lands in the folder."""
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        os.chdir(self.folder)

    def cores(self):
        return [n for n in os.listdir(self.folder) if "core" in n]

    def test_no_core_file(self):
        control = subprocess.Popen(["sleep", "60"], preexec_fn=self.unlimited)
        control.send_signal(signal.SIGABRT)
        control.wait(20)
        if not self.cores():
            self.skipTest("this system writes no core file into the folder of the process that crashed")
        for name in self.cores():
            os.unlink(os.path.join(self.folder, name))
        sim = self.simulator("--recycled", "2")
        for number in (signal.SIGABRT, signal.SIGSEGV):
            plugin = self.plugin(sim, preexec=self.unlimited)
            plugin.release(sim.ids()[:1], validate_only=True)
            plugin.process.send_signal(number)
            self.assertEqual(plugin.wait(), -number)
            self.assertEqual(self.cores(), [], number.name)
            plugin.stop(-number)
        sim.set(latency_ms=5000)
        client = subprocess.Popen([program("zenrelease"), "list"], preexec_fn=self.unlimited,
                                  env=clean_environment(self.folder, sim.environment()),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: children(client.pid), 20, "the plugin")
        client.send_signal(signal.SIGABRT)
        self.assertEqual(client.wait(60), -signal.SIGABRT)
        self.assertEqual(self.cores(), [], "zenrelease")

    def test_limits_say_so(self):
        _, plugin = self.pair(preexec=self.unlimited)
        with open(f"/proc/{plugin.pid}/limits", encoding="ascii") as file:
            row = [line.split() for line in file if line.startswith("Max core file size")][0]
        self.assertEqual(row[4:6], ["0", "0"])

    def test_memory_and_environment_are_closed_to_the_same_user(self):
        """Files of a process that is not dumpable belong to root, whoever runs it."""
        nobody = 65534
        user = os.getuid() or nobody

        def become():
            if os.getuid() == 0:
                os.setgid(nobody)
                os.setuid(nobody)

        control = subprocess.Popen(["sleep", "60"], preexec_fn=become)
        try:
            wait_until(lambda: os.stat(f"/proc/{control.pid}/environ").st_uid == user, 10, "control")
        finally:
            control.kill()
            control.wait()
        reach = subprocess.run(["test", "-x", program("zenrelease-plugin")], preexec_fn=become,
                               check=False)
        if reach.returncode:
            self.skipTest("another user cannot reach the programs here")
        _, plugin = self.pair(preexec=become)
        with open(f"/proc/{plugin.pid}/status", encoding="ascii") as file:
            self.assertIn(f"Uid:\t{user}\t", file.read())
        for name in ("environ", "mem", "maps"):
            self.assertEqual(os.stat(f"/proc/{plugin.pid}/{name}").st_uid, 0, name)


if __name__ == "__main__":
    unittest.main()
