"""CSV and TSV, and what people do to them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from preprocessing import Definition
from refrain.errors import UnreadableUpload
from refrain.ingest.readers import delimited, jsonlines, line_records

Read = Callable[..., Any]
Define = Callable[..., Definition]


def rows(read: Any) -> list[tuple[str, str, str]]:
    return list(zip(*(read.columns[name] for name in ("age", "town", "label")), strict=True))


@pytest.mark.parametrize(
    "content",
    [
        b"age,town,label\n39,Bern,a\n40,Genf,b\n",
        b"age,town,label\n39,Bern,a\n40,Genf,b",
        b"age,town,label\r\n39,Bern,a\r\n40,Genf,b\r\n",
        b"age,town,label\r39,Bern,a\r40,Genf,b\r",
        b"age;town;label\n39;Bern;a\n40;Genf;b\n",
        b"age\ttown\tlabel\n39\tBern\ta\n40\tGenf\tb\n",
        b"age|town|label\n39|Bern|a\n40|Genf|b\n",
        b'"age","town","label"\n"39","Bern","a"\n"40","Genf","b"\n',
        b"age, town, label\n39, Bern, a\n40, Genf, b\n",
        b' age , town,label \n39, "Bern", a\n40,"Genf","b"\n',
        b"\n\nage,town,label\n\n39,Bern,a\n   \n40,Genf,b\n\n\n",
        b"label,town,age\na,Bern,39\nb,Genf,40\n",
        b"age,extra,town,label\n39,x,Bern,a\n40,y,Genf,b\n",
    ],
)
def test_the_same_rows_are_read_from_every_dialect(read: Read, content: bytes) -> None:
    assert rows(read(content)) == [("39", "Bern", "a"), ("40", "Genf", "b")]


def test_a_semicolon_wins_over_a_decimal_comma(read: Read) -> None:
    assert read(b"age;label\n1,5;a\n2,5;b\n3,5;a\n").columns == {"age": ["1,5", "2,5", "3,5"], "label": ["a", "b", "a"]}


def test_a_semicolon_wins_over_a_decimal_comma_without_a_header_line(read: Read) -> None:
    found = read(b"1,5;Bern;a\n2,5;Genf;b\n", header=["age", "town", "label"])
    assert rows(found) == [("1,5", "Bern", "a"), ("2,5", "Genf", "b")]


def test_the_delimiter_of_the_definition_wins(read: Read) -> None:
    assert rows(read(b"age:town:label\n39:a,b:c\n", delimiter=":")) == [("39", "a,b", "c")]


def test_columns_may_be_lined_up_with_spaces(read: Read) -> None:
    assert rows(read(b"age town  label\n39   Bern  a\n", delimiter=" ")) == [("39", "Bern", "a")]


def test_a_tsv_is_parted_by_tabs_whatever_else_is_in_it(read: Read) -> None:
    assert rows(read(b"age\ttown\tlabel\n39\tBern, BE; CH\ta\n", "a.tsv")) == [("39", "Bern, BE; CH", "a")]


def test_a_file_of_one_column_needs_no_delimiter(read: Read) -> None:
    assert read(b"label\na\nb\n").columns == {"label": ["a", "b"]}


def test_quotes_hold_delimiters_quotes_and_line_ends_and_lines_are_counted_as_they_stand(read: Read) -> None:
    found = read(b'age,town,label\n39,"Bern, ""BE""\nline two",a\n\n40,Genf,b\n')
    assert rows(found) == [("39", 'Bern, "BE"\nline two', "a"), ("40", "Genf", "b")]
    assert found.lines == [2, 5]
    assert found.numbers == [1, 2]


def test_a_quote_inside_a_field_is_a_letter(read: Read) -> None:
    assert rows(read(b'age,town,label\n39,5" pipe,a\n40,Genf,b\n')) == [("39", '5" pipe', "a"), ("40", "Genf", "b")]


def test_ragged_rows_are_malformed_and_counted_with_their_lines(read: Read) -> None:
    found = read(b"age,town,label\n39,Bern\n40,Genf,b\n41,Bern,a,surplus\n")
    assert [(row.number, row.line, row.reason, row.original) for row in found.malformed] == [
        (1, 2, "expected 3 fields, got 2", ["39", "Bern"]),
        (3, 4, "expected 3 fields, got 4", ["41", "Bern", "a", "surplus"]),
    ]
    assert found.numbers == [2]
    assert found.lines == [3]
    assert found.originals == [{"age": "40", "town": "Genf", "label": "b"}]


def test_a_quote_that_is_never_closed_costs_one_row_only(read: Read) -> None:
    found = read(b'age,town,label\n39,"Bern,a\n40,Genf,b\n41,Bern,a\n')
    assert rows(found) == [("40", "Genf", "b"), ("41", "Bern", "a")]
    assert found.numbers == [2, 3]
    assert found.lines == [3, 4]
    (row,) = found.malformed
    assert (row.number, row.line, row.original) == (1, 2, ['39,"Bern,a'])
    assert "never closes" in row.reason


def test_a_quote_that_is_never_closed_is_told_on_the_last_line_too(read: Read) -> None:
    (row,) = read(b'age,town,label\n39,Bern,a\n40,"Genf,b').malformed
    assert "never closes" in row.reason


def test_a_quote_that_is_never_closed_costs_one_row_only_in_a_large_file(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MAX_FIELD_LENGTH", 100)
    found = read(b'age,town,label\n39,"Bern,a\n' + b"40,Genf,b\n" * 50 + b'41,"x ""y""",c\n')
    assert len(rows(found)) == 51
    assert rows(found)[-1] == ("41", 'x "y"', "c")
    assert found.lines == list(range(3, 54))
    assert len(found.malformed) == 1


def test_a_field_that_is_too_long_is_one_malformed_row(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_FIELD_LENGTH", 100)
    found = read(b"age,town,label\n39," + b"x" * 200 + b",a\n40,Genf,b\n")
    assert rows(found) == [("40", "Genf", "b")]
    assert "longer than 100" in found.malformed[0].reason


def test_a_file_cut_off_in_a_quoted_field_keeps_the_rows_before(read: Read) -> None:
    found = read(b'age,town,label\n39,Bern,a\n40,Genf,"b')
    assert rows(found) == [("39", "Bern", "a")]
    assert found.malformed[0].line == 3


def test_a_header_said_in_the_definition_names_the_fields(read: Read) -> None:
    found = read(b"39,Bern,a\n40,Genf,b\n", header=["age", "town", "label"])
    assert rows(found) == [("39", "Bern", "a"), ("40", "Genf", "b")]
    assert found.lines == [1, 2]


def test_a_header_line_is_no_row_although_the_definition_says_the_header(read: Read) -> None:
    found = read(b"label,town,age\na,Bern,39\n", header=["age", "town", "label"])
    assert rows(found) == [("39", "Bern", "a")]


def test_columns_are_renamed_as_the_definition_says(read: Read) -> None:
    found = read(b"Age (years),town,label\n39,Bern,a\n", rename={"Age (years)": "age"})
    assert rows(found) == [("39", "Bern", "a")]
    assert found.originals == [{"Age (years)": "39", "town": "Bern", "label": "a"}]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"x,y\n1,2\n", "no_columns", "Found: x, y. Expected: age, town, label"),
        (b"age,town\n1,2\n", "no_target", "'label'"),
        (b"age,town,label,age\n1,2,3,4\n", "duplicate_column", "column 'age' twice: as field 1"),
        (b"\n \n\n", "empty", "blank lines"),
        (b"", "empty", "empty"),
        (b'"age,town,label\n1,2,3\n', "no_header", "never closes"),
        (b"PK\x03\x04\x00\x00age,label\n", "binary", "NUL byte"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 99, "encoding", "byte 0x89"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_a_reason(read: Read, content: bytes, code: str, words: str) -> None:
    with pytest.raises(UnreadableUpload) as refusal:
        read(content)
    assert refusal.value.code == code
    assert words in str(refusal.value)


def test_a_name_twice_that_is_no_column_of_ours_does_no_harm(read: Read) -> None:
    found = read(b"age,x,town,x,label\n39,1,Bern,2,a\n")
    assert rows(found) == [("39", "Bern", "a")]
    assert found.originals == [["39", "1", "Bern", "2", "a"]]


def test_only_a_header_gives_no_rows(read: Read) -> None:
    assert read(b"age,town,label\n").numbers == []


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.csv", b'39,"Bern,a\n40,Genf,b\n41,Bern",a\n42,Genf,b\n', [2]),
        ("a.csv", b'39,"Bern,a\n40,Genf",b\n41,Bern,a\n', [2]),
        ("a.csv", b'39,"Bern,a\n40,"Genf, GE",b\n41,Bern,a\n', [2]),
        ("a.csv", b'39,"Bern,a\n' + b"40,Genf,b\n" * 300 + b'41,Bern" or so,a\n', [2]),
        ("a.csv", b'39, "Bern, a\n40, Genf, b\n41, Bern", a\n', [2]),
        ("a.tsv", b'39\t"Bern, BE\ta\n40\tGenf\tb\n\n41\tBern"\ta\n', [2]),
    ],
)
def test_rows_between_two_quotes_that_are_letters_are_read(
    read: Read, name: str, content: bytes, lines: list[int]
) -> None:
    separator = b"\t" if name == "a.tsv" else b","
    found = read(separator.join([b"age", b"town", b"label"]) + b"\n" + content, name)
    assert [row.line for row in found.malformed] == lines
    assert "are rows themselves" in found.malformed[0].reason
    assert len(found.numbers) + len(lines) == sum(map(bool, content.splitlines()))
    assert read(separator.join([b"age", b"town", b"label"]) + b"\n" + content, name, quote="").malformed == [] or (
        b"GE" in content
    )


@pytest.mark.parametrize(
    "town", ["Bern\nBE", "Bern, BE\nCH, Europe", "a\nb\n\nc,d\ne", "1,2\n3,4,5\n", 'the "old"\n,town,']
)
def test_a_text_that_spans_lines_stays_one_row_and_is_noted(read: Read, town: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["age", "town", "label"], ["39", town, "a"], ["40", "Genf", "b"]])
    assert rows(read(file.getvalue().encode())) == [("39", town, "a"), ("40", "Genf", "b")]


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (b'age,town,label\n39,"say \\"hi\\", C:\\temp",a\n', {"escape": "\\"}),
        (b"age,town,label\n39,'say \"hi\", C:\\temp',a\n", {"quote": "'"}),
        (b'# a title\n\nage;town;label\n#no row\n39;say "hi", C:\\temp;a\n# the end\n', {"comment": "#", "skip": 2}),
        (b'a title\n"that, spans\nage|town|label\n39|say "hi", C:\\temp|a\n', {"quote": "", "skip": 2}),
        (b'sep=;\nage;town;label\n39;say "hi", C:\\temp;a\n', {}),
        (b'\xef\xbb\xbf"sep=|"\r\nage|town|label\r\n39|say "hi", C:\\temp|a\r\n', {}),
        (b'sep=:\n39:say "hi", C\\temp:a\n', {"header": ["age", "town", "label"]}),
    ],
)
def test_the_keys_of_the_source_say_how_lines_are_split(read: Read, content: bytes, source: dict[str, Any]) -> None:
    ((age, town, label),) = rows(read(content, **source))
    assert (age, town.replace("C:", "C"), label) == ("39", 'say "hi", C\\temp', "a")


def test_a_quote_behind_a_backslash_is_not_guessed(read: Read) -> None:
    found = read(b'age,town,label\n39,"say \\"hi\\"",a\n40,"C:\\temp\\",b\n41,"a \\"hi\\", ok",a\n42,5\\" pipe,b\n')
    assert rows(found) == [("40", "C:\\temp\\", "b"), ("42", '5\\" pipe', "b")]
    assert ["source.escape" in row.reason for row in found.malformed] == [True, True]


@pytest.mark.parametrize("again", [b"age,town,label", b" age , town,label", b'"age","town","label"'])
@pytest.mark.parametrize("rows_before", [1, 3000])
def test_a_line_that_repeats_the_header_is_no_row(read: Read, again: bytes, rows_before: int) -> None:
    row = b"39,Bern,a\n"
    found = read(b"age,town,label\n" + row * rows_before + again + b"\n" + row + again + b"\n")
    assert len(rows(found)) == rows_before + 1
    assert found.malformed == []
    assert found.lines[-1] == rows_before + 3


@pytest.mark.parametrize("name", ["\ufeff\ufeffage", "a\u200bge", "  age\u00a0"])
def test_names_are_tidied_as_values_are(read: Read, name: str) -> None:
    assert rows(read(f"{name},town,label\n39,Bern,a\n".encode())) == [("39", "Bern", "a")]


def test_two_names_that_look_alike_are_one_column_twice(read: Read) -> None:
    with pytest.raises(UnreadableUpload, match="twice") as refusal:
        read("age,town,label,a\u200bge\n1,2,3,4\n".encode())
    assert refusal.value.code == "duplicate_column"


def test_blank_lines_without_end_are_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in (("a.csv", line_records), ("a.jsonl", jsonlines)):
        monkeypatch.setattr(module, "MAX_BLANK_LINES", 1000)
        head = b"age,town,label\n" if name == "a.csv" else b'{"label": "a"}\n'
        assert len(read(head * 2 + b"\n" * 900 + head, name).numbers) == (0 if name == "a.csv" else 3)
        with pytest.raises(UnreadableUpload, match="blank lines") as refusal:
            read(head + b"\n" * 1100, name)
        assert refusal.value.code == "blank_lines"


cells = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(
    table=st.lists(st.tuples(cells, cells, cells), max_size=30), delimiter=st.sampled_from(",;\t|"), end=st.booleans()
)
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_csv_writer_writes_is_read_back(
    read: Read, table: list[tuple[str, str, str]], delimiter: str, end: bool
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n" if end else "\n")
    writer.writerows([("age", "town", "label"), *table])
    found = read(file.getvalue().encode())
    assert found.malformed == []
    assert (rows(found) if table else []) == table


@given(content=st.binary(max_size=300))
@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_follow_a_header_they_are_rows_malformed_rows_or_a_refusal(read: Read, content: bytes) -> None:
    try:
        found = read(b"age,town,label\n" + content)
    except UnreadableUpload as refusal:
        assert refusal.code in {"encoding", "binary"}
    else:
        count = len(found.numbers) + len(found.malformed)
        assert sorted([*found.numbers, *(row.number for row in found.malformed)]) == list(range(1, count + 1))
