"""Files as a stranger or a bad disk would make them: bytes flipped, cut, spliced, and containers with odd contents."""

import json
import struct
from collections.abc import Callable, Iterator

import numpy as np

ODD = [
    None, True, -1, 0, 1.5, 1e308, 10**400, "", "x" * 5000, "\x1b[2J", "<script>alert(1)</script>", "\ud800", [], [[]],
    {}, {"a": {}}, [1, 2, 3], "NaN",
]  # fmt: skip
DTYPES = ["F32", "F64", "F16", "BF16", "BOOL", "I8", "U64", "I64", "F8_E4M3", "X99", ""]
Numbers = np.random.Generator
Way = Callable[[bytearray, bytes, Numbers], bytearray]


def mutants(seeds: list[bytes], rng: Numbers, odd: Way) -> Iterator[bytes]:
    """Endlessly many files, each from one of the seeds; odd: a way that leaves them whole, with odd contents."""
    ways = [flipped, cut, spliced, zeroed, doubled, *[odd] * 4]
    while True:
        data = bytearray(seeds[rng.integers(len(seeds))])
        other = seeds[rng.integers(len(seeds))]
        yield bytes(ways[rng.integers(len(ways))](data, other, rng))


def flipped(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    reach = len(data) if rng.random() < 0.5 else min(len(data), 3000)  # what says how to read it stands first
    for place in rng.integers(reach, size=rng.integers(1, 20)):
        data[place] ^= 1 << rng.integers(8)
    return data


def cut(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    return data[: rng.integers(len(data))]


def spliced(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    return data[: rng.integers(len(data))] + other[rng.integers(len(other)) :]


def zeroed(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    first = rng.integers(len(data))
    last = min(len(data), first + rng.integers(1, 4096))
    data[first:last] = bytes(last - first)
    return data


def doubled(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    first = rng.integers(len(data))
    return data[:first] + data[first : first + rng.integers(1, 500)] * 3 + data[first:]


def odd_bytes(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    """Bytes put in: of a pickle, other steps of its program."""
    for place in rng.integers(len(data), size=rng.integers(1, 6)):
        data[place : place + rng.integers(2)] = bytes(rng.integers(256, size=rng.integers(1, 9), dtype=np.uint8))
    return data


def odd_header(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    """A file that is one, with something else where a shape, a kind, a setting or a text belongs."""
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    body = data[8 + size :]
    arrays = [name for name in header if name != "__metadata__"]
    name = arrays[rng.integers(len(arrays))]
    odd = ODD[rng.integers(len(ODD))]
    match rng.integers(8):
        case 0:
            header[name]["shape"] = [list(reversed(header[name]["shape"])), [], [-1], [2**62, 2**62], odd][
                rng.integers(5)
            ]
        case 1:
            header[name]["dtype"] = DTYPES[rng.integers(len(DTYPES))]
        case 2:
            header[str(odd)] = header.pop(name)
        case 3:
            header[name]["data_offsets"] = [[0, 2**63], [8, 4], odd][rng.integers(3)]
        case 4:
            body[:] = rng.integers(256, size=len(body), dtype=np.uint8).tobytes()
        case _:
            whole = header["__metadata__"]
            key = list(whole)[rng.integers(len(whole))]
            whole[key] = json.dumps(within(json.loads(whole[key]), odd, rng)) if rng.random() < 0.9 else str(odd)
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return bytearray(struct.pack("<Q", len(text)) + text) + body


def within(value, odd, rng: Numbers):
    """The value with something odd at some place in it."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = list(value)[rng.integers(len(value))]
        return value | {key: within(value[key], odd, rng)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        place = rng.integers(len(value))
        return [*value[:place], within(value[place], odd, rng), *value[place + 1 :]]
    return odd


def odd_json(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    """A JSON file that is one, with something else at some place."""
    odd = ODD[rng.integers(len(ODD))]
    return bytearray(json.dumps(within(json.loads(data), odd, rng)).encode())


def odd_table(data: bytearray, other: bytes, rng: Numbers) -> bytearray:
    """A table that is one, with another name or number in it, a column or a line twice, or one less."""
    rows = [line.split(b",") for line in bytes(data).splitlines()]
    row, column = rng.integers(len(rows)), rng.integers(len(rows[0]))
    cells = [
        b"nan",
        b"-inf",
        b"1e999",
        b"1e308",
        b"-5",
        b"",
        b" ",
        b'"',
        b"9" * 5000,
        b"\xff",
        b"<b>",
        b"\x1b[2J",
        b"_1",
    ]
    match rng.integers(5):
        case 0:
            rows[0][column] = cells[rng.integers(len(cells))]
        case 1:
            rows = [[*line, line[column]] for line in rows]
        case 2:
            rows = [line[:column] + line[column + 1 :] for line in rows]
        case 3:
            rows.insert(row, list(rows[row]))
        case _:
            rows[row][column] = cells[rng.integers(len(cells))]
    return bytearray(b"\n".join(map(b",".join, rows)) + b"\n")
