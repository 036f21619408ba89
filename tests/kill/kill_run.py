"""Kills the plugin and holds what is left against the simulator's ledger.

  kill_run.py --points 1000 [--from SEED] [--jobs 4]   at so many random moments
  kill_run.py --steps SHIM [--jobs 4]                  before, after and in the middle of each step of the journal

A failure prints the command that repeats it. Ends with a line that counts.
"""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import lives


def attempt(what, command):
    """(result, problem)"""
    try:
        return what(), None
    except (lives.Broken, AssertionError, lives.grpc.RpcError) as problem:
        return 0, f"{type(problem).__name__}: {problem}\nrepeat with: {command}"


def random_moments(first, count, jobs):
    def one(seed):
        return attempt(lambda: lives.live(seed), f"tests/kill/run.sh BUILD --from {seed} --points 1")

    good = deaths = 0
    with ThreadPoolExecutor(jobs) as pool:
        for n, (died, problem) in enumerate(pool.map(one, range(first, first + count)), 1):
            deaths += died
            good += problem is None
            if problem:
                print(problem, flush=True)
            if n % 100 == 0:
                print(f"  {n} of {count}, {good} good", flush=True)
    print(f"kill -9 at {count} random moments, {deaths} deaths in all: {good} of {count}", flush=True)
    return good == count


def each_step(shim, jobs):
    """All three ways at step n, until no process dies any more: then there is no such step."""
    good = tried = 0
    with ThreadPoolExecutor(jobs) as pool:
        for how in ("before", "half", "after"):
            step, more = 1, True
            while more:
                steps = range(step, step + jobs)
                command = f"tests/kill/run.sh BUILD --steps --step {{}} --how {how}"
                done = list(pool.map(
                    lambda n: attempt(lambda: lives.live_to_step(n, how, shim), command.format(n)), steps))
                for died, problem in done:
                    if problem:
                        print(problem, flush=True)
                    more = more and (died or problem is not None)
                    tried += died or problem is not None
                    good += bool(died) and problem is None
                step += jobs
                if step > 2000:
                    print("the journal takes more than 2000 steps: is anything counted twice?")
                    return False
    print(f"kill -9 at every step of the journal: {good} of {tried}", flush=True)
    return good == tried and tried > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=0)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--steps", metavar="SHIM")
    parser.add_argument("--step", type=int)
    parser.add_argument("--how", choices=("before", "half", "after"), default="before")
    chosen = parser.parse_args()
    begun, good = time.monotonic(), True
    if chosen.points:
        good = random_moments(chosen.first, chosen.points, chosen.jobs)
    if chosen.steps and chosen.step:
        died, problem = attempt(lambda: lives.live_to_step(chosen.step, chosen.how, chosen.steps), "the same")
        print(problem or f"step {chosen.step}, {chosen.how}: good{'' if died else ', nothing died'}")
        good = problem is None
    elif chosen.steps:
        good = each_step(chosen.steps, chosen.jobs) and good
    print(f"in {time.monotonic() - begun:.0f} s", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
