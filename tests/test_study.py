"""A study: the same results however its work is shared out, a table that survives what happens to tables, honest intervals."""

import csv
import itertools
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy.stats import binom
from waiting import PATIENCE, until

from tinygan import data, losses, plots, study
from tinygan.__main__ import main
from tinygan.data.base import fingerprint
from tinygan.engine.arguments import spawn
from tinygan.engine.features import FourierFeatures
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam, cosine_decay, warm_cosine
from tinygan.metrics import FullReport, full_report, mode_report
from tinygan.penalties import R1, Falling
from tinygan.recipe import NAMES, Fading, Recipe, seeds_of
from tinygan.settings import written
from tinygan.study import REMEDIES, SETUPS, TRUTH, Remedy, Setup, groups, results, summaries
from tinygan.study.remedies import with_gamma
from tinygan.training import train

RING = {"ring": data.ring().standardized()}
TURNED = data.Mixture(RING["ring"].means[:, ::-1] * [1, -1.1], RING["ring"].stds, name="ring")  # its repr is that of the ring
TINY = Setup("tiny", "for tests", Recipe(hidden=(8,), batch=16, steps=3, lr=1e-3, schedule="constant"))
PLAIN = {"plain": REMEDIES["plain"]}
TWO = PLAIN | {"averaging": REMEDIES["averaging"]}
WILD = {"wild": Remedy("diverges", loss="wasserstein", lr=10.0)}
QUICK = ("plain", "wgan_gp", "spectral_norm", "minibatch_std", "averaging", "instance_noise")  # the others take longer together
ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Fewer samples to score: what is tested here does not depend on how many."""
    monkeypatch.setattr(groups, "SCORED", 400)
    monkeypatch.setattr(results.os, "fsync", lambda file: None)


def made(remedies=TWO, seeds=range(3), setup=TINY, mixtures=RING, **how):
    return study.run_study(remedies, mixtures, seeds, setup, **how)


def bits(rows):
    """Everything about the rows but the seconds, to the last bit, so that it can be compared."""
    return [(repr(row._replace(seconds=0, x=None)), None if row.x is None else (row.x.dtype, row.x.tobytes())) for row in rows]


# ---- the work shared out


def check_grouping(name="plain"):
    """Three seeds side by side, two and one, and each alone."""
    one_by_one, *others = (bits(made({name: REMEDIES[name]}, replicas=replicas)) for replicas in (1, 2, 3))
    assert all(other == one_by_one for other in others)
    assert len(set(one_by_one)) == 3  # and the seeds differ


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in REMEDIES])
def test_it_does_not_matter_which_seeds_are_trained_side_by_side(name):
    check_grouping(name)


@pytest.mark.parametrize("seed", [5])
def test_a_row_is_the_single_run_with_its_seed(seed):
    row = made(TWO, [3, seed, 1], replicas=3)[4]
    assert row.key == ("averaging", "ring", seed)
    streams, ring = spawn(seed, 4), RING["ring"]
    G, D = mlp(2, 8, 2, seed=streams[0]), mlp(2, 8, 1, seed=streams[1])
    history = train(G, D, ring, losses.NonSaturating(), steps=3, batch=16, opt_d=Adam(1e-3), opt_g=Adam(1e-3), ema=.999,
                    seed=streams[2])
    for_scores = np.random.default_rng(streams[3])
    z = for_scores.standard_normal((400, 2))
    wanted = full_report(G(z), ring, for_scores), full_report(history.G_ema(z), ring, for_scores)  # raw first: one stream
    assert repr((row.raw, row.ema)) == repr(wanted)
    assert np.array_equal(row.x, history.G_ema(z))


def test_threads_do_the_same_work():
    with joblib.parallel_config(backend="threading"):
        assert bits(made(jobs=2, replicas=2)) == bits(made())


def test_a_study_that_is_stopped_while_a_row_is_written_ends_without_a_warning():
    def stop(row):
        raise KeyboardInterrupt

    with joblib.parallel_config(backend="threading"), pytest.raises(KeyboardInterrupt):
        made(jobs=2, replicas=1, on_row=stop)


@pytest.mark.slow
def test_processes_do_the_same_work(tmp_path, monkeypatch):
    monkeypatch.undo()  # the other processes score as many as ever
    rows = made(jobs=2, replicas=2, folder=tmp_path)
    assert bits(rows) == bits(made()) and bits(made(folder=tmp_path)) == bits(rows)


@pytest.mark.slow
def test_a_cluster_does_the_same_work(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed: pip install tinygan[cluster]")
    monkeypatch.undo()
    here = bits(made(REMEDIES, range(2), replicas=2))
    # Two processes that know of this one only what travels to them, as on any cluster.
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=tmp_path) as cluster:
        with distributed.Client(cluster) as client, joblib.parallel_config(backend="dask"):
            there = bits(made(REMEDIES, range(2), replicas=1, folder=tmp_path))
            worked = client.run(lambda: "tinygan.study" in sys.modules)
    assert there == here and list(worked.values()) == [True, True]


def test_the_first_seeds_of_all_remedies_come_first():
    found = groups.groups_of(TWO, RING, range(5), TINY, 2, done={("plain", "ring", 1), ("averaging", "ring", 0)})
    assert [(group.name, group.seeds) for group in found] == [
        ("plain", (0, 2)), ("averaging", (1, 2)), ("plain", (3, 4)), ("averaging", (3, 4))]


# ---- remedies


def settings(setup, remedy):
    """Every setting of a run, name -> text."""
    return results.texts(setup, remedy)


def test_every_remedy_changes_something_and_nonsaturating_nothing():
    plain = settings(SETUPS["collapse"], REMEDIES["plain"])
    alike = [name for name, remedy in REMEDIES.items() if settings(SETUPS["collapse"], remedy) == plain]
    assert alike == ["plain", "nonsaturating"] and tuple(plain) == ("setup", *results.SETTINGS)
    different = {tuple(settings(SETUPS["collapse"], remedy).values()) for remedy in REMEDIES.values()}
    assert len(different) == len(REMEDIES) - 1


def test_settings_are_written_alike_in_every_process():
    texts = settings(SETUPS["recipe"], REMEDIES["relativistic_r1_r2"])
    assert (texts["r1"], texts["r2"], texts["hidden"]) == ("0.1 0.003", "0.1 0.003", "64 64 64 64")
    assert (texts["schedule"], texts["activation"], texts["d_layers"]) == ("cosine_decay", "relu", "")
    own = settings(TINY, Remedy("", schedule=lambda fraction: 1.0, loss=losses.Hinge(2.0), d_layers=lambda row: row))
    assert (own["schedule"], own["loss"]) == ("<lambda>", "Hinge(margin=2)")
    every = [text for remedy in REMEDIES.values() for text in settings(SETUPS["collapse"], remedy).values()]
    assert not any("0x" in text or "object" in text for text in [*every, *own.values()])
    assert written((object(), R1(.1), 2)) == "<object object> R1(0.1) 2" and "0x" not in written(R1(lambda fraction: .1))


def test_falling_and_fading():
    falling = Falling(.1, .001)
    assert [falling(0), falling(1)] == pytest.approx([.1, .001]) and falling(.5) == pytest.approx(.01)
    assert [Fading(.2, 0)(fraction) for fraction in (0, .5, 1)] == [.2, .1, 0]
    assert [Fading(.2, .1)(fraction) for fraction in (0, .5, 1)] == pytest.approx([.2, .15, .1])


def test_rates_are_factors_on_those_of_the_setup():
    assert REMEDIES["two_time_scales"].applied(SETUPS["collapse"].recipe).rates() == (1e-3 / 2, 1e-4 * 2)
    assert Remedy("", lr_d=.3, rates=(1, 2)).applied(TINY.recipe).rates() == (1e-3, .6)
    assert Remedy("", rates=(3, 2)).applied(TINY.recipe).rates() == pytest.approx((3e-3, 2e-3))  # lr_d None: both have one rate
    texts = settings(SETUPS["collapse"], REMEDIES["two_time_scales"])
    assert (texts["lr"], texts["lr_d"]) == ("0.0005", "0.0002")
    G, D = REMEDIES["two_time_scales"].applied(TINY.recipe).networks(2, (0, 1))
    training = REMEDIES["two_time_scales"].applied(TINY.recipe).training(G, D, RING["ring"], 0)
    assert [training.players[name].optimiser.lr for name in "GD"] == [5e-4, 2e-3]


@pytest.mark.parametrize(("changes", "message"), [
    ({"lr_g": .1}, "unknown setting 'lr_g'. Did you mean 'lr_d'? Known: data, hidden"),
    ({"penalties": ()}, "unknown setting 'penalties'."),
    ({"schedul": "constant"}, "Did you mean 'schedule'?"),
    ({"seed": 3}, "seed belongs to the study, not to a setup or a remedy: pass it to run_study"),
    ({"data": "grid"}, "data belongs to the study"),
    ({"replicas": 4}, "replicas belongs to the study"),
])
def test_a_change_of_no_setting_of_a_recipe_is_refused(changes, message):
    for change in (lambda: Remedy("", **changes), lambda: REMEDIES["r1"].replace(**changes), lambda: TINY.replace(**changes)):
        with pytest.raises(ValueError, match=re.escape(message)):
            change()


def test_a_remedy_can_be_changed_and_compared():
    r1 = REMEDIES["r1"]
    assert r1.replace(r1=1.0).changes == {"r1": 1.0} and r1.replace(r1=None).changes == {} and r1.replace() == r1
    assert r1.replace(about="mine").about == "mine" and r1 != r1.replace(r1=1.0)
    assert repr(Remedy("x", rates=(1, 2), pack=2)) == "Remedy('x', rates=(1, 2), pack=2)"
    assert TINY.replace(steps=9, name="longer") == Setup("longer", "for tests", TINY.recipe.replace(steps=9))


@pytest.mark.parametrize(("name", "layers"), [
    ("plain", "Dense(2 -> 8), ReLU(), Dense(8 -> 1)"),
    ("packing_4", "Pack(4 x 2 -> 8), Dense(8 -> 8), ReLU(), Dense(8 -> 1)"),
    ("spectral_norm", "SpectralNorm(Dense(2 -> 8)), ReLU(), SpectralNorm(Dense(8 -> 1))"),
    ("layer_norm", "Dense(2 -> 8), LayerNorm(8), ReLU(), Dense(8 -> 1)"),
    ("minibatch_std", "Dense(2 -> 8), ReLU(), MinibatchStd(8 -> 9), Dense(9 -> 1)"),
    ("minibatch_discrimination", "Dense(2 -> 8), ReLU(), MinibatchDiscrimination(8 -> 13), Dense(13 -> 1)"),
])
def test_what_a_remedy_does_to_the_players(name, layers):
    G, D = REMEDIES[name].applied(TINY.recipe).networks(2, ([0, 1], [2, 3]), 2)
    assert ", ".join(map(repr, D.layers)) == layers and D.replicas == (2,) and D.d_in == 2
    assert np.array_equal(G.theta[1], mlp(2, 8, 2, seed=1).theta)


def test_a_setup_may_begin_both_players_with_fourier_features():
    G, D = REMEDIES["packing_2"].applied(TINY.replace(fourier=(6, .5, 2.)).recipe).networks(2, ([0, 1], [2, 3]), 2)
    assert ", ".join(map(repr, G.layers)) == "FourierFeatures(2 -> 6), Dense(6 -> 8), ReLU(), Dense(8 -> 2)"
    assert ", ".join(map(repr, D.layers)) == "Pack(2 x 2 -> 4), FourierFeatures(4 -> 6), Dense(6 -> 8), ReLU(), Dense(8 -> 1)"
    for layer, (d, scale) in ((G.layers[0], (2, .5)), (D.layers[1], (4, 2.))):
        assert np.array_equal(layer.turns, [FourierFeatures(d, 6, scale).turns.astype(np.float32)] * 2)  # alike in both replicas


def test_a_setup_may_put_fourier_features_beside_what_D_sees():
    G, D = REMEDIES["packing_2"].applied(TINY.replace(d_fourier=(6, 3., .1)).recipe).networks(2, ([0, 1], [2, 3]), 2)
    assert ", ".join(map(repr, G.layers)) == "Dense(2 -> 8), ReLU(), Dense(8 -> 2)"
    assert ", ".join(map(repr, D.layers)) == "Pack(2 x 2 -> 4), FourierBeside(4 -> 10), Dense(10 -> 8), ReLU(), Dense(8 -> 1)"
    assert (D.layers[1].scale, D.layers[1].size) == (3., .1)
    assert np.array_equal(D.layers[1].turns, [FourierFeatures(4, 6, 3.).turns.astype(np.float32)] * 2)  # alike in both replicas


@pytest.mark.slow
def test_warm_up_keeps_the_first_points_beside_the_data():
    """Features of scale 1 in the first 300 of 50 000 steps, eight seeds: with the rate that rises, and with one large at once.

    What is compared is how wide the generated points ever were. Most runs come back from there, and a few do not.
    """
    grid, widest, fine = data.by_name("big_grid").standardized(), {}, SETUPS["fine"].recipe
    fine = fine.replace(hidden=(128, 128, 128), fourier=(64, .5, 1.))  # at the setup's own scale of .3 there is little to see
    z = np.random.default_rng(0).standard_normal((8, 500, fine.latent))
    for schedule in (warm_cosine, cosine_decay):
        beginning = fine.replace(steps=300, ema=None, schedule=lambda f, whole=schedule: whole(f * 300 / fine.steps))
        recipe, widths = with_gamma(REMEDIES["relativistic_r1_r2"], (.1, .001)).applied(beginning), []
        for_G, for_D, for_training, _ = zip(*map(seeds_of, range(8)), strict=True)
        training = recipe.training(*recipe.networks(2, (list(for_G), list(for_D)), 8), grid, list(for_training))
        training.run(lambda state, widths=widths: widths.append(state.G(z).std(axis=(1, 2))), progress=False)
        widest[schedule] = np.max(widths, axis=0)
    warm, cold = widest[warm_cosine], widest[cosine_decay]
    assert warm.max() < 2.2 and np.median(cold) > 1.4 * np.median(warm) and cold.max() > 1.3 * warm.max()


@pytest.mark.slow
@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_can_be_trained_with_every_setup(name):
    for setup in SETUPS.values():
        (row,) = made({name: REMEDIES[name]}, [0], setup.replace(steps=3))
        averaged = REMEDIES[name].applied(setup.recipe).ema is not None
        assert row.diverged is None and row.raw and (row.ema is not None) == averaged


@pytest.mark.parametrize(("change", "error", "message"), [
    ({"remedies": {}}, TypeError, "must be a dict from names to remedies, with at least one; got {}"),
    ({"remedies": {"c": Remedy(""), "b-c": Remedy("")}, "mixtures": {"a": RING["ring"], "a-b": RING["ring"]}}, ValueError,
     "two remedies, each on other data, would share the files a-b-c-...: rename one of them"),
    ({"remedies": ["plain"]}, TypeError, "remedies must be a dict from names to remedies"),
    ({"remedies": {"a/b": Remedy("")}}, ValueError, "a name is made of letters, digits and _ . + - (files bear it); got 'a/b'"),
    ({"remedies": {"five": Remedy("", pack=5)}}, ValueError, "five: D packs 5 points, which does not divide a batch of 16"),
    ({"remedies": {"smooth": Remedy("", loss="hinge", real_label=.9)}}, ValueError,
     "smooth: real_label is for the losses non-saturating and minimax, given by their names; got 0.9 for the loss hinge"),
    ({"remedies": {"twice": Remedy("", fourier=(6, .5, 1.), d_fourier=(6, 3., .1))}}, ValueError,
     "twice: fourier puts features in place of D's input, and d_fourier puts them beside it: leave out one of them; "
     "got fourier 6 0.5 1.0 and d_fourier 6 3.0 0.1"),
    ({"remedies": {"wide": Remedy("", hidden=8)}}, TypeError, "wide: hidden must be one number or more"),
    ({"mixtures": {"moons": data.from_array(np.eye(2))}}, TypeError, "its data must be mixtures; moons is a Points"),
    ({"seeds": []}, ValueError, "a study needs at least one seed, each of them once; got []"),
    ({"seeds": [1, 1]}, ValueError, "each of them once; got [1, 1]"),
    ({"seeds": [-1]}, ValueError, "seed must be at least 0; got -1"),
    ({"seeds": [.5]}, TypeError, "seed must be a whole number, at least 0; got 0.5"),
    ({"replicas": 0}, ValueError, "replicas must be at least 1; got 0"),
])
def test_bad_input_is_refused_before_anything_is_trained(change, error, message, monkeypatch, tmp_path):
    monkeypatch.setattr(study, "train_group", None)
    with pytest.raises(error, match=re.escape(message)):
        made(folder=tmp_path, **change)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("change", "message"), [
    ({"fourier": (64, .5)}, "fourier must be 3 numbers (features, scale in G and scale in D), such as 64 .5 1; got 2"),
    ({"fourier": (7, .5, 1.)}, "fourier features must be an even number; got 7"),
    ({"hidden": (0,)}, "hidden must be at least 1; got 0"),
])
def test_a_setup_refuses_what_its_recipe_refuses(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TINY.replace(**change)


def test_a_list_of_seeds_must_have_one_for_each_replica():
    with pytest.raises(ValueError, match=re.escape("3 replicas take one seed, or a list of 3 seeds; got a list of 2")):
        mlp(2, 3, 1, replicas=3, seed=[0, 1])
    assert np.array_equal(mlp(2, 3, 1, replicas=2, seed=[4, 9]).theta[1], mlp(2, 3, 1, seed=9).theta)


# ---- runs that diverge


def test_a_run_that_diverges_is_a_row(tmp_path):
    long = TINY.replace(steps=300)
    rows = made(WILD, setup=long, replicas=3, folder=tmp_path)
    assert all(0 < row.diverged < 300 and row.raw is row.ema is row.x is None for row in rows)
    assert bits(rows) == bits(made(WILD, setup=long)) == bits(made(WILD, setup=long, folder=tmp_path))
    one = summaries.summarise(rows, RING["ring"])
    assert (one.n, one.diverged, one.visited.value, one.high_quality.value) == (3, 3, 0, 0)
    assert one.reverse_kl.value == pytest.approx(math.log(8))


# ---- the table on the disk


def lines(folder):
    return (folder / study.TABLE).read_bytes().splitlines(keepends=True)


def test_a_line_for_each_run_with_all_that_matters(tmp_path):
    rows = made(folder=tmp_path)
    head, *body = (line.decode().strip() for line in lines(tmp_path))
    assert head.split(",") == list(results.COLUMNS) and len(body) == 6
    with (tmp_path / study.TABLE).open(newline="") as file:
        first = next(csv.DictReader(file))
    expected = {"remedy": "plain", "data": "ring", "seed": "0", "setup": "tiny", "hidden": "8", "latent": "2", "pack": "1",
                "activation": "relu", "loss": "non-saturating", "steps": "3", "batch": "16", "d_steps": "1", "lr": "0.001",
                "beta1": "0.5", "beta2": "0.999", "schedule": "constant", "update": "alternating"}
    unused = ("fourier", "d_fourier", "d_layers", "real_label", "lr_d", "unroll", "r1", "r2", "gp", "ema", "instance_noise",
              "clip")
    expected |= dict.fromkeys(unused, "")
    assert {name: first[name] for name in expected} == expected
    assert set(NAMES) - {"replicas"} <= set(head.split(","))  # every setting of a Recipe is a column
    assert float(first["high_quality"]) == rows[0].raw.high_quality and first["ema_modes"] == first["diverged"] == ""
    assert first["distribution"] == fingerprint(RING["ring"]) and float(first["seconds"]) >= 0
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == sorted(
        f"ring-{name}-{seed}.npy" for name in TWO for seed in range(3))


def counted(monkeypatch):
    """The seeds that are trained from now on, by remedy."""
    trained, train_group = [], study.train_group

    def watched(group, *more):
        trained.extend((group.name, seed) for seed in group.seeds)
        return train_group(group, *more)

    monkeypatch.setattr(study, "train_group", watched)
    return trained


def test_a_study_goes_on_where_it_was(tmp_path, monkeypatch):
    whole = bits(made())
    made(PLAIN, [0, 2], folder=tmp_path)
    trained = counted(monkeypatch)
    assert bits(made(folder=tmp_path)) == whole
    assert sorted(trained) == [("averaging", 0), ("averaging", 1), ("averaging", 2), ("plain", 1)]
    trained.clear()
    seen = []
    assert bits(made(folder=tmp_path, on_row=lambda row: seen.append(row.key))) == whole and not trained and len(seen) == 6


@pytest.mark.parametrize("cut", [40, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 10_000))])
def test_a_line_cut_off_is_made_again(tmp_path, monkeypatch, cut):
    whole = bits(made(PLAIN, folder=tmp_path))
    path = tmp_path / study.TABLE
    before = path.read_bytes()
    *kept, last = lines(tmp_path)
    path.write_bytes(b"".join(kept) + last[:-cut])
    trained = counted(monkeypatch)
    assert bits(made(PLAIN, folder=tmp_path)) == whole and trained == [("plain", 2)]
    without_seconds = [re.sub(rb'",\d+\.\d+,', b'",', text) for text in (before, path.read_bytes())]
    assert without_seconds[0] == without_seconds[1] != before


@pytest.mark.parametrize("held", [b"", b"remedy,data,se"])
def test_a_first_line_cut_off_is_begun_again(tmp_path, held):
    (tmp_path / study.TABLE).write_bytes(held)
    assert bits(made(PLAIN, folder=tmp_path)) == bits(made(PLAIN)) and len(lines(tmp_path)) == 4


@pytest.mark.parametrize(("change", "message"), [
    ({"setup": TINY.replace(steps=4)}, "csv, line 2: steps is 3 there, but 4 in this study. One table holds runs of one kind"),
    ({"setup": TINY.replace(name="other")}, "setup is tiny there, but other in this study"),
    ({"setup": TINY.replace(hidden=(8, 8))}, "hidden is 8 there, but 8 8 in this study"),
    ({"remedies": {"plain": Remedy("", loss="hinge")}}, "loss is non-saturating there, but hinge in this study"),
    ({"remedies": {"plain": Remedy("", loss=losses.Hinge())}}, "loss is non-saturating there, but Hinge() in this study"),
    ({"remedies": {"plain": Remedy("", clip=.1)}}, "clip is not set there, but 0.1 in this study"),
    ({"remedies": {"new": REMEDIES["r1"]}, "setup": TINY.replace(batch=32)}, "batch is 16 there, but 32 in this study"),
    ({"mixtures": {"ring": data.ring()}}, "distribution is Mixture ring: modes 8, dimensions 2, std 0.01414"),
    ({"mixtures": {"ring": TURNED}}, f"distribution is {fingerprint(RING['ring'])} there, but {fingerprint(TURNED)} in this"),
])
def test_runs_of_another_kind_are_refused(tmp_path, change, message):
    made(PLAIN, [0], folder=tmp_path)
    before = lines(tmp_path)
    with pytest.raises(study.OtherSettings, match=re.escape(message)):
        made(**{"remedies": PLAIN} | change, folder=tmp_path)
    assert lines(tmp_path) == before


def test_other_remedies_and_data_may_join(tmp_path):
    made(PLAIN, [0], folder=tmp_path)
    made({"r1": REMEDIES["r1"]}, [0], mixtures={"grid": data.grid()}, folder=tmp_path)
    assert len(lines(tmp_path)) == 3


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda head, one, two: [b"x1,x2\n", b"1,2\n"], "is not the table of a study: its first line is not the one"),
    (lambda head, one, two: [b"my notes"], "is not the table of a study"),
    (lambda head, one, two: [head, b"plain,ring,0\n", two], f"line 2: 3 cells, expected {len(results.COLUMNS)}. The table"),
    (lambda head, one, two: [head, one.replace(b"plain,ring,0", b"plain,ring,x"), two], "line 2: invalid literal for int"),
    (lambda head, one, two: [head, one, re.sub(rb'",[0-9.]+,', b'",much,', two)], "line 3: could not convert string to float"),
    (lambda head, one, two: [head, one, two, one], "line 4: the run plain, ring, 0 is there twice. Remove one of the two lines"),
])
def test_a_table_that_is_none_or_damaged_is_left_alone(tmp_path, spoil, message):
    made(PLAIN, [0, 1], folder=tmp_path)
    spoiled = b"".join(spoil(*lines(tmp_path)))
    (tmp_path / study.TABLE).write_bytes(spoiled)
    with pytest.raises(ValueError, match=re.escape(message)):
        made(PLAIN, [0, 1], folder=tmp_path)
    assert (tmp_path / study.TABLE).read_bytes() == spoiled


def test_what_no_remedy_changes_is_shared_by_all_runs_of_a_table():
    shared = {"setup", "hidden", "latent", "activation", "fourier", "d_fourier", "steps", "batch", "beta1", "beta2", "schedule"}
    assert set(results.SHARED) == shared


OLD_COLUMNS = ("remedy,data,seed,setup,hidden,latent,activation,fourier,batch,steps,schedule,beta1,beta2,loss,penalties,d_layers,"
               "pack,d_steps,lr_g,lr_d,ema,update,unroll,instance_noise,clip,distribution,seconds,diverged,modes,modes_half,"
               "modes_visited,high_quality,reverse_kl,tv,std_ratio,ema_modes,ema_modes_half,ema_modes_visited,ema_high_quality,"
               "ema_reverse_kl,ema_tv,ema_std_ratio")


@pytest.mark.parametrize("rows", [b"", b"plain,ring,0,tiny,8,2,ReLU,,16,3,constant,0.5,0.999,NonSaturating()\n"])
def test_a_study_of_an_older_version_is_refused_and_left_alone(tmp_path, rows):
    held = OLD_COLUMNS.encode() + b"\n" + rows
    (tmp_path / study.TABLE).write_bytes(held)
    message = f"{tmp_path / study.TABLE} is a study that another version of tinygan made: it has other columns than this version"
    with pytest.raises(ValueError, match=re.escape(message)):
        made(PLAIN, [0], folder=tmp_path)
    assert (tmp_path / study.TABLE).read_bytes() == held and len(list(tmp_path.iterdir())) == 1


def test_samples_that_are_gone_are_not_missed(tmp_path):
    made(PLAIN, [0], folder=tmp_path)
    (tmp_path / "samples" / "ring-plain-0.npy").unlink()
    (row,) = made(PLAIN, [0], folder=tmp_path)
    assert row.x is None and row.raw


def test_a_full_disk_names_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(results.os, "fsync", lambda file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    monkeypatch.setattr(results.files, "write", lambda x, path: None)
    with pytest.raises(OSError, match="No space left") as caught:
        made(PLAIN, [0], folder=tmp_path)
    assert caught.value.filename == str(tmp_path / study.TABLE)


def test_an_interrupted_study_keeps_what_is_finished(tmp_path):
    seen = []

    def stop(row):
        seen.append(row)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(folder=tmp_path, on_row=stop, replicas=2)
    assert len(lines(tmp_path)) == 5
    assert bits(made(folder=tmp_path)) == bits(made())


# ---- intervals


def coverage(interval, n):
    """The probability, exact, that the interval from n trials holds p, for each of 97 p."""
    p, (low, high) = np.linspace(.02, .98, 97)[:, None], np.array([interval(k, n) for k in range(n + 1)]).swapaxes(0, 1)
    return (binom.pmf(np.arange(n + 1), n, p) * ((low <= p) & (p <= high))).sum(axis=-1)


def wald(k, n):
    """What is in many papers: share -+ 1.96 standard errors."""
    reach = 1.96 * math.sqrt(k / n * (1 - k / n) / n)
    return k / n - reach, k / n + reach


@pytest.mark.parametrize("n", [8, 20])
def test_wilson_holds_the_truth_in_95_percent_and_the_simple_interval_does_not(n):
    ours, simple = (coverage(interval, n) for interval in (lambda k, n: study.wilson(k, n)[1:], wald))
    assert .94 < np.mean(ours) < .97 and min(ours) > .83
    assert np.mean(simple) < .88 and min(simple) < .4


@pytest.mark.parametrize(("k", "n"), [(0, 5), (3, 7), (16, 16), (1, 1)])
def test_wilson_is_what_its_docstring_says(k, n):
    share, low, high = study.wilson(k, n)
    assert share == k / n and 0 <= low <= share <= high <= 1
    for p in {low, high} - {0.0, 1.0}:
        assert abs(share - p) == pytest.approx(1.959964 * math.sqrt(p * (1 - p) / n), rel=1e-6)
    assert study.wilson(k, n, .5).high - study.wilson(k, n, .5).low < high - low


def test_the_mean_interval_holds_the_truth_in_95_percent_and_one_with_196_does_not():
    x = np.random.default_rng(0).normal(3, 2, (2000, 5))
    held, short = [], []
    for one in x:
        mean, low, high = study.mean_interval(one)
        held.append(low <= 3 <= high)
        short.append(abs(mean - 3) <= 1.96 * one.std(ddof=1) / math.sqrt(5))
    assert abs(np.mean(held) - .95) < .015 and np.mean(short) < .9


def test_one_number_has_no_bounds_and_bounds_end_where_no_mean_can_be():
    assert study.mean_interval([3]).value == 3 and math.isnan(study.mean_interval([3]).low)
    assert study.mean_interval([0, 1], lowest=0, highest=1) == (.5, 0, 1)
    assert study.mean_interval([2, 2, 2]) == (2, 2, 2)


@pytest.mark.parametrize(("arguments", "message"), [
    ((3, 2), "successes must be at most n = 2; got 3"),
    ((-1, 2), "successes must be at least 0; got -1"),
    ((0, 0), "n must be at least 1; got 0"),
    ((1, 2, 1), "level must be a finite number above 0 and below 1; got 1.0"),
])
def test_intervals_refuse_what_makes_no_sense(arguments, message):
    with pytest.raises(ValueError, match=message):
        study.wilson(*arguments)


# ---- the summary


def row(seed, visited, half=0, quality=.5, **more):
    report = FullReport(*mode_report(np.zeros((1, 2)), RING["ring"]), one_nn=.6, classifier=.7)
    report = report._replace(modes_visited=visited, modes_half=half, high_quality=quality, tv=.25)
    return study.Row("r", "ring", seed, 2.0, raw=report, **more)


def test_a_summary_counts_every_run():
    one = summaries.summarise([row(0, 8, 8), row(1, 8, 3), row(2, 5), study.Row("r", "ring", 3, 2.0, diverged=7)], RING["ring"])
    assert one[:2] == (4, 1) and one.visited == study.wilson(2, 4) and one.half == study.wilson(1, 4)
    assert one.modes_visited.value == (8 + 8 + 5 + 0) / 4 and one.high_quality.value == 1.5 / 4 and one.seconds == 2
    assert one.tv.value == pytest.approx((3 * .25 + .98889) / 4, abs=1e-5) and one.spread.value == 0, "NaN counts as no width"
    assert (one.one_nn.value, one.classifier.value) == pytest.approx(((3 * .6 + 1) / 4, (3 * .7 + 1) / 4))


PERFECT = FullReport(8, 8, 8, .98889, .0003, .01, 1., .5, .5)
MISSED = {"a mode is missing": {"modes_half": 7}, "blurred": {"high_quality": .94}, "narrow": {"std_ratio": .89},
          "wide": {"std_ratio": 1.11}, "one point a mode": {"std_ratio": math.nan}, "lopsided": {"reverse_kl": .021},
          "TV": {"tv": .11}, "neighbours tell": {"one_nn": .61}, "a classifier tells": {"classifier": .61}}


def test_the_bars_are_met_by_what_lies_on_them():
    edge = PERFECT._replace(high_quality=.95, std_ratio=.9, reverse_kl=.02, tv=.1, one_nn=.6, classifier=.6)
    assert all(study.BARS.met_by(report, RING["ring"]) for report in (PERFECT, edge, edge._replace(std_ratio=1.1)))
    assert str(study.BARS) == ("every mode at half its share, high quality at least 95%, spread 0.9 to 1.1, reverse KL at most "
                               "0.02, TV at most 0.1, 1-NN at most 60%, classifier at most 60%")


@pytest.mark.parametrize("fault", MISSED)
def test_one_score_below_its_bar_is_no_success(fault):
    report = PERFECT._replace(**MISSED[fault])
    assert not study.BARS.met_by(report, RING["ring"])
    one = summaries.summarise([row(0, 8)._replace(raw=PERFECT), row(1, 8)._replace(raw=report)], RING["ring"])
    assert one.bars == study.wilson(1, 2)


def test_narrow_modes_are_no_success_any_more():
    """Samplers of the ring: what the table counted before, and what all bars together say."""
    ring = RING["ring"]
    for factor, met in ((1, True), (.58, False), (1.3, False)):
        sampler = data.Mixture(ring.means, ring.stds * factor)
        report = full_report(sampler.sample(10_000, np.random.default_rng(0)), ring, np.random.default_rng(1))
        assert report.modes_half == 8 and report.reverse_kl < .002
        assert study.BARS.met_by(report, ring) is met, f"{factor}: {report}"


def test_true_samples_stand_first_and_score_as_they_should(monkeypatch):
    monkeypatch.undo()  # 10 000 samples
    rows = made(seeds=[0, 1])
    found = study.summary(rows, RING)
    assert list(found) == [("ring", name) for name in (TRUTH, "plain", "averaging", "averaging, raw")]
    truth = found["ring", TRUTH]
    assert truth.visited.value == truth.half.value == 1 and abs(truth.high_quality.value - .98889) < .005
    assert found["ring", "averaging, raw"].reverse_kl == found["ring", "plain"].reverse_kl  # the same training
    assert found["ring", "averaging"].reverse_kl != found["ring", "plain"].reverse_kl
    text = study.summary_table(found, RING)
    assert text.splitlines()[0] == "ring: 8 modes" and text.splitlines()[2].startswith("true samples")
    assert "ring: against true samples" in text and truth.bars.value == 1 and abs(truth.spread.value - 1) < .02
    assert abs(truth.one_nn.value - .5) < .02 and abs(truth.classifier.value - .5) < .02
    assert "2 of 2 [34, 100]" in text and "0 of 2 [0, 66]" in text and "diverged" not in text


def test_the_table_says_how_many_diverged_and_leaves_out_bounds_of_one_run():
    text = study.summary_table(study.summary([study.Row("r", "ring", 0, 2.0, diverged=7)], RING), RING)
    assert re.search(r"r +0 of 1 \[0, 79\] +0 of 1 \[0, 79\] +0\.0 +0\.0 +2\.079 +2\.0  1 diverged$", text, re.M)
    assert re.search(r"^r +0\.989 +0\.00 +100\.0 +100\.0 +0 of 1 \[0, 79\]$", text, re.M), "and in the second block"


# ---- pictures


def test_pictures_of_a_study(monkeypatch):
    rows = [*study.truth_rows(RING, range(2)), *made(PLAIN, [0]), study.Row("plain", "ring", 1, 1.0, diverged=7)]
    figure = plots.remedies(rows, RING["ring"])
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[:2] == ["8 of 8"] * 2 and titles[3] == "diverged, step 7" and titles[2].endswith(" of 8")
    dots = [ax.collections[-1] for ax in figure.axes]
    assert [plots.comparison.plt.matplotlib.colors.to_hex(one.get_facecolor()[0]) for one in dots[:3]] == [
        plots.TRUE.lower(), plots.TRUE.lower(), plots.FAKE.lower()]
    assert np.allclose(dots[2].get_offsets(), rows[2].x) and not np.isfinite(np.ma.filled(dots[3].get_offsets(), np.nan)).any()
    figure = plots.intervals({name: one for (_, name), one in study.summary(rows[2:], RING).items()}, 8)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["plain"]
    assert figure.axes[0].get_xlabel() == "% of 2 runs" and [
        next(line for line in ax.lines if line.get_label() == TRUTH).get_xdata()[0] for ax in figure.axes[:2]] == [100, 8]
    assert [len(ax.containers) for ax in figure.axes] == [2, 1, 1], "points with intervals, no bars"
    plots.comparison.plt.close("all")


# ---- the command


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """A function: the words after `study` -> exit code, what it printed, what it complained; tiny runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(SETUPS, "quick", TINY)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    capsys.readouterr()

    def run(words):
        return main(["study", *words.split()]), *capsys.readouterr()

    yield run
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def undrawn(monkeypatch):
    """Without pictures, which take longer than everything else."""
    for name, draw in {"remedies": lambda *_: None, "intervals": lambda *_: None, "save": lambda figure, path: path}.items():
        monkeypatch.setattr(plots, name, draw)


def test_a_study_at_the_command_line(cli):
    code, out, err = cli("--remedies averaging --seeds 2 --quiet --out mine")
    assert (code, err) == (0, "")
    assert out.startswith("1 remedy x 1 data set x 2 seeds: 2 runs of 3 steps, setup tiny, in mine\n")
    assert "2 of 2 [34, 100]" in out and "averaging, raw" in out and "Wilson's for the counts" in out
    written_files = [Path("mine") / name for name in ("study.csv", "table.txt", "ring-samples.png", "ring-intervals.png")]
    assert out.endswith("Written:\n" + "".join(f"  {path}\n" for path in written_files))
    assert all(path.stat().st_size > 500 for path in written_files) and Path("mine/table.txt").read_text() in out


def test_the_command_goes_on_where_it_was(cli, undrawn, monkeypatch):
    assert cli("--remedies plain --seeds 2 --quiet")[0] == 0
    trained = counted(monkeypatch)
    assert cli("--remedies plain plain --seeds 3 --quiet --out tinygan-study")[0] == 0 and trained == [("plain", 2)]
    assert cli("--remedies plain --seeds 1 --quiet")[0] == 0 and Path("tinygan-study-2").is_dir()
    code, _, err = cli("--remedies plain --steps 5 --quiet --out tinygan-study")
    assert code == 2 and "line 2: steps is 3 there, but 5 in this study" in err and err.endswith("settings, or another --out\n")


@pytest.mark.parametrize("pressed", [pytest.param("while training", marks=pytest.mark.slow), "between rows"])
def test_ctrl_c_keeps_finished_rows(cli, undrawn, monkeypatch, pressed):
    rows = itertools.count()
    name = "train_group" if pressed == "while training" else "Results.append"
    where, _, attribute = name.rpartition(".")
    owner = getattr(study, where) if where else study
    original = getattr(owner, attribute)

    def interrupted(*arguments):
        if next(rows) == 2:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments)

    monkeypatch.setattr(owner, attribute, interrupted)
    code, _, err = cli("--remedies plain --seeds 4 --replicas 1 --quiet --out mine")
    assert code == 130 and err.startswith("tinygan: stopped by Ctrl-C; 2 of 4 runs are in mine. The same command with --out mine")
    assert len(lines(Path("mine"))) == 3
    assert cli("--remedies plain --seeds 4 --quiet --out mine")[0] == 0
    assert bits(made(PLAIN, range(4), folder=Path("mine"))) == bits(made(PLAIN, range(4)))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches a whole console there")
def test_ctrl_c_reaches_the_processes_too(tmp_path):
    words = "-m tinygan study --remedies plain --seeds 4000 --steps 100 --replicas 1 --jobs 2 --quiet --out"
    def with_ctrl_c():  # a program that was started in the background may ignore it, and so would what it starts
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    running = subprocess.Popen([sys.executable, *words.split(), str(tmp_path / "mine")], cwd=ROOT, stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=with_ctrl_c)
    table = tmp_path / "mine" / study.TABLE
    until(lambda: table.exists() and table.read_bytes().count(b"\n") >= 3)
    kept = table.read_bytes().count(b"\n")
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all processes
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130 and "stopped by Ctrl-C; " in err and "Traceback" not in err, err
    assert 3 <= kept <= table.read_bytes().count(b"\n") < 4001


def test_the_list_names_every_remedy_and_setup(cli):
    code, out, _ = cli("--list")
    assert code == 0 and not list(Path().iterdir())
    assert all(re.search(rf"^  {name} +{re.escape(one.about)}$", out, re.M) for name, one in {**REMEDIES, **SETUPS}.items())


@pytest.mark.parametrize(("words", "code", "message"), [
    ("--remedies plian", 2, "argument --remedies: unknown remedy 'plian'. Did you mean 'plain'? Known: plain, two_time_scales"),
    ("--data moons", 2, "argument --data: unknown mixture 'moons'. Known: ring, grid, big_grid, gaussians_1d"),
    ("--seeds 0", 2, "argument --seeds: N must be at least 1; got 0"),
    ("--setup colapse", 2, "Did you mean 'collapse'?"),
    ("--steps many", 2, "argument --steps: N must be a whole number, at least 1; got 'many'"),
    ("--jobs 0", 2, "argument --jobs: N must be at least 1; got 0"),
    ("--replicas -2", 2, "argument --replicas: N must be at least 1; got -2"),
    ("--out notes.txt", 2, "notes.txt is a file. Choose another --out"),
    ("--out full", 2, "full exists already, and there is no study in it to go on with. Choose another --out"),
    ("--out notes.txt/a", 2, "the folder notes.txt/a cannot be made"),
    ("--out foreign", 1, "study.csv is not the table of a study: its first line is not the one that a study writes"),
    ("--out older", 1, "study.csv is a study that another version of tinygan made: it has other columns than this version "
     "writes. Choose another folder, and make the runs again"),
])
def test_the_command_refuses(cli, words, code, message):
    Path("notes.txt").write_text("mine")
    for file, text in (("full/thesis.tex", "mine"), ("foreign/study.csv", "mine"), ("older/study.csv", OLD_COLUMNS)):
        Path(file).parent.mkdir()
        Path(file).write_text(text)
    before = sorted(Path().rglob("*"))
    got, _, err = cli(f"--quiet {words}")
    assert got == code and message in err and "Traceback" not in err and sorted(Path().rglob("*")) == before


def test_a_cluster_that_is_not_there(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = cli("--quiet --cluster tcp://nowhere:1")
    assert code == 2 and "--cluster needs Dask" in err and "pip install 'tinygan[cluster]'" in err and not list(Path().iterdir())


def test_another_gamma(cli, undrawn):
    """--gamma changes R1 and R2, and nothing else; a study with another gamma is another study."""
    assert with_gamma(REMEDIES["r1_r2"], (0.3, 0.01)).changes == {"r1": (0.3, 0.01), "r2": (0.3, 0.01)}
    found = [repr(penalty) for penalty in with_gamma(REMEDIES["r1_r2"], (0.3, 0.01)).applied(TINY.recipe).penalties()]
    assert found == ["R1(0.3 falling to 0.01)", "R2(0.3 falling to 0.01)"]
    assert [repr(penalty) for penalty in with_gamma(REMEDIES["r1"], 0.3).applied(TINY.recipe).penalties()] == ["R1(0.3)"]
    assert with_gamma(REMEDIES["wgan_gp"], 0.3) == REMEDIES["wgan_gp"] and with_gamma(REMEDIES["r1"], None) == REMEDIES["r1"]
    code, _, complaint = cli("--gamma .3 .2 .1")
    assert code == 2 and "argument --gamma: gamma must be one number, or two: where it begins and where it ends; got 3" \
        in complaint
    code, _, complaint = cli("--gamma 0")
    assert code == 2 and "argument --gamma: gamma must be a finite number above 0; got 0.0" in complaint
    assert cli("--remedies r1 --seeds 1 --gamma .3 --quiet --out here")[0] == 0
    code, _, complaint = cli("--remedies r1 --seeds 1 --gamma .2 --quiet --out here")
    assert code == 2 and "r1 is 0.3 there, but 0.2 in this study" in complaint


def test_another_rate_and_another_batch(cli, undrawn):
    """--lr is the rate of both players, and stands in the table, as --batch does."""
    assert cli("--remedies plain --seeds 1 --lr .03 --batch 48 --quiet --out here")[0] == 0
    with Path("here/study.csv").open() as file:
        row, = csv.DictReader(file)
    assert (row["lr"], row["lr_d"], row["batch"]) == ("0.03", "0.03", "48")
