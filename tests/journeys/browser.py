"""A real browser for the back office: it remembers whatever went wrong on any page."""

import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Response, sync_playwright

from tests.factories.accounts import PASSWORD

PATH = "/usr/bin/chromium"
IN_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which(PATH), reason=f"no browser at {PATH}"),
]

# Everything a person could read on the page, hidden parts too: words, hints, titles.
_TEXTS = """() => {
    const page = document.body.cloneNode(true);
    const unread = '.material-symbols-outlined, script, style, pre, code, svg, textarea';
    page.querySelectorAll(unread).forEach(node => node.remove());
    const texts = [];
    const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode.textContent.trim());
    for (const node of page.querySelectorAll('[title], [placeholder]'))
        texts.push(node.title, node.placeholder);
    texts.push(document.title);
    return texts.filter(Boolean);
}"""

_STARTED = "window.Alpine?.version || !document.querySelector('[x-data]')"

# Fields without the theme's look, and those that stick out of the page.
_UNFINISHED = """() => {
    const right = document.querySelector('#content')?.getBoundingClientRect().right;
    const fields = '#content-main form :is(input, select, textarea):not([type=hidden])';
    return [...document.querySelectorAll(fields)]
        .filter(field => field.offsetParent && !field.closest('#result_list'))
        .filter(field => !field.className || field.getBoundingClientRect().right > right)
        .map(field => field.name || field.id);
}"""

# Two English words in a row are a sentence somebody forgot, and these are the usual single ones.
_SENTENCE = re.compile(r"\b[A-Za-z]?[a-z]{2,} +[a-z]{2,}\b")
_WORDS = re.compile(
    r"\b(Actions?|Add|All|Apply|Cancel|Change|Changed|Clear|Close|Date|Day|Default|Delete|Edit|"
    r"Enabled|Error|False|Filters?|Home|History|Loading|Name|Never|Next|No|None|Now|Ok|Previous|"
    r"Remove|Reset|Run|Save|Search|Select|Show|Submit|Task|Time|Today|Tomorrow|True|Unknown|Value|"
    r"View|Yes|Yesterday)\b"
)


def english(texts: list[str]) -> list[str]:
    return sorted({text for text in texts if _SENTENCE.search(text) or _WORDS.search(text)})


class Chromium:
    """One browser in a thread of its own.

    Playwright keeps an event loop running in its thread, and where a loop runs Django opens
    other connections than the test's: so the test's thread never sees Playwright.
    """

    def __init__(self):
        self._thread = ThreadPoolExecutor(1, "chromium")
        self._playwright = self.do(sync_playwright().start)
        launch = self._playwright.chromium.launch
        self._browser = self.do(lambda: launch(executable_path=PATH, args=["--no-sandbox"]))

    def do(self, job: Callable):
        """Run job() beside the browser; its result."""
        return self._thread.submit(job).result()

    def tab(self) -> Page:
        """In China, in English: the back office speaks Chinese whatever a browser asks for."""
        looks = {
            "viewport": {"width": 1440, "height": 900},
            "locale": "en-US",
            "timezone_id": "Asia/Shanghai",
        }
        return self.do(lambda: self._browser.new_page(**looks))

    def quit(self) -> None:
        self.do(self._browser.close)
        self.do(self._playwright.stop)
        self._thread.shutdown()


@dataclass
class Office:
    """The back office at `url` in one tab.  problems: what no page may ever do."""

    chromium: Chromium
    url: str
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def __post_init__(self):
        self._page = self.chromium.tab()
        self.chromium.do(self._watch)

    def open(self, path: str) -> str:
        """Go there, let its scripts start; the page's words."""

        def job():
            self._page.goto(self.url + path)
            self._page.wait_for_function(_STARTED)
            return self._page.inner_text("body")

        return self.chromium.do(job)

    def click(self, selector: str) -> str:
        """Click and wait until nothing loads any more; the page's words."""
        return self._do(lambda page: page.click(selector))

    def fill(self, selector: str, text: str) -> None:
        self.chromium.do(lambda: self._page.fill(selector, text))

    def log_in(self, username: str, password: str = PASSWORD) -> str:
        self.fill("#id_username", username)
        self.fill("#id_password", password)
        return self.click("button[type=submit]")

    def search(self, text: str) -> str:
        self.fill("#searchbar", text)
        return self._do(lambda page: page.press("#searchbar", "Enter"))

    def run_action(self, name: str) -> str:
        """Select every row of the list and run the action of that description on them."""
        self.chromium.do(lambda: self._page.check("#action-toggle"))
        self.chromium.do(lambda: self._page.select_option("select[name=action]", label=name))
        return self.click("button[name=index]")

    def all(self, selector: str) -> list[str]:
        """The words of everything that matches."""
        return self.chromium.do(lambda: self._page.locator(selector).all_inner_texts())

    def rows(self) -> int:
        return len(self.all("#result_list tbody .action-select"))

    def path(self) -> str:
        return urlsplit(self._page.url).path

    def texts(self) -> list[str]:
        return self.chromium.do(lambda: self._page.evaluate(_TEXTS))

    def unfinished(self) -> list[str]:
        return self.chromium.do(lambda: self._page.evaluate(_UNFINISHED))

    def picture(self, file: str) -> None:
        self.chromium.do(lambda: self._page.screenshot(path=file))

    def close(self) -> None:
        self.chromium.do(self._page.close)

    def _do(self, step: Callable[[Page], object]) -> str:
        def job():
            step(self._page)
            self._page.wait_for_load_state("networkidle")
            return self._page.inner_text("body")

        return self.chromium.do(job)

    def _watch(self) -> None:
        self._page.on("console", self._console)
        self._page.on("pageerror", lambda error: self._problem(f"script error: {error}"))
        self._page.on("request", self._request)
        self._page.on("response", self._response)

    def _problem(self, what: str) -> None:
        self.problems.append(f"{self.path()}: {what}")

    def _console(self, message) -> None:
        refused = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in {"error", "warning"} and not refused:
            self._problem(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self._problem(f"asks {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self._problem(f"{response.status} for {response.url}")
