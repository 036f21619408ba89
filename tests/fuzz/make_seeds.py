#!/usr/bin/env python3
"""Writes corpus/TARGET/seeds.pack: inputs made by hand, from which fuzzing starts.

  make_seeds.py           writes them
  make_seeds.py --check   says whether what is committed is what this program writes
"""

import os
import sys

import pack
import seeds_files
import seeds_rpc
import seeds_text

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def main():
    stale = []
    seeds = {**seeds_text.SEEDS, **seeds_rpc.SEEDS, **seeds_files.SEEDS}
    for target, inputs in sorted(seeds.items()):
        path = os.path.join(CORPUS, target, "seeds.pack")
        if "--check" not in sys.argv:
            pack.write(path, inputs)
        elif not os.path.exists(path) or pack.read(path) != inputs:
            stale.append(path)
    for path in stale:
        print(f"{path}: run tests/fuzz/make_seeds.py")
    print(f"seeds: {sum(map(len, seeds.values()))} for {len(seeds)} targets, {len(stale)} stale")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
