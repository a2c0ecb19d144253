"""Cells of exported tables: never a formula, always readable in Excel."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from config import tables
from config.tables import CsvTable, XlsxTable

FORMULAS = [
    "=1+1", "+86", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =cmd|' /C calc'!A0", "＝1+1",
    "＋1", "－1", "＠x", "\x00=1",
]  # fmt: skip


def made(kind, *rows) -> BytesIO:
    file = BytesIO()
    table = kind(file, ["甲", "乙"])
    for row in rows:
        table.add(row)
    table.close()
    return BytesIO(file.getvalue())


def csv_rows(file) -> list[list[str]]:
    return list(csv.reader(file.read().decode("utf-8-sig").splitlines(keepends=True)))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_is_a_formula(text):
    rows = csv_rows(made(CsvTable, [text, "安全"]))

    assert rows[1][0].startswith("'")
    assert rows[1][0].lstrip("'") == text.replace("\x00", "")
    assert rows[1][1] == "安全"


@pytest.mark.parametrize("text", [*FORMULAS, "#REF!", "2026-11-21", "TRUE", "13800138000"])
def test_every_text_of_a_workbook_is_text(text):
    sheet = load_workbook(made(XlsxTable, [text, 7])).active

    assert [cell.data_type for cell in sheet[2]] == ["s", "n"]
    assert sheet["B2"].value == 7


def test_excel_reads_chinese_in_a_csv():
    assert made(CsvTable, ["林小雨", 1]).read().startswith(b"\xef\xbb\xbf")


def test_values_in_words():
    moment = datetime(2026, 11, 21, 16, 30, 5, tzinfo=UTC)
    rows = csv_rows(made(CsvTable, [moment, True], [None, False], [date(1990, 1, 2), 'a"b,c\nd']))

    assert rows[1:] == [
        ["2026-11-22 00:30:05", "是"],
        ["", "否"],
        ["1990-01-02", 'a"b,c\nd'],
    ]


def test_an_amount_below_zero_is_a_number_and_no_formula():
    assert csv_rows(made(CsvTable, [Decimal("-120.00"), "-120.00"]))[1] == ["-120.00", "'-120.00"]


def test_a_workbook_takes_what_xml_does_not():
    sheet = load_workbook(made(XlsxTable, ["a\x01\x1fb\ud800", "x" * 40_000])).active

    assert sheet["A2"].value == "ab"
    assert len(sheet["B2"].value) == 32_767


def test_a_full_sheet_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(tables, "MAX_SHEET_ROWS", 2)

    book = load_workbook(made(XlsxTable, *([n, n] for n in range(5))))

    assert [[row[0].value for row in sheet] for sheet in book] == [
        ["甲", 0, 1], ["甲", 2, 3], ["甲", 4],
    ]  # fmt: skip
