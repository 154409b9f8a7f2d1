"""Recipe: every setting in one place, what each refuses, and how the command line, files and studies follow it."""

import argparse
import ast
import copy
import dataclasses
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from oracles import same_bits

import tinygan
from tinygan import data, losses, mlp, penalties, train
from tinygan.__main__ import main
from tinygan.cli import options
from tinygan.engine.layers import Tanh
from tinygan.engine.optim import Adam
from tinygan.recipe import D_LAYERS, DEFAULTS, NAMES, UPDATES, Recipe, about, seeds_of
from tinygan.record import ACTIVATIONS, LOSSES, SCHEDULES
from tinygan.settings import written
from tinygan.study import REMEDIES, results

PACKAGE = Path(tinygan.__file__).parent
FIELDS = dataclasses.fields(Recipe)
RING = data.ring().standardized()

# For each setting another value than its default, as it is written in Python and at the command line.
OTHERS = {
    "data": ("moons", "moons"), "hidden": ((8, 4), "8 4"), "latent": (3, "3"), "activation": ("tanh", "tanh"),
    "fourier": ((6, .5, 2.), "6 .5 2"), "d_fourier": ((6, 3., .1), "6 3 .1"), "pack": (2, "2"),
    "d_layers": ("layer-norm", "layer-norm"),
    "loss": ("hinge", "hinge"), "real_label": (.9, ".9"), "steps": (7, "7"), "batch": (16, "16"), "d_steps": (3, "3"),
    "lr": (.01, ".01"), "lr_d": (.02, "2e-2"), "beta1": (0., "0"), "beta2": (.9, ".9"),
    "schedule": ("warm_cosine", "warm_cosine"), "update": ("optimistic", "optimistic"),
    "unroll": ((5, .1), "5 .1"), "r1": ((.1, .003), "0.1 0.003"), "r2": (.5, ".5"),
    "gp": (10., "10"), "ema": (.99, ".99"), "instance_noise": ((.1, 0.), ".1 0"), "clip": (.01, ".01"), "seed": (5, "5"),
    "replicas": (4, "4"),
}


def option(name):
    return f"--{name.replace('_', '-')}"


# ---- the record


def test_there_is_an_example_of_every_setting():
    assert set(OTHERS) == {field.name for field in FIELDS} == set(NAMES)
    assert all(value != getattr(DEFAULTS, name) for name, (value, _) in OTHERS.items())


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULTS.steps = 5
    with pytest.raises(AttributeError):
        del DEFAULTS.loss
    other = DEFAULTS.replace(steps=5)
    assert (other.steps, DEFAULTS.steps) == (5, 4000) and other != DEFAULTS and other.replace(steps=4000) == DEFAULTS
    assert hash(other.replace(steps=4000)) == hash(DEFAULTS)


@pytest.mark.parametrize("name", OTHERS)
def test_replace_changes_one_setting_and_keeps_the_others(name):
    value, _ = OTHERS[name]
    recipe = DEFAULTS.replace(**{name: value})
    assert getattr(recipe, name) == value and type(recipe) is Recipe
    assert [other for other in NAMES if getattr(recipe, other) != getattr(DEFAULTS, other)] == [name]


@pytest.mark.parametrize("make", [Recipe, DEFAULTS.replace], ids=("Recipe", "replace"))
@pytest.mark.parametrize(("name", "nearest"), [("stepz", "steps"), ("learning_rate", None), ("lrd", "lr_d"), ("optimistic", None),
                                               ("instance", "instance_noise"), ("hiden", "hidden"), ("schedul", "schedule")])
def test_unknown_names_are_refused_with_the_nearest_one(make, name, nearest):
    hint = f" Did you mean {nearest!r}?" if nearest else ""
    with pytest.raises(ValueError, match=re.escape(f"unknown setting {name!r}.{hint} Known: data, hidden, latent, ")):
        make(**{name: 1})


def everything():
    """A recipe with another value than the default for each setting."""
    return Recipe(**{name: value for name, (value, _) in OTHERS.items()})


@pytest.mark.parametrize("recipe", [DEFAULTS, everything(), Recipe(r1=.1, instance_noise=.2, hidden=[16])], ids=range(3))
def test_values_come_back_from_json_and_from_pickle(recipe):
    assert Recipe().replace(**json.loads(json.dumps(recipe.values()))) == recipe
    assert list(recipe.values()) == list(NAMES)
    assert pickle.loads(pickle.dumps(recipe)) == copy.deepcopy(recipe) == copy.copy(recipe) == recipe


def test_values_are_kept_in_their_own_type():
    recipe = Recipe(hidden=[np.int64(8), 4], steps=np.int32(5), lr=1, r1=[.1], gp=[1, 2], fourier=[6, 1, 2], unroll=[5, 1])
    assert repr(recipe.values()) == repr(DEFAULTS.values() | {
        "hidden": (8, 4), "steps": 5, "lr": 1.0, "r1": .1, "gp": (1.0, 2.0), "fourier": (6, 1.0, 2.0), "unroll": (5, 1.0)})


def test_the_table_lists_every_setting_with_its_default_and_sentence():
    lines = Recipe.table().splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    for line, field in zip(lines, FIELDS, strict=True):
        assert line.endswith(f"  {about(field.name)}") and "{" not in line
        assert re.match(rf"{field.name} +{re.escape(written(field.default) or '-')}  ", line)


@pytest.mark.parametrize(("name", "names"), [
    ("data", data.NAMES), ("activation", ACTIVATIONS), ("d_layers", D_LAYERS), ("loss", LOSSES), ("schedule", SCHEDULES),
    ("update", UPDATES),
])
def test_a_sentence_names_everything_that_a_setting_may_be(name, names):
    assert ", ".join(names) in about(name)


# ---- what each setting refuses

NOT_A_COUNT = "must be a whole number, at least 1; got"
REFUSED = [  # setting, value in Python, words at the command line or None, the message behind the name
    ("data", "rign", "rign", "unknown data set 'rign'. Did you mean 'ring'? Known: ring, grid"),
    ("data", "", "", "unknown data set ''. Known: ring"),
    ("data", 7, None, "data must be the name of a data set, such as 'ring', or a path as text; got 7"),
    ("data", np.zeros((3, 2)), None, "data must be the name of a data set"),
    ("hidden", 64, None, "hidden must be one number or more, such as 64 64; got 64"),
    ("hidden", "64", None, "hidden must be one number or more, such as 64 64; got '64'"),
    ("hidden", (), None, "hidden must be one number or more, such as 64 64; got none"),
    ("hidden", (8, 0), "8 0", "hidden must be at least 1; got 0"),
    ("hidden", (8, 2.5), None, f"hidden {NOT_A_COUNT} 2.5"),
    ("hidden", None, "eight", f"hidden {NOT_A_COUNT} 'eight'"),
    ("latent", 0, "0", "latent must be at least 1; got 0"),
    ("latent", True, None, f"latent {NOT_A_COUNT} True"),
    ("activation", "rleu", "rleu", "unknown activation 'rleu'. Did you mean 'relu'? Known: relu, leaky-relu"),
    ("activation", 3, None, "activation must be a name, such as 'relu'; got 3"),
    ("fourier", (64, .5), "64 .5", "fourier must be 3 numbers (features, scale in G and scale in D), such as 64 .5 1; got 2"),
    ("fourier", 64, None, "fourier must be 3 numbers (features, scale in G and scale in D), such as 64 .5 1; got 64"),
    ("fourier", (2.5, 1, 1), None, "fourier features must be a whole number, at least 2; got 2.5"),
    ("fourier", None, "2.5 1 1", "fourier features must be a whole number, at least 2; got '2.5'"),
    ("fourier", (7, 1, 1), "7 1 1", "fourier features must be an even number; got 7"),
    ("fourier", (64, 0, 1), "64 0 1", "fourier scale in G must be a finite number above 0; got 0.0"),
    ("fourier", (64, 1, -1), "64 1 -1", "fourier scale in D must be a finite number above 0; got -1.0"),
    ("d_fourier", (64, 3), "64 3", "d_fourier must be 3 numbers (features, scale and size), such as 64 3 .1; got 2"),
    ("d_fourier", 64, None, "d_fourier must be 3 numbers (features, scale and size), such as 64 3 .1; got 64"),
    ("d_fourier", (7, 3, .1), "7 3 .1", "d_fourier features must be an even number; got 7"),
    ("d_fourier", (64, 0, .1), "64 0 .1", "d_fourier scale must be a finite number above 0; got 0.0"),
    ("d_fourier", (64, 3, -1), "64 3 -1", "d_fourier size must be a finite number above 0; got -1.0"),
    ("pack", 0, "0", "pack must be at least 1; got 0"),
    ("d_layers", "spectral", "spectral", "unknown change of D's layers 'spectral'. Did you mean 'spectral-norm'?"),
    ("loss", "hige", "hige", "unknown loss 'hige'. Did you mean 'hinge'? Known: non-saturating, minimax"),
    ("loss", 3, None, "loss must be a name, such as 'non-saturating'; got 3"),
    ("real_label", 0, "0", "real_label must be a finite number above 0 and below 1, or 1; got 0.0"),
    ("real_label", 1.1, "1.1", "real_label must be a finite number above 0 and below 1, or 1; got 1.1"),
    ("steps", 0, "0", "steps must be at least 1; got 0"),
    ("steps", None, "many", f"steps {NOT_A_COUNT} 'many'"),
    ("batch", -1, "-1", "batch must be at least 1; got -1"),
    ("batch", 2.5, None, f"batch {NOT_A_COUNT} 2.5"),
    ("d_steps", 0, "0", "d_steps must be at least 1; got 0"),
    ("lr", 0, "0", "lr must be a finite number above 0; got 0.0"),
    ("lr", float("nan"), "nan", "lr must be a finite number above 0; got nan"),
    ("lr", "fast", "fast", "lr must be a number; got 'fast'"),
    ("lr_d", -1, "-1", "lr_d must be a finite number above 0; got -1.0"),
    ("beta1", 1, "1", "beta1 must be a finite number above 0 and below 1, or 0; got 1.0"),
    ("beta2", -.1, "-.1", "beta2 must be a finite number above 0 and below 1, or 0; got -0.1"),
    ("schedule", "cosine", "cosine", "unknown schedule 'cosine'. Did you mean 'cosine_decay'? Known: constant"),
    ("schedule", "linear", "linear", "unknown schedule 'linear'. Did you mean 'linear_decay'? Known: constant"),
    ("update", "both", "both", "unknown update 'both'. Known: alternating, simultaneous"),
    ("update", max, None, "update must be a name, such as 'alternating'; got <built-in function max>"),
    ("unroll", (2.5, .1), None, "unroll steps must be a whole number, at least 1; got 2.5"),
    ("unroll", None, "2.5 .1", "unroll steps must be a whole number, at least 1; got '2.5'"),
    ("unroll", (5, 0), "5 0", "unroll size must be a finite number above 0; got 0.0"),
    ("unroll", (5,), "5", "unroll must be 2 numbers (steps and size), such as 5 .1; got 1"),
    ("unroll", (5, .1, .1), "5 .1 .1", "unroll must be 2 numbers (steps and size), such as 5 .1; got 3"),
    ("unroll", 5, None, "unroll must be 2 numbers (steps and size), such as 5 .1; got 5"),
    ("r1", 0, "0", "r1 must be a finite number above 0; got 0.0"),
    ("r1", (.1, .2, .3), ".1 .2 .3", "r1 must be one number, or two: where it begins and where it ends; got 3"),
    ("r1", (), None, "r1 must be one number, or two: where it begins and where it ends; got 0"),
    ("r2", (.1, -1), ".1 -1", "r2 must be a finite number above 0; got -1.0"),
    ("gp", "much", "much", "gp must be a number; got 'much'"),
    ("ema", 1, "1", "ema must be a finite number above 0 and below 1; got 1.0"),
    ("instance_noise", -1, "-1", "instance_noise must be a finite number above 0, or 0; got -1.0"),
    ("clip", 0, "0", "clip must be a finite number above 0; got 0.0"),
    ("seed", -1, "-1", "seed must be at least 0; got -1"),
    ("seed", None, "abc", "seed must be a whole number, at least 0; got 'abc'"),
    ("replicas", 0, "0", "replicas must be at least 1; got 0"),
]


def test_the_table_of_what_is_refused_has_every_setting():
    assert {name for name, *_ in REFUSED} == set(NAMES)


@pytest.mark.parametrize(("name", "value", "words", "message"), [
    pytest.param(*case, id=f"{case[0]}={str(case[1])[:12]}") for case in REFUSED if case[1] is not None])
def test_wrong_values_are_refused_with_one_sentence(name, value, words, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)) as caught:
        Recipe(**{name: value})
    assert "\n" not in str(caught.value) or name == "data"


@pytest.mark.parametrize(("name", "words", "message"), [
    pytest.param(name, words, message, id=f"{option(name)} {words}") for name, _, words, message in REFUSED if words is not None])
def test_the_command_line_names_the_option_that_is_wrong(capsys, name, words, message):
    assert main(["train", option(name), *(words.split() or [words])]) == 2
    out, err = capsys.readouterr()
    complaint, hint = err.splitlines()
    assert out == "" and f"train: argument {option(name)}: {message}" in complaint and hint.startswith("Try: ")


def test_none_where_a_setting_is_needed_is_refused():
    for field in FIELDS:
        if field.default is None:
            assert getattr(Recipe(**{field.name: None}), field.name) is None
        else:
            with pytest.raises(TypeError, match=f"^{field.name} must be .*; got None"):
                Recipe(**{field.name: None})


@pytest.mark.parametrize("loss", [name for name in LOSSES if name not in ("minimax", "non-saturating")])
def test_a_label_for_a_loss_without_one_is_refused(loss):
    message = f"real_label is for the losses non-saturating and minimax, given by their names; got 0.9 for the loss {loss}"
    with pytest.raises(ValueError, match=message):
        Recipe(loss=loss, real_label=.9).loss_object()


def test_a_label_reaches_the_losses_that_have_one():
    for name, kind in {"minimax": losses.Minimax, "non-saturating": losses.NonSaturating}.items():
        assert Recipe(loss=name, real_label=.9).loss_object().real_label == .9 and type(Recipe(loss=name).loss_object()) is kind
        assert Recipe(loss=name).loss_object().real_label == 1
    own = losses.Minimax(.8)
    assert Recipe(loss=own).loss_object() is own
    with pytest.raises(ValueError, match=re.escape("got 0.9 for the loss Minimax(real_label=0.8)")):
        Recipe(loss=own, real_label=.9).loss_object()


# ---- networks and players


def test_objects_stand_beside_names():
    def halved(fraction):
        return .5

    recipe = Recipe(hidden=(4,), activation=Tanh, schedule=halved, loss=losses.Hinge(2.0), d_layers=lambda row: [*row, Tanh()])
    G, D = recipe.networks(2, (0, 1))
    assert [type(layer).__name__ for layer in D.layers] == ["Dense", "Tanh", "Dense", "Tanh"]
    training = recipe.training(G, D, RING, 0)
    assert training.schedule is halved and training.step.args[0].loss.margin == 2


def test_the_players_of_a_recipe_are_those_of_train():
    """The same run, once by Recipe and once by hand with `train`, to the last bit."""
    recipe = Recipe(hidden=(8, 8), latent=3, loss="relativistic", r1=(.1, .01), r2=.2, steps=6, batch=16, d_steps=2, lr=1e-3,
                    lr_d=2e-3, beta1=0, beta2=.9, schedule="linear_decay", update="optimistic", ema=.9, instance_noise=(.1, 0),
                    clip=.5, activation="tanh")
    for_G, for_D, for_training, _ = seeds_of(5)
    G, D = recipe.networks(2, (for_G, for_D))
    history = recipe.training(G, D, RING, for_training).run(progress=False)
    G2, D2 = (mlp(*sizes, activation=Tanh, seed=seed) for sizes, seed in (((3, 8, 8, 2), for_G), ((2, 8, 8, 1), for_D)))
    by_hand = train(G2, D2, RING, losses.Relativistic(), steps=6, batch=16, d_steps=2, opt_g=Adam(1e-3, 0, .9),
                    opt_d=Adam(2e-3, 0, .9), penalties=(penalties.R1(penalties.Falling(.1, .01)), penalties.R2(.2)),
                    schedule=SCHEDULES["linear_decay"], update="optimistic", ema=.9,
                    instance_noise=lambda fraction: .1 * (1 - fraction), clip=.5, seed=for_training, progress=False)
    for one, other in ((G, G2), (D, D2), (history.G_ema, by_hand.G_ema)):
        assert same_bits(one.theta, other.theta)
    assert all(same_bits(history[name], by_hand[name]) for name in history.columns)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_changes_a_run(name):
    """Each setting by itself: what is trained, or what the training is made of, is another."""
    def ends(recipe):
        real = recipe.data_set().standardized()
        G, D = recipe.networks(real.dim, seeds_of(recipe.seed)[:2], recipe.replicas)
        history = recipe.training(G, D, real, seeds_of(recipe.seed)[2]).run(progress=False)
        return repr(D), history.G_ema is not None, G.theta.tobytes()

    small = Recipe(hidden=(8,), steps=3, batch=32)
    assert ends(small) == ends(small)
    value, _ = OTHERS[name]
    assert ends(small) != ends(small.replace(**{name: value}))


@pytest.mark.parametrize(("recipe", "rows", "batch"), [
    (Recipe(), 1000, 256), (Recipe(), 100, 100), (Recipe(pack=3), 100, 99), (Recipe(pack=3), None, 255),
    (Recipe(batch=7), 100, 7), (Recipe(pack=3), 2, 3),
])
def test_the_batch_fits_the_data_and_the_pack(recipe, rows, batch):
    assert recipe.batch_for(RING if rows is None else data.from_array(np.zeros((rows, 2)))) == batch


# ---- the command line


def parsed(*words):
    """The Recipe of `train` with these words."""
    given = options.parser().parse_args(["train", *words])
    return Recipe(**{name: getattr(given, name) for name in NAMES})


def test_the_options_of_train_are_the_settings_of_a_recipe():
    assert parsed() == DEFAULTS
    commands = next(action for action in options.parser()._actions if isinstance(action, argparse._SubParsersAction))
    actions = commands.choices["train"]._actions
    assert {action.dest for action in actions} == set(NAMES) | {
        "help", "model", "quiet", "out", "force", "resume", "every", "decimal", "index",
        "categorical", "columns"}  # how to read, write and go on
    found = [words for action in actions for words in action.option_strings if action.dest in NAMES]
    assert found == [option(name) for name in NAMES]


@pytest.mark.parametrize("name", OTHERS)
def test_an_option_reaches_the_recipe(name):
    value, words = OTHERS[name]
    assert parsed(option(name), *words.split()) == DEFAULTS.replace(**{name: value})


def test_all_options_at_once():
    words = [word for name, (_, text) in OTHERS.items() for word in (option(name), *text.split())]
    assert parsed(*words) == everything()


@pytest.mark.parametrize(("words", "changes"), [
    ("--r1 0.1 0.003", {"r1": (.1, .003)}), ("--r1 .1", {"r1": .1}), ("--unroll 5 .1", {"unroll": (5, .1)}),
    ("--d-fourier 64 3 .1", {"d_fourier": (64, 3., .1)}),
    ("--fourier 64 .5 1", {"fourier": (64, .5, 1.)}), ("--hidden 8", {"hidden": (8,)}), ("--instance-noise .1 0 --r2 1",
                                                                                        {"instance_noise": (.1, 0.), "r2": 1.}),
])
def test_options_with_several_numbers(words, changes):
    assert parsed(*words.split()) == DEFAULTS.replace(**changes)


def test_the_help_of_train_has_every_setting_with_its_sentence_and_default(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["train", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split()).replace("- ", "-")  # a word that was divided
    for field in FIELDS:
        default = f" (default {written(field.default)})" if field.default is not None else ""
        if not default and "by default" not in about(field.name):
            default = " (default: none)"
        assert f"{option(field.name)} " in text
        assert " ".join(f"{about(field.name)}{default}".split()).replace("- ", "-") in text, field.name
    assert "(default 64 64 64)" in text and "by default 256, or all of a smaller data set" in text
    assert all(f"{group}: " in text for group in {field.metadata["group"] for field in FIELDS})


# ---- a setting is added in one place

# Files that handle recipes: those that import the module, and all of the two folders that are built on it. The core (`training`,
# `train_arguments` ...) does what a setting says; its parameters have names of their own, and recipe.py passes the values on.
HANDLERS = ["__main__", "estimator",
            *(f"{folder}/{path.stem}" for folder in ("cli", "study") for path in (PACKAGE / folder).glob("*.py"))]
OTHER_WORDS = {  # these words mean something else too
    "data": "a data set itself, of a run, a group or a row; the column of a table",
    "seed": "of a row, of sample and of the demo; the column of a table",
    "replicas": "of a network, of sample; how many seeds a study trains side by side",
    "steps": "of a Training and of the snapshots",
    "update": "of a progress bar",
    "ema": "of a row: the scores of the average",
}
USES = {  # file -> setting: why it is named there
    "__main__": {"data": "a folder is named after it"},
    "cli/options": {"steps": "study's own option", "batch": "study's own option", "lr": "study's own option"},
    "cli/run_files": {"data": "a user's own points are kept", "seed": "the four seeds of a run", "replicas": "shapes of arrays",
                      "batch": "chosen to fit the data, and kept", "steps": "the planned end of a history"},
    "cli/family_files": {"batch": "chosen to fit the data, and kept"},
    "cli/playing": {"gp": "its sentence in play, which has no --clip"},
    "cli/scoring": {"batch": "stands in the caption of a picture"},
    "cli/studying": {"steps": "study's own option", "batch": "study's own option", "lr": "study's own option",
                     "lr_d": "study's --lr is the rate of both players"},
    "estimator": {"data": "is X", "replicas": "an estimator is one run", "seed": "is called random_state", "steps": "partial_fit "
                  "adds them to those that were taken", "batch": "chosen to fit the data"},
    "study/remedies": {"data": "a study has its own", "seed": "a study has its own", "replicas": "a study has its own",
                       "lr": "a remedy's `rates` are factors on it", "lr_d": "a remedy's `rates` are factors on it",
                       "r1": "another gamma", "r2": "another gamma"},
}


def named_settings(text, names):
    """The settings that a program names: an attribute, a keyword, or a text that is nothing but the name or its option."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        word = {ast.Attribute: "attr", ast.keyword: "arg", ast.Constant: "value"}.get(type(node))
        if word and isinstance(getattr(node, word), str):
            found.add(getattr(node, word))
    return {name for name in names if {name, option(name)} & found}


def without_tables(text):
    """The program of study/remedies without its tables, which say what each setup and remedy changes: values, no code."""
    tables = {"BASE", "SETUPS", "REMEDIES"}
    kept = [node for node in ast.parse(text).body if not (isinstance(node, ast.Assign) and node.targets[0].id in tables)]
    return ast.unparse(ast.Module(kept, []))


def uses(folder, names):
    """{file: settings named there} of all files that handle recipes."""
    found = {}
    for name in HANDLERS:
        text = (folder / f"{name}.py").read_text(encoding="utf-8")
        found[name] = named_settings(without_tables(text) if name == "study/remedies" else text, names)
    return {name: used for name, used in found.items() if used}


def test_every_file_that_imports_recipe_is_looked_at():
    pattern = re.compile(r"from \.+recipe import|import recipe|from \.+ import .*\brecipe\b")
    importing = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")
                 if pattern.search(path.read_text(encoding="utf-8"))}
    importing = {name for name in importing if not name.startswith("playground/")}  # it names what can change in a running game
    assert {"__main__", "cli/family_options", "cli/run_files", "study/remedies"} <= importing <= set(HANDLERS)


def test_no_file_but_recipe_names_a_setting_without_a_reason():
    found = uses(PACKAGE, NAMES)
    unexplained = {name: sorted(used - USES.get(name, {}).keys() - OTHER_WORDS.keys()) for name, used in found.items()}
    assert not {name: used for name, used in unexplained.items() if used}
    stale = {name: sorted(reasons.keys() - found.get(name, set())) for name, reasons in USES.items()}
    assert not {name: reasons for name, reasons in stale.items() if reasons}, "no longer named there: take the reason away"


def test_most_settings_are_named_in_recipe_alone():
    elsewhere = {name for reasons in USES.values() for name in reasons}
    assert set(NAMES) - elsewhere == {
        "hidden", "latent", "activation", "fourier", "d_fourier", "pack", "d_layers", "loss", "real_label", "d_steps", "beta1",
        "beta2",        "schedule", "update", "unroll", "ema", "instance_noise", "clip"}


@pytest.mark.parametrize("line", ["options.clip", "f(clip=1)", "'clip'", "'--clip'", "recipe.replace(clip=.1)"])
def test_the_search_for_names_finds_them(line):
    assert named_settings(f"'''About clip.'''\n{line}", NAMES) == {"clip"}


NEW = """\
    weight_decay: float = setting(0.25, Number(above=0, including=(0,)), HOW, "how much of D's weights a step takes away")
"""
LOOK = """
import csv, json, sys
from pathlib import Path
from tinygan import data, recipe
from tinygan.__main__ import main
from tinygan.cli import options, run_files
from tinygan.study import Remedy, SETUPS, results, run_study

given = options.parser().parse_args(["train", "--weight-decay", ".5"])
made = recipe.Recipe(**{name: getattr(given, name) for name in recipe.NAMES})
tiny = SETUPS["quick"].replace(steps=2, hidden=(4,))
run_study({"decay": Remedy("", weight_decay=.125), "plain": Remedy("")}, {"ring": data.ring()}, [0], tiny, folder=Path("."))
main(["train", "--steps", "2", "--hidden", "4", "--quiet", "--weight-decay", ".75", "--out", "run"])
print("##" + json.dumps({
    "package": recipe.__file__, "default": recipe.Recipe().weight_decay, "option": made.weight_decay,
    "table": recipe.Recipe.table(), "columns": results.COLUMNS, "shared": results.SHARED,
    "rows": [row["weight_decay"] for row in csv.DictReader(open("study.csv"))],
    "kept": run_files.load("run").recipe.weight_decay}))
main(["train", "--help"])
main(["train", "--weight-decay", "-1"])
"""


def test_a_new_setting_is_one_new_line(tmp_path):
    """A copy of the package with one line more in recipe.py: options, help, table, files and columns all have the new setting."""
    shutil.copytree(PACKAGE, tmp_path / "tinygan", ignore=shutil.ignore_patterns("__pycache__", "exercises"))
    path = tmp_path / "tinygan" / "recipe.py"
    before = path.read_text(encoding="utf-8")
    place = before.index("    clip: float | None = setting(")
    path.write_text(before[:place] + NEW + before[place:], encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200", "MPLBACKEND": "Agg"}
    ran = subprocess.run([sys.executable, "-c", LOOK], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    _, found = ran.stdout.split("##")
    found, help_text = json.loads(found.splitlines()[0]), found
    assert found["package"] == str(path)
    assert (found["default"], found["option"], found["kept"]) == (.25, .5, .75)
    assert re.search(r"^weight_decay +0\.25 +how much of D's weights a step takes away$", found["table"], re.MULTILINE)
    assert "weight_decay" in found["columns"] and "weight_decay" in found["shared"] and found["rows"] == ["0.125", "0.25"]
    assert re.search(r"--weight-decay X +how much of D's weights a step takes away \(default 0\.25\)", help_text)
    assert "argument --weight-decay: weight_decay must be a finite number above 0, or 0; got -1.0" in ran.stderr


def test_the_columns_of_a_study_are_the_settings():
    assert [name for name in results.COLUMNS if name in NAMES] == ["data", "seed", *results.SETTINGS]
    assert set(results.SETTINGS) == set(NAMES) - {"data", "seed", "replicas"}
    assert all(set(remedy.changes) <= set(results.SETTINGS) for remedy in REMEDIES.values())
