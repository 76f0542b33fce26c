"""A headless Chromium, as Debian has it (apt-get install chromium chromium-driver).

It gets no network and a profile of its own. Where it is not installed, the tests are skipped.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver

PROGRAMS = {"chromium": shutil.which("chromium"), "chromedriver": shutil.which("chromedriver")}
SWITCHES = (
    "--headless",
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
Open = Callable[[str], WebDriver]


@pytest.fixture(scope="package")  # other tests count the children of this process
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    missing = [name for name, path in PROGRAMS.items() if path is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    options = Options()
    options.binary_location = str(PROGRAMS["chromium"])
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(PROGRAMS["chromedriver"])))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def show(browser: WebDriver, tmp_path: Path) -> Open:
    """Open a page from a file, in a window of a usual size and a light theme."""
    set_media(browser, width=1200)

    def open_page(text: str) -> WebDriver:
        page = tmp_path / "report.html"
        page.write_text(text, encoding="utf-8")
        browser.get_log("browser")  # what earlier pages said
        browser.get(page.as_uri())
        return browser

    return open_page


def set_media(browser: WebDriver, *, width: int, theme: str = "light", medium: str = "") -> None:
    """Set the width of the window in CSS pixels, the colour scheme and the medium."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    command(browser, "Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    command(browser, "Emulation.setEmulatedMedia", {"media": medium, "features": features})


def command(browser: WebDriver, name: str, arguments: dict[str, Any]) -> Any:
    """Call the DevTools protocol."""
    return browser.execute_cdp_cmd(name, arguments)
