"""JSON lines: usual ones are decoded without a second look, and mean what all others mean."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.ingest.readers import jsonlines
from refrain.ingest.readers.json_values import decode_usual_line, decode_value

pieces = st.sampled_from(
    ['{"a": 1}', '{"a": "x:y", "b": [1]}', '{"a": 1, "a": 2}', '{"a" : 1, "b": 2}', '{"a": {"b": 1, "b": 2}}', "{", "1"]
)
ends = st.sampled_from(["", "\n", "\r\n", " \n", "{}\n"])


@given(start=st.sampled_from(["", " "]), piece=pieces, end=ends)
def test_a_usual_line_is_what_the_careful_decoder_makes_of_it(start: str, piece: str, end: str) -> None:
    line = start + piece + end
    value = decode_usual_line(line)
    if value is not None:
        careful, _ = decode_value(line, 0)
        assert (type(careful), careful) == (dict, value)
        assert line[len(piece) :].strip() == ""


@pytest.mark.parametrize("line", ['{"at": "12:00:00", "n": 1}', '{"a":null,"b":"\\u00e4"}\n', '{"a": 1}\r\n', "{}"])
def test_plain_objects_are_usual(line: str) -> None:
    assert decode_usual_line(line) == json.loads(line)


def test_after_an_unusual_line_some_are_read_as_unusual_too() -> None:
    with patch.object(jsonlines, "decode_usual_line", side_effect=decode_usual_line) as usual:
        text = type("Text", (), {"lines": ['{"a": {"b": 1}}\n'] * 200, "defect": lambda *_: ""})()
        records = list(jsonlines._records(text))
    assert [value for _, value, _ in records] == [{"a": {"b": 1}}] * 200
    assert usual.call_count == 1 + 200 // jsonlines.RETRY_LINES
