"""The page in a real browser: sorting, opening and closing a configuration, by hand and by keyboard."""

import os
import shutil

import pytest
from report_cases import failed, measured, write

from carla_genre.harness.cell import Cell
from carla_genre.report import write_report

pytestmark = pytest.mark.slow  # .ci/run has it, where there is a browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium or Chrome on the path: name one in CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    write(
        folder / "records",
        *(measured(Cell("loans", seed, "cheap", "NNR"), cost=0.5, val=0.5) for seed in range(2)),
        measured(Cell("loans", 0, "dear", "GenRe"), cost=10.0, val=1.0),
        measured(Cell("loans", 0, "middle", "Wachter"), cost=2.0, held=3.0, val=0.75),
        measured(Cell("loans", 0, "nobody", "ROAR"), cost=None, val=0.0),
        failed(Cell("loans", 0, "Broken", "NNR"), "<b>no</b> layers"),
    )
    write_report([folder / "records"], folder / "report.html")
    return (folder / "report.html").as_uri()


@pytest.fixture
def open_page(browser, address):
    """Opens the page in a window of its own; at the end nothing has been asked of a network, nor gone wrong."""
    windows = []

    def load(fragment="", **window):
        page = browser.new_page(**window)
        asked, wrong = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.goto(address + fragment)
        windows.append((page, asked, wrong))
        return page

    yield load
    for page, asked, wrong in windows:
        assert {url.split("#")[0] for url in asked} == {address}
        assert wrong == []
        page.close()


def column(page, place):
    return page.locator("table.sortable").first.locator(f"tbody tr > :nth-child({place})").all_inner_texts()


def test_a_column_is_sorted_by_its_numbers_with_nothing_at_the_end(open_page):
    page = open_page()
    head = page.locator("table.sortable").first.get_by_role("columnheader", name="Cost")
    head.get_by_role("button").click()
    assert column(page, 4) == ["0.50 ± 0.00", "2.00", "3.00", "10.00", "-", "-"]
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert column(page, 4) == ["10.00", "3.00", "2.00", "0.50 ± 0.00", "-", "-"]
    assert page.locator("table.sortable").first.locator("[aria-sort]").count() == 1
    page.locator("table.sortable").first.get_by_role("button", name="method").click()
    assert column(page, 1) == ["Broken", "cheap", "dear", "middle", "middle", "nobody"]
    page.locator("table.sortable").first.get_by_role("button", name="Val").click()
    assert column(page, 1)[0] == "dear", "the better end comes first"


def test_a_number_opens_its_configuration_and_the_place_in_the_page_stays(open_page):
    page = open_page(viewport={"width": 900, "height": 300})
    number = page.locator("table.sortable").first.locator("tr", has_text="cheap").locator("td a").nth(3)
    number.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    number.click()
    dialog = page.get_by_role("dialog", name="cheap, loans")
    assert dialog.is_visible()
    assert "depth" in dialog.inner_text() and "seed 1" in dialog.inner_text()
    assert page.evaluate("location.hash").startswith("#c-")
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    assert page.evaluate("scrollY") == before
    assert page.evaluate("location.hash") == ""


def test_a_point_is_reached_and_opened_by_keyboard(open_page):
    page = open_page()
    point = page.locator("a.point").first
    point.focus()
    label = point.locator("text")
    assert label.is_visible(), "its name is seen as soon as it is reached"
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog").is_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    assert page.get_by_role("dialog").is_hidden()


def test_back_closes_and_an_address_opens(open_page):
    page = open_page()
    page.locator("#failures a").click()
    dialog = page.get_by_role("dialog", name="Broken, loans")
    assert "<b>no</b> layers" in dialog.inner_text()
    address = page.evaluate("location.hash")
    page.go_back()
    page.wait_for_function("!document.querySelector('dialog').open")
    page.go_forward()
    page.wait_for_function("document.querySelector('dialog').open")
    again = open_page(address)
    assert again.get_by_role("dialog", name="Broken, loans").is_visible()


def test_answers_that_do_not_hold_the_constraints_can_be_hidden(open_page):
    page = open_page()
    hidden = page.locator("tr.not-held").first
    assert hidden.is_visible()
    page.get_by_label("only answers that hold the constraints").check()
    assert hidden.is_hidden()
    assert page.locator("tr.held").first.is_visible()


def test_without_scripts_a_link_leads_to_the_same_part_of_the_page(open_page, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(open_page().url)
    link = page.locator("table.sortable th a").first
    target = page.locator(link.get_attribute("href"))
    assert not target.is_visible()
    link.click()
    assert target.is_visible()
    page.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_as_wide_as_the_window(open_page, width):
    page = open_page(viewport={"width": width, "height": 800}, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("table.sortable th a").first.click()
    box = page.get_by_role("dialog").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_dark_is_dark(open_page):
    colours = [
        open_page(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(15, 19, 24)"]


def test_it_prints(open_page):
    page = open_page()
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("table.sortable").first.is_visible()
    assert page.pdf()[:5] == b"%PDF-"
