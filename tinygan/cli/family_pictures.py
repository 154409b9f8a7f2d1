"""The picture of each model, which shows what it can do that others cannot, drawn beside the truth.

    picture(model, system, figure)      a Figure, or drawn on one; `PICTURES` has a function for each model
    sampled(samples)                    the picture of samples that were asked for, see `tinygan.cli.family`
"""

import math

import numpy as np

from ..plots import sheets
from ..plots.page import flattened
from ..plots.pictures import density_1d, samples_2d
from .family_scores import ANSWERS, at_hand, new_samples, shown_in

SHOWN = 1000  # points in a picture


def picture(model, system, figure=None):
    """What a system can do, as a Figure; drawn on `figure` where one is given."""
    return PICTURES.get(model, generated)(system, system.data, figure)


def levels(system):
    """What the curves of a run ought to reach, see `sheets.run_page`."""
    found = {"visited": (shown_in(system).n_modes, "true")} if hasattr(shown_in(system), "n_modes") else {}
    K = getattr(system.recipe, "categories", None)
    return found | ({"information": (math.log(K), f"ln {K}")} if K else {})


def generated(system, data, figure=None):
    """Samples beside the truth: of any system."""
    data = shown_in(system)
    if data.image is not None:
        return sheets.beside({"real": new_samples(data, 100, rng()), "generated": system.sample(at_hand(system, 100))},
                             data.image, 10, figure)
    return sheets.side_by_side([points(system.sample(at_hand(system, SHOWN)), data)], figure)


def by_class(system, data, figure=None):
    """Samples of each class, in lines or in colours, beside true ones of it."""
    K = data.classes
    if data.image is not None:
        asked, true = np.repeat(np.arange(K), 10), {"x": [], "labels": []}
        x, labels = data.sample_labelled(len(data.x), rng())
        true = np.concatenate([np.resize(x[labels == k], (10, data.dim)) for k in range(K)])
        return sheets.side_by_side([
            lambda figure: sheets.sheet(system.sample(10 * K, labels=asked), data.image, 10, range(K), across="generated",
                                        down="class that was asked for", figure=figure),
            lambda figure: sheets.sheet(true, data.image, 10, range(K), across="real", down="class", figure=figure)], figure)
    if data.dim != 2:
        return generated(system, data, figure)
    asked, (x, labels) = np.arange(SHOWN) % K, data.sample_labelled(most(data), rng())
    return sheets.side_by_side([
        on_axes(sheets.classes_2d, system.sample(SHOWN, labels=asked), asked, data, "generated, by class asked for",
                title="generated"),
        on_axes(sheets.classes_2d, x, labels, data, "true samples, by class", title="true samples")], figure)


def by_code(system, data, figure=None):
    """What each code and each factor makes: images of one z in lines and columns, or points in colours."""
    K, m = system.recipe.categories, system.recipe.factors
    if data.image is not None:
        return sheets.side_by_side([_codes(system, data, K, m, j) for j in range(max(1, min(m, 2)))], figure)
    if data.dim != 2:
        return generated(system, data, figure)
    codes, u = np.arange(SHOWN) % K, rng().uniform(-1, 1, (SHOWN, m))
    x = system.sample(SHOWN, codes=codes, factors=u if m else None)
    shades = [on_axes(sheets.shades_2d, x, u[:, j], data, f"factor {j + 1}", title=f"the same samples, by factor {j + 1}")
              for j in range(min(m, 2))]
    return sheets.side_by_side([on_axes(sheets.classes_2d, x, codes, data, "generated, by code asked for",
                                         title="generated"),
                                *shades], figure)


def _codes(system, data, K, m, j):
    """A sheet, drawn on a figure: a line for each code, with factor j from -1 to 1 across, or other noise where there is none."""
    columns, codes = 9, np.repeat(np.arange(K), 9)
    u = np.zeros((K * columns, m))
    if m:
        u[:, j] = np.tile(np.linspace(-1, 1, columns), K)
    rows = system.inputs(K * columns, rng(), codes, u if m else None)
    noise = rows.shape[-1] - K - m
    rows[:, :noise] = rows[:1, :noise] if m else np.tile(rows[:columns, :noise], (K, 1))
    heads = [f"{value:g}" for value in np.linspace(-1, 1, columns)] if m else ()
    across = f"factor {j + 1}, all with the same noise" if m else "one noise in each column"
    return lambda figure: sheets.sheet(system.network("G")(rows), data.image, columns, range(K), heads, across, "code", figure)


def reconstructed(system, data, figure=None):
    """New true samples beside their reconstructions, and what G makes of noise."""
    if data.image is not None:
        x = new_samples(data, 40, rng())
        return sheets.side_by_side([
            lambda figure: sheets.lines({"original": x, "reconstructed": system.reconstruct(x)}, data.image, 10,
                                        "images that the model has not seen", figure),
            lambda figure: sheets.sheet(system.sample(100), data.image, 10, across="generated from noise", figure=figure)],
            figure)
    if data.dim != 2:
        return generated(system, data, figure)
    x = new_samples(data, 200, rng())
    return sheets.side_by_side([on_axes(sheets.moves_2d, x, system.reconstruct(x), data, title="true samples, reconstructed"),
                                points(system.sample(SHOWN), data, title="generated from noise")], figure)


def there_and_back(system, data, figure=None):
    """Samples of the first domain, what they become in the second one, and what comes back; by class where there are classes."""
    target = system.target
    if data.image is not None and target.image == data.image:
        a, b = new_samples(data, 20, rng()), new_samples(target, 20, rng())
        ways = [{f"of {one.name}": x, "there": system.translate(x, back=back),
                 "and back": system.translate(system.translate(x, back=back), back=not back)}
                for one, x, back in ((data, a, False), (target, b, True))]
        return sheets.side_by_side([lambda figure, way=way: sheets.lines(way, data.image, 10, figure=figure) for way in ways],
                                   figure)
    if not data.dim == target.dim == 2:
        return generated(system, data, figure)
    x, labels = data.sample_labelled(most(data), rng()) if data.classes else (data.sample(most(data), rng()), None)
    there = system.translate(x)
    stops = {f"samples of {data.name}": (x, data), f"there, in {target.name}": (there, target),
             "and back again": (system.translate(there, back=True), data)}
    if labels is None:
        draws = [on_axes(sheets.shades_2d, at, x[:, 0], where, f"$x_1$ in {data.name}", title=title)
                 for title, (at, where) in stops.items()]
    else:
        draws = [on_axes(sheets.classes_2d, at, labels, where, f"samples, by class of {data.name}", title=title)
                 for title, (at, where) in stops.items()]
    return sheets.side_by_side(draws, figure)


def by_sentence(system, data, figure=None):
    """Images for some sentences, in lines, beside the small images of stage one that they began as."""
    texts = [system.words.sentence(row) for row in system.words.in_turn(40)[[7, 17, 27, 37, 2, 12, 25, 35, 4, 39]]]
    asked = {"text": [text for text in texts for _ in range(8)], "seed": 0}
    small, large = system.sketches(8 * len(texts), **asked), system.sample(8 * len(texts), **asked)
    return sheets.side_by_side([
        lambda figure: sheets.sheet(system.blocks.up(small), data.image, 8, texts, across="stage one", figure=figure),
        lambda figure: sheets.sheet(large, data.image, 8, across="stage two", figure=figure)], figure)


def mixed(system, data, figure=None):
    """Samples, some of them truncated, and a table in which each image has its line's coarse and its column's fine styles."""
    w, n = system.styles(12), 6
    coarse, fine = w[:n], w[n:]
    cells = system.paint(system.mixed(np.repeat(coarse, n, axis=0), np.tile(fine, (n, 1)))).reshape(n, n, -1)
    left, top = system.paint(coarse)[:, None], system.paint(fine)
    empty = np.full((1, data.dim), -1)
    table = np.concatenate([empty, top, *np.concatenate([left, cells], axis=1)])
    samples = np.concatenate([system.sample(50), system.sample(30, truncation=.5)])
    return sheets.side_by_side([
        lambda figure: sheets.sheet(samples, data.image, 10, [*[""] * 5, *["psi .5"] * 3], across="generated", figure=figure),
        lambda figure: sheets.sheet(table, data.image, n + 1, across="fine styles from the first line", figure=figure,
                                    down="coarse styles from the first column")], figure)


def enlarged(system, data, figure=None):
    """New true images, the small images of them, what M makes of these, some of G's answers, and how far these differ."""
    x = new_samples(data, 10, rng())
    low = system.blocks.pool(x)
    answers = system.guesses(low, ANSWERS)
    spread = answers.std(axis=0)
    return sheets.lines({"real": x, "small": system.blocks.up(low), "mean square": system.mean_answer(low),
                         **{f"answer {k + 1}": answers[k] for k in range(3)}, "spread": 2 * spread / spread.max() - 1},
                        data.image, 10, "images that the model has not seen", figure)


def rng():
    """Every picture shows the same samples each time it is drawn."""
    return np.random.default_rng(0)


def most(data):
    """As many samples as a picture shows, or as there are."""
    return min(SHOWN, len(data.x)) if hasattr(data, "x") else SHOWN


def points(x, data, title="generated"):
    """Samples over the truth, to be drawn on a figure, either on the line, in the plane, or along two principal components."""
    if data.dim == 1:
        return on_axes(density_1d, x, data, title=title)
    if data.dim == 2:
        return on_axes(samples_2d, x, data, title=title)
    flat, project = flattened(data)
    return on_axes(samples_2d, project(x), flat, title="along the first two principal components of the true samples")


def on_axes(draw, *things, title=""):
    """A picture that is drawn on Axes, to be drawn on a figure."""
    def on(figure):
        draw(*things, ax=figure.subplots()).set_title(title)

    return on


PICTURES = {"conditional": by_class, "infogan": by_code, "bigan": reconstructed, "discogan": there_and_back,
            "stackgan": by_sentence, "stylegan": mixed, "superres": enlarged}


def sampled(samples):
    """The picture of samples that were asked for: images in a sheet, points over the truth."""
    data, x = samples.data, samples.x
    if data.image is not None:
        shown = data.restore(x)
        if samples.start is not None:
            return sheets.lines({"given": samples.start_data.restore(samples.start), samples.verb: shown}, data.image)
        lines = list(dict.fromkeys(samples.asked.tolist())) if samples.asked is not None else []
        if len(lines) > 1:
            return sheets.sheet(shown, data.image, len(x) // len(lines), lines, down=samples.name)
        return sheets.sheet(shown, data.image, across="".join(f"{samples.name}: {line}" for line in lines))
    if data.dim != 2:
        return sheets.side_by_side([points(x, data)], size=(5.5, 4.6))
    if samples.start is not None and samples.start_data is not data:
        if samples.start_data.dim != 2:
            return sheets.side_by_side([points(x, data, samples.verb)], size=(5.2, 5.2))
        stops = {"given": (samples.start, samples.start_data), samples.verb: (x, data)}
        return sheets.side_by_side([
            on_axes(sheets.shades_2d, at, samples.start[:, 0], where, "$x_1$ as given", title=f"{name}, in {where.name}")
            for name, (at, where) in stops.items()])
    if samples.start is not None:
        draw = on_axes(sheets.moves_2d, samples.start, x, data)
    elif samples.asked is not None:
        draw = on_axes(sheets.classes_2d, x, samples.asked, data, f"generated, by {samples.name}")
    else:
        draw = points(x, data, "")
    return sheets.side_by_side([draw], size=(5.2, 5.2))
