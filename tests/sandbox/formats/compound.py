"""Writes compound files (MS-CFB version 3) with streams and one level of storages."""

import struct

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_NONE = 0xFFFFFFFF


def compound_file(streams: dict[str, bytes]) -> bytes:
    """A file of these streams ("storage/stream" or "stream"). Small ones are padded with zeros to 4,096 bytes, from
    where on a stream lies in sectors of its own.
    """
    names = ["Root Entry"]
    parents: dict[str, list[int]] = {"": []}
    entries: list[tuple[str, int, bytes]] = []
    for path, data in streams.items():
        folder, _, name = path.rpartition("/")
        if folder and folder not in parents:
            parents[folder] = []
            names.append(folder)
            entries.append((folder, 1, b""))
            parents[""].append(len(entries))
        entries.append((name, 2, data.ljust(4096, b"\0")))
        parents[folder].append(len(entries))
    sectors: list[bytes] = []
    fat: list[int] = []
    starts: list[int] = []
    for _, kind, data in entries:
        starts.append(_put(sectors, fat, data) if kind == 2 else 0)
    table = [_entry("Root Entry", 5, _child(parents[""], entries), _NONE, (_END, 0))]
    for number, (name, kind, data) in enumerate(entries, 1):
        inside = next((numbers for numbers in parents.values() if number in numbers), [])
        later = _ordered(inside, entries)
        place = later.index(number)
        right = later[place + 1] if place + 1 < len(later) else _NONE
        child = _child(parents[name], entries) if kind == 1 else _NONE
        table.append(_entry(name, kind, child, right, (starts[number - 1], len(data))))
    directory = _put(sectors, fat, b"".join(table))
    count = (len(fat) + 128) // 127
    first = len(sectors)
    fat += [_FAT] * count
    fat += [_FREE] * (count * 128 - len(fat))
    packed = struct.pack(f"<{len(fat)}I", *fat)
    sectors += [packed[start : start + _SECTOR] for start in range(0, len(packed), _SECTOR)]
    lists = [first + number for number in range(count)] + [_FREE] * (109 - count)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, count, directory, 0, 4096, _END, 0, _END, 0) + struct.pack("<109I", *lists)
    return header + b"".join(sectors)


def _put(sectors: list[bytes], fat: list[int], data: bytes) -> int:
    """Append a chain of sectors; returns the first one's number."""
    first = len(sectors)
    parts = [data[start : start + _SECTOR].ljust(_SECTOR, b"\0") for start in range(0, len(data), _SECTOR)]
    sectors += parts
    fat += [first + number + 1 for number in range(len(parts) - 1)] + [_END]
    return first


def _ordered(numbers: list[int], entries: list[tuple[str, int, bytes]]) -> list[int]:
    """Names are in order by length, then by letters: here each one is the right sibling of the one before it."""
    return sorted(numbers, key=lambda number: (len(entries[number - 1][0]), entries[number - 1][0].upper()))


def _child(numbers: list[int], entries: list[tuple[str, int, bytes]]) -> int:
    return _ordered(numbers, entries)[0] if numbers else _NONE


def _entry(name: str, kind: int, child: int, right: int, where: tuple[int, int]) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    return (
        wide.ljust(64, b"\0")
        + struct.pack("<HBB3I", len(wide), kind, 1, _NONE, right, child)
        + bytes(36)
        + struct.pack("<IQ", *where)
    )
