#!/usr/bin/env python3
"""Packs of inputs: for each one its length in decimal, a line end, and so many bytes.

  pack.py unpack PACK FOLDER    each input as a file of its own
  pack.py pack FOLDER PACK [N]  the other way; the shortest inputs first, without those above N bytes
"""

import hashlib
import os
import sys


def read(path):
    """The inputs of a pack, in order."""
    with open(path, "rb") as file:
        data = file.read()
    inputs = []
    while data:
        length, _, data = data.partition(b"\n")
        inputs.append(data[: int(length)])
        data = data[int(length):]
    return inputs


def text(inputs):
    return b"".join(b"%d\n%s" % (len(one), one) for one in inputs)


def write(path, inputs):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(text(inputs))


def main():
    if len(sys.argv) not in (4, 5) or sys.argv[1] not in ("pack", "unpack"):
        sys.exit(__doc__)
    if sys.argv[1] == "unpack":
        os.makedirs(sys.argv[3], exist_ok=True)
        for one in read(sys.argv[2]):
            name = hashlib.sha1(one).hexdigest()
            with open(os.path.join(sys.argv[3], name), "wb") as file:
                file.write(one)
    else:
        inputs = []
        for name in os.listdir(sys.argv[2]):
            with open(os.path.join(sys.argv[2], name), "rb") as file:
                inputs.append(file.read())
        if len(sys.argv) == 5:
            inputs = [one for one in inputs if len(one) <= int(sys.argv[4])]
        write(sys.argv[3], sorted(inputs, key=lambda one: (len(one), one)))


if __name__ == "__main__":
    main()
