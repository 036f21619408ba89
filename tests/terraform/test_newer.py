"""What newer Terraforms can do: actions with progress, and queries of the bin."""

import json
import os

import host
from host import Case


class Action(Case):
    def body(self, ids):
        return ('action "zenrelease_release" "now" {\n  config {\n    product      = "vm"\n'
                f'    instance_ids = {json.dumps(ids)}\n  }}\n}}\n')

    def setUp(self):
        if not host.has_actions():
            self.skipTest("actions came with Terraform 1.14; this host has none")

    def test_invoke_with_progress(self):
        sim, work = self.pair("--recycled", "250")
        work.write(self.body(sim.ids()))
        done = self.ok(work.apply("-invoke=action.zenrelease_release.now"))
        self.assertEqual(sim.count("ReleaseInstances"), 3)
        self.assertEqual(len(sim.destroyed()), 250)
        lines = [line for line in done.out.splitlines() if "Action action.zenrelease_release.now" in line]
        self.assertGreaterEqual(len(lines), 4, done.out)  # one a call, and the end

    def test_failures_are_named(self):
        sim, work = self.pair("--recycled", "3", "--running", "1")
        running = sim.ids("RUNNING")[0]
        work.write(self.body(sim.ids() + [running]))
        self.failed(work.apply("-invoke=action.zenrelease_release.now"), running)
        self.assertEqual(len(sim.destroyed()), 3)

    def test_trigger(self):
        sim, work = self.pair("--recycled", "2")
        work.write(self.body(sim.ids()) + 'resource "terraform_data" "t" {\n  lifecycle {\n'
                   '    action_trigger {\n      events  = [after_create]\n'
                   '      actions = [action.zenrelease_release.now]\n    }\n  }\n}\n')
        self.ok(work.apply())
        self.assertEqual(len(sim.destroyed()), 2)

    def test_trigger_after_destroy(self):
        if host.kind()[1] < (1, 16):
            self.skipTest("after_destroy came with Terraform 1.16")
        sim, work = self.pair("--recycled", "2")
        work.write(self.body(sim.ids()) + 'resource "terraform_data" "t" {\n  lifecycle {\n'
                   '    action_trigger {\n      events  = [after_destroy]\n'
                   '      actions = [action.zenrelease_release.now]\n    }\n  }\n}\n')
        self.ok(work.apply())
        self.assertEqual(sim.count("ReleaseInstances"), 0)
        self.ok(work.destroy())
        self.assertEqual(len(sim.destroyed()), 2)


class Query(Case):
    def setUp(self):
        if not host.has_actions():
            self.skipTest("queries came with Terraform 1.14; this host has none")

    def test_finds_the_bin_and_writes_import_blocks(self):
        sim, work = self.pair("--recycled", "7", "--running", "2")
        work.write("")
        work.write('list "zenrelease_instances" "bin" {\n  provider = zenrelease\n  config {\n'
                   '    product = "vm"\n  }\n}\n', name="bin.tfquery.hcl")
        done = self.ok(work.run("query", "-json"))
        found = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
        results = [r for r in found if r.get("type") == "list_resource_found"]
        self.assertEqual(len(results), 7, done.out)
        path = os.path.join(work.path, "found.tf")
        self.ok(work.run("query", "-no-color", f"-generate-config-out={path}"))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count("import {"), 7)
        os.remove(os.path.join(work.path, "bin.tfquery.hcl"))
        plan = self.ok(work.plan())
        self.assertIn("7 to import", plan.out)
        self.assertEqual(sim.count("ReleaseInstances"), 0)

    def test_limit(self):
        sim, work = self.pair("--recycled", "250")
        work.write("")
        work.write('list "zenrelease_instances" "bin" {\n  provider = zenrelease\n  limit = 120\n'
                   '  config {\n    product = "vm"\n  }\n}\n', name="bin.tfquery.hcl")
        done = self.ok(work.run("query", "-json"))
        self.assertEqual(done.out.count('"type":"list_resource_found"'), 120)
        self.assertGreater(sim.count("DescribeInstances"), 0)


if __name__ == "__main__":
    host.main()
