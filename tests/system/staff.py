"""A person at the browser: reads the desk's pages, fills in forms, presses what is there to press."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

from deployments.local.locks import auth_string
from tests.system.product import Product

CHROMIUM = "/usr/bin/chromium"
REBOUND = "evil.example"  # a name of an attacker's that leads to this machine
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
)
PATIENCE = 20_000  # milliseconds


@contextmanager
def chromium(*more_flags: str) -> Iterator[Browser]:
    """Run a browser for the time of the block."""
    with sync_playwright() as playwright:
        flags = [*FLAGS, *more_flags]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags, headless=True)
        try:
            yield browser
        finally:
            browser.close()


def sit_down(browser: Browser) -> BrowserContext:
    """Have the browser as the group's staff have it: Chinese, Shanghai time."""
    desk = browser.new_context(viewport={"width": 1360, "height": 1000}, locale="zh-CN", timezone_id="Asia/Shanghai")
    desk.set_default_timeout(PATIENCE)
    return desk


def log_in(desk: BrowserContext, product: Product) -> None:
    """Paste once what `up` says, at the UI's own login; the browser remembers it."""
    page = desk.new_page()
    page.goto(product.start_page)
    page.locator("input[type=password]").fill(auth_string(product.settings))
    page.get_by_role("button", name="Login").click()
    page.locator("input[type=password]").wait_for(state="hidden")
    page.goto(product.start_page)
    page.get_by_role("heading", name="待办 Work").wait_for()
    page.close()


class Staff:
    """What people do with mouse and keyboard, in the trade's words."""

    def __init__(self, page: Page, start_page: str) -> None:
        self.page = page
        self.start_page = start_page
        self.pages = start_page.partition("/artifacts/")[0]

    # the desk's pages

    def start(self) -> None:
        """Open the start page."""
        self.page.goto(self.start_page)
        self.page.get_by_role("heading", name="待办 Work").wait_for()

    def follow(self, row: str, link: str) -> None:
        """Click a link in the row of a table that reads so."""
        self.page.get_by_role("row", name=row).get_by_role("link", name=link).first.click()

    def inbox(self, role: str) -> None:
        """Go from the start page to a role's inbox."""
        self.start()
        self.page.get_by_role("link", name=role, exact=True).click()
        self.page.get_by_role("link", name="工作台").wait_for()

    def open_waiting(self, role: str, number: str, look: Callable[[], object] = lambda: None) -> None:
        """Go from the start page by a role's inbox to a case; `look` at the inbox when the case is there."""
        self.inbox(role)
        link = self.page.get_by_role("row", name=number).get_by_role("link", name="去办理")
        for _ in range(15):  # the inbox is a few seconds behind
            if link.count():
                break
            self.page.wait_for_timeout(2000)
            self.page.reload()
            self.page.get_by_role("link", name="工作台").wait_for()
        look()
        link.click()
        self._see_run()

    def open_run(self, run_id: str) -> None:
        """Open a run by its address."""
        self.page.goto(f"{self.pages}/runs/flow-run/{run_id}")
        self._see_run()

    def _see_run(self) -> None:
        self.page.wait_for_url("**/runs/flow-run/**")
        self.page.get_by_role("tab", name="Logs").wait_for()  # the page before has a menu and states too

    def open_case(self, number: str) -> None:
        """Go to a case's sheet by its key, as links in older dialogs do."""
        self.page.goto(f"{self.pages}/artifacts/key/case-{number.lower()}")
        self.page.get_by_role("link", name=number).first.click()
        self.page.get_by_role("heading", name="记录 Timeline").wait_for()

    def do_job(self, title: str, ends: str, **fields: Any) -> None:
        """Start a job from the start page with its form; when it ends under that word, open the page that it makes."""
        self.start()
        self.page.get_by_role("link", name=title, exact=True).click()
        self.page.get_by_role("button", name="Submit").wait_for()
        form = self.page.locator("main").last
        for label, value in fields.items():
            fill(form, label, value)
        self.submit()
        self.page.get_by_text(ends, exact=True).first.wait_for()
        self.page.get_by_role("tab", name="Artifacts").click()
        for place in ("key", "artifact"):  # all that the job ever made, the newest first; then the page
            self.page.locator(f"a[href*='/artifacts/{place}/']").first.click()
        self.page.wait_for_url("**/artifacts/artifact/**")

    # applications

    def apply_from(self, office: str, link: str = "申报") -> Locator:
        """Take an office's pre-filled application form from the start page."""
        self.start()
        self.follow(office, link)
        self.page.get_by_role("button", name="Submit").wait_for()
        return self.page.locator("main").last

    def submit(self) -> str:
        """Send a run form and go to its run; gives the run's id."""
        self.page.get_by_role("button", name="Submit").click()
        self.page.get_by_role("link", name="View run").click()
        self._see_run()
        return self.page.url.split("/")[-1].split("?")[0]

    # dialogs

    def menu(self, entry: str) -> None:
        """Choose from the run's ⋮ menu."""
        self.page.locator("button:has(svg.lucide-ellipsis-vertical)").first.click()
        self.page.get_by_role("menuitem", name=entry).click()

    def press(self, entry: str, confirm: str) -> None:
        """Choose from the run's ⋮ menu and confirm."""
        self.menu(entry)
        dialog = self.page.get_by_role("alertdialog").or_(self.page.get_by_role("dialog"))
        dialog.get_by_role("button", name=confirm, exact=True).click()
        dialog.wait_for(state="hidden")

    def resume(self) -> Locator:
        """Press ⋮ → Resume; gives the dialog."""
        self.page.get_by_text("Suspended", exact=True).first.wait_for()
        self.menu("Resume")
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("textbox").first.wait_for()
        return dialog

    def send(self, dialog: Locator) -> None:
        """Press the dialog's Resume and see that it was taken."""
        dialog.get_by_role("button", name="Resume").click()
        self.page.get_by_text("Flow run resumed").first.wait_for()
        dialog.wait_for(state="hidden")

    def decide(self, run_id: str, staff: str, lines: Sequence[Mapping[str, Any]] = (), **fields: Any) -> None:
        """Open a run, fill in its dialog and send it; `lines` are changes to the pre-filled ones."""
        self.open_run(run_id)
        dialog = self.resume()
        fill(dialog, "经办人工号", staff)
        for label, value in fields.items():
            fill(dialog, label, value)
        for row, line in enumerate(lines):
            for label, value in line.items():
                fill(dialog, label, value, row)
        self.send(dialog)


def field(scope: Locator, label: str, row: int = 0) -> Locator:
    """Find a field by its Chinese label; `row` tells the lines of a list apart."""
    named = re.compile(rf"^(Select )?{re.escape(label)} ")
    kinds = [scope.get_by_role(kind, name=named) for kind in ("textbox", "spinbutton", "button")]
    return kinds[0].or_(kinds[1]).or_(kinds[2]).nth(row)


def fill(scope: Locator, label: str, value: Any, row: int = 0) -> None:
    """Fill in a field by mouse: type, choose an option by its Chinese word, or pick a day ("today", "next month")."""
    found = field(scope, label, row)
    if found.evaluate("e => e.tagName") != "BUTTON":
        found.fill(str(value))
        return
    found.click()
    if value in {"today", "next month"}:
        days = scope.page.locator(".rdp-today button")
        if value == "next month":
            scope.page.locator(".rdp-button_next").click()
            days = scope.page.locator(".rdp-day:not(.rdp-outside) button", has_text=re.compile("^15$"))
        days.click()
        scope.get_by_role("heading").first.click()  # the calendar stays open until one clicks elsewhere
    else:
        _choose(found, scope.page.get_by_role("option", name=str(value)).first)


def _choose(opens: Locator, option: Locator) -> None:
    """Choose an option of a list that is open; a form that is drawn anew closes it, and one opens it once more."""
    for tries_left in (2, 1, 0):
        try:
            option.click()
        except NotInTime:
            if not tries_left:
                raise
        else:
            return
        if not option.is_visible():
            opens.click()


def value_of(scope: Locator, label: str, row: int = 0) -> str:
    """Read what a field holds."""
    found = field(scope, label, row)
    is_button = found.evaluate("e => e.tagName") == "BUTTON"
    return found.inner_text() if is_button else found.input_value()


def keyboard(scope: Locator, values: Mapping[str, str], row: int = 0) -> None:
    """Fill in neighbouring fields without the mouse: Tab from one to the next, type, choose with Enter."""
    keys = scope.page.keyboard
    field(scope, next(iter(values)), row).focus()
    for label, value in values.items():
        found = field(scope, label, row)
        for _ in range(6):
            if found.evaluate("e => e === document.activeElement"):
                break
            keys.press("Tab")
        assert found.evaluate("e => e === document.activeElement"), f"Tab does not lead to {label}"
        if found.evaluate("e => e.tagName") == "BUTTON":
            keys.press("Enter")
            scope.page.get_by_role("option").first.wait_for()
            keys.type(value)
            keys.press("Enter")
        else:
            keys.type(value)


def shown_lines(dialog: Locator, number: str) -> int:
    """Count the lines above a form: the text as it is broken in the browser, and the folded rest."""
    text = dialog.locator("p").filter(has_text=number).filter(has=dialog.page.locator("strong")).first
    height = text.evaluate("e => e.getBoundingClientRect().height")
    line = text.evaluate("e => parseFloat(getComputedStyle(e).lineHeight)")
    return round(height / line) + 1
