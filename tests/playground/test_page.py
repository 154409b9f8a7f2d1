"""The page of `tinygan play` in headless Chromium. Slow; skipped where Chromium or playwright is missing."""

import contextlib
import re
import subprocess
import sys

import pytest
import waiting

from tinygan.cli.options import parser
from tinygan.playground import seeing
from tinygan.playground.session import ANEW, NOW
from tinygan.playground.stories import STORIES

pytestmark = pytest.mark.slow


def until(tab, there):
    """Until there() is true in the program. Meanwhile the page goes on."""
    waiting.until(there, pause=lambda: tab.wait_for_timeout(20))


def wait(tab, condition):
    """Until the condition is true on the page. The page's policy forbids Playwright's own way, which is eval."""
    until(tab, lambda: tab.evaluate(condition))


NOT_LOADED = ("Failed to load resource",)


class Opened:
    """A page, with all that it complained of and all questions to others."""

    def __init__(self, browser, server, width=1280, scheme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme, accept_downloads=True)
        self.context.set_default_timeout(1000 * waiting.PATIENCE)
        self.complaints, self.server = [], server
        self.expected = ()  # how the complaints begin that a test provokes; some come only after the page has been looked at
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
        assert [text for text in page.complaints if not text.startswith(page.expected)] == []


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


def test_a_phone_shows_the_picture_first_then_buttons_scores_and_settings(opened):
    for width, in_order in ((390, True), (768, False), (1280, False)):
        tab = opened(width)
        places = [tab.locator(name).bounding_box() for name in ("#plane", "#play", "#says", "#score", "#data")]
        assert all(0 <= box["x"] and box["x"] + box["width"] <= width for box in places)
        ends = [box["y"] + box["height"] for box in places]
        assert all(end <= box["y"] for end, box in zip(ends, places[1:], strict=False)) == in_order
        assert ends[2] <= 850 or not in_order  # what is said can be seen with the picture
        tab.click("#pen")
        plane = tab.locator("#plane").bounding_box()
        assert 0 <= plane["y"] and plane["y"] + plane["height"] <= 850  # it has come into sight, and one can draw
        assert abs(tab.locator("#use").bounding_box()["y"] - plane["y"] - plane["height"]) < 100


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
    numbers = [int(text.split(".")[0]) for text in tab.locator("#lessons option").all_inner_texts()[1:]]
    assert numbers == list(range(5, 16)) and tab.locator("#stories button").count() == 4
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
    tab.click("[data-story=sharpen]")  # now there is a game to go on with
    said(tab, STORIES["sharpen"].question)
    assert server.player.session.rounds > STORIES["collapse"].rounds


def test_a_story_that_begins_elsewhere_is_not_told_of_another_game(opened, server, monkeypatch):
    """Where the game at hand is not the one that a story goes on from, that one is played first."""
    for name in ("collapse", "cure", "sharpen", "five-steps"):
        monkeypatch.setitem(STORIES, name, STORIES[name]._replace(rounds=20, visited=""))
    server.player.ask(lambda player: (player.session.change(data="grid", hidden=(4,)), player.session.do("both", 100)))
    tab = opened()
    tab.click("[data-story=sharpen]")
    for name in ("collapse", "cure", "sharpen"):
        said(tab, STORIES[name].answer)
    assert server.player.session.recipe.loss == "wasserstein" and server.player.session.recipe.data == "ring"
    tab.click("[data-story=five-steps]")  # the game is cured, so its sentence would not be true of it
    said(tab, STORIES["collapse"].answer)
    assert server.player.session.recipe.loss == "non-saturating"


def test_a_story_ends_where_a_setting_is_changed(opened, server, monkeypatch):
    monkeypatch.setitem(STORIES, "collapse", STORIES["collapse"]._replace(rounds=10**6))
    tab = opened()
    tab.click("[data-story=collapse]")
    said(tab, STORIES["collapse"].question)
    wait(tab, "document.getElementById('width').value === '32'")
    tab.select_option("#r1", "0.3")
    said(tab, "the story ends here")
    tab.click("[data-story=collapse]")
    said(tab, STORIES["collapse"].question)
    other = opened.pages[0].another("#pack=2")  # another page, or a link, changes the game of this one too
    said(tab, "the story ends here")
    assert other.inner_text("#says").startswith("G and D train") or other.inner_text("#says").startswith("G makes")


def test_each_state_says_what_to_do(opened, server):
    tab = opened()
    said(tab, "or press Play")
    tab.click("#play")
    said(tab, "press Pause")
    tab.reload()
    said(tab, "press Pause")
    tab.click("#play")
    said(tab, "Press Play or Round")
    tab.reload()
    said(tab, "Press Play or Round")
    tab.click("#begin")
    said(tab, "Choose a story, or press Play")
    tab.click("#two")
    said(tab, "Press anywhere in the plane")
    tab.click("#two")
    said(tab, "Choose a story, or press Play")
    tab.click("#pen")
    said(tab, "Then press Learn my drawing")
    tab.click("#use")
    said(tab, "draw 2 to")
    tab.click("#play")  # it leaves the drawing
    said(tab, "press Pause")
    assert not tab.is_visible("#penbar") and tab.get_attribute("#pen", "aria-pressed") == "false"
    opened.pages[0].expected = NOT_LOADED  # the drawing that was refused


def test_an_error_is_said_until_something_works(opened, server):
    tab = opened()
    tab.select_option("#pack", "4")
    tab.evaluate("document.getElementById('batch').add(new Option('6', '6'))")
    tab.select_option("#batch", "6")
    said(tab, "batch must be a multiple of pack")
    tab.select_option("#batch", "32")
    said(tab, "or press Play")
    opened.pages[0].expected = NOT_LOADED


def test_a_drawing_is_said_to_be_missing_in_the_command(opened, server):
    tab = opened()
    tab.click("#command")
    assert "drawing" not in tab.inner_text("#words")
    tab.click("#pen")
    tab.select_option("#tool", "heart")
    tab.click("#plane")
    tab.click("#use")
    until(tab, lambda: server.player.session.points is not None and server.player.session.rounds)
    wait(tab, "document.getElementById('data').value === 'drawn'")
    for button in ("#command", "#link"):
        tab.click(button)
        assert tab.inner_text("#words").endswith("Your drawing is not in it. Save as Python, or Save run, keeps it.")


def test_the_sentence_of_a_cure_comes_with_what_it_says(opened, server, monkeypatch):
    """The page shows all eight modes while it says that they are found: it does not wait for the last round of the story."""
    for name, rounds in (("collapse", 10), ("cure", 10**6)):
        monkeypatch.setitem(STORIES, name, STORIES[name]._replace(rounds=rounds))
    server.player.ask(lambda player: player.session.do("both", 20))
    tab = opened()
    shown = {"modes visited": "7 of 8"}
    monkeypatch.setattr(seeing, "score", lambda *_: shown)
    tab.click("[data-story=cure]")
    said(tab, STORIES["cure"].question)
    wait(tab, "document.getElementById('score').textContent.includes('7 of 8')")
    assert tab.inner_text("#says") == STORIES["cure"].question
    shown["modes visited"] = "8 of 8"
    said(tab, STORIES["cure"].answer)


def test_a_drawing_is_learned_with_settings_that_suit_it_unless_one_does_not_want_them(opened, server):
    tab = opened()
    tab.select_option("#loss", "hinge")
    tab.click("#pen")
    tab.select_option("#tool", "heart")
    tab.click("#plane")
    tab.uncheck("#suits")
    tab.click("#use")
    until(tab, lambda: server.player.session.points is not None and server.player.session.rounds)
    assert server.player.session.recipe.loss == "hinge"
    tab.click("#pen")
    tab.check("#suits")
    tab.click("#use")
    until(tab, lambda: server.player.session.recipe.batch == 128 and server.player.session.rounds)
    recipe = server.player.session.recipe
    assert (recipe.loss, recipe.r1, recipe.r2, recipe.lr, recipe.lr_d) == ("relativistic", .03, .03, .002, .002)


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


def test_the_copied_command_begins_the_same_game(opened, server):
    tab = opened()
    server.player.ask(lambda player: (player.session.change(
        loss="hinge", unroll=(5, .1), hidden=(8, 4), instance_noise=.1, d_layers="spectral-norm", ema=.99, data="swiss_roll",
        d_fourier=(6, 3, .1)), player.changed()))
    wait(tab, "document.getElementById('data').value === 'swiss_roll'")
    tab.click("#command")
    options = parser().parse_args(tab.inner_text("#words").split()[1:])
    recipe = server.player.session.recipe
    assert {name: value for name, value in vars(options).items() if name in ANEW + NOW} == {
        name: value for name, value in recipe.values().items() if name in ANEW + NOW and value is not None}


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


def same(one, other):
    """Whether two texts are the same value, such as 1 and 1.0, or 64,3,0.1 and 64,3.0,0.1."""
    with contextlib.suppress(ValueError):
        return [*map(float, one.split(","))] == [*map(float, other.split(","))]
    return one == other


def setting(server, name):
    recipe = server.player.ask(lambda player: player.session.recipe)
    value = {"width": recipe.hidden[0], "depth": len(recipe.hidden)}.get(name, getattr(recipe, name, None))
    return "" if value is None else ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


CONTROLS = ["width" if name == "hidden" else name for name in ANEW + NOW if name != "seed"] + ["depth"]


@pytest.mark.parametrize("name", CONTROLS)
def test_each_value_of_each_control_is_taken(opened, server, name):
    tab = opened()
    values = tab.eval_on_selector_all(f"#{name} option", "options => options.map(option => option.value)")
    assert len(values) > 2
    for value in [*values[1:], values[0]]:
        tab.select_option("#" + name, value)
        until(tab, lambda value=value: same(setting(server, name), value))
        server.player.ask(lambda player: player.session.do("both", 2))


def test_the_seed_begins_anew_and_the_buttons_step(opened, server):
    tab = opened()
    log = [("D", 1), ("G", 1), ("both", 1)]
    for n, button in enumerate(("#step-d", "#step-g", "#round"), start=1):
        tab.click(button)
        until(tab, lambda n=n: server.player.session.log == log[:n])
    tab.fill("#seed", "7")
    tab.press("#seed", "Enter")
    until(tab, lambda: server.player.session.recipe.seed == 7 and not server.player.session.log)
    tab.click("#round")
    tab.click("#begin")
    until(tab, lambda: server.player.session.rounds == 0)
    for rate, rounds in (("2", 2), ("20", 8), ("200", 30)):
        tab.select_option("#rate", rate)
        tab.click("#play")
        until(tab, lambda rounds=rounds: server.player.session.rounds >= rounds)
        assert server.player.rate == float(rate)
        tab.click("#play")
        until(tab, lambda: not server.player.playing)


@pytest.mark.parametrize("data", ["ring", "gaussians_1d"])
def test_each_layer_can_be_hidden(opened, server, data):
    tab = opened()
    server.player.ask(lambda player: (player.session.change(data=data, ema=.9), player.session.do("both", 30), player.changed()))
    wait(tab, "document.getElementById('rounds').textContent === '30'")
    layers = tab.locator("[data-layer]")
    assert layers.count() == 6
    picture = "document.getElementById('plane').toDataURL()"
    for i in range(layers.count()):
        before = tab.evaluate(picture)
        layers.nth(i).click()
        wait(tab, f"{picture} !== {before!r}")
        layers.nth(i).click()
        wait(tab, f"{picture} === {before!r}")


def test_the_pen_the_eraser_and_the_stamps(opened, server):
    tab = opened()
    tab.click("#pen")
    tab.locator("#plane").scroll_into_view_if_needed()
    box = tab.locator("#plane").bounding_box()

    def stroke(tool, *places):
        tab.select_option("#tool", tool)
        for i, (x, y) in enumerate(places):
            tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if i == 0:
                tab.mouse.down()
        tab.mouse.up()

    def learned():
        version = server.player.session.version
        tab.click("#use")
        until(tab, lambda: server.player.session.version > version)
        tab.click("#play")
        tab.click("#pen")
        return server.player.session.points

    stroke("pen", (.2, .3), (.8, .3))
    line = learned()
    assert len(line) > 30 and line[:, 1].std() < .05 * line[:, 0].std() and line[:, 1].mean() > 0
    stroke("eraser", (.2, .3), (.3, .3), (.4, .3), (.5, .3))
    half = learned()
    assert 5 < len(half) < .8 * len(line) and half[:, 0].min() > line[:, 0].min()
    tab.click("#clear")
    for kind in ("circle", "star", "heart"):
        stroke(kind, (.5, .5))
    tab.focus("#plane")
    tab.keyboard.press("Enter")
    assert len(learned()) == 4 * 120
    tab.click("#clear")
    tab.click("#use")
    said(tab, "draw 2 to 5000 points")
    assert "400" in opened.pages[0].complaints.pop()


def test_slow_motion_shows_each_phase_and_steps(opened, server):
    tab = opened()
    tab.select_option("#rate", "slow")
    tab.click("#play")
    for who in "DG":
        for phase in range(1, 6):
            wait(tab, f"document.getElementById('phase').textContent.startsWith('{who}, {phase} of 5.')")
            assert tab.locator("#flow .on").count() > 0
    until(tab, lambda: server.player.session.log[:2] == [("D", 1), ("G", 1)])
    tab.click("#play")
    wait(tab, "document.getElementById('play').textContent === 'Play'")
    assert tab.locator("#flow .on").count() == 0


def test_two_tabs_share_one_game(opened, server):
    one = opened()
    other = opened.pages[0].another()
    one.click("#round")
    wait(other, "document.getElementById('rounds').textContent === '1'")
    other.select_option("#loss", "hinge")
    wait(one, "document.getElementById('loss').value === 'hinge'")
    other.click("#play")
    wait(one, "document.getElementById('play').textContent === 'Pause'")
    one.click("#play")
    wait(other, "document.getElementById('play').textContent === 'Play'")
    assert server.player.session.recipe.loss == "hinge" and not server.player.playing


def test_the_saved_program_plays_the_same_game(opened, server, tmp_path):
    tab = opened()
    tab.click("#play")
    wait(tab, "parseInt(document.getElementById('rounds').textContent) > 30")
    tab.select_option("#loss", "relativistic")
    tab.select_option("#r1", "0.1")
    tab.click("#step-g")
    wait(tab, "parseInt(document.getElementById('rounds').textContent) > 60")
    tab.click("#play")
    until(tab, lambda: not server.player.playing)
    with tab.expect_download() as download:
        tab.click("#script")
    download.value.save_as(tmp_path / "game.py")
    out = subprocess.run([sys.executable, tmp_path / "game.py"], capture_output=True, text=True, check=True).stdout
    session = server.player.session
    assert out.splitlines()[-1] == f"G {float(abs(session.G.theta).sum())} D {float(abs(session.D.theta).sum())}"


def test_the_keyboard_alone_reaches_and_uses_everything(opened, server):
    tab = opened()
    wanted = set(tab.eval_on_selector_all(
        "button, select, input, a, canvas[tabindex]",
        "all => all.filter(e => e.offsetParent).map(e => e.id || e.dataset.layer || e.dataset.story)"))
    assert {"play", "loss", "seed", "heat", "collapse", "script", "plane", "lessons"} <= wanted
    reached = set()
    for _ in range(len(wanted) + 5):
        tab.keyboard.press("Tab")
        at = tab.evaluate("(e => e.id || e.dataset.layer || e.dataset.story)(document.activeElement)")
        reached.add(at)
        outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid" or at is None, at
    assert wanted <= reached
    tab.focus("#loss")
    tab.keyboard.type("hinge")
    until(tab, lambda: server.player.session.recipe.loss == "hinge")
    tab.focus("#plane")
    log = [("change", {"loss": "hinge"}), ("D", 1), ("G", 1)]
    for n, key in enumerate("dg", start=2):
        tab.keyboard.press(key)
        until(tab, lambda n=n: server.player.session.log == log[:n])
    tab.keyboard.press("s")
    until(tab, lambda: server.player.session.rounds == 1)
    tab.keyboard.press(" ")
    until(tab, lambda: server.player.playing)
    tab.keyboard.press(" ")
    until(tab, lambda: not server.player.playing)
    tab.keyboard.press("r")
    until(tab, lambda: server.player.session.rounds == 0)
    tab.focus("#two")
    tab.keyboard.press("Enter")
    wait(tab, "document.getElementById('p-round').textContent !== '0'")
    tab.focus("#p-theta")
    tab.keyboard.press("Control+a")
    tab.keyboard.type("-2")
    tab.focus("#p-start")
    tab.keyboard.press("Enter")
    wait(tab, "document.getElementById('p-round').textContent === '400'")


def test_dark_mode_is_dark_and_the_plane_stays_light(opened):
    light, dark = opened(1280, "light"), opened(1280, "dark")

    def lightness(tab, name):
        colour = tab.evaluate("name => getComputedStyle(document.querySelector(name)).backgroundColor", name)
        return max(map(int, re.findall(r"\d+", colour)))

    assert lightness(light, "body") > 240 and lightness(dark, "body") < 60
    assert lightness(light, "#plane") == lightness(dark, "#plane") == 255


def test_the_page_says_when_the_program_has_ended(opened, server):
    tab = opened()
    tab.route("**/frame*", lambda route: route.abort())
    server.player.ask(lambda player: player.changed())
    said(tab, "The program has ended. Start tinygan play again, and use the page that it opens.")
    tab.unroute("**/frame*")
    said(tab, "or press Play")
    tab.route("**/do", lambda route: route.abort())
    tab.click("#round")
    said(tab, "The program has ended")
    tab.route("**/dirac", lambda route: route.abort())
    tab.click("#two")
    opened.pages[0].expected = NOT_LOADED
    until(tab, lambda: opened.pages[0].complaints)
