"""Runs fault cases: each way of provoking each of them in a thread of its own, some at a time.

    run.py [FILE | NUMBER]... [--long | --only-long] [--list]

They wait far more than they work, so sixteen share a core without hurting each other. A line a case, and
at the end how many passed.
"""

import glob
import importlib
import os
import sys
import time
import traceback
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.modules.setdefault("run", sys.modules[__name__])
import base  # noqa: E402  pylint: disable=wrong-import-position

THREADS = int(os.environ.get("ZR_CASE_THREADS", "16"))


def files():
    pattern = os.path.join(base.HERE, "cases_*.py")
    return sorted(os.path.splitext(os.path.basename(path))[0] for path in glob.glob(pattern))


def cases(chosen):
    """The case classes of the named files, or those with the given numbers; in order."""
    wanted_files = [c for c in chosen if not c.isdigit()]
    numbers = {int(c) for c in chosen if c.isdigit()}
    found = []
    for name in files() if numbers or not wanted_files else wanted_files:
        module = importlib.import_module(name)
        found += [c for c in vars(module).values()
                  if isinstance(c, type) and c.__name__.startswith("Case") and c.__module__ == name
                  and issubclass(c, base.FaultCase) and c.__name__[4:6].isdigit()
                  and (not chosen or name in wanted_files or base.number_of(c) in numbers)]
    return sorted(found, key=base.number_of)


def methods(case, want):
    """The runs of a case: all, those of ordinary length, or the long ones only."""
    names = [n for n in vars(case) if n.startswith("test_")]
    is_long = {n: getattr(getattr(case, n), "is_long", False) for n in names}
    return [n for n in names if want == "all" or is_long[n] == (want == "long")]


class Run:
    """One way of provoking one case."""

    def __init__(self, case, method):
        self.case, self.method = case, method
        self.seconds, self.faults, self.skipped = 0.0, [], []

    def __call__(self):
        began = time.monotonic()
        result = unittest.TestResult()
        try:
            self.case(self.method).run(result)
        except BaseException:  # pylint: disable=broad-except
            self.faults.append(traceback.format_exc())
        self.faults += [text for _, text in result.errors + result.failures]
        self.skipped = [why for _, why in result.skipped]
        self.seconds = time.monotonic() - began
        return self


def title(case):
    return case.__doc__.strip().splitlines()[0]


def tell(case, runs):
    """One line, and below it what went wrong. True: passed, False: failed, None: nothing ran."""
    bad = [r for r in runs if r.faults]
    ran = [r for r in runs if not r.skipped]
    word = "FAILED" if bad else "passed" if ran else "skipped"
    slowest = max((r.seconds for r in runs), default=0)
    print(f"case {base.number_of(case):2}  {word}  {title(case)}  ({len(runs)} runs, {slowest:.1f} s)", flush=True)
    for run in bad:
        for text in run.faults[:3]:
            print(f"--- {case.__name__}.{run.method}\n{text}", flush=True)
    return False if bad else True if ran else None


def main(arguments):
    want = "long" if "--only-long" in arguments else "all" if "--long" in arguments else "ordinary"
    chosen = cases([a for a in arguments if not a.startswith("--")])
    work = {case: [Run(case, m) for m in methods(case, want)] for case in chosen}
    work = {case: runs for case, runs in work.items() if runs}
    if "--list" in arguments:
        for case, runs in work.items():
            print(f"{base.number_of(case):2} {title(case)}: " + ", ".join(r.method for r in runs))
        return 0
    if not work:
        print("no such case")
        return 2
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        futures = {case: [pool.submit(run) for run in runs] for case, runs in work.items()}
        verdicts = [tell(case, [f.result() for f in futures[case]]) for case in work]
    passed, failed = verdicts.count(True), verdicts.count(False)
    skipped = f", {verdicts.count(None)} skipped" if None in verdicts else ""
    total = sum(len(runs) for runs in work.values())
    print(f"{total} runs in {time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed{skipped}")
    return 1 if failed else 77 if not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
