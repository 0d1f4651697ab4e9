"""What a file is, by suffix and first bytes; and that no file takes more memory than it should."""

from __future__ import annotations

import gc
import gzip
import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from refrain.errors import UnreadableUpload
from refrain.ingest.deadline import NO_DEADLINE
from refrain.ingest.formats import Content, format_of, head_of, unpacked_sha256

Pack = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("m/a.csv", "csv"),
        ("m/a.CSV", "csv"),
        ("m/a.b.tsv.gz", "tsv"),
        ("m/a.jsonl.zst", "jsonl"),
        ("m/a.ndjson", "jsonl"),
        ("m/a.json.gz", "json"),
        ("m/deep/a.parquet", "parquet"),
        ("m/a.pq", "parquet"),
    ],
)
def test_the_suffix_tells_the_format(key: str, form: str) -> None:
    assert format_of(key) == form


@pytest.mark.parametrize("key", ["m/a.xlsx", "m/a", "m/a.gz", "m/.csv/a", "m/csv", "m/a.csv.bz2", "m/a.csv.bak"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(key: str) -> None:
    with pytest.raises(UnreadableUpload, match=r"expected \.csv, .*\.parquet") as refusal:
        format_of(key)
    assert refusal.value.code == "unknown_format"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_compression_is_known_by_the_first_bytes(tmp_path: Path, pack: Pack) -> None:
    path = tmp_path / "upload"
    path.write_bytes(pack(b"age,label\n1,a\n"))
    assert Content(path).read() == b"age,label\n1,a\n"


def test_an_archive_in_several_pieces_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    for pack in (gzip.compress, zstd.compress):
        path.write_bytes(pack(b"one,") + pack(b"two"))
        assert Content(path).read() == b"one,two"


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data[:40] + b"?" * 99 + data[139:]]
)
def test_a_damaged_archive_is_refused(tmp_path: Path, pack: Pack, damage: Pack) -> None:
    path = tmp_path / "upload"
    path.write_bytes(damage(pack(bytes(range(256)) * 40 + b"".join(b"%d" % (i * i) for i in range(9999)))))
    with pytest.raises(UnreadableUpload, match="damaged or cut off") as refusal:
        Content(path).read()
    assert refusal.value.code == "corrupt"


def test_a_line_without_end_is_refused_before_it_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"a,b\n" + b"x" * 5000)
    content = Content(path, max_line=1000)
    with pytest.raises(UnreadableUpload, match="more than 1000 bytes") as refusal:
        io.BufferedReader(content, 100).readlines()
    assert refusal.value.code == "long_line"
    assert content.consumed < 1200


@pytest.mark.parametrize("ends", [b"\n", b"\r", b"\r\n"])
def test_lines_below_the_limit_pass_with_any_line_end(tmp_path: Path, ends: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes((b"x" * 90 + ends) * 100)
    assert len(io.BufferedReader(Content(path, max_line=100), 64).read()) == 100 * (90 + len(ends))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_an_empty_file_is_refused(tmp_path: Path, pack: Pack) -> None:
    path = tmp_path / "upload"
    path.write_bytes(pack(b""))
    with pytest.raises(UnreadableUpload) as refusal:
        head_of(path)
    assert refusal.value.code == "empty"


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a"])).map(b"".join), st.integers(1, 3))
def test_the_name_of_a_content_does_not_depend_on_line_ends_wherever_it_is_cut(content: bytes, size: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("refrain.ingest.formats.HASHED_BYTES", size)
        path = Path(folder) / "a"
        path.write_bytes(content)
        assert unpacked_sha256(path, "csv", NO_DEADLINE) == sha256(content.replace(b"\r\n", b"\n")).hexdigest()
        assert unpacked_sha256(path, "parquet", NO_DEADLINE) == sha256(content).hexdigest()


def test_parquet_by_another_name_is_refused_with_its_own(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"PAR1" + bytes(40))
    with pytest.raises(UnreadableUpload, match=r"Parquet, .*name it \.parquet"):
        head_of(path)


@pytest.mark.filterwarnings("error")  # an error in a finalizer is a warning
def test_a_file_that_cannot_be_opened_raises_its_own_error_alone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Content(tmp_path / "missing.csv")
    gc.collect()
