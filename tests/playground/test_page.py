"""The page of `tinygan play` in headless Chromium. Slow; skipped where Chromium or playwright is missing."""

import shutil

import pytest

pytestmark = pytest.mark.slow
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def wait(tab, condition):
    """Until the condition is true on the page. The page's policy forbids Playwright's own way, which is eval."""
    for _ in range(600):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"never true: {condition}")


@pytest.mark.parametrize("width", [390, 900, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_plays_fits_and_asks_nobody_else(browser, server, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme)
    complaints, tab = [], context.new_page()
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: request.url.startswith((server.url, "data:")) or complaints.append(request.url))
    tab.goto(server.url)
    tab.wait_for_selector("#score td")
    tab.keyboard.press("s")
    wait(tab, "document.getElementById('rounds').textContent === '1'")
    tab.select_option("#loss", "hinge")
    tab.keyboard.press(" ")
    wait(tab, "parseInt(document.getElementById('rounds').textContent) > 20")
    tab.click("#play")
    wait(tab, "document.getElementById('play').textContent === 'Play'")
    assert server.player.session.recipe.loss == "hinge"
    tab.click("#pen")
    tab.select_option("#tool", "heart")
    tab.click("#plane")
    tab.click("#use")
    wait(tab, "document.getElementById('data').value === 'drawn'")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width and complaints == []
    context.close()
