"""A disk that a case can break."""

import mmap
import os
import struct

from .process import BIN

SHIM = os.path.join(BIN, "..", "tests", "cases", "libzr_disk_shim.so")


class Disk:
    """What disk_shim.c does to a plugin's files."""

    NAMES = ("flushes", "kill_before", "kill_after", "flush_errno", "write_errno",
             "stall")

    def __init__(self, folder):
        self.path = os.path.join(folder, "disk")
        size = 8 * len(self.NAMES)
        with open(self.path, "wb") as file:
            file.write(bytes(size))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), size)

    def environment(self):
        return {"LD_PRELOAD": SHIM,
                "ZR_DISK_SHIM": self.path}

    def get(self, name):
        return struct.unpack_from("=q", self.page, 8 * self.NAMES.index(name))[0]

    def set(self, **values):
        for name, value in values.items():
            struct.pack_into("=q", self.page, 8 * self.NAMES.index(name), value)
