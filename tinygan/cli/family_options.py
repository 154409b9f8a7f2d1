"""What the command line offers of each model: its settings with their defaults, and what there is to choose from.

    asked_for(words)            the model and the data that the words of a command name
    resumed(words)              whether the words ask to go on with a run
    contradiction(options, ...) the complaint about an option that is not as that run has it
    settings_of(model, data)    the class of the model's settings, and those that were tried on the data
    no_setting(model, words)    the complaint about an option that the model does not have
    listed(name)                all models as a table
"""

import argparse
import dataclasses
import difflib

from ..engine.arguments import choice
from ..metrics.tables import aligned
from ..recipe import Recipe
from ..record import Common
from ..settings import written
from ..zoo import FAMILY

GAN = "gan"
MODELS = (GAN, *FAMILY)
SOURCE = Common.kinds()["data"]


def asked_for(words):
    """(model, data) of the words behind `tinygan`: the first GAN, and None, where they are not named or not known."""
    first = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    first.add_argument("--model", nargs="?")
    first.add_argument("--data", nargs="*")
    if not words or words[0] != "train":
        return GAN, None
    try:
        found = first.parse_known_args(words[1:])[0]
    except argparse.ArgumentError:  # the whole grammar has a better message
        return GAN, None
    return found.model if found.model in MODELS else GAN, found.data[0] if found.data else None


def resumed(words):
    """Whether the words of a command ask to go on with a run."""
    return any(word.startswith("--res") and "--resume".startswith(word.split("=")[0]) for word in words)


def contradiction(options, model, recipe):
    """One sentence about the first option that is not what the run has, which is gone on with; None where there is none."""
    has = {"model": model} | recipe.values()
    for name in ("model", *dict.fromkeys([*Recipe.kinds(), *recipe.kinds()])):
        if name == "steps" or not hasattr(options, name):
            continue
        option = f"--{name.replace('_', '-')}"
        if name not in has:
            return f"the model {model} of this run has no setting {option}: leave it out"
        if written(has[name]) != written(getattr(options, name)):
            return (f"{name} is {written(has[name]) or 'not set'} in this run, and {option} asks for "
                    f"{written(getattr(options, name))}: leave it out, or begin a new run without --resume")
    steps = getattr(options, "steps", recipe.steps)
    if steps < recipe.steps:
        return f"the run is planned for {recipe.steps:,} steps, and --steps asks for {steps:,}: --resume goes on, so give more"
    return None


def settings_of(model, data=None):
    """The class of a model's settings, and those that are its defaults on these data (`System.recipe_for`)."""
    if model == GAN:
        return Recipe, Recipe()
    kind = FAMILY[model]
    try:
        return kind.Settings, kind.recipe_for(data)
    except ValueError:  # there are no such data, as their own option is going to say
        return kind.Settings, kind.recipe_for()


def changed(model, options):
    """The settings of a model of the family: its defaults, with the options that were given; and the names of these."""
    kind, recipe = settings_of(model, getattr(options, "data", None))
    given = {name: getattr(options, name) for name in kind.kinds() if hasattr(options, name)}
    return recipe.replace(**given), given.keys()


def no_setting(model, words):
    """One sentence about the first option among the words, which the model does not have; None where there is nothing to say."""
    option = next((word.split("=")[0] for word in words if word.startswith("--")), "")
    name, own = option.removeprefix("--").replace("-", "_"), settings_of(model)[0].kinds()
    others = [other for other in MODELS if name in settings_of(other)[0].kinds()]
    if not option or (model == GAN and not others):
        return None
    near = [] if others else difflib.get_close_matches(name, own, n=1)
    hint = f"; {', '.join(others)} {'has' if len(others) == 1 else 'have'} it" if others else ""
    hint += "".join(f". Did you mean --{each.replace('_', '-')}?" for each in near)
    return f"the model {model} has no setting {option}{hint}"


def model_name(text):
    """An argparse type: the name of a model."""
    try:
        return choice("model", text, MODELS)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def listed(name):
    """All models as a table, and the command to try first for each; `name` is what the program is called."""
    rows = [("model", "what is new", "paper", "lesson", "tried on")]
    rows += [(GAN, "a generator against a discriminator", "Goodfellow et al. 2014", "05", "every data set")]
    rows += [(model, kind.about, kind.paper, kind.lesson, _tried_on(kind)) for model, kind in FAMILY.items()]
    first = {GAN: f"{name} train --data ring"}
    first |= {model: f"{name} train --model {model} --data {kind.recipe_for().data}" for model, kind in FAMILY.items()}
    return (f"{aligned(rows, left=5)}\n\nTo try one first:\n" + "\n".join(f"  {command}" for command in first.values()) +
            f"\n\nThe settings of each, such as the first one's:  {name} train --model {next(iter(FAMILY))} --help")


def _tried_on(kind):
    return ", ".join(dict.fromkeys(recipe.data for recipe in kind.recipes.values()))


def fields_of(model, data):
    """(field, default) of each setting of a model."""
    kind, recipe = settings_of(model, data)
    return [(field, getattr(recipe, field.name)) for field in dataclasses.fields(kind)]
