"""Sheets of images, points in the colours of their classes, and the page of any run: that they show what they are given."""

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

from tinygan import data, losses  # noqa: E402
from tinygan.history import History  # noqa: E402
from tinygan.plots import TRUE, canvas, sheets  # noqa: E402

DIGITS, RING, MOONS = data.halves().held_out, data.ring(), data.moons()
SHAPE = (2, 3)


@pytest.fixture(autouse=True)
def closed():
    """Every figure that a test has made is closed."""
    yield
    plt.close("all")


def rng(seed=0):
    return np.random.default_rng(seed)


def some(n, shape=SHAPE):
    """n images that all differ."""
    return rng().uniform(-1, 1, (n, shape[0] * shape[1]))


def shown(ax, place, columns, shape=SHAPE):
    """The image at a place of a mosaic, as it is drawn."""
    i, j = divmod(place, columns)
    mosaic = np.asarray(ax.images[0].get_array().filled(np.nan))
    return mosaic[i * (shape[0] + 1):, j * (shape[1] + 1):][:shape[0], :shape[1]]


def frames(ax):
    return next(kept for kept in ax.collections if isinstance(kept, LineCollection)).get_segments()


def words(ticks):
    return [tick.get_text() for tick in ticks]


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (7, 3), (6, 3), (5, None)])
def test_a_sheet_shows_every_image_in_its_place_with_a_frame_around_it(n, columns):
    x = some(n)
    ax, = sheets.sheet(x, SHAPE, columns).axes
    for k in range(n):
        assert np.allclose(shown(ax, k, columns or 3), x[k].reshape(SHAPE))
    corners = {tuple(np.min(frame, axis=0)) for frame in frames(ax)}
    assert corners == {(k % (columns or 3) * 4 - .5, k // (columns or 3) * 3 - .5) for k in range(n)}
    assert all(np.allclose(np.ptp(frame, axis=0), (3, 2)) for frame in frames(ax))


def test_empty_places_are_white_and_have_no_frame():
    ax, = sheets.sheet(some(4), SHAPE, 3).axes
    assert np.isnan(shown(ax, 5, 3)).all() and len(frames(ax)) == 4
    assert tuple(ax.images[0].get_cmap().get_bad()) == to_rgba("white")


def test_labels_stand_at_the_middle_of_their_lines_and_columns():
    ax, = sheets.sheet(some(6), SHAPE, 3, rows=("a", "b"), heads=(1, 2, 3), across="factor", down="code").axes
    assert words(ax.get_yticklabels()) == ["a", "b"] and words(ax.get_xticklabels()) == ["1", "2", "3"]
    assert ax.get_yticks().tolist() == [.5, 3.5] and ax.get_xticks().tolist() == [1, 5, 9]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("factor", "code")


def test_ink_is_black_and_paper_white():
    ax, = sheets.sheet(np.array([[-1., 1.]]), (1, 2)).axes
    paper, ink = (ax.images[0].to_rgba(ax.images[0].get_array())[0, j] for j in (0, 1))
    assert np.allclose(paper, 1) and np.allclose(ink, (0, 0, 0, 1))


def test_lines_put_what_belongs_together_one_above_the_other():
    x, y = some(5), -some(5)
    first, second = sheets.lines({"original": x, "again": y}, SHAPE, 3, "title").axes
    assert np.allclose(shown(first, 1, 3), x[1].reshape(SHAPE)) and np.allclose(shown(first, 4, 3), y[1].reshape(SHAPE))
    assert np.allclose(shown(second, 0, 3), x[3].reshape(SHAPE)) and np.allclose(shown(second, 3, 3), y[3].reshape(SHAPE))
    assert np.isnan(shown(second, 2, 3)).all() and len(frames(second)) == 4
    assert words(second.get_yticklabels()) == ["original", "again"] and (first.get_xlabel(), second.get_xlabel()) == ("title", "")


def test_sheets_side_by_side():
    figure = sheets.beside({"real": some(4), "generated": -some(2)}, SHAPE, 2)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["real", "generated"]
    assert np.allclose(shown(figure.axes[1], 1, 2), -some(2)[1].reshape(SHAPE))


@pytest.mark.parametrize("draw", [
    lambda figure: sheets.sheet(some(4), SHAPE, figure=figure), lambda figure: sheets.lines({"a": some(4)}, SHAPE, figure=figure),
    lambda figure: sheets.beside({"a": some(4)}, SHAPE, figure=figure)])
def test_a_figure_that_is_given_is_drawn_on(draw):
    figure = plt.figure()
    part = figure.subfigures(1, 2)[1]
    assert draw(part) is part and plt.get_fignums() == [figure.number] and len(figure.axes) == 1


@pytest.mark.parametrize(("call", "message"), [
    (lambda: sheets.sheet(some(2), (8, 8)), "images of 8 x 8 pixels have 64 numbers a row, or in colour 192; got 6"),
    (lambda: sheets.lines({"a": some(2), "b": some(3)}, SHAPE), "equally many images of each kind; got 2 and 3"),
    (lambda: sheets.sheet(some(2501), SHAPE), "a sheet has room for 2500 images; got 2501: ask for fewer"),
    (lambda: sheets.sheet(np.full((1, 6), np.nan), SHAPE), "images must be finite; row 0, column 0 is nan"),
    (lambda: sheets.classes_2d(some(3), [0, 0, 1], RING), "x must have 2 columns; got 6"),
    (lambda: sheets.classes_2d(np.zeros((3, 2)), [0, 0, 1], DIGITS), "this picture needs data with dim = 2; got 64"),
])
def test_what_cannot_be_drawn_is_refused_and_leaves_no_figure(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    assert plt.get_fignums() == []


# ---- points


def dots(ax, label=None):
    return next(kept for kept in ax.collections if kept.get_label() == (label or "generated"))


@pytest.mark.parametrize("truth", [RING, MOONS], ids=str)
def test_each_class_has_its_colour_and_its_number_on_the_far_side(truth):
    x = np.concatenate([RING.means[[0, 2]] + .01 * rng(k).standard_normal((2, 2)) for k in range(5)])
    ax = sheets.classes_2d(x, np.tile([3, 6], 5), truth, "generated, by class")
    colors = dots(ax).get_facecolors()[:, :3]
    assert np.allclose(colors[::2], to_rgba(sheets.CLASSES[0])[:3]) and np.allclose(colors[1::2], to_rgba(sheets.CLASSES[1])[:3])
    numbers = {text.get_text(): np.array(text.xy) for text in ax.texts}
    assert numbers.keys() == {"3", "6"} and numbers["3"][0] > x[::2, 0].max() and numbers["6"][1] > x[1::2, 1].max()
    assert words(ax.get_legend().get_texts())[1] == "generated, by class"
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    assert all((low < place).all() and (place < high).all() for place in numbers.values())


def test_classes_never_have_the_colour_of_the_truth_and_can_be_told_apart_without_seeing_colours():
    assert TRUE not in sheets.CLASSES and len(set(sheets.CLASSES)) == len(sheets.CLASSES) == 8
    grid = data.grid()
    x, labels = grid.sample_labelled(400, rng())
    ax = sheets.classes_2d(x, labels, grid)
    assert len(np.unique(dots(ax).get_facecolors(), axis=0)) == 25 == len({text.get_text() for text in ax.texts})


def test_shades_follow_their_numbers():
    ax = sheets.shades_2d(RING.means, np.arange(8.), RING, "factor 1")
    shades = dots(ax).get_array()
    assert shades.tolist() == list(range(8)) and ax.figure.axes[1].get_ylabel() == "factor 1"


def test_moves_are_lines_from_the_start_to_the_end():
    x = MOONS.sample(6, rng())
    ax = sheets.moves_2d(x, -x, MOONS)
    segments = np.array(frames(ax))
    assert np.allclose(segments[:, 0], x) and np.allclose(segments[:, 1], -x)
    assert np.allclose(dots(ax, "real").get_offsets(), x) and np.allclose(dots(ax, "reconstructed").get_offsets(), -x)
    assert np.allclose(dots(ax, "real").get_facecolors()[0, :3], to_rgba(TRUE)[:3])


# ---- the page


def history(columns, modes=False):
    made = History(3, count_modes=modes)
    for step in (1, 2, 3):
        made.record(step, {name: step * (k + 1.) for k, name in enumerate(columns)})
        if modes:
            made.record_modes(step, np.array([step, step - 1]))
    return made


@pytest.mark.parametrize(("columns", "modes", "labels"), [
    (("d_loss", "g_loss", "d_real", "d_fake"), False, ["loss", "mean score"]),
    (("d_loss", "g_loss", "d_real", "d_fake", "information"), True, ["loss", "mean score", "information", "modes"]),
    (("d_a_loss", "d_b_loss", "g_loss", "cycle"), False, ["loss", "cycle"]), (("e_loss",), False, ["loss"]),
])
def test_the_page_draws_every_column_of_any_history(columns, modes, labels):
    figure = sheets.run_page(lambda figure: figure.subplots().plot([0, 1]), history(columns, modes))
    panels = figure.axes[1:]
    assert [ax.get_ylabel() for ax in panels] == labels
    drawn = [line.get_ydata().tolist() for ax in panels for line in ax.get_lines()]
    assert all([step * (k + 1.) for step in (1, 2, 3)] in drawn for k in range(len(columns)))
    assert len(drawn) == len(columns) + 2 * modes


def test_the_page_names_players_verdicts_and_levels():
    columns = ("d_a_loss", "d_b_loss", "g_loss", "d_real", "d_fake", "information")
    figure = sheets.run_page(lambda figure: figure.subplots(), history(columns, True), losses.NonSaturating(),
                             {"information": (1.6, "ln 5"), "visited": (8, "true")})
    _, loss, verdict, information, modes = figure.axes
    assert words(loss.get_legend().get_texts()) == ["$D_{A}$", "$D_{B}$", "$G$"] and loss.get_lines()[1].get_linestyle() == "--"
    assert verdict.get_ylabel() == "mean probability of real" and words(verdict.get_legend().get_texts()) == ["real", "fake"]
    assert information.get_legend() is None and words(information.texts) == ["ln 5"] and words(modes.texts) == ["true"]
    colors = [line.get_color() for line in loss.get_lines()]
    assert colors == [canvas.JUDGE, canvas.JUDGE, canvas.FAKE]


def test_many_columns_stand_in_several_rows():
    figure = sheets.run_page(lambda figure: None, history(("g_loss", "a", "b", "c", "d")))
    assert [ax.get_ylabel() for ax in figure.axes if ax.axison] == ["loss", "a", "b", "c", "d"] and len(figure.axes) == 6
    assert len({round(ax.get_position().y0, 2) for ax in figure.axes}) == 2


def test_the_page_of_a_run_without_a_step():
    figure = sheets.run_page(lambda figure: figure.subplots(), History(3))
    assert len(figure.axes) == 1
