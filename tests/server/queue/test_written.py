from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import QueueError
from server.queue.written import read_table

TEXT = "Талон;Стіл;Послуга\r\nА-001;5;Паспорт, ID-картка\r\n\r\nА-002;6;«Довідка»\r\nВсього: 2;;\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("cp1251"), "cp1251"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_every_encoding_gives_the_same_table_with_the_lines_of_an_editor(content: bytes, encoding: str) -> None:
    table = read_table(content)
    assert (table.encoding, table.separator, table.header) == (encoding, ";", ("Талон", "Стіл", "Послуга"))
    assert table.rows == [(2, ["А-001", "5", "Паспорт, ID-картка"]), (4, ["А-002", "6", "«Довідка»"])]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_separator_is_found(separator: str) -> None:
    table = read_table(separator.join(("ticket", "desk", "start")).encode() + b"\n" + separator.join(("A1", "2", "10:00")).encode())
    assert (table.separator, table.rows) == (separator, [(2, ["A1", "2", "10:00"])])


def test_a_title_above_and_columns_without_a_name_do_no_harm() -> None:
    table = read_table("Звіт за листопад\n\nТалон;;Стіл;\nА1;x;2;\n".encode())
    assert table.header == ("Талон", "№ 2", "Стіл")
    assert table.rows == [(4, ["А1", "x", "2", ""])]


def test_a_cell_of_two_lines_keeps_the_lines_of_the_rows_behind_it() -> None:
    assert read_table(b'a;b\n"1\n2";x\n3;y\n').rows == [(2, ["1\n2", "x"]), (4, ["3", "y"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no heading"),
        (b"one column\nA1\n", "no heading"),
        (b"PK\x03\x04....", "spreadsheet"),
        (b"a;b\n1;\x00\n", "zero bytes"),
        (b"a;b\n\x98\xff;2\n", "not text"),
        (b"a;b;a\n1;2;3\n", "two columns are called “a”"),
        (b"\xff\xfea\x00;", "not text in utf-16-le"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(content: bytes, words: str) -> None:
    with pytest.raises(QueueError, match=words):
        read_table(content)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_table_or_a_sentence(content: bytes) -> None:
    try:
        table = read_table(content)
    except QueueError:
        return
    assert len(table.header) > 1
    assert all(row.line > 1 for row in table.rows)
