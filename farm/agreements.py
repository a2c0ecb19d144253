"""The claim agreement as a PDF: the same snapshot gives the same bytes, wherever it is printed.

The font is embedded, cut to what is used.  It has the characters of GBK, rare ones in names too;
a document with a character that it lacks is refused, for the letter would vanish without a word.
"""

import logging
from datetime import datetime
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from config.days import SHANGHAI
from farm.errors import GlyphMissing

FONT = Path(__file__).parent / "fonts" / "NotoSansSC-GBK.ttf"
TITLE = "动物认领协议书"
_FAMILY = "noto"
_MARGIN, _LINE = 22, 6.2  # mm
_GREY, _BLACK, _RULE = (110, 110, 110), (20, 20, 20), (190, 190, 190)
_LAYOUT = "\r\n"  # what is no letter

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table it cuts


def print_agreement(snapshot: dict) -> bytes:
    """The document of one snapshot (services.agreements); GlyphMissing says what it lacks."""
    _check_glyphs(snapshot)
    page = _Paper(snapshot)
    page.add_page()
    _heading(page, snapshot)
    for title, rows in _tables(snapshot):
        _table(page, title, rows)
    _terms(page, snapshot["terms"])
    _signatures(page, snapshot)
    return bytes(page.output())


class _Paper(FPDF):
    def __init__(self, snapshot: dict):
        super().__init__(format="A4")
        self.number = snapshot["number"]
        self.set_creation_date(datetime.fromisoformat(snapshot["issued_at"]))
        self.set_title(f"{TITLE} {self.number}")
        self.set_lang("zh-CN")
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN)
        self.add_font(_FAMILY, fname=FONT)

    def footer(self):
        self.set_y(-15)
        self.write_as(8, _GREY)
        words = f"协议编号 {self.number}    第 {self.page_no()} 页 / 共 {{nb}} 页"
        self.cell(w=0, text=words, align=Align.C)

    def write_as(self, size: float, colour=_BLACK) -> None:
        self.set_font(_FAMILY, size=size)
        self.set_text_color(*colour)

    def paragraph(self, text: str, *, size: float = 10, colour=_BLACK, align=Align.L) -> None:
        self.write_as(size, colour)
        self.multi_cell(
            0, _LINE * size / 10, text, align=align, wrapmode=WrapMode.CHAR,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip


def _heading(page: _Paper, snapshot: dict) -> None:
    page.paragraph(TITLE, size=20, align=Align.C)
    page.ln(2)
    line = f"协议编号 {snapshot['number']}    第 {snapshot['version']} 版"
    page.paragraph(line, size=9, colour=_GREY, align=Align.C)
    page.paragraph(
        f"签发时间 {_moment(snapshot['issued_at'])}", size=9, colour=_GREY, align=Align.C
    )
    page.ln(3)


def _tables(snapshot: dict) -> list[tuple[str, list[tuple[str, str]]]]:
    claim, animal = snapshot["claim"], snapshot["animal"]
    claimant, merchant = snapshot["claimant"], snapshot["merchant"]
    return [
        ("甲方（农场）", [
            ("商户名称", merchant["name"]),
            ("营业执照号", merchant["license"]),
            ("地址", merchant["address"] or "-"),
            ("商户编号", str(merchant["id"])),
        ]),
        ("乙方（认领人）", [
            ("称呼", claimant["name"]),
            ("手机号", claimant["phone"]),
            ("用户编号", str(claimant["id"])),
        ]),
        ("认领的动物", [
            ("名字", animal["name"]),
            ("物种与品种", " ".join(filter(None, (animal["species"], animal["breed"])))),
            ("出生日期", animal["birth_date"] or "-"),
            ("饲养地点", animal["location"] or "-"),
            ("动物编号", str(animal["id"])),
        ]),
        ("认领", [
            ("认领编号", claim["number"]),
            ("订单编号", claim["order"]),
            ("价格", f"人民币 {claim['price']} 元"),
            ("期限", f"{claim['months']} 个月"),
            ("起止时间", f"{_moment(claim['from'])} 至 {_moment(claim['until'])}"),
        ]),
    ]  # fmt: skip


def _table(page: _Paper, title: str, rows: list[tuple[str, str]]) -> None:
    page.paragraph(title, size=12)
    page.ln(1)
    page.write_as(10)
    page.set_draw_color(*_RULE)
    with page.table(
        col_widths=(1, 4),
        first_row_as_headings=False,
        borders_layout=TableBordersLayout.ALL,
        line_height=_LINE,
        padding=(0.6, 2),
        text_align=(Align.L, Align.L),
        wrapmode=WrapMode.CHAR,
    ) as table:
        for name, value in rows:
            row = table.row()
            row.cell(name, style=FontFace(color=_GREY))
            row.cell(value)
    page.ln(4)


def _terms(page: _Paper, terms: dict) -> None:
    page.paragraph(f"{terms['title']}（第 {terms['version']} 版）", size=12)
    page.ln(1)
    for line in terms["body"].strip().split("\n"):
        if line.strip():
            page.paragraph(line.strip())
        else:
            page.ln(2)
    page.ln(2)
    page.paragraph(f"条款正文 SHA-256：{terms['sha256']}", size=8, colour=_GREY)
    page.ln(4)


def _signatures(page: _Paper, snapshot: dict) -> None:
    """On one page: a signature alone on a sheet says nothing."""
    consent, claim, name = snapshot["consent"], snapshot["claim"], snapshot["claimant"]["name"]
    if page.will_page_break(60):
        page.add_page()
    _table(page, "签署", [
        ("乙方确认", f"{name} 于 {_moment(consent['at'])} 阅读并同意上述条款"),
        ("确认时的 IP", consent["from"]),
        ("支付完成", _moment(claim["from"])),
        ("甲方与平台", f"{snapshot['merchant']['name']} 与伴心平台于乙方支付完成后签署"),
    ])  # fmt: skip
    page.paragraph(
        "本协议由伴心平台以电子形式生成，内容以生成时的数据为准，此后对资料的修改不影响本协议。",
        size=8, colour=_GREY,
    )  # fmt: skip


def _moment(text: str) -> str:
    local = datetime.fromisoformat(text).astimezone(SHANGHAI)
    return f"{local:%Y年%m月%d日 %H:%M:%S}"


def _check_glyphs(snapshot: dict) -> None:
    missing = sorted(set(_texts(snapshot)) - _characters() - set(_LAYOUT))
    if missing:
        raise GlyphMissing(characters="".join(missing)[:50])


def _texts(value) -> str:
    """Every text in a snapshot."""
    if isinstance(value, dict):
        return "".join(_texts(inner) for inner in value.values())
    return str(value)


@cache
def _characters() -> frozenset[str]:
    """What the font can show."""
    with TTFont(FONT, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))
