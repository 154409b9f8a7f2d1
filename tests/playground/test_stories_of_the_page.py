"""The stories of `tinygan play`: what they ask and say, how they begin, and where they are told. Their claims are counted by
tests/benchmarks/play_stories.py."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from tinygan.playground import Session
from tinygan.playground.portrait import portrait
from tinygan.playground.stories import STORIES, begin

ROOT = Path(__file__).resolve().parent.parent.parent
GAMES = [name for name, story in STORIES.items() if story.portrait is None]


@pytest.mark.parametrize("name", STORIES)
def test_a_story_asks_one_question_and_says_one_sentence(name):
    story = STORIES[name]
    assert story.question.endswith("?") and len(re.findall(r"[.?!](?: |$)", story.question)) == 1
    assert story.answer.endswith(".") and len(re.findall(r"[.?!](?: |$)", story.answer)) == 1
    assert story.told()["anew"] == (story.after == "")


def test_each_lesson_from_5_to_15_has_one_story_and_names_its_command():
    named = {}
    for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py")):
        for name in re.findall(r"``tinygan play --story ([a-z0-9-]+)``", path.read_text(encoding="utf-8")):
            named.setdefault(int(path.name[:2]), []).append(name)
    assert named == {story.lesson: [name] for name, story in STORIES.items() if story.lesson}
    assert sorted(named) == list(range(5, 16))


@pytest.mark.parametrize("name", GAMES)
def test_a_story_begins_with_its_settings(name):
    story, session = STORIES[name], Session(seed=3, loss="hinge", hidden=(4,))
    session.do("both", 2)
    before = session.recipe
    begin(session, name)
    assert all(getattr(session.recipe, setting) == value for setting, value in story.settings.items())
    assert session.recipe.seed == 3 and (session.rounds == 0) == story.anew
    if story.after:
        assert STORIES[story.after].rounds > 0 and session.recipe == before.replace(**story.settings)
    session.do("both", 2)
    assert np.isfinite(session.G.theta).all() and story.rounds > 0


@pytest.mark.parametrize("name", GAMES)
def test_the_page_is_told_the_settings_that_a_story_has(name):
    """The page compares them, as JSON, with those of the game at hand: it must find that a story has its own settings."""
    told, chain, session = {key: story.told() for key, story in STORIES.items()}, [], Session(hidden=(4,), loss="hinge")
    while name:
        chain.insert(0, name)
        name = told[name]["after"]
    wanted = {}
    for each in chain:
        begin(session, each)
        wanted |= told[each]["settings"]
    there, wanted = (json.loads(json.dumps(values)) for values in (session.settings(), wanted))
    assert {key: there[key] for key in wanted} == wanted


def test_a_story_of_two_numbers_is_a_portrait_and_no_game():
    for name in STORIES.keys() - set(GAMES):
        assert portrait(**STORIES[name].portrait)["path"]
        with pytest.raises(ValueError, match="unknown story of a game"):
            begin(Session(hidden=(4,)), name)


def benchmark():
    spec = importlib.util.spec_from_file_location("play_stories", ROOT / "tests" / "benchmarks" / "play_stories.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_claim_is_counted():
    module = benchmark()
    assert list(module.CLAIMS) == GAMES
    assert module.chain("sharpen") == ["collapse", "cure", "sharpen"]
    assert [line.rpartition(": ")[2] for line in module.circles(range(5))] == ["5 of 5", "0 of 5"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first-gan", "losses", "free-critic", "r1"])
def test_a_claim_is_right_and_its_control_is_not(name):
    own, control = benchmark().told(name, range(2))
    assert "2 of 2" in own and "0 of 2" in control
