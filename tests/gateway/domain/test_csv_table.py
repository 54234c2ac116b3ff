"""CSV as people's programs write it, and as nobody should."""

import tracemalloc
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.csv_table import LONGEST_LINE, BadLine, Row, Table, guessed, neutral, plain
from gateway.errors import BadRequest


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]


async def read(data: bytes, size: int = 7) -> tuple[Table, list[Row | BadLine]]:
    table = Table(chunks=pieces(data, size))
    return table, [row async for row in table.rows()]


TEXT = "name;full name;mail\nann;Änne Öde;ann@x.example\r\nbob;Bob;\rcid;Ćid;c@x.example"


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
async def test_every_common_encoding_and_line_end(encoding: str, size: int) -> None:
    table, rows = await read(TEXT.encode(encoding), size)
    assert (table.headings, table.delimiter) == (("name", "full name", "mail"), ";")
    assert rows == [
        Row(number=2, cells=("ann", "Änne Öde", "ann@x.example")),
        Row(number=3, cells=("bob", "Bob", "")),
        Row(number=4, cells=("cid", "Ćid", "c@x.example")),
    ]


async def test_windows_code_page_is_read_until_a_line_was_utf_8() -> None:
    _, rows = await read("name\nÄnne\n".encode("cp1252") + "Öde\n".encode() + "Ünal\n".encode("cp1252") + b"\x81\n")
    assert [getattr(row, "cells", None) for row in rows] == [("Änne",), ("Öde",), None, None]
    assert isinstance(rows[2], BadLine)
    assert (rows[2].number, "cannot be read" in rows[2].why) == (4, True)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_the_delimiter_is_the_headings(delimiter: str) -> None:
    table, rows = await read(f'name{delimiter}"a{delimiter}{delimiter};,"\n1{delimiter}"2{delimiter}""3"""'.encode())
    assert table.delimiter == delimiter
    assert rows == [Row(number=2, cells=("1", f'2{delimiter}"3"'))]


async def test_a_cell_of_several_lines_is_one_and_an_open_quotation_mark_costs_its_line_alone() -> None:
    _, rows = await read(
        b'name,address\nann,"Road 1\nTown"\nbob,"open\ncid,x\n' + b"".join(b"u%d,y\n" % n for n in range(60))
    )
    assert rows[0] == Row(number=2, cells=("ann", "Road 1\nTown"))
    assert rows[1] == BadLine(number=4, why="A quotation mark is not closed.")
    assert [row.cells[0] for row in rows[2:] if isinstance(row, Row)] == ["cid", *(f"u{n}" for n in range(60))]


async def test_broken_lines_are_named_with_their_numbers() -> None:
    _, rows = await read(b'name,mail\n\n , \na,b,c\n"a"b,c\nd,e\nf\n')
    assert [row for row in rows if isinstance(row, BadLine)] == [
        BadLine(number=4, why="It has 3 cells, and there are 2 headings."),
        BadLine(number=5, why="Its quotation marks make no sense."),
    ]
    assert [row.cells for row in rows if isinstance(row, Row)] == [("d", "e"), ("f",)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_a_line_of_twenty_megabytes_costs_no_memory(encoding: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield "name\nann\n".encode(encoding)
        more = ("x" * 65536).encode(encoding.replace("16", "16-le"))
        for _ in range(320):
            yield more
        yield "\nbob\n".encode(encoding.replace("16", "16-le"))

    tracemalloc.start()
    table = Table(chunks=endless())
    rows = [row async for row in table.rows()]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == [
        Row(number=2, cells=("ann",)),
        BadLine(number=3, why="It is longer than 64 KB."),
        Row(number=4, cells=("bob",)),
    ]
    assert peak < 40 * LONGEST_LINE


@pytest.mark.parametrize("data", [b"", b"\n\n", b";;;\n", b"\xff\xfe", b"name,name\nx,y\n"])
async def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        await read(data)


def test_headings_say_what_a_column_is_in_three_languages() -> None:
    assert guessed(["Login", "E-Mail", "Kartennummer", "Coût", "Centre de coûts", "Étage", "PIN-Code", "mail"]) == {
        "name": 0,
        "email": 1,
        "cards": 2,
        "cost_centre": 4,
        "pin": 6,
    }


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_no_exported_cell_is_a_formula_and_it_comes_back(formula: str) -> None:
    assert neutral(formula) == f"'{formula}"
    assert plain(neutral(formula)) == formula
    assert plain("'quoted'") == "'quoted'"


@given(st.binary(max_size=300), st.integers(1, 50))
async def test_any_octets_are_rows_broken_lines_or_no_table(data: bytes, size: int) -> None:
    try:
        _, rows = await read(data, size)
    except BadRequest:
        return
    assert all(isinstance(row, Row | BadLine) for row in rows)
