"""Cuts symbols off shared libraries: a loader reads segments alone, and debuggers' symbols lie behind them."""

import struct
import sys
from pathlib import Path

ELF64 = b"\x7fELF\x02"


def shorten(library: Path) -> None:
    """Cut a library behind its last segment, and drop the table of sections, which lies there too."""
    content = bytearray(library.read_bytes())
    if not content.startswith(ELF64):
        return
    (table,), (size, count) = struct.unpack_from("<Q", content, 32), struct.unpack_from("<HH", content, 54)
    headers = range(table, table + size * count, size)
    end = max(sum(struct.unpack_from("<Q16xQ", content, header + 8)) for header in headers)
    struct.pack_into("<Q", content, 40, 0)  # no table of sections
    struct.pack_into("<HHH", content, 58, 64, 0, 0)
    library.write_bytes(content[:end])


if __name__ == "__main__":
    for path in Path(sys.argv[1]).rglob("*.so*"):
        shorten(path)
