"""Blocks of lines: which ones are parsed at once, and how their rows and lines are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from refrain.errors import UnreadableUpload
from refrain.ingest.fast_csv import blocks
from refrain.ingest.readers import delimited
from tests.contract.test_fast_csv import GOOD, HEADER, assert_same, define

if TYPE_CHECKING:
    from pathlib import Path

    from refrain.ingest.readers.chunks import Chunk


def chunks(tmp_path: Path, content: bytes, **source: Any) -> list[Chunk]:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with delimited.read_delimited(path, define(**source), "csv") as reading:
        return list(reading.chunks)


LINE = ",".join(GOOD)


@pytest.mark.parametrize(
    "content",
    [
        f"{LINE}\n" * 3,
        f"{LINE}\r\n\r\n" * 3,
        f"{LINE}\n\n  \n" * 2 + LINE,
        '"a","Bern, BE","1","yes","60",""\n' * 3,
        'a,"the ""old"" town",1,yes,60,\n' * 3,
        "a, Bern, 1,   yes, 60, \n" * 3,
        "a,Zürich,1,yes,60,\n" * 3,
        f"a,b,c\n{LINE}\n{LINE}\nx\n{LINE}\n",
    ],
)
def test_plain_lines_are_read_at_once(tmp_path: Path, content: str) -> None:
    (chunk,) = chunks(tmp_path, (",".join(HEADER) + "\n" + content).encode())
    assert chunk.accepted is not None
    assert chunk.accepted.num_rows == chunk.rows == 3


@pytest.mark.parametrize(
    "line",
    [
        'a,"two\nlines",1,yes,60,',
        'a,5" pipe,1,yes,60,',
        'a, "x, y",1,yes,60,',
        "a,old\rmac,1,yes,60,",
        "x\ra,Bern,1,yes,60,",
    ],
)
def test_a_line_that_blocks_cannot_hold_is_read_alone_and_later_lines_in_blocks_again(
    tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_BYTES", 10 * len(LINE))
    monkeypatch.setattr(blocks, "BLOCK", 10 * len(LINE))
    content = (",".join(HEADER) + "\n" + f"{LINE}\n" * 50 + f"{line}\n" + f"{LINE}\n" * 50).encode()
    read = chunks(tmp_path, content)
    accepted = [0 if chunk.accepted is None else chunk.accepted.num_rows for chunk in read]
    assert accepted[0] and accepted[-1]
    assert 80 <= sum(accepted) < 100
    assert_same(content, define())


def test_an_undecodable_byte_costs_its_line_however_far_it_is(tmp_path: Path) -> None:
    content = (",".join(HEADER) + "\n").encode() + f"{LINE}\n".encode() * 70_000 + b"a,\xff,1,yes,60,\n"
    (row,) = [row for chunk in chunks(tmp_path, content) for row in chunk.malformed]
    assert (row.line, row.reason) == (70_002, "byte 0xff is not utf-8")


def test_an_error_after_rows_comes_after_the_errors_in_the_rows(tmp_path: Path) -> None:
    content = (",".join(HEADER) + "\n").encode() + b"\xff\n" * 20_000 + f"{LINE}\n".encode() * 70_000 + b"x" * 2**25
    with pytest.raises(UnreadableUpload, match="line 2: byte 0xff"):
        chunks(tmp_path, content)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_alike_wherever_blocks_end(tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = end.join([",".join(HEADER), LINE, "", LINE, "ragged", LINE]).encode()
    for size in range(1, len(content)):
        monkeypatch.setattr(blocks, "MAX_BLOCK_BYTES", size)
        monkeypatch.setattr(blocks, "BLOCK", size)
        read = chunks(tmp_path, content)
        assert [line for chunk in read for line in chunk.lines.tolist()] == [2, 4, 6]
        assert [row.line for chunk in read for row in chunk.malformed] == [5]


def test_lines_after_an_open_quote_come_before_the_next_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_BYTES", 100)
    monkeypatch.setattr(blocks, "BLOCK", 100)
    monkeypatch.setattr(delimited, "MAX_CHUNK_ROWS", 3)
    monkeypatch.setattr(delimited, "MAX_FIELD_LENGTH", 300)
    content = (",".join(HEADER) + '\na,"open,1,yes,60,\n' + f"{LINE}\n" * 40).encode()
    read = chunks(tmp_path, content)
    assert [line for chunk in read for line in chunk.lines.tolist()] == list(range(3, 43))
    assert read[-1].accepted is not None


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xc3"], ids=["byte order mark", "half a character"])
def test_a_file_without_a_whole_character_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableUpload):
        chunks(tmp_path, content)
