"""The HTML report in a real browser: it draws, filters, prints, and runs nothing of a target."""

from typing import Any

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from diag.render import html
from diag.render.options import Options
from tests.browser.conftest import Open, command, set_media
from tests.unit.render.examples import EXAMPLES, full, hostile

INKED = """
    const pixels = arguments[0].getContext("2d").getImageData(
        0, 0, arguments[0].width, arguments[0].height).data;
    let inked = 0;
    for (let i = 3; i < pixels.length; i += 4) if (pixels[i] > 0) inked += 1;
    return inked / (pixels.length / 4);
"""
# Relative luminance and contrast as WCAG 2 defines them; the background is the nearest
# ancestor's that is not transparent.
CONTRASTS = """
    const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = (c) => linear(c / 255);
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const poor = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !element.checkVisibility() || element.closest("svg, canvas")) continue;
        const a = luminance(parse(getComputedStyle(element).color));
        const b = luminance(behind(element));
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) poor.push([element.outerHTML.slice(0, 80), contrast]);
    }
    return poor;
"""

DEADLINE_S = 10.0  # for what a page does by itself, on a busy machine


def page(report: Any) -> str:
    return html.render(report, Options())


def errors(browser: WebDriver) -> list[str]:
    log = browser.get_log("browser")
    return [entry["message"] for entry in log]


def visible_items(browser: WebDriver) -> list[str]:
    items = browser.find_elements(By.CSS_SELECTOR, ".item")
    return [item.text for item in items if item.is_displayed()]


@pytest.mark.parametrize("name", EXAMPLES)
def test_opens_without_a_word_in_the_console(show: Open, name: str) -> None:
    browser = show(page(EXAMPLES[name]()))
    assert errors(browser) == []
    assert browser.find_element(By.TAG_NAME, "h1").is_displayed()


def test_the_graph_is_drawn_with_the_cause_above_its_victims(show: Open) -> None:
    browser = show(page(full()))
    tops = {
        part: browser.find_element(By.CSS_SELECTOR, f".node.{part} rect").rect["y"]
        for part in ("absent", "cause", "victim")
    }
    assert tops["absent"] < tops["cause"] < tops["victim"]
    assert len(browser.find_elements(By.CSS_SELECTOR, ".edge path")) == 2
    assert "3 x worker" in browser.find_element(By.CSS_SELECTOR, ".node.cause").text


def test_the_charts_are_drawn(show: Open) -> None:
    browser = show(page(full()))
    canvases = browser.find_elements(By.TAG_NAME, "canvas")
    assert len(canvases) == 4
    assert all(browser.execute_script(INKED, canvas) > 0.005 for canvas in canvases)
    values = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, ".u-legend .u-value")]
    assert len(values) > len(canvases)
    assert all(values)  # without a mouse, too


def test_a_node_leads_to_its_stack(show: Open) -> None:
    browser = show(page(full()))
    node = browser.find_element(By.CSS_SELECTOR, "a.node.victim")
    stack = browser.find_element(By.CSS_SELECTOR, node.get_dom_attribute("href") or "")
    assert stack.get_dom_attribute("open") is None
    node.send_keys(Keys.ENTER)
    WebDriverWait(browser, DEADLINE_S).until(lambda _: stack.get_dom_attribute("open") is not None)
    assert "chat" not in stack.text
    assert "BaseProcess.join" in stack.text


def test_filters(show: Open) -> None:
    browser = show(page(full()))
    everything = visible_items(browser)
    browser.find_element(By.ID, "filter-text").send_keys("chatter")
    (left,) = visible_items(browser)
    assert "chatter" in left
    count = browser.find_element(By.ID, "filter-count").text
    assert count == f"1 of {len(everything)} rows and stacks shown"
    browser.find_element(By.ID, "filter-text").clear()
    browser.find_element(By.ID, "filter-text").send_keys(Keys.SPACE, Keys.BACKSPACE)
    browser.find_element(By.ID, "filter-stuck").click()
    assert len(visible_items(browser)) == 2
    browser.find_element(By.ID, "filter-cause").click()
    assert all("worker" in item for item in visible_items(browser))
    browser.find_element(By.ID, "filter-stuck").click()
    browser.find_element(By.ID, "filter-cause").click()
    assert visible_items(browser) == everything


def test_hostile_names_are_text(show: Open) -> None:
    """No element, no script, no link comes of them; alert() would block the driver."""
    browser = show(page(hostile()))
    counted = browser.execute_script(
        "return [document.scripts.length, document.querySelectorAll('a[href^=javascript]').length,"
        " document.querySelectorAll('img, iframe, object, embed, form').length]"
    )
    assert counted == [7, 0, 1]
    assert "<script>alert(1)</script>" in browser.find_element(By.TAG_NAME, "h1").text
    assert "</script>" in browser.find_element(By.CSS_SELECTOR, ".node.cause").text
    assert errors(browser) == []


def test_a_script_that_gets_in_all_the_same_does_not_run(show: Open) -> None:
    text = page(full()).replace("<main ", "<script>window.intruder = 1</script><main ")
    browser = show(text.replace("<h1>", '<h1 onclick="window.intruder = 2">'))
    browser.find_element(By.TAG_NAME, "h1").click()
    assert browser.execute_script("return window.intruder") is None
    assert any("Content Security Policy" in error for error in errors(browser))


def test_the_policy_forbids_the_network(show: Open) -> None:
    browser = show(page(full()))
    outcome = browser.execute_async_script(
        "const done = arguments[0];"
        "fetch('http://127.0.0.1:9/').then(() => done('sent'), (error) => done(String(error)));"
    )
    assert "Failed to fetch" in outcome
    assert any("Content Security Policy" in error for error in errors(browser))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["full", "gaps", "many", "healthy", "hostile"])
def test_text_has_contrast(show: Open, name: str, theme: str) -> None:
    browser = show(page(EXAMPLES[name]()))
    set_media(browser, width=1200, theme=theme)
    assert browser.execute_script(CONTRASTS) == []


@pytest.mark.parametrize("width", [360, 800, 1600])
@pytest.mark.parametrize("name", ["full", "many", "hostile"])
def test_the_page_never_scrolls_sideways(show: Open, name: str, width: int) -> None:
    browser = show(page(EXAMPLES[name]()))
    set_media(browser, width=width)
    seen = "return document.documentElement.scrollWidth"
    # Charts take their new size in an event of their own.
    WebDriverWait(browser, DEADLINE_S).until(lambda b: b.execute_script(seen) <= width)


def test_dark_charts_are_drawn_in_other_colours(show: Open) -> None:
    browser = show(page(full()))
    first = "return document.querySelector('canvas').toDataURL()"
    light = browser.execute_script(first)
    set_media(browser, width=1200, theme="dark")
    WebDriverWait(browser, DEADLINE_S).until(lambda b: b.execute_script(first) != light)


def test_print_hides_nothing_but_the_controls(show: Open) -> None:
    browser = show(page(full()))
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    set_media(browser, width=1000, medium="print")
    assert browser.find_elements(By.CSS_SELECTOR, "details:not([open])") == []
    assert not browser.find_element(By.ID, "filters").is_displayed()
    assert not browser.find_element(By.TAG_NAME, "nav").is_displayed()
    assert "threading.py:982" in browser.find_element(By.TAG_NAME, "main").text
    set_media(browser, width=720, medium="print")
    seen = "return document.documentElement.scrollWidth"
    WebDriverWait(browser, DEADLINE_S).until(lambda b: b.execute_script(seen) <= 720)


def test_without_scripts_every_word_is_there(show: Open, browser: WebDriver) -> None:
    command(browser, "Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(page(full()))
        text = browser.find_element(By.TAG_NAME, "body").text
    finally:
        command(browser, "Emulation.setScriptExecutionDisabled", {"value": False})
    assert "waits for the cause: main thread of main 2402" in text
    assert "CPUs in use between 0 and" in text
    assert "Without scripts" in text


def test_keys_reach_everything(show: Open) -> None:
    browser = show(page(full()))
    reached = set()
    for _ in range(60):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(
            browser.execute_script(
                "const e = document.activeElement;"
                "return e.id || e.getAttribute('class') || e.tagName"
            )
        )
    wanted = {"skip", "graph-picture", "node cause", "filter-text", "filter-stuck", "filter-cause"}
    assert wanted <= reached
    assert "SUMMARY" in reached


def test_what_a_screen_reader_hears(show: Open) -> None:
    browser = show(page(full()))
    command(browser, "Accessibility.enable", {})
    nodes = command(browser, "Accessibility.getFullAXTree", {})["nodes"]
    heard = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored")
    }
    assert {
        ("navigation", "Parts of this report"),
        ("search", "Filter processes and stacks"),
        ("searchbox", "Search"),
        ("checkbox", "only stuck"),
        ("region", "Why"),
        ("region", "Who waits for whom"),
        ("figure", "CPU"),
        ("columnheader", "Its main thread"),
    } <= heard
    assert any(role == "link" and "cause: 3 x worker" in name for role, name in heard)
    assert any(role == "main" for role, _ in heard)
