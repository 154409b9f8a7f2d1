"""The page of `tinygan play` in headless Chromium. Slow; skipped where Chromium or playwright is missing."""

import pytest

from tinygan.playground.stories import STORIES

pytestmark = pytest.mark.slow


def wait(tab, condition):
    """Until the condition is true on the page. The page's policy forbids Playwright's own way, which is eval."""
    for _ in range(600):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"never true: {condition}")


class Opened:
    """A page, with all that it complained of and all questions to others."""

    def __init__(self, browser, server, width=1280, scheme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme, accept_downloads=True)
        self.complaints, self.server = [], server
        self.context.on("request", self._asked)
        self.tab = self.another()

    def _asked(self, request):
        if not request.url.startswith((self.server.url, "data:")):
            self.complaints.append(request.url)

    def another(self, more=""):
        tab = self.context.new_page()
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.goto(self.server.url + more)
        tab.wait_for_selector("#score td", state="attached")
        return tab


@pytest.fixture
def opened(browser, server):
    """opened(width, scheme): the page; whatever it was used for, it must not have complained."""
    pages = []

    def open_page(*how):
        pages.append(Opened(browser, server, *how))
        return pages[-1].tab

    open_page.pages = pages
    yield open_page
    for page in pages:
        page.context.close()
        assert page.complaints == []


@pytest.mark.parametrize("width", [390, 900, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_plays_fits_and_asks_nobody_else(opened, server, width, scheme):
    tab = opened(width, scheme)
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
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1280])
def test_the_dirac_gan_starts_anywhere(opened, width):
    tab = opened(width)
    tab.click("#two")
    assert not tab.is_visible("#play") and tab.is_visible("#portrait")
    wait(tab, "document.getElementById('p-round').textContent === '400'")
    assert "1.005" in tab.inner_text("#p-says")
    tab.select_option("#p-r1", "0.3")
    wait(tab, "document.getElementById('p-says').textContent.includes('come to rest')")
    size = tab.locator("#portrait").bounding_box()["width"]
    tab.click("#portrait", position={"x": .9 * size, "y": .75 * size})
    assert abs(float(tab.input_value("#p-theta")) - 2) < .05 and abs(float(tab.input_value("#p-psi")) + 1.25) < .05
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.fill("#p-psi", "99")
    tab.click("#p-start")
    wait(tab, "document.getElementById('p-says').textContent.includes('between -10 and 10')")
    assert "400" in opened.pages[0].complaints.pop()  # the browser itself notes a refusal
    tab.click("#two")
    assert tab.is_visible("#play") and not tab.is_visible("#portrait")


def said(tab, words):
    wait(tab, f"document.getElementById('says').textContent.includes({words!r})")


def test_a_story_asks_and_answers(opened, server):
    tab = opened()
    tab.select_option("#lessons", "blurred")
    said(tab, STORIES["blurred"].question)
    wait(tab, "document.getElementById('pack').value === '4'")
    said(tab, STORIES["blurred"].answer)
    assert server.player.session.rounds >= STORIES["blurred"].rounds
    tab.select_option("#lessons", "circles")
    said(tab, STORIES["circles"].question)
    assert tab.is_visible("#portrait")
    said(tab, STORIES["circles"].answer)


def test_a_cure_begins_with_the_collapse_that_it_cures(opened, server):
    server.story = "cure"
    tab = opened()
    for name in ("collapse", "cure"):
        said(tab, STORIES[name].question)
        said(tab, STORIES[name].answer)
    assert server.player.session.log[1][0] == "change" and server.player.session.recipe.loss == "wasserstein"
    tab.click("[data-story=five-steps]")  # now there is a game to go on with
    said(tab, STORIES["five-steps"].question)
    assert server.player.session.rounds > STORIES["collapse"].rounds


def test_a_link_holds_the_settings(opened, server):
    tab = opened()
    tab.select_option("#loss", "hinge")
    tab.select_option("#r1", "0.3")
    tab.select_option("#depth", "3")
    for part in ("loss=hinge", "r1=0.3", "hidden=8%2C8%2C8"):
        wait(tab, f"location.hash.includes({part!r})")
    tab.click("#link")
    link, recipe = tab.inner_text("#words"), server.player.session.recipe
    assert link.startswith("#") and server.key not in link
    tab.click("#command")
    assert tab.inner_text("#words").startswith("tinygan play --data ring") and "--hidden 8 8 8" in tab.inner_text("#words")
    for change in ({"loss": "wasserstein", "gp": .1, "r1": None}, {"hidden": (4,), "data": "moons"}):
        server.player.ask(lambda player, change=change: player.session.change(**change))
        opened.pages[0].another(link)
        assert server.player.session.recipe == recipe
    other = opened.pages[0].another()
    server.player.ask(lambda player: player.session.change(hidden=(4,)))
    other.evaluate(f"location.hash = {link!r}")  # an address that is changed by hand
    wait(other, "document.getElementById('depth').value === '3'")


def test_what_is_seen_can_be_kept(opened, server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tab = opened()
    for _ in range(6):
        tab.click("#round")
    wait(tab, "document.getElementById('rounds').textContent === '6'")
    for button, name in (("#picture", "tinygan.png"), ("#script", "my_game.py")):
        with tab.expect_download() as download:
            tab.click(button)
        download.value.save_as(tmp_path / name)
    assert (tmp_path / "tinygan.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "my_game.py").read_text() == server.player.session.script()
    tab.click("#save")
    wait(tab, "document.getElementById('words').textContent.includes('tinygan plot tinygan-play --out')")
    assert (tmp_path / "tinygan-play" / "run.npz").is_file()
