"""What the cases about teardown files and plans share."""

import json
import os

from .case import Case

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../examples/teardown")
RELEASE = "ReleaseInstances"
WIDE = {"max_instances": 1000000, "max_bin_percent": 100}


def step(name, product="vm", **members):
    return {"name": name, "product": product, **members}


def teardown(*steps, **members):
    return {"version": 1, "steps": list(steps), **members}


class PlanCase(Case):
    def world(self, *flags):
        self.folder = self.home()
        self.sim = self.simulator(*flags)
        self.environment = self.sim.environment()
        return self.sim

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, content, name="teardown.json"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return self.path(name)

    def run_cli(self, *arguments, **how):
        how.setdefault("environment", self.environment)
        return self.cli(*arguments, **how)

    def plan(self, content, expected=0, name="plan.jsonl"):
        """Plans into a file; answers its path."""
        code, out, err = self.run_cli("plan", self.write(content), "--out", self.path(name))
        self.assertEqual(code, expected, out + err)
        return self.path(name)

    def apply(self, plan, *arguments, **how):
        """(exit code, result object) of a saved plan."""
        how.setdefault("environment", self.environment)
        code, lines = self.cli_json("apply", "--plan", plan, *arguments, **how)
        self.assertEqual(lines[-1]["type"], "result", lines[-1])
        return code, lines[-1]

    def outcomes(self, result):
        return {r["instance_id"]: (r["outcome"], r.get("diagnostic_code", ""))
                for r in result["results"]}

    def ids_in(self, plan):
        with open(plan, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return [r["id"] for r in rows if r["type"] == "instance"]
