"""`tests/benchmarks/tuning.py`: equal trials for every remedy, no seed used twice, and a curve that is not optimistic."""

import functools
import importlib.util
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from tinygan import data, study
from tinygan.metrics import FullReport
from tinygan.study import REMEDIES, groups

WHERE = importlib.util.spec_from_file_location("tuning", Path(__file__).parent / "benchmarks" / "tuning.py")
tuning = importlib.util.module_from_spec(WHERE)
WHERE.loader.exec_module(tuning)

RING = data.ring().standardized()


def row(half, one_nn, classifier, diverged=None):
    report = FullReport(8, half, 8, .9, .0, .0, 1., one_nn, classifier)
    return study.Row("one", "ring", 0, 1.0, diverged=diverged, raw=None if diverged else report)


# ---- what is tried


def test_every_remedy_has_as_many_settings_and_all_can_be_trained():
    for name in REMEDIES:
        settings = tuning.settings_of(name, 16)
        assert len(settings) == len({repr(one.applied(tuning.BASE)) for one in settings.values()}) == 16
        groups.check_study(settings, {"ring": RING}, [0], study.Setup("s", "", tuning.BASE))
    assert set(tuning.OWN) <= set(REMEDIES)


def test_the_settings_are_drawn_once():
    """They depend neither on how many are drawn, nor on the other remedies, nor on the process; three are written down here."""
    for name in ("r1", "unrolled", "plain"):
        few, many = tuning.settings_of(name, 3), tuning.settings_of(name, 40)
        assert all(few[key] == many[key] for key in few)
    assert [tuning.described(tuning.settings_of(name, 1)[f"{name}.00"]) for name in ("plain", "two_time_scales", "unrolled")] == [
        "lr 0.000363, lr_d 0.000836, beta1 0.5, batch 64, hidden 32 32",
        "lr 0.000104, lr_d 0.002918, beta1 0.5, batch 64, hidden 32 32",
        "lr 0.000363, lr_d 0.000836, beta1 0.5, batch 64, hidden 32 32, unroll 3 0.255"]


def test_the_shared_part_is_the_same_for_all_and_the_remedy_is_kept():
    plain = tuning.settings_of("plain", 16)
    for name in REMEDIES:
        for i, one in enumerate(tuning.settings_of(name, 16).values()):
            shared = plain[f"plain.{i:02d}"].changes
            assert {key: one.changes[key] for key in shared} == shared
            assert set(REMEDIES[name].changes) <= set(one.changes)
            fixed = {"loss", "pack", "d_layers", "update"} & set(REMEDIES[name].changes)
            assert all(one.changes[key] == REMEDIES[name].changes[key] for key in fixed)


@pytest.mark.parametrize("one", [tuning.Log(1e-3, 10), tuning.Log(.5, .6)])
def test_a_range_is_drawn_evenly_on_its_scale(one):
    rng = np.random.default_rng(0)
    x = np.log([one.draw(rng) for _ in range(4000)])
    low, high = np.log(one)
    assert low - .01 <= x.min() and x.max() <= high + .01
    assert abs((x.mean() - low) / (high - low) - .5) < .02 and abs(x.std() / (high - low) - 12**-.5) < .01


def test_every_value_of_a_choice_is_drawn():
    ranges = tuning.SHARED | {f"{name} {key}": one for name, own in tuning.OWN.items() for key, one in own.items()}
    for one in ranges.values():
        rng = np.random.default_rng(0)
        assert isinstance(one, tuning.Log) or {one.draw(rng) for _ in range(100)} == set(one.values)


def test_no_seed_is_used_twice():
    used = [*tuning.TUNE, *tuning.VALIDATE, *tuning.TEST]
    assert len(set(used)) == len(used) == 28 and min(used) > 101, "nor one of those that the recipes were made with"


# ---- what is chosen


def test_the_score():
    assert tuning.score(row(8, .5, .5), RING) == 1 and tuning.score(row(8, .45, .48), RING) == 1
    assert tuning.score(row(0, 1, .6), RING) == 0 and tuning.score(row(8, 1, 1, diverged=7), RING) == 0
    assert tuning.score(row(4, .6, .7), RING) == pytest.approx((.5 + .6) / 2)
    narrow, true = tuning.score(row(8, .59, .69), RING), tuning.score(row(8, .503, .495), RING)
    assert narrow < .85 < true, "narrow modes are no success"


def test_of_equal_settings_the_first_is_chosen():
    scores = {"a": np.array([.1, .3]), "b": np.array([.5, .5]), "c": np.array([.4, .6]), "d": np.array([1, .2])}
    assert tuning.best(scores, 3) == ["d", "b", "c"]


def test_the_curve_is_the_mean_over_all_choices():
    """By brute force: all choices of m settings, the best by one half of the seeds, its score on the other."""
    table = np.random.default_rng(0).random((6, 4))
    expected = []
    for m in range(1, 7):
        found = []
        for chosen, judged in ((table[:, :2], table[:, 2:]), (table[:, 2:], table[:, :2])):
            found += [judged[max(some, key=lambda i: chosen[i].mean())].mean() for some in itertools.combinations(range(6), m)]
        expected.append(np.mean(found))
    curve = tuning.against_budget({f"{i}": scores for i, scores in enumerate(table)})
    assert curve == pytest.approx(expected)


def test_the_curve_is_flat_where_nothing_but_luck_differs():
    """The control: the best score itself rises with m for noise alone; the score on other seeds does not."""
    luck = np.random.default_rng(1).random((400, 16, 4))
    curves = np.array([tuning.against_budget(dict(enumerate(table))) for table in luck])
    assert np.abs(curves.mean(axis=0) - .5).max() < .015
    assert luck.mean(axis=2).max(axis=1).mean() > .7
    assert tuning.against_budget({"a": np.array([.2]), "b": np.array([.6])}) == pytest.approx([.4, .6])


# ---- the page


def page():
    return " ".join((Path(__file__).parents[1] / "docs" / "tuned.rst").read_text(encoding="utf-8").split())


def test_the_page_has_the_protocol_of_the_program():
    text, rate, (short, long) = page(), tuning.SHARED["lr"], tuning.BUDGETS["ring"]
    assert tuning.SHARED["lr_d"] == rate and len(tuning.SHARED) == 5 and max(map(len, tuning.OWN.values())) == 2
    for sentence in (f"the same number of trials for all {len(REMEDIES)} remedies",
                     f"from {np.format_float_positional(rate.low)[1:]} to {rate.high:g}".replace(" 0.", " ."),
                     f"*{tuning.SETTINGS} settings are drawn*", "for five numbers that are shared and up to two of a remedy",
                     f"*Each setting is trained with {len(tuning.TUNE)} seeds*, on the ring for {short} steps.",
                     f"The {tuning.FINALISTS} best are trained again with {len(tuning.VALIDATE)} fresh seeds",
                     f"*The winner is trained with {len(tuning.TEST)} new seeds*, on the ring for {short} steps and, from the "
                     f"start again, for {long}.", "of {:,} and {:,} steps.".format(*tuning.BUDGETS["grid"]).replace(",", " ")):
        assert sentence in text


class Told:
    """What the runs of one data set say, as the page writes it."""

    def __init__(self, data_set):
        self.found = kept(f"tuning_{data_set}")["remedies"]
        self.n_modes = data.by_name(data_set).n_modes
        self.steps = tuple(map(str, tuning.BUDGETS[data_set]))
        self.best = sorted(self.found, key=lambda name: -self.scores(name).mean())

    def scores(self, name, steps=None):
        return np.array([run["score"] for run in self.found[name]["test"][steps or self.steps[1]]])

    def reports(self, name, steps):
        """Of the winner's runs; None for a run that diverged."""
        return [run["report"] for run in self.found[name]["test"][steps]]

    def full(self, name, steps, key="modes_visited"):
        """In how many runs all modes are there."""
        return sum(run is not None and run[key] == self.n_modes for run in self.reports(name, steps))

    def visited(self, name, steps):
        return f"{np.mean([run['modes_visited'] if run else 0 for run in self.reports(name, steps)]):.1f}"

    def mean(self, name, steps):
        return short(self.scores(name, steps).mean())

    def apart(self):
        """Of the remedies but the two controls: how many have an interval above that of plain, and how many one below."""
        spans = {name: study.mean_interval(self.scores(name)) for name in self.found if name != "nonsaturating"}
        plain = spans.pop("plain")
        return (len(spans), sum(span.low > plain.high for span in spans.values()),
                sum(span.high < plain.low for span in spans.values()))

    def sentences(self):
        last = self.steps[1]
        names, shares = ([f(name) for name in self.best[:5]] for f in (
            "``{}``".format, lambda name: f"{self.full(name, last, 'modes_half')}"))
        return [
            f"After {spaced(last)} steps the winners have mean scores of {self.mean(self.best[-1], last)} to "
            f"{self.mean(self.best[0], last)}, and plain has {self.mean('plain', last)}",
            "Of the {} others, {} have an interval that lies above that of plain, and {} one that lies below".format(
                *self.apart()),
            f"The best five are {', '.join(names[:4])} and {names[4]}, and they give every mode half of its share on "
            f"{', '.join(shares[:4])} and {shares[4]} of 20 runs"]


class Untuned(Told):
    """The same of the study without tuning, under the same names."""

    def __init__(self):
        self.runs, self.n_modes = kept("all_remedies")["runs"], 8

    def reports(self, name, steps):
        return [run["judged"] for run in self.runs if run["remedy"] == name]


def sentences_of_the_ring():
    ring, before = told("ring"), Untuned()
    first, last = ring.steps
    spectral = ring.found["spectral_norm"]
    full, mean, visited = ring.full, ring.mean, ring.visited
    return [
        f"The plain GAN visits all modes on {before.full('plain', None)} of 20 runs there, and on {full('plain', first)} of 20 "
        "here in as many steps",
        f"Without tuning plain visits {before.visited('plain', None)} modes, and R1 {before.visited('r1', None)}; their winners "
        f"visit {visited('plain', first)} and {visited('r1', first)}",
        f"It visits all modes on {before.full('unrolled', None)} of 20 runs there. Tuned it does on {full('unrolled', first)} of "
        f"20, and with {last} steps on {full('unrolled', last)} of 20. Its mean score is then {mean('unrolled', last)}",
        f"Packing by four goes from {mean('packing_4', first)} to {mean('packing_4', last)} with twice the steps",
        f"The winner of spectral normalisation had {short(np.mean(spectral['tuning'][spectral['winner']]))} on the 4 seeds "
        f"of the tuning, and has {mean('spectral_norm', first)} on new ones"]


def sentences_of_the_grid():
    grid, ring = told("grid"), told("ring")
    last = grid.steps[1]
    full = {name: grid.full(name, last) for name in grid.found}
    most = ("r1_r2", "relativistic_r1", "relativistic_r1_r2")
    ranks = [[where.best.index(name) + 1 for name in REMEDIES] for where in (ring, grid)]
    quality = np.mean([run["high_quality"] if run else 0 for run in grid.reports("packing_4", last)])
    minimax = [where.best.index("minimax") + 1 for where in (ring, grid)]
    return [
        f"After {spaced(last)} steps ``r1_r2``, ``relativistic_r1`` and ``relativistic_r1_r2`` visit all 25 on {full[most[0]]} "
        f"of 20 runs each, and ``spectral_norm`` on {full['spectral_norm']}",
        f"No other remedy does on more than {max(full[name] for name in full if name not in (*most, 'spectral_norm'))}",
        f"plain visits {grid.visited('plain', last)} modes",
        f"Unrolling visits {grid.visited('unrolled', last)} modes, fewer than plain, and has a mean score of "
        f"{grid.mean('unrolled', last)}. Packing by four has {grid.mean('packing_4', last)}. It visits "
        f"{grid.visited('packing_4', last)} modes, but only {quality:.3f} of its samples".replace("only 0.", "only ."),
        f"have a correlation of {short(np.corrcoef(*ranks)[0, 1])}",
        "``minimax`` is number {} on the ring, and number {} on the grid".format(*minimax)]


def kept(name):
    return json.loads((tuning.RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def spaced(steps):
    """A number of steps as the page has it: four digits together, more in threes."""
    return steps if len(steps) < 5 else f"{int(steps):,}".replace(",", " ")


def short(value):
    """A score as the page has it."""
    return f"{value:.2f}".replace("0.", ".")


@functools.cache
def told(data_set):
    return Told(data_set)


@pytest.mark.parametrize("data_set", tuning.BUDGETS)
def test_the_kept_runs_are_the_whole_study(data_set):
    found = told(data_set).found
    assert list(found) == list(REMEDIES)
    for name, one in found.items():
        settings = tuning.settings_of(name, tuning.SETTINGS)
        assert list(one["tuning"]) == list(settings) and {len(scores) for scores in one["tuning"].values()} == {len(tuning.TUNE)}
        assert one["settings"] == tuning.described(settings[one["winner"]])
        assert one["winner"] in tuning.best({key: np.array(scores) for key, scores in one["tuning"].items()}, tuning.FINALISTS)
        assert list(one["test"]) == list(told(data_set).steps)
        assert all([run["seed"] for run in runs] == [*tuning.TEST] for runs in one["test"].values())
    assert found["plain"]["test"] == found["nonsaturating"]["test"], "the control"


def test_what_the_page_says_of_the_ring():
    text, runs, first = page(), told("ring"), told("ring").steps[0]
    for sentence in (*runs.sentences(), *sentences_of_the_ring()):
        assert sentence in text
    gain = runs.scores("plain", first).mean() - np.mean([*runs.found["plain"]["tuning"].values()])
    assert f"rises by {short(gain)} from a setting at random to the winner" in text
    assert "That is more than any remedy adds to plain once both are tuned" in text
    assert all(runs.scores(name).mean() - runs.scores("plain").mean() < gain for name in runs.found)
    assert f"But without any tuning R1 alone visits all modes on {Untuned().full('r1', None)} of 20 runs there" in text
    assert tuning.BASE.schedule == "cosine_decay" and study.SETUPS["collapse"].recipe.schedule == "constant"
    assert study.SETUPS["collapse"].recipe.rates() == (1e-3, 1e-4), "ten times more slowly"
    others, above, below = runs.apart()
    assert "*Most differences shrink, and they do not vanish.*" in text and others > 2 * (above + below) > 0
    assert "Its mean score is then" in text and "the lowest of all" in text
    assert "with z of 256, batches of 512 and 25 000 steps" in text and max(tuning.SHARED["batch"].values) < 512
    assert tuning.BASE.latent < 256 and max(tuning.BUDGETS["ring"]) < 25_000, "outside these ranges"
    assert runs.best[-1] == "unrolled"
    assert "looks one small step ahead and no further" in text and "unroll 1 0.01" in runs.found["unrolled"]["settings"]
    spectral = np.sort(runs.scores("spectral_norm", first))
    assert np.diff(spectral).max() > .3 and spectral[3] < .1 and spectral[-8] > .75, "its runs succeed or fail"


def test_what_the_page_says_of_the_grid():
    text, grid, ring = page(), told("grid"), told("ring")
    for sentence in (*grid.sentences(), *sentences_of_the_grid()):
        assert sentence in text
    assert len({grid.full(name, "20000") for name in ("r1_r2", "relativistic_r1", "relativistic_r1_r2")}) == 1
    assert grid.best[-2:] == ["unrolled", "packing_4"]
    assert float(grid.visited("unrolled", "20000")) < float(grid.visited("plain", "20000")), "fewer than plain"

    def width(where):
        """How far the winners' mean scores lie apart."""
        return float(np.std([where.scores(name).mean() for name in where.found]))

    assert "*The differences are larger than on the ring.*" in text and width(grid) > width(ring)
    assert sum(grid.apart()[1:]) > sum(ring.apart()[1:])


# ---- the command


WORDS = "ring --remedies plain nonsaturating r1 --settings 3 --seeds 2 --test 2 --budgets 3 5".split()


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(groups, "SCORED", 200)
    monkeypatch.setattr(tuning.plots, "save", lambda figure, path: path)
    monkeypatch.setattr(tuning, "picture", lambda found, mixture: None)


@pytest.mark.slow
def test_the_study_goes_on_where_it_was(tmp_path, small, monkeypatch, capsys):
    out = tmp_path / "a new" / "folder"
    words = [*WORDS, "--work", str(tmp_path / "work"), "--out", str(out)]
    original, made = study.train_group, []

    def counted(group, *arguments):
        if len(made) == 9:
            raise KeyboardInterrupt
        made.append((group.name, group.seeds, group.recipe.steps))
        return original(group, *arguments)

    monkeypatch.setattr(study, "train_group", counted)
    with pytest.raises(KeyboardInterrupt):
        tuning.main(words)
    first = list(made)
    made.clear()
    monkeypatch.setattr(study, "train_group", lambda *arguments: made.append(arguments[0]) or original(*arguments))
    tuning.main(words)
    # 3 settings to tune, 3 to validate, 2 budgets: 8 groups for each of 3 remedies, of which 9 were made.
    assert len(first) == 9 and len(made) == 15
    once = (out / "tuning_ring.json").read_text()
    made.clear()
    tuning.main(words)
    assert made == [] and (out / "tuning_ring.json").read_text() == once
    text = (out / "tuning_ring.txt").read_text()
    assert text in capsys.readouterr().out and "3 steps, the winners on new seeds" in text and "best of 2" in text
    assert "classifier %" in text and "The settings that won:" in text and "Processor time, minutes:" in text
    found = json.loads(once)["remedies"]
    plain, same = found["plain"], found["nonsaturating"]
    assert plain["test"] == same["test"] and plain["winner"].split(".")[1] == same["winner"].split(".")[1], "the control"
    assert plain["test"] != found["r1"]["test"] and [run["seed"] for run in plain["test"]["5"]] == [2000, 2001]


def test_dry_prints_every_setting_and_runs_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tuning.main(["--dry"])
    out = capsys.readouterr().out
    assert sum(line.startswith("  ") for line in out.splitlines()) == 26 * 16 and not list(tmp_path.iterdir())
    assert out.endswith("26 remedies, for each 64 runs to tune and 12 to validate, of 4000 steps, and 20 runs to test, of 4000 "
                        "and 8000 steps.\nIn all 14,144,000 steps of G on each data set.\n")


@pytest.mark.parametrize(("words", "message"), [
    (["--settings", "2"], "a part of the study is not the study"),
    (["--settings", "0", "--dry"], "at least 1"),
    (["--budgets", "5", "5", "--dry"], "no budget stands there twice"),
    (["--seeds", "5", "--dry"], "invalid choice: 5"),
])
def test_what_is_refused(words, message, capsys):
    with pytest.raises(SystemExit):
        tuning.main(words)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("many, coloured", [(26, 6), *(pytest.param(*one, marks=pytest.mark.slow) for one in ((8, 6), (2, 2)))])
def test_the_picture(many, coloured):
    """Each remedy has a curve and is named on the right, in the order of its score at the longest budget; no words are cut."""
    rng, names = np.random.default_rng(0), list(REMEDIES)[:many]
    accuracy = dict(zip(names, .5 + rng.permutation(many) / 100, strict=True))
    found = {name: {"tuning": dict(enumerate(rng.random((8, 4)))),
                    "test": {20: [row(4, .6, .6)] * 3, 50: [row(8, .5, accuracy[name])] * 3}} for name in names}
    figure = tuning.picture(found, RING)
    left, right = figure.axes
    assert len(left.lines) == many and len(left.get_legend().get_texts()) == coloured
    assert [text.get_text() for text in left.get_xticklabels()] == ["1", "2", "4", "8"]
    shown = [text.get_text() for text in right.get_yticklabels()]
    scores = {name.replace("_", " "): tuning.score(one["test"][50][0], RING) for name, one in found.items()}
    assert set(shown) == set(scores) and shown == sorted(shown, key=scores.get) and scores[shown[0]] < scores[shown[-1]]
    assert right.lines[-1].get_xdata() == pytest.approx([scores[name] for name in shown])
    assert [text.get_text() for text in right.get_legend().get_texts()] == [
        "a setting at random, 20 steps", "the winner, 20 steps", "the winner, 50 steps"]
    looks = {(line.get_color(), line.get_marker()) for line in left.lines if line.get_label()[0] != "_"}
    assert len(looks) == len({color for color, _ in looks}) == len({marker for _, marker in looks}) == coloured
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    for text in (*left.get_legend().get_texts(), *right.get_legend().get_texts(), *right.get_yticklabels()):
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height
    labels = [text.get_window_extent() for text in right.get_yticklabels()]
    assert all(low.y1 <= high.y0 + 1 for low, high in itertools.pairwise(labels)), "no two names overlap"
    tuning.plots.comparison.plt.close("all")
