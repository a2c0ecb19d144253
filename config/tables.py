"""Tables as files for spreadsheets, written row by row in constant memory.

Nothing in a cell is ever taken for a formula, whoever typed it (invariants, formula injection).
"""

import csv
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from io import TextIOWrapper
from typing import Any, BinaryIO

from django.utils import timezone

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_CELL = 32_767  # characters, and
MAX_SHEET_ROWS = 1_000_000  # rows: both are Excel's own limits, or a little below
# Full-width signs too: a Chinese or Japanese spreadsheet takes them for the plain ones.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a quotation mark comes before one."""
    text = _CONTROL.sub("", text)
    unsafe = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return (f"'{text}" if unsafe else text)[:MAX_CELL]


def cell(value: Any) -> int | str:
    """A number stays one; a moment is Beijing's; nothing is an empty text."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):  # below zero it begins like a formula and is none
        return f"{value:f}"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    return "" if value is None else safe_text(str(value))


class CsvTable:
    """UTF-8 with a byte order mark, or Excel reads Chinese as something else."""

    content_type = CSV_TYPE

    def __init__(self, file: BinaryIO, heads: Iterable[str]):
        self._text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._text)
        self.add(heads)

    def add(self, row: Iterable[Any]) -> None:
        self._writer.writerow([cell(value) for value in row])

    def close(self) -> None:
        """Everything is in the file then; the file itself stays open."""
        self._text.detach()


class XlsxTable:
    """Sheets of a million rows each, all of them text but for whole numbers."""

    content_type = XLSX_TYPE

    def __init__(self, file: BinaryIO, heads: Iterable[str]):
        from openpyxl import Workbook  # a third of a second and 20 MB that only workers need

        self._file, self._heads = file, list(heads)
        self._book = Workbook(write_only=True)
        self._open_sheet()

    def add(self, row: Iterable[Any]) -> None:
        if self._rows == MAX_SHEET_ROWS:
            self._open_sheet()
        self._write(row)

    def close(self) -> None:
        self._book.save(self._file)

    def _open_sheet(self) -> None:
        self._sheet, self._rows = self._book.create_sheet(), -1
        self._sheet.freeze_panes = "A2"
        self._write(self._heads)

    def _write(self, row: Iterable[Any]) -> None:
        self._sheet.append([self._cell(cell(value)) for value in row])
        self._rows += 1

    def _cell(self, value: int | str):
        from openpyxl.cell import WriteOnlyCell

        if isinstance(value, int):
            return value
        made = WriteOnlyCell(self._sheet, value)
        made.data_type = "s"  # openpyxl's guess would be a formula, or an error value
        return made
