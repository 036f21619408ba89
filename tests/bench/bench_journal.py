"""What the journal costs: a release of many ids with it and without it, in turn, on the same simulator.

  bench_journal.py [--ids 10000] [--pairs 7] [--latency-ms 20]

The ratio is of pairs, so that a machine whose speed drifts does not decide it. Goal: at most 1.05.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
# pylint: disable=wrong-import-position
from harness.plugin import Plugin  # noqa: E402
from harness.simulator import Simulator  # noqa: E402


def one_release(count, latency, journal):
    sim = Simulator("--recycled", str(count), "--latency-ms", str(latency), "--log-limit", "10")
    flags = ["--journal", journal] if journal else []
    plugin = Plugin(sim.environment(), *flags)
    try:
        ids, stub = sim.ids(), plugin.stub()
        begun = time.monotonic()
        answer = plugin.release(ids, timeout=120, stub=stub)
        took = time.monotonic() - begun
        if answer.counts.released != count:
            raise SystemExit(f"only {answer.counts.released} of {count} were released")
        return took
    finally:
        plugin.stop()
        sim.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", type=int, default=10000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--latency-ms", type=int, default=20)
    chosen = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory(prefix="zr-bench-") as folder:
        for n in range(chosen.pairs + 1):
            without = one_release(chosen.ids, chosen.latency_ms, None)
            kept = one_release(chosen.ids, chosen.latency_ms, os.path.join(folder, f"{n}.db"))
            if n == 0:
                continue  # warm-up
            ratios.append(kept / without)
            print(f"  {chosen.ids} ids at {chosen.latency_ms} ms: {without:.3f} s without, {kept:.3f} s with a journal: "
                  f"{kept / without:.3f}", flush=True)
    print(f"journal: {statistics.median(ratios):.3f} of the same release without it "
          f"(median of {len(ratios)} pairs, {min(ratios):.3f} to {max(ratios):.3f}; goal 1.05)")


if __name__ == "__main__":
    main()
