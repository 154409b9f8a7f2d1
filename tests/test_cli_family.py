"""The family at the command line: what is trained, kept, drawn, sampled and scored, and what each model says it cannot do."""

import inspect
import os
import re
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from oracles import same_bits
from PIL import Image

from tinygan import checkpoint, data, files, metrics, plots
from tinygan.__main__ import main
from tinygan.cli import family, family_files, family_options, family_pictures, family_scores, learning, options
from tinygan.cli.family_files import Misuse
from tinygan.engine.base import at_most
from tinygan.engine.layers import Dense
from tinygan.record import sentence
from tinygan.settings import written
from tinygan.training import Training
from tinygan.zoo import FAMILY

pytestmark = pytest.mark.slow  # each trains a small run: with the quick tests they would take half a minute more

QUICK = ("--steps", "3", "--quiet")
# What makes the networks of a model small.
SMALL = {"dcgan": ("--hidden", "4", "2"), "stylegan": ("--hidden", "4", "4", "--hidden-d", "4", "2")}


def small(model):
    return SMALL.get(model, ("--hidden", "8"))


@pytest.fixture
def undrawn(monkeypatch):
    """Without the page, which takes longer than everything else."""
    monkeypatch.setattr(family, "draw", lambda run, path: path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with a short run of every model on the first data that it was tried on, and some on other data."""
    folder = tmp_path_factory.mktemp("kept")
    before, here = family.draw, os.getcwd()
    family.draw = lambda run, path: path
    os.chdir(folder)
    try:
        labelled_table()
        for model in FAMILY:
            assert main(["train", "--model", model, *small(model), *QUICK, "--out", model]) == 0
        for name, words in {"ring": "--model conditional --data ring", "mine": "--model conditional --data mine.csv",
                            "spokes": "--model infogan --data digits", "toy": "--model discogan --data mine.csv --target ring",
                            "plane": "--model bigan --data moons"}.items():
            assert main(["train", *words.split(), "--hidden", "8", *QUICK, "--out", name]) == 0
        assert main(["train", "--hidden", "8", *QUICK, "--out", "gan"]) == 0
    finally:
        family.draw = before
        os.chdir(here)
    return folder


@pytest.fixture
def runs(kept, tmp_path):
    """The folders of these runs in the current one."""
    for path in kept.iterdir():
        if path.is_dir():
            shutil.copytree(path, tmp_path / path.name)
    return tmp_path


def left():
    return sorted(path.as_posix() for path in Path().rglob("*"))


def size_of(path):
    with Image.open(path) as image:
        return image.size


def labelled_table(labels=None, name="mine.csv"):
    """Points of three classes, far from mean 0, with a column called label in the middle."""
    labels = np.arange(60) % 3 if labels is None else np.asarray(labels)
    x = np.random.default_rng(0).standard_normal((labels.size, 2)) + 1000 + 10 * np.nan_to_num(labels)[:, None]
    rows = np.stack([x[:, 0], labels, x[:, 1]], axis=-1)
    np.savetxt(name, rows, "%.17g", ",", header="width,label,height", comments="")
    return x


def small_images(name, least=-1):
    """Two images of 2 x 2 pixels, in a table."""
    low = np.array([[.5, -1, 0, .25], [1, least, -.5, 0]])
    files.write(low, name)
    return low


# ---- what there is to choose from


def test_the_table_of_the_family_has_every_model_with_what_it_says_of_itself(cli):
    code, out, err = cli("family")
    assert (code, err) == (0, "")
    for model, kind in FAMILY.items():
        line, = re.findall(rf"^{model} .*", out, re.M)
        assert re.fullmatch(rf"{model} +{re.escape(kind.about)} +{kind.paper} +{kind.lesson} +\S.*", line)
        assert all(recipe.data in line for recipe in kind.recipes.values())
    commands = [line.split("tinygan ")[1].split() for line in out.splitlines() if " train " in line and "--help" not in line]
    assert len(commands) == 1 + len(FAMILY)
    for words in commands:  # each is one that can be carried out
        found = options.parser(words).parse_args(words)
        assert found.command == "train" and found.data in data.NAMES


@pytest.mark.parametrize("model", FAMILY)
def test_the_options_of_a_model_are_its_settings_with_the_defaults_of_its_recipe(cli, monkeypatch, model):
    monkeypatch.setenv("COLUMNS", "400")
    code, out, _ = cli("train", "--model", model, "--help")
    kind, recipe = FAMILY[model].Settings, FAMILY[model].recipe_for()
    assert code == 0
    text = " ".join(out.split())
    for name, field in kind.__dataclass_fields__.items():
        value = getattr(recipe, name)
        assert f"--{name.replace('_', '-')} " in text and sentence(field) in text
        if value is not None and not isinstance(value, bool):
            assert re.search(rf"--{name.replace('_', '-')} .*?\(default {re.escape(written(value))}\)", text)


def parsed(*words):
    """The settings that the words of `train` stand for."""
    found = options.parser(("train", *words)).parse_args(["train", *words])
    return family_options.changed(found.model, found)


@pytest.mark.parametrize("model", FAMILY)
def test_without_options_the_settings_are_those_of_the_recipe(model):
    for name in [None, *(name for name in FAMILY[model].recipes if name in data.NAMES)]:
        recipe, given = parsed("--model", model, *(["--data", name] if name else []))
        assert recipe == FAMILY[model].recipe_for(name) and set(given) <= {"data"}


@pytest.mark.parametrize(("words", "changes"), [
    ("--model conditional --steps 7", {"steps": 7}), ("--model=conditional --projection", {"projection": True}),
    ("--steps 7 --model conditional --r1 1 .1", {"steps": 7, "r1": (1., .1)}),
    ("--model infogan --categories 3 --info 0", {"categories": 3, "info": 0.}),
    ("--model bigan --hidden-d 9", {"hidden_d": (9,)}),
])
def test_only_what_is_given_changes(words, changes):
    recipe, given = parsed(*words.split())
    model = re.search(r"--model[ =](\w+)", words)[1]
    assert recipe == FAMILY[model].recipe_for().replace(**changes) and set(given) == set(changes)


def test_data_that_no_recipe_was_tried_on_get_the_settings_of_their_kind():
    ring = FAMILY["conditional"].recipe_for("ring")
    assert parsed("--model", "conditional", "--data", "grid")[0] == ring.replace(data="grid")
    assert parsed("--model", "bigan", "--data", "moons")[0] == FAMILY["bigan"].recipe_for("ring").replace(data="moons")


@pytest.mark.parametrize(("words", "found"), [
    ("train --model infogan", ("infogan", None)), ("train --data ring --model=bigan", ("bigan", "ring")),
    ("train --model", ("gan", None)), ("train --model nonsense", ("gan", None)), ("sample x --model infogan", ("gan", None)),
    ("", ("gan", None)), ("train --steps 3", ("gan", None)), ("train --data", ("gan", None)),
])
def test_the_model_is_known_before_the_options_are(words, found):
    assert family_options.asked_for(words.split()) == found


# ---- a run


@pytest.mark.parametrize("model", FAMILY)
def test_a_run_that_is_loaded_is_the_run_that_was_saved(cli, monkeypatch, model):
    made = []

    def draw(run, path):
        made.append(run)
        return path

    monkeypatch.setattr(family, "draw", draw)
    code, out, err = cli("train", "--model", model, *small(model), *QUICK)
    folder = f"tinygan-{model}"
    assert (code, err) == (0, "") and f"{folder}/run.npz" in out
    assert left() == [folder, f"{folder}/checkpoint.npz", f"{folder}/run.npz"]
    assert FAMILY[model].about in out and "parameters: " in out
    run, loaded = made[0], family_files.load(folder)
    assert loaded.model == model and loaded.recipe == run.recipe and type(loaded.system) is FAMILY[model]
    state, again = run.system.state(), loaded.system.state()
    assert state.keys() == again.keys() and all(same_bits(state[name], again[name]) for name in state)
    assert all(same_bits(values, loaded.history.arrays()[name]) for name, values in run.history.arrays().items())
    assert same_bits(run.system.sample(70), loaded.system.sample(70))
    assert family_scores.scores(loaded) == family_scores.scores(run) and family_scores.scores(run) in out


def test_a_run_is_the_one_of_the_system_in_python(cli, undrawn):
    assert cli("train", "--model", "conditional", "--data", "ring", "--hidden", 8, *QUICK, "--seed", 4, "--out", "run")[0] == 0
    model = FAMILY["conditional"]("ring", hidden=(8,), steps=3, seed=4)
    model.train(data.ring().standardized(), progress=False)
    state = family_files.load("run").system.state()
    assert all(same_bits(array, state[name]) for name, array in model.state().items())


def test_digits_are_learned_from_one_half_in_their_own_units(cli, undrawn):
    code, out, _ = cli("train", "--model", "conditional", "--hidden", 8, *QUICK, "--out", "run")
    run = family_files.load("run")
    assert run.data is data.halves().training and "rows 896" in out and "the other 901 are kept for the scores" in out
    rows = [line.split("  ")[0] for line in out.splitlines() if re.match(r"\w.*%", line)]
    assert rows[:3] == ["real images", "Gaussian per class", "generated"]
    assert str(metrics.digit_judge().real.columns()["Frechet"]) in out


def test_points_are_learned_standardised_and_judged_beside_true_ones(cli, undrawn):
    code, out, _ = cli("train", "--model", "conditional", "--data", "ring", "--hidden", 8, *QUICK, "--out", "run")
    assert code == 0 and family_files.load("run").data.scale == data.ring().standardized().scale
    assert re.search(r"true samples +8 .*\ngenerated ", out)
    assert re.search(r"[\d.]+% of the samples are nearest to a true sample of the class that was asked for; [\d.]+% for", out)


@pytest.mark.parametrize(("words", "found"), [
    ("--model infogan", r"at least -?[\d.]+ nats in the last batch, of at most ln 5 = 1\.609\."),
    ("--model infogan", r"[\d.]+% of the samples show the class that their code shows most often; [\d.]+% for codes by lot"),
    ("--model bigan", r"its reconstruction [\d.]+; another one's reconstruction [\d.]+; their mean [\d.]+\."),
    ("--model discogan", r"a sample of ring and what comes back of it [\d.]+; and what comes back of another one [\d.]+\."),
    ("--model discogan", r"to Mixture square"),
])
def test_each_model_says_how_near_it_came_to_its_promise(cli, undrawn, words, found):
    code, out, _ = cli("train", *words.split(), "--hidden", 8, *QUICK)
    assert code == 0 and re.search(found, out)


def test_the_share_of_the_commonest_class_of_each_code_by_hand():
    assert family_scores._majority(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 0, 0, 1, 1, 1]), 3) == 5 / 6


def test_a_quarter_of_the_training_gives_sevens(cli, undrawn):
    """The judge, who has learned from other images, reads them."""
    assert cli("train", "--model", "conditional", "--data", "digits", "--steps", 1000, "--quiet", "--out", "d")[0] == 0
    assert cli("sample", "d", "--label", 7, "-n", 25, "--out", "seven.npy")[0] == 0
    read = metrics.digit_judge().read(np.load("seven.npy"))
    assert read.shape == (25,) and (read == 7).sum() >= 23
    assert cli("sample", "d", "--label", 7, "-n", 25, "--out", "seven.png")[:2] == (0, "25 images in seven.png\n")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_twenty_five_sevens_in_twenty_seconds(cli, seed):
    """The two commands of the README, to the end, with all pictures."""
    before = time.process_time()
    assert cli("train", "--model", "conditional", "--data", "digits", "--seed", seed, "--out", "d")[0] == 0
    assert cli("sample", "d", "--label", 7, "-n", 25, "--out", "seven.png")[0] == 0
    assert time.process_time() - before < 20
    assert cli("sample", "d", "--label", 7, "-n", 25, "--out", "seven.npy")[0] == 0
    assert (metrics.digit_judge().read(np.load("seven.npy")) == 7).all()


# ---- a user's own points


def test_a_users_own_points_and_labels_are_kept_and_come_back_in_their_units(cli, undrawn):
    x = labelled_table()
    code, out, _ = cli("train", "--model", "conditional", "--data", "mine.csv", "--hidden", 8, *QUICK, "--out", "run")
    assert code == 0 and "rows 60, columns 2" in out
    os.remove("mine.csv")  # the run is complete without it
    run = family_files.load("run")
    assert np.allclose(run.data.restore(run.data.x), x) and run.data.labels.tolist() == (np.arange(60) % 3).tolist()
    assert run.recipe.batch == 60, "a batch that was not asked for fits the data"
    assert cli("sample", "run", "--label", 2, "-n", 7, "--out", "new.csv")[:2] == (0, "7 points in new.csv\n")
    made, columns = files.read("new.csv")
    assert columns == ("width", "height") and made.shape == (7, 2) and (abs(made - 1010) < 200).all()


def test_both_domains_of_a_user_are_kept(cli, undrawn):
    labelled_table()
    x = np.random.default_rng(1).standard_normal((30, 2)) - 500
    files.write(x, "other.csv")
    words = ("--model", "discogan", "--data", "mine.csv", "--target", "other.csv", "--hidden", 8)
    assert cli("train", *words, *QUICK, "--out", "run")[0] == 0
    os.remove("mine.csv")
    os.remove("other.csv")
    run = family_files.load("run")
    assert np.allclose(run.system.target.restore(run.system.target.x), x) and run.recipe.batch == 30
    assert cli("sample", "run", "--out", "new.csv")[:2] == (0, "60 points in new.csv\n")  # of its own points, each once
    assert (files.read("new.csv")[0] < -400).all()
    assert cli("sample", "run", "--back", "-n", 5, "--out", "back.csv")[0] == 0
    made, columns = files.read("back.csv")
    assert columns == ("width", "height") and (made > 900).all()


TABLES = {  # label column -> the complaint
    "floats": (np.arange(12) % 3 + .5, "bad.csv: the column label holds classes, which are whole numbers from 0 up; row 1 has"),
    "a gap": ([0, 1, 3] * 4, "bad.csv has labels from 0 to 3, but class 2 never occurs: its classes must be 0 to K - 1"),
    "negative": ([-1, 0, 1] * 4, "bad.csv has labels from -1 to 1, but there is a label -1"),
    "far apart": ([0, 2_000_000_000] * 6, "bad.csv has labels from 0 to 2000000000, but class 1 never occurs"),
    "not finite": ([0, np.nan] * 6, "bad.csv cannot be used. Correct or remove these:\n  line 3, column label: "),
}


@pytest.mark.parametrize("case", TABLES)
def test_labels_of_a_table_that_are_no_classes(cli, case):
    labels, message = TABLES[case]
    labelled_table(labels, "bad.csv")
    code, out, err = cli("train", "--model", "conditional", "--data", "bad.csv", *QUICK)
    assert code == 1 and message in err and out == "" and left() == ["bad.csv"]


# ---- what it refuses


@pytest.mark.parametrize(("words", "code", "message"), [
    ("train --model conditonal", 2, "argument --model: unknown model 'conditonal'. Did you mean 'conditional'? Known: gan, "),
    ("train --model", 2, "argument --model: expected one argument"),
    ("train --model conditional --pack 2", 2, "train: the model conditional has no setting --pack; gan has it\nTry: "),
    ("train --pack 2 --model conditional", 2, "the model conditional has no setting --pack; gan has it"),
    ("train --model conditional --pack=2", 2, "the model conditional has no setting --pack; gan has it"),
    ("train --model bigan --replicas 3", 2, "the model bigan has no setting --replicas; gan has it"),
    ("train --model conditional --fourier 64 .5 1", 2, "the model conditional has no setting --fourier; gan has it"),
    ("train --model conditional --setps 5", 2, "the model conditional has no setting --setps. Did you mean --steps?"),
    ("train --model conditional --qqq", 2, "the model conditional has no setting --qqq\nTry: "),
    ("train --projection", 2, "the model gan has no setting --projection; conditional has it"),
    ("train --setps 5", 2, "unrecognized arguments: --setps 5"),
    ("train --model conditional ring", 2, "unrecognized arguments: ring"),
    ("train --model conditional --data rign", 2, "argument --data: unknown data set 'rign'. Did you mean 'ring'?"),
    ("train --model conditional --data no.csv", 2, "there is no file no.csv"),
    ("train --model conditional --data moons", 2, "moons has no labels: a conditional GAN learns from samples whose class"),
    ("train --model conditional --data plain.csv", 2, "plain.csv has no column called label, and the model conditional needs"),
    ("train --model dcgan --data ring", 2, "ring are no images"),
    ("train --model dcgan --hidden 4 4 4 4", 2, "images of 8 x 8 pixels cannot be halved 4 times"),
    ("train --model superres --data ring", 2, "ring are no images: super-resolution learns from data with image"),
    ("train --model superres --factor 3", 2, "factor is 3, but images of 8 x 8 pixels have no such blocks"),
    ("train --model superres --factor 1", 2, "argument --factor: factor must be at least 2; got 1"),
    ("sample superres --from large.csv --out x.csv", 2, "low has values from -4 to 1, but the pixels of the images"),
    ("sample superres --from small.csv -n 5 --out x.csv", 2, "5 samples cannot be shared out equally among 2: choose -n 6"),
    ("sample superres --from plain.csv --out x.csv", 2, "plain.csv has 2 columns, but the model has learned from 64"),
    ("train --model stackgan --data ring", 2, "ring are no labelled images: a StackGAN learns from images and what"),
    ("train --model stackgan --kl -1", 2, "argument --kl: kl must be a finite number above 0, or 0; got -1"),
    ("sample stackgan --text slated --out x.csv", 2, "the word 'slated' is not known. Did you mean 'slanted'?"),
    ("sample stackgan --text thin --out x.csv", 2, "the sentence 'thin' names no digit: say one of zero, one"),
    ("sample stackgan --text --out x.csv", 2, "argument --text: expected one argument"),
    ("sample dcgan --text seven --out x.csv", 2, "the model dcgan cannot be asked for --text; stackgan can"),
    ("sample dcgan --truncation 0 --out x.csv", 2, "the model dcgan cannot be asked for --truncation; stylegan can"),
    ("sample stylegan --truncation 2 --out x.csv", 2, "argument --truncation: truncation must be a finite number above 0 and"),
    ("train --model stylegan --data ring", 2, "ring are no images: a StyleGAN learns from data with image=(height, width)"),
    ("train --model stylegan --style adin", 2, "Did you mean 'adain'?"),
    ("sample superres --label 3 --out x.csv", 2, "the model superres cannot be asked for --label; conditional can"),
    ("train --model conditional --data plain.csv --batch 5 --steps 0", 2, "argument --steps: steps must be at least 1; got 0"),
    ("train --model bigan --data plain.csv --batch 5", 2, "batch is 5, but the data have 4 rows: choose a smaller batch"),
    ("train --model infogan --categories 2.5", 2, "argument --categories: categories must be a whole number, at least 1"),
    ("train --model infogan --info -1", 2, "argument --info: info must be a finite number above 0, or 0; got -1.0"),
    ("train --model discogan --target rign", 2, "argument --target: unknown data set 'rign'. Did you mean 'ring'?"),
    ("train --model conditional --out gan", 2, "gan exists already"),
    ("sample conditional --label 10 --out x.png", 2, "labels must be classes, 0 to 9; got 10"),
    ("sample conditional --label 1.5 --out x.png", 2, "argument --label: label must be a whole number, at least 0; got '1.5'"),
    ("sample conditional --label -1 --out x.png", 2, "argument --label: label must be at least 0; got -1"),
    ("sample conditional --label seven --out x.png", 2, "argument --label: label must be a whole number, at least 0; got 's"),
    ("sample conditional --label --out x.png", 2, "argument --label: expected at least one argument"),
    ("sample conditional --label 1 2 3 -n 25 --out x.png", 2, "25 samples cannot be shared out equally among 3: choose -n 27"),
    ("sample conditional --label 1 2 3 -n 2 --out x.csv", 2, "2 samples cannot be shared out equally among 3: choose -n 3"),
    ("sample conditional -n 2501 --out x.png", 2, "a sheet has room for 2500 images; got 2501: ask for fewer"),
    ("sample conditional --replica 1 --out x.csv", 2, "there is no replica 1: the model conditional has no replicas"),
    ("sample conditional --code 3 --out x.csv", 2, "the model conditional cannot be asked for --code; infogan can"),
    ("sample conditional --from ring --out x.csv", 2, "conditional cannot be asked for --from; bigan, discogan, superres can"),
    ("sample gan --label 3 --out x.csv", 2, "the model gan cannot be asked for --label; conditional can"),
    ("sample gan --code 0 --out x.csv", 2, "the model gan cannot be asked for --code; infogan can"),
    ("sample bigan --label 3 --out x.csv", 2, "the model bigan cannot be asked for --label; conditional can"),
    ("sample bigan --back --out x.csv", 2, "the model bigan cannot be asked for --back; discogan can"),
    ("sample dcgan --factor 0 --out x.csv", 2, "the model dcgan cannot be asked for --factor; infogan can"),
    ("sample infogan --label 3 --out x.csv", 2, "the model infogan cannot be asked for --label; conditional can"),
    ("sample infogan --code 5 --out x.csv", 2, "codes must be classes, 0 to 4; got 5"),
    ("sample infogan --code 1.5 --out x.csv", 2, "argument --code: code must be a whole number, at least 0; got '1.5'"),
    ("sample infogan --factor 1.5 --out x.csv", 2, "factors must be from -1 to 1, as in training; got 1.5"),
    ("sample infogan --factor .5 .5 --out x.csv", 2, "--factor takes one number for each factor of the run, which has 1; got 2"),
    ("sample infogan --factor high --out x.csv", 2, "argument --factor: factor must be a number; got 'high'"),
    ("sample bigan --from few.csv --out x.csv", 2, "few.csv has 49 columns, but the model has learned from 64, those of digits"),
    ("sample bigan --from few.csv --out x.png", 2, "few.csv has 49 columns, but the model has learned from 64, those of digits"),
    ("sample bigan --from moons --out x.csv", 2, "moons has 2 columns, but the model has learned from 64, those of digits"),
    ("sample bigan --from rign --out x.csv", 2, "argument --from: unknown data set 'rign'. Did you mean 'ring'?"),
    ("sample bigan --from no.csv --out x.csv", 2, "there is no file no.csv"),
    ("sample discogan --from plain.csv -n 5 --out x.csv", 2, "plain.csv has 4 rows: choose -n 4 or less"),
    ("sample discogan --back --from digits --out x.csv", 2, "digits has 64 columns, but the model has learned from 2, those"),
    ("sample conditional --label 3 --out x.txt", 2, "--out must end in .csv, .npy or .png, which says how to write it"),
    ("sample damaged --label 3 --out x.png", 1, "is not a tinygan run, or it is damaged: "),
    ("sample nowhere --label 3 --out x.png", 2, "there is no run in nowhere"),
    ("plot conditional --replica 2 --out x.png", 2, "there is no replica 2: the model conditional has no replicas"),
])
def test_one_clear_sentence_and_nothing_half_done(cli, runs, words, code, message):
    files.write(np.arange(8.).reshape(4, 2) ** 2, "plain.csv")
    files.write(np.zeros((3, 49)), "few.csv")
    small_images("small.csv")
    small_images("large.csv", least=-4)
    Path("damaged").mkdir()
    Path("damaged/run.npz").write_bytes(b"PK\x03\x04 not for long")
    before = left()
    got, out, err = cli(*words.split())
    assert got == code and message in err and out == "" and "Traceback" not in err and left() == before


def test_what_a_model_can_be_asked_for_is_told_by_its_sample():
    """The options of `sample` reach every argument that some system's `sample` has beside n, seed and raw; --from reaches low."""
    arguments = {name for kind in FAMILY.values() for name in inspect.signature(kind.sample).parameters}
    assert arguments - {"self", "n", "seed", "raw", "low"} == set(family.ASKED.values())


# ---- samples


@pytest.mark.parametrize(("words", "asked"), [
    ("conditional --label 7 -n 25", {"labels": 7}), ("conditional --label 3 5 -n 4", {"labels": [3, 3, 5, 5]}),
    ("conditional -n 12", {}), ("conditional --label 7 -n 5 --seed 3 --raw", {"labels": 7, "seed": 3, "raw": True}),
    ("infogan --code 2 -n 5", {"codes": 2}),
    ("infogan --code 2 1 --factor -.5 -n 6", {"codes": [2, 2, 2, 1, 1, 1], "factors": -.5}),
    ("infogan --factor 1 -n 5", {"factors": 1.}), ("spokes --factor .1 -.2 -n 5", {"factors": [.1, -.2]}),
    ("stackgan --text seven -n 5 --seed 3", {"text": "seven", "seed": 3}), ("stackgan -n 45", {}),
    ("stylegan --truncation .5 -n 5", {"truncation": .5}), ("stylegan --truncation 0 -n 5", {"truncation": 0.}),
    ("dcgan -n 5", {}), ("bigan -n 5 --raw", {"raw": True}), ("discogan -n 5 --seed 2", {"seed": 2}),
])
def test_samples_are_those_that_were_asked_for(cli, runs, words, asked):
    assert cli("sample", *words.split(), "--out", "x.npy")[0] == 0
    run, x = family_files.load(words.split()[0]), np.load("x.npy")
    made = run.system.sample(len(x), **asked)
    assert len(x) == int(re.search(r"-n (\d+)", words)[1])
    assert np.array_equal(x, family_scores.shown_in(run.system).restore(made))


def test_without_a_number_there_are_as_many_as_can_be_shared_out(cli, runs):
    assert cli("sample", "conditional", "--label", 1, 2, 3, "--out", "x.csv")[1] == "999 points in x.csv\n"
    assert cli("sample", "conditional", "--label", 1, "--out", "x.png")[1] == "100 images in x.png\n"
    assert cli("sample", "ring", "--out", "y.png")[1] == "1000 points in y.png\n"


def test_an_encoder_reconstructs_and_a_translator_translates_what_it_is_given(cli, runs):
    assert cli("sample", "bigan", "--from", "digits", "-n", 6, "--out", "x.npy")[0] == 0
    new = data.halves().held_out.sample(6, np.random.default_rng(0))
    bigan, disco = (family_files.load(name).system for name in ("bigan", "discogan"))
    assert np.array_equal(np.load("x.npy"), bigan.reconstruct(new))
    files.write(data.ring().means[:3], "given.csv")
    assert cli("sample", "discogan", "--from", "given.csv", "--out", "there.npy")[:2] == (0, "3 points in there.npy\n")
    made = disco.translate(disco.data.apply(data.ring().means[:3]))
    assert np.array_equal(np.load("there.npy"), disco.target.restore(made))
    assert cli("sample", "discogan", "--back", "--from", "given.csv", "-n", 2, "--out", "back.npy")[0] == 0
    made = disco.translate(disco.target.apply(data.ring().means[:2]), back=True)
    assert np.array_equal(np.load("back.npy"), disco.data.restore(made))


def test_small_images_are_enlarged(cli, runs):
    model = family_files.load("superres").system
    new, given = data.halves().held_out.sample(6, np.random.default_rng(0)), small_images("small.csv")
    for words, low in (("-n 6", model.blocks.pool(new)), ("--from digits -n 6", model.blocks.pool(new)),
                       ("--from small.csv", given), ("--from small.csv -n 6", np.repeat(given, 3, axis=0))):
        assert cli("sample", "superres", *words.split(), "--out", "x.npy", "--force")[:2] == (0, f"{len(low)} points in x.npy\n")
        assert np.array_equal(np.load("x.npy"), model.enlarge(low)), words


@pytest.mark.parametrize("words", [
    "stackgan --text seven -n 25", "superres", "superres --from small.csv -n 20", "superres --from digits -n 13",
    "conditional --label 7 -n 25", "conditional --label 3 7 -n 8", "conditional", "ring --label 0 3", "ring", "mine --label 1",
    "infogan --code 1 2", "spokes --code 1 2 -n 8", "bigan", "bigan --from digits -n 13",
    "plane --from moons -n 50", "dcgan -n 4", "stylegan --truncation .7",
    "discogan", "discogan --from ring -n 20", "discogan --back", "toy", "gan"])
def test_every_kind_of_picture_of_samples(cli, runs, words):
    small_images("small.csv")
    code, out, err = cli("sample", *words.split(), "--out", "x.png")
    assert (code, err) == (0, "") and out.endswith(" in x.png\n")
    with Image.open("x.png") as image:
        assert min(image.size) > 100 and max(image.size) < 2200
        ink = np.asarray(image.convert("L")) < 250
    assert .01 < ink.mean() < .9 and not ink[:2].any() and not ink[:, -2:].any(), "nothing is cut off at the edge"


def test_a_picture_of_images_of_the_first_gan_is_a_sheet_in_their_own_units(cli, monkeypatch):
    monkeypatch.setattr(learning, "draw", lambda run, path: path)
    monkeypatch.setattr(plots, "gif", lambda film, data, path: path)
    assert cli("train", "--data", "digits", "--hidden", 8, *QUICK, "--out", "run")[0] == 0
    assert cli("sample", "run", "-n", 9, "--out", "x.npy")[0] == cli("sample", "run", "-n", 9, "--out", "x.png")[0] == 0
    assert np.load("x.npy").shape == (9, 64) and size_of("x.png")[0] < 400


# ---- pages


@pytest.mark.parametrize("name", [*FAMILY, "ring", "mine", "spokes", "toy", "plane", "gan"])
def test_the_page_of_every_run_can_be_drawn(cli, runs, name):
    code, out, err = cli("plot", name, "--out", "page.png")
    assert (code, out, err) == (0, "page.png\n", "") and size_of("page.png")[0] >= 1200


def test_a_model_without_a_picture_of_its_own_shows_its_samples(kept):
    for name in ("dcgan", "ring", "discogan"):
        run = family_files.load(kept / name)
        figure = family_pictures.picture("another", run.system)
        assert any("generated" in ax.get_title(loc="left") for ax in figure.axes)
        plots.save(figure, kept / "x.png")


def test_code_and_factor_are_all_that_changes_in_the_sheet_of_an_infogan(kept):
    run = family_files.load(kept / "spokes")
    K, m, seen = 10, 2, []
    run.system.networks["G"] = run.system.averages["G"] = G = lambda rows: seen.append(rows) or np.zeros((len(rows), 64))
    assert callable(G)
    plots.save(family_pictures.picture("infogan", run.system), kept / "x.png")
    for j, rows in enumerate(seen):
        noise, codes, u = np.split(rows, [rows.shape[1] - K - m, rows.shape[1] - m], axis=1)
        assert (noise == noise[0]).all() and codes.argmax(axis=1).tolist() == np.repeat(np.arange(K), 9).tolist()
        assert np.allclose(u[:, j].reshape(K, 9), np.linspace(-1, 1, 9)) and (u[:, 1 - j] == 0).all()
    assert len(seen) == 2


# ---- Ctrl-C, divergence, --force


def press_ctrl_c(monkeypatch, step):
    run = Training.run

    def pressed(self, callback, progress):
        def after_step(state):
            if state.step == step:
                signal.raise_signal(signal.SIGINT)
            return callback(state)
        return run(self, after_step, progress)

    monkeypatch.setattr(Training, "run", pressed)


@pytest.mark.parametrize("model", FAMILY)
def test_ctrl_c_keeps_the_run_so_far(cli, monkeypatch, undrawn, model):
    press_ctrl_c(monkeypatch, 2)
    code, out, err = cli("train", "--model", model, *small(model), *QUICK, "--out", "run")
    assert code == 130 and "Ctrl-C again skips" in out
    assert err == "tinygan: stopped by Ctrl-C; the run so far is in run. To go on:  python -m tinygan train --resume run\n"
    assert family_files.load("run").history.step.tolist() == [1, 2]


def test_a_run_that_diverges_says_where_and_is_kept(cli):
    words = ("--model", "conditional", "--data", "ring", "--hidden", 64, "--lr", 1e4, "--steps", 500, "--quiet")
    code, out, err = cli("train", *words, "--out", "run")
    assert code == 1 and "training diverged at step " in err and err.endswith("The run so far is in run\n")
    assert left() == ["run", "run/checkpoint.npz", "run/run.npz"] and "Written" not in out
    assert family_files.load("run").history.diverged > 0
    assert cli("sample", "run", "--label", 1, "--out", "x.csv")[0] == cli("plot", "run", "--out", "x.svg")[0] == 0


def test_force_writes_over_a_run_and_takes_its_old_pictures_away(cli, undrawn):
    Path("run").mkdir()
    for name in ("run.npz", "summary.png", "training.gif", "notes.txt"):
        Path("run", name).write_text("old")
    assert cli("train", "--model", "dcgan", *small("dcgan"), *QUICK, "--out", "run", "--force")[0] == 0
    assert left() == ["run", "run/checkpoint.npz", "run/notes.txt", "run/run.npz"] and family_files.load("run").model == "dcgan"


# ---- files that are not what they say


@pytest.fixture(scope="module")
def of_user(kept):
    return checkpoint.load(kept / "mine" / "run.npz")


@pytest.mark.parametrize(("settings", "message"), [
    ({"hidden": [9]}, "has shape"), ({"hidden": [10**6, 10**6]}, "left for it"), ({"hidden": [1] * 9000}, "got 9,000 of them"),
    ({"hidden": [10**12]}, "left for it"), ({"latent": 10**9}, "left for it"), ({"latent": 3}, "has shape"),
    ({"hidden": "8"}, "hidden must be one number or more"),
    ({"hidden": None}, "hidden must be"), ({"ema": None}, "on one side only"),
    ({"projection": True}, "has shape"), ({"projection": 3}, "projection must be True or False; got 3"),
    ({"data": "digits"}, "left for it"), ({"data": "moons"}, "moons has no labels"),
    ({"data": 7}, "data must be the name"),
    ({"pack": 2}, "unknown setting 'pack'"), ({"steps": "many"}, "steps must be a whole number"),
    ({"loss": "laughter"}, "unknown loss"),
])
def test_settings_that_do_not_match_the_arrays(tmp_path, of_user, settings, message):
    arrays, about = of_user
    checkpoint.save(tmp_path / "run.npz", arrays, about | {"recipe": about["recipe"] | settings})
    with pytest.raises(ValueError, match=message) as caught:
        family_files.load(tmp_path)
    assert "run.npz is not a whole run" in str(caught.value)


@pytest.mark.parametrize(("model", "settings"), [
    ("dcgan", {"hidden": [10**5, 10**5]}), ("infogan", {"categories": 10**8}), ("infogan", {"factors": 10**8}),
    ("bigan", {"hidden_d": [10**5, 10**5]}), ("discogan", {"hidden": [10**5, 10**5]}), ("discogan", {"target": "digits"}),
])
def test_networks_of_a_size_that_the_file_does_not_hold_are_never_made(tmp_path, kept, model, settings):
    arrays, about = checkpoint.load(kept / model / "run.npz")
    checkpoint.save(tmp_path / "run.npz", arrays, about | {"recipe": about["recipe"] | settings})
    with pytest.raises(ValueError, match="run.npz is not a whole run: its arrays do not match its settings: "):
        family_files.load(tmp_path)


@pytest.mark.parametrize("name", ["D.theta", "G.theta", "G_ema.theta", "of_user.data", "of_user.data.labels", "history.step",
                                  "history.diverged", "history.modes_step", "history.d_loss"])
def test_arrays_that_are_missing_or_have_another_shape(tmp_path, of_user, name):
    arrays, about = of_user
    if name != "history.d_loss":  # the columns of a history are those that the file has
        checkpoint.save(tmp_path / "run.npz", {key: value for key, value in arrays.items() if key != name}, about)
        with pytest.raises(ValueError, match="run.npz is not a whole run"):
            family_files.load(tmp_path)
    checkpoint.save(tmp_path / "run.npz", arrays | {name: np.zeros((3, 1, 4))}, about)
    with pytest.raises(ValueError, match="run.npz is not a whole run"):
        family_files.load(tmp_path)


@pytest.mark.parametrize("labels", [[0, 1, 3] * 20, [.5] * 60, [0, 10**15] * 30, [0] * 59])
def test_labels_in_a_file_that_are_no_classes(tmp_path, of_user, labels):
    arrays, about = of_user
    checkpoint.save(tmp_path / "run.npz", arrays | {"of_user.data.labels": np.array(labels)}, about)
    with pytest.raises(ValueError, match="run.npz is not a whole run"):
        family_files.load(tmp_path)


@pytest.mark.parametrize("about", [None, [], "model", {}, {"model": "conditional"}, {"model": "other"}, {"model": ["gan"]},
                                   {"model": "gan", "recipe": {}}, {"model": "conditional", "recipe": None, "columns": {}},
                                   {"model": "conditional", "recipe": {"data": "mine.csv"}, "columns": []}])
def test_words_that_are_none(tmp_path, of_user, about):
    checkpoint.save(tmp_path / "run.npz", of_user[0], about)
    with pytest.raises(ValueError, match="run.npz is not a whole run"):
        family_files.load(tmp_path)


def test_layers_may_be_told_how_many_parameters_they_may_have():
    with at_most(20):
        Dense(2, 3)  # 9
        with at_most(3), pytest.raises(ValueError, match=re.escape("Dense(3 -> 1) has 4 parameters, more than the 3 that")):
            Dense(3, 1)
        Dense(4, 2)  # 10
        with pytest.raises(ValueError, match="more than the 1 that are left for it"):
            Dense(1, 1)
    assert Dense(30, 30).W.shape == (30, 30)


def test_a_folder_without_a_run_and_a_run_of_the_first_gan(tmp_path, kept):
    with pytest.raises(Misuse, match="there is no run in "):
        family_files.load(tmp_path)
    assert type(family_files.load(kept / "gan")).__name__ == "Run"
