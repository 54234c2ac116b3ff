"""Memory of the C library, as the library itself tells of it in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

from gateway.adapters.heaps import HEAPS

WORK = """
import ctypes, sys, threading
from gateway.adapters.heaps import share_heaps
if sys.argv[1] == "shared":
    assert share_heaps()
together, libc = threading.Barrier(8), ctypes.CDLL(None)
def work():
    together.wait()
    kept = [bytearray(4000) for _ in range(200)]
    together.wait()
several = [threading.Thread(target=work) for _ in range(8)]
for one in several: one.start()
for one in several: one.join()
bytearray(16 * 2**20)  # free at once
large = bytearray(2**20)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


def told(how: str, path: Path) -> tuple[int, int]:
    """(heaps, octets of large pieces that go back as soon as they are free)."""
    subprocess.run([sys.executable, "-c", WORK, how, str(path)], check=True, timeout=60)
    said = path.read_text()
    mapped = re.search(r'<total type="mmap" count="\d+" size="(\d+)"/>', said)
    assert mapped is not None, said
    return said.count("<heap nr="), int(mapped[1])


def test_threads_share_few_heaps_and_large_pieces_go_back(tmp_path: Path) -> None:
    heaps, mapped = told("shared", tmp_path / "shared.xml")
    assert heaps == HEAPS
    assert mapped >= 2**20


def test_without_it_there_would_be_more_heaps_and_large_pieces_in_them(tmp_path: Path) -> None:
    heaps, mapped = told("own", tmp_path / "own.xml")
    assert heaps > HEAPS
    assert mapped < 2**20
