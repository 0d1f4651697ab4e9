"""How a file is written that no definition describes yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from refrain.errors import UnreadableUpload
from refrain.ingest.file_source import find_source, has_header

if TYPE_CHECKING:
    from pathlib import Path

BODY = "".join(f"{row},name {row % 3},{row * 1.5}\n" for row in range(20))
NAMES = "id,who,x\n"
YEARS = "who,2019,2020,2021\n" + "".join(f"n{row},{row},{row},{row}\n" for row in range(9))
LETTERS = "".join(f"{'ab'[row % 2]},{'xy'[row % 3 > 0]}\n" for row in range(9))
CASES: list[tuple[str, str | bytes, dict[str, Any], tuple[str, ...]]] = [
    ("a usual file", NAMES + BODY, {}, ("id", "who", "x")),
    ("a byte order mark", "\ufeffid,who,x\n" + BODY, {}, ("id", "who", "x")),
    ("semicolons", (NAMES + BODY).replace(",", ";"), {}, ("id", "who", "x")),
    ("a line that names the sign", "sep=|\n" + (NAMES + BODY).replace(",", "|"), {}, ("id", "who", "x")),
    ("no header", BODY, {"header": ["column_1", "column_2", "column_3"]}, ("column_1", "column_2", "column_3")),
    ("a title", "All of them\n\nid,who,x\n" + BODY, {"skip": 2}, ("id", "who", "x")),
    ("blank lines first", "\n\nid,who,x\n" + BODY, {}, ("id", "who", "x")),
    ("comments", "# an export\nid,who,x\n" + BODY, {"comment": "#"}, ("id", "who", "x")),
    ("a name with a hash", "#id,who,x\n" + BODY, {}, ("#id", "who", "x")),
    ("spaces", (NAMES + BODY.replace("name ", "")).replace(",", "   "), {"delimiter": " "}, ("id", "who", "x")),
    ("single quotes", NAMES + BODY.replace("name 0", "'a, b'"), {"quote": "'"}, ("id", "who", "x")),
    ("single quotes around names", "'id','who','x'\n" + BODY, {"quote": "'"}, ("id", "who", "x")),
    ("escapes", NAMES + BODY + '9,"say \\"hi\\" there",1\n', {"escape": "\\"}, ("id", "who", "x")),
    ("a code page", (NAMES + BODY + "9,Zürich,1\n").encode("cp1252"), {"encoding": "cp1252"}, ("id", "who", "x")),
    ("names of rows", "who,x\n" + BODY, {"skip": 1, "header": ["row", "who", "x"]}, ("row", "who", "x")),
    ("an index without a name", ",who,x\n" + BODY, {}, ("", "who", "x")),
    ("names that count", "0,1,2\n" + BODY, {}, ("0", "1", "2")),
    (
        "years",
        "who,2019,2020,2021\n" + "".join(f"n{row},{row},{row},{row}\n" for row in range(9)),
        {},
        ("who", "2019", "2020", "2021"),
    ),
    (
        "letters alone",
        "".join(f"{'ab'[row % 2]},{'xy'[row % 3 > 0]}\n" for row in range(9)),
        {"header": ["column_1", "column_2"]},
        ("column_1", "column_2"),
    ),
    ("odd letters in names", "a:\x1e,b\x85,c\n" + BODY, {}, ("a:\x1e", "b", "c")),
]


@pytest.mark.parametrize(("case", "text", "keys", "names"), CASES, ids=[case for case, *_ in CASES])
def test_what_a_person_would_look_up_is_found(
    tmp_path: Path, case: str, text: str | bytes, keys: dict[str, Any], names: tuple[str, ...]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    source = find_source(path, "csv")

    assert source.keys == keys
    assert tuple(name.strip() for name in source.names) == tuple(name.strip() for name in names)
    assert set(source.reasons) <= set(keys)


def test_a_file_of_one_column_has_a_header_unless_it_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x\n1\n2\n3\n")

    assert find_source(path, "csv").names == ("x",)
    assert has_header([["1"], ["2"]]) is False


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n\n")

    with pytest.raises(UnreadableUpload):
        find_source(path, "csv")
