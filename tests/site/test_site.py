"""The built site in a real browser, from the file system and without a network. Slow, and needs what the README's command makes.

    python -m sphinx -W -n -j 2 -d docs/_build/doctrees docs docs/_build/html
    pytest -m slow tests/site

TINYGAN_SITE names another folder with a built site. Without a site, Chromium or playwright the tests are skipped, and say so;
where the environment variable CI is set they fail.
"""

import html
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from absent import absent
from PIL import Image
from waiting import PATIENCE

from tinygan.playground.stories import STORIES

pytestmark = pytest.mark.slow

SITE = Path(os.environ.get("TINYGAN_SITE", Path(__file__).parents[2] / "docs" / "_build" / "html")).resolve()
MOST = 60e6  # bytes
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}

IMAGES = """() => [...document.images].filter(i => !(i.complete && i.naturalWidth > 0 && i.naturalHeight > 0 && i.alt.trim()))
                                       .map(i => i.outerHTML.slice(0, 200))"""
FORMULAS = "() => [document.querySelectorAll('.math').length, document.querySelectorAll('mjx-container').length]"
ERRORS = "() => [...document.querySelectorAll('[data-mjx-error], mjx-merror')].map(e => e.closest('.math')?.textContent ?? '?')"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def pages():
    return sorted(path for path in SITE.rglob("*.html") if "_static" not in path.parts)


@pytest.fixture(scope="module")
def site():
    if not (SITE / "index.html").is_file():
        absent(f"there is no site in {SITE}: build it with  python -m sphinx -W -n -j 2 -d docs/_build/doctrees docs "
               "docs/_build/html")
    return SITE


@pytest.fixture(scope="module")
def browser(site):
    """Chromium, as installed on this machine."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        absent("there is no Chromium on this machine: install it to look at the site as a reader does")
    try:
        from playwright import sync_api as playwright
    except ImportError:
        absent("playwright is missing: pip install -e '.[docs]'")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    """A tab that notes what it should not have done, in `tab.complaints`."""
    context = browser.new_context(viewport=DESKTOP)
    tab = context.new_page()
    tab.set_default_timeout(1000 * PATIENCE)
    tab.complaints = []
    context.on("request", lambda request: watch(request, tab.complaints))
    tab.on("console", lambda message: message.type in ("error", "warning") and tab.complaints.append(f"console: {message.text}"))
    tab.on("pageerror", lambda error: tab.complaints.append(f"error: {error}"))
    tab.on("requestfailed", lambda request: tab.complaints.append(f"not loaded: {request.url[:200]}"))
    yield tab
    context.close()


def watch(request, complaints):
    """Notes a request that leaves the folder; what stands in the page itself (data:) asks nobody."""
    if not request.url.startswith((SITE.as_uri(), "data:", "blob:")):
        complaints.append(f"leaves the folder: {request.url[:200]}")


def open_page(tab, path):
    """Open a page of the site and wait until its mathematics is set."""
    tab.goto(path.as_uri() if isinstance(path, Path) else path)
    tab.evaluate("() => window.MathJax?.startup?.promise")


def look(tab, path):
    """Open a page; everything that is wrong with it, as a list of sentences."""
    tab.complaints.clear()
    open_page(tab, path)
    formulas, rendered = tab.evaluate(FORMULAS)
    found = [*tab.complaints, *(f"a picture without size or text: {html}" for html in tab.evaluate(IMAGES)),
             *(f"a formula with an error: {text}" for text in tab.evaluate(ERRORS))]
    if rendered < formulas:
        found.append(f"{rendered} of {formulas} formulas are rendered")
    for screen in (DESKTOP, PHONE):
        tab.set_viewport_size(screen)
        if (extra := tab.evaluate(TOO_WIDE)) > 0:
            found.append(f"{extra} pixels wider than a screen of {screen['width']}")
    return found


def test_every_page_is_whole(tab, site):
    """It opens, asks for nothing from outside, has no error, its mathematics is set, each picture has a size and a text,
    and it fits a phone."""
    found = {path.relative_to(site).as_posix(): look(tab, path) for path in pages()}
    wrong = {name: problems for name, problems in found.items() if problems}
    assert len(found) > 50 and not wrong, "\n".join(f"{name}: {problem}" for name, all in wrong.items() for problem in all)


def test_answers_are_folded_on_the_page_and_in_the_notebook(site):
    """As many as the lesson has, each closed until it is asked for; and the notebook has none that is not folded."""
    lessons = sorted((Path(__file__).parents[2] / "lessons").glob("[0-9][0-9]_*.py"))
    asked = {path.stem: path.read_text(encoding="utf-8").count(".. answer::\n") for path in lessons}
    pages = {stem: (site / "lessons" / f"{stem}.html").read_text(encoding="utf-8") for stem in asked}
    assert {stem: text.count('<details class="answer"><summary>Answer</summary>') for stem, text in pages.items()} == asked
    assert sum(asked.values()) > 50 and not any("answer::" in text for text in pages.values())
    notebooks = {path.stem: path.read_text(encoding="utf-8") for path in site.glob("_downloads/*/[0-9][0-9]_*.ipynb")}
    assert {stem: text.count("<details class=") for stem, text in notebooks.items()} == asked


@pytest.mark.parametrize("spoiled, complaint", [
    ('<img src="_static/none.png" alt="x">', "without size"),
    ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" alt="">', "without size or text"),
    ('<script src="https://example.invalid/a.js"></script>', "leaves the folder"),
    ('<script>console.error("broken")</script>', "broken"),
    ("<script>null.x</script>", "error:"),
    ('<span class="math">\\(\\nosuchmacro\\)</span>', "formula with an error"),
    ('<span class="math">no delimiters</span>', "0 of 1 formulas"),
    ('<div style="width: 500px">wide</div>', "pixels wider than a screen of 390"),
])
def test_a_spoiled_page_is_noticed(tab, site, spoiled, complaint):
    path = site / "_spoiled.html"
    scripts = ('<meta name="viewport" content="width=device-width">'
               '<script>window.MathJax = {"tex": {"packages": {"[-]": ["autoload", "require", "noundefined"]}}}</script>'
               '<script src="_static/mathjax-3.2.2/tex-svg.js"></script>')
    path.write_text(f"<!doctype html><html><head>{scripts}</head><body>{spoiled}</body></html>", encoding="utf-8")
    try:
        problems = look(tab, path)
    finally:
        path.unlink()
    assert any(complaint in problem for problem in problems), problems


def test_mathematics_is_there(tab, site):
    open_page(tab, site / "lessons" / "02_a_layer_and_its_gradient.html")
    formulas, rendered = tab.evaluate(FORMULAS)
    assert formulas == rendered >= 10 and tab.evaluate("() => document.querySelector('mjx-container svg').getBBox().width") > 0


@pytest.mark.parametrize("words, page", [("R-operator", "two_steps.html"), ("NonSaturating", "losses.html"),
                                         ("packing", "lessons/"), ("own data csv", "own_data.html")])
def test_the_search_finds(tab, site, words, page):
    open_page(tab, f"{(site / 'search.html').as_uri()}?q={words}")
    tab.wait_for_selector("#search-results ul.search li a")
    tab.wait_for_function("() => document.querySelector('#search-results p, #search-results .search-summary')"
                          "?.textContent.includes('found')")
    hits = tab.eval_on_selector_all("#search-results ul.search li a", "links => links.map(a => a.href)")
    assert any(page in hit for hit in hits) and not tab.complaints, (hits, tab.complaints)


def test_the_search_finds_nothing_where_nothing_is(tab, site):
    open_page(tab, f"{(site / 'search.html').as_uri()}?q=zxqvbnm")
    tab.wait_for_function("() => document.querySelector('#search-results')?.textContent.includes('did not match')")
    assert not tab.query_selector_all("#search-results ul.search li")


def test_how_to_check_a_gradient_stands_on_the_first_screen(tab, site):
    open_page(tab, site / "index.html")
    tab.set_viewport_size(DESKTOP)
    assert tab.get_by_text("How do I check my own gradient?").bounding_box()["y"] > 0
    lines = tab.locator("article .highlight-pycon, article .doctest").filter(has_text="gradcheck.check")
    box = lines.first.bounding_box()
    assert box["y"] + box["height"] <= DESKTOP["height"]


def test_the_list_of_pages_shows_the_entry_of_the_page(tab, site):
    tab.set_viewport_size(DESKTOP)
    open_page(tab, site / "api" / "tinygan.zoo.stylegan.html")
    entry = tab.locator(".sidebar-tree a.current[href='#']").bounding_box()
    assert 0 <= entry["y"] <= DESKTOP["height"] - entry["height"] and tab.evaluate("() => scrollY") == 0


def test_an_animation_plays(tab, site):
    open_page(tab, site / "lessons" / "05_the_first_gan.html")
    picture = tab.locator(".animation img")
    tab.get_by_role("button", name="Pause").click()
    tab.get_by_role("button", name="First frame").click()
    first = picture.get_attribute("src")
    tab.wait_for_timeout(500)
    assert picture.get_attribute("src") == first, "it moves although nobody plays it"
    tab.get_by_role("button", name="Play", exact=True).click()
    tab.wait_for_function("first => document.querySelector('.animation img').src !== first", arg=first)
    assert not tab.complaints


@pytest.mark.parametrize("story", [name for name, story in STORIES.items() if story.lesson])
def test_a_lesson_shows_the_command_and_the_film_of_its_story(site, story):
    page, = site.glob(f"lessons/{STORIES[story].lesson:02}_*.html")
    text = page.read_text(encoding="utf-8")
    command = re.search(rf"tinygan</span> <span class=\"pre\">play</span> <span class=\"pre\">--story</span> "
                        rf"<span class=\"pre\">{story}</span>", text)
    film = re.search(rf'<img alt="(A film of the story {story}\. [^"]{{80,}})"[^>]* src="\.\./(_images/{story}\.gif)"', text)
    assert command and film and command.end() < film.start() and html.escape(STORIES[story].answer, quote=False) in text
    with Image.open(site / film[2]) as pictures:
        moments = [pictures.seek(i) or pictures.convert("RGB").tobytes() for i in range(pictures.n_frames)]
    assert len(set(moments)) >= 3 and (site / film[2]).stat().st_size < 400_000


def test_code_in_a_lesson_links_to_the_reference(site):
    text = (site / "lessons" / "05_the_first_gan.html").read_text(encoding="utf-8")
    assert "api/tinygan.losses.separate.html#tinygan.losses.separate.NonSaturating" in text


class Links(HTMLParser):
    """The ids of a page, and what it links to or loads."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.links += [attributes[key] for key in ("href", "src") if attributes.get(key)]


def broken(folder):
    """"page: link" for each link of the pages in a folder whose file or anchor is not there."""
    parsed = {path: Links(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html") if "_static" not in path.parts}
    found = []
    for page, content in parsed.items():
        for link in content.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            anchor = unquote(parts.fragment)
            known = parsed[target].ids if target in parsed else {anchor}
            if not target.is_file() or (anchor and anchor not in known):
                found.append(f"{page.relative_to(folder)}: {link}")
    return found


def test_every_link_leads_somewhere(site):
    assert broken(site) == []


def test_a_link_that_leads_nowhere_is_noticed(tmp_path):
    (tmp_path / "a.html").write_text('<a id="x" href="b.html">1</a><a href="#x">2</a><a href="#y">3</a><a href="c.html">4</a>')
    (tmp_path / "b.html").write_text('<a href="a.html#z">5</a><a href="a.html#x">6</a><a href="https://example.invalid">7</a>')
    assert sorted(broken(tmp_path)) == ["a.html: #y", "a.html: c.html", "b.html: a.html#z"]


def test_it_is_not_too_large_and_holds_nothing_that_no_reader_wants(site):
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert size < MOST, f"{size / 1e6:.0f} MB"
    assert not [path for name in (".doctrees", "_sources") for path in (site / name).rglob("*")]


def test_no_initial_of_an_author_became_a_list(site):
    assert "<ol" not in (site / "bibliography.html").read_text(encoding="utf-8")
