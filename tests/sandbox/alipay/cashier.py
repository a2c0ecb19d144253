"""The page a person pays on, and what its buttons do."""

import html

from ..web import Request, Response
from .errors import AlipayError
from .trades import Trade, yuan

TYPE = {"Content-Type": "text/html; charset=utf-8"}
STYLE = "body{font:16px/1.6 sans-serif;margin:4rem auto;max-width:24rem;text-align:center}"


def show(trade: Trade) -> Response:
    buttons = "".join(
        f'<button name="action" value="{action}">{label}</button> '
        for action, label in (("pay", "确认付款"), ("cancel", "取消"))
    )
    return _page(
        f"<h1>支付宝收银台</h1><p>{html.escape(trade.subject)}</p>"
        f"<p><b>¥ {yuan(trade.total)}</b></p>"
        f'<form method="post" action="/cashier/{trade.out_trade_no}">{buttons}</form>'
    )


def leave(trade: Trade, text: str) -> Response:
    """Back to the merchant when it named a page, else a word of our own."""
    if trade.return_url:
        return Response(302, b"", {"Location": trade.return_url})
    return _page(f"<h1>{text}</h1>")


def refuse(error: AlipayError) -> Response:
    return _page(f"<h1>{html.escape(error.text)}</h1><p>{error.sub_code or error.code}</p>")


def is_cashier(request: Request) -> bool:
    return request.method == "POST" and request.path.startswith("/cashier/")


def _page(inside: str) -> Response:
    text = f"<!doctype html><meta charset=utf-8><title>收银台</title><style>{STYLE}</style>{inside}"
    return Response(200, text.encode(), dict(TYPE))
