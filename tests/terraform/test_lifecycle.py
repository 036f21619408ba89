"""What a user does on a good day: adopt, change, move, import, drift, release."""

import json
import os
import sqlite3

import host
from host import Case, block, instances

OUTPUT = 'output "n" {\n  value = length(zenrelease_instances.a.instance_ids)\n}\n'


class Adopting(Case):
    def test_adopt_destroys_nothing_and_destroy_releases(self):
        sim, work = self.pair("--recycled", "250", "--running", "5")
        work.write('data "zenrelease_instances" "bin" {\n  product = "vm"\n}\n'
                   + instances("a", "data.zenrelease_instances.bin.ids") + OUTPUT)
        self.ok(work.apply())
        self.assertEqual(sim.count("ReleaseInstances"), 0)
        self.assertEqual(len(work.ids("zenrelease_instances.a")), 250)
        self.assertIn("No changes", self.ok(work.plan()).out)
        self.ok(work.destroy())
        self.assertEqual(sim.count("ReleaseInstances"), 3)
        self.assertEqual(len(sim.destroyed()), 250)
        self.assertEqual(work.state(), {})
        self.assertEqual(len(sim.ids("RUNNING")), 5)

    def test_taking_an_id_off_releases_it_and_no_other(self):
        sim, work = self.pair("--recycled", "4")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        work.write(instances("a", ids[:1] + ids[2:]))
        plan = self.ok(work.plan())
        self.assertIn("1 to change", plan.out)
        self.ok(work.apply())
        self.assertEqual(sim.destroyed(), {ids[1]})
        self.assertEqual(work.ids("zenrelease_instances.a"), ids[:1] + ids[2:])

    def test_order_is_no_change_and_empty_is_valid(self):
        sim, work = self.pair("--recycled", "3")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        work.write(instances("a", ids[::-1]))
        self.assertIn("No changes", self.ok(work.plan()).out)
        work.write(instances("b", []))
        self.ok(work.apply())
        self.assertEqual(sim.destroyed(), set(ids))
        self.assertEqual(work.ids("zenrelease_instances.b"), [])

    def test_keep_lets_an_id_move(self):
        sim, work = self.pair("--recycled", "2")
        ids = sim.ids()
        work.write(instances("a", ids, on_remove="keep"))
        self.ok(work.apply())
        work.write(instances("a", ids[:1], on_remove="keep") + instances("b", ids[1:]))
        self.ok(work.apply())
        work.write(instances("b", ids[1:]))
        self.ok(work.apply())
        self.assertEqual(sim.count("ReleaseInstances"), 0)
        self.assertEqual(work.ids("zenrelease_instances.b"), ids[1:])

    def test_product_cannot_change(self):
        sim, work = self.pair("--recycled", "1")
        body = instances("a", sim.ids())
        work.write(body)
        self.ok(work.apply())
        work.write(body.replace('"vm"', '"bmc"'))
        self.failed(work.plan(), "product")
        self.assertEqual(sim.count("ReleaseInstances"), 0)

    def test_unknown_ids_at_plan(self):
        sim, work = self.pair("--recycled", "1")
        ids = sim.ids()
        work.write(f'resource "terraform_data" "t" {{\n  input = "{ids[0]}"\n}}\n'
                   + instances("a", "[terraform_data.t.output]"))
        self.ok(work.plan())
        self.ok(work.apply())
        self.assertEqual(work.ids("zenrelease_instances.a"), ids)


class Drift(Case):
    def test_gone_behind_our_back(self):
        sim, work = self.pair("--recycled", "3")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        sim.set_status(ids[1:2], "ABSENT")
        plan = work.plan()
        self.assertIn(ids[1], plan.text, str(plan))
        self.ok(work.destroy())
        self.assertEqual(sim.destroyed(), {ids[0], ids[2]})
        self.assertEqual(work.state(), {})

    def test_nothing_found_is_not_forgotten(self):
        """Another account's endpoint finds none of them: the state stays, with a warning."""
        sim, work = self.pair("--recycled", "2")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        sim.set_status(ids, "ABSENT")
        done = self.ok(work.apply())
        self.assertIn("2 of 2 instances were not found", done.text)
        self.assertIn("right account and endpoint", done.text)
        self.assertEqual(work.ids("zenrelease_instances.a"), ids)
        self.ok(work.destroy())
        self.assertEqual(work.state(), {})
        self.assertEqual(sim.count("ReleaseInstances"), 0)

    def test_restored_behind_our_back(self):
        """An instance that runs again is never released: destroy reports it and keeps it."""
        sim, work = self.pair("--recycled", "3")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        sim.set_status(ids[1:2], "RUNNING")
        self.assertIn(ids[1], self.ok(work.plan()).text)
        self.failed(work.destroy(), ids[1])
        self.assertEqual(sim.destroyed(), {ids[0], ids[2]})
        self.assertEqual(work.ids("zenrelease_instances.a"), [ids[1]])
        self.assertEqual(sim.instances()[ids[1]], "RUNNING")


class Import(Case):
    def test_by_id(self):
        sim, work = self.pair("--recycled", "2")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.run("import", "-no-color", "zenrelease_instances.a", "vm/" + ",".join(ids)))
        self.assertEqual(work.ids("zenrelease_instances.a"), ids)
        plan = self.ok(work.plan())
        self.assertIn("1 to change", plan.out)
        self.assertRegex(plan.out, r'on_remove += "keep" -> "release"')
        self.ok(work.apply())
        self.assertEqual(sim.count("ReleaseInstances"), 0)
        self.assertIn("No changes", self.ok(work.plan()).out)

    def test_import_and_destroy_release_nothing(self):
        sim, work = self.pair("--recycled", "2")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.run("import", "-no-color", "zenrelease_instances.a", "vm/" + ",".join(ids)))
        self.ok(work.destroy())
        self.assertEqual(work.state(), {})
        self.assertEqual(sim.count("ReleaseInstances"), 0)

    def test_by_block(self):
        sim, work = self.pair("--recycled", "2")
        ids = sim.ids()
        work.write(instances("a", ids) + "import {\n  to = zenrelease_instances.a\n  id = "
                   f'"vm/{",".join(ids)}"\n}}\n')
        done = self.ok(work.apply())
        self.assertIn("1 imported", done.out)
        self.assertEqual(sim.count("ReleaseInstances"), 0)

    def test_by_identity(self):
        if not host.has_identity():
            self.skipTest("resource identity came with 1.12")
        sim, work = self.pair("--recycled", "2")
        ids = sim.ids()
        work.write(instances("a", ids) + "import {\n  to = zenrelease_instances.a\n  identity = {\n"
                   f'    product = "vm"\n    instance_ids = {json.dumps(ids)}\n  }}\n}}\n')
        self.assertIn("1 imported", self.ok(work.apply()).out)

    def test_of_what_is_not_there(self):
        sim, work = self.pair("--recycled", "1")
        work.write(instances("a", sim.ids()))
        self.failed(work.run("import", "-no-color", "zenrelease_instances.a", "vm/404404404"),
                    "404404404")
        self.failed(work.run("import", "-no-color", "zenrelease_instances.a", "nonsense/1"))


class Teardown(Case):
    def test_ensures_absence_and_destroys_nothing_later(self):
        sim, work = self.pair("--recycled", "3", "--running", "1")
        ids = sim.ids()
        work.write(block("zenrelease_teardown", "t", ids[:2] + ["404404404"]))
        done = self.ok(work.apply())
        self.assertIn("404404404", done.text)
        self.assertEqual(sim.destroyed(), set(ids[:2]))
        self.assertIn("No changes", self.ok(work.plan()).out)
        work.write(block("zenrelease_teardown", "t", ids + ["404404404"]))
        self.ok(work.apply())
        self.assertEqual(sim.destroyed(), set(ids))
        calls = sim.count("ReleaseInstances")
        self.ok(work.destroy())
        self.assertEqual(sim.count("ReleaseInstances"), calls)

    def test_a_partial_failure_is_told_and_tried_again(self):
        sim, work = self.pair("--recycled", "3")
        ids = sim.ids()
        sim.fault({"do": "error", "code": "OPERATION_DENIED", "status": 403,
                   "match": {"action": "ReleaseInstances", "containing": ids[:1]}})
        work.write(block("zenrelease_teardown", "t", ids))
        self.failed(work.apply(), ids[0])
        self.assertEqual(sim.destroyed(), set(ids[1:]))
        results = work.state()["zenrelease_teardown.t"]["attributes"]["results"]
        self.assertEqual({i: results[i]["outcome"] for i in ids},
                         {ids[0]: "refused", ids[1]: "released", ids[2]: "released"})
        self.assertEqual(work.state()["zenrelease_teardown.t"]["attributes"]["pending_ids"], ids[:1])
        sim.fault()
        self.ok(work.apply())
        self.assertEqual(sim.destroyed(), set(ids))
        self.assertEqual(sim.resubmitted(), [])

    def test_one_that_runs_is_found_at_plan(self):
        sim, work = self.pair("--recycled", "1", "--running", "1")
        running = sim.ids("RUNNING")[0]
        work.write(block("zenrelease_teardown", "t", sim.ids() + [running]))
        self.failed(work.plan(), running)


class Offline(Case):
    def test_schema_and_validate_need_no_api(self):
        work = self.workspace(environment={"ZENLAYERCLOUD_DOMAIN": "127.0.0.1:1"})
        work.write(instances("a", ["1000000000001"]))
        self.ok(work.run("validate", "-no-color"))
        schema = json.loads(self.ok(work.run("providers", "schema", "-json")).out)
        ours = next(iter(schema["provider_schemas"].values()))
        self.assertEqual(set(ours["resource_schemas"]),
                         {"zenrelease_instances", "zenrelease_teardown"})
        self.assertEqual(set(ours["data_source_schemas"]), {"zenrelease_instances"})
        if host.has_actions():
            self.assertEqual(set(ours["action_schemas"]), {"zenrelease_release"})
            self.assertEqual(set(ours["list_resource_schemas"]), {"zenrelease_instances"})

    def test_examples_are_formatted(self):
        examples = os.path.join(host.HERE, "..", "..", "examples", "terraform")
        work = self.workspace()
        done = work.run("fmt", "-check", "-recursive", "-diff", os.path.abspath(examples))
        self.ok(done)


class Journal(Case):
    def test_releases_of_a_provider_block_are_noted_in_its_journal(self):
        sim, work = self.pair("--recycled", "3")
        ids = sim.ids()
        path = os.path.join(work.path, "releases.db")
        body = f'provider "zenrelease" {{\n  journal = "{path}"\n}}\n' + instances("a", ids)
        work.write(body)
        self.ok(work.apply())
        self.ok(work.destroy())
        self.assertEqual(sim.destroyed(), set(ids))
        db = sqlite3.connect(path)
        rows = db.execute("SELECT instance_id, outcome, class, open FROM history").fetchall()
        db.close()
        self.assertEqual(sorted(rows), [(i, "released", "ok", 0) for i in sorted(ids)])

    def test_a_journal_that_cannot_be_made_is_said_at_once(self):
        sim, work = self.pair("--recycled", "1")
        work.write('provider "zenrelease" {\n  journal = "/nonexistent/releases.db"\n}\n'
                   + instances("a", sim.ids()))
        done = work.apply()
        self.assertNotEqual(done.code, 0)
        self.assertIn("/nonexistent/releases.db", done.text)


if __name__ == "__main__":
    host.main()
