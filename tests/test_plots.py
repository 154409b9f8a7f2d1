"""Pictures: that they show what they say, and leave nothing behind."""

import copy
import os
import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from PIL import Image

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

from tinygan import data, losses, plots, study  # noqa: E402
from tinygan.engine.features import Pack  # noqa: E402
from tinygan.engine.layers import Dense, ReLU  # noqa: E402
from tinygan.engine.network import Sequential, mlp  # noqa: E402
from tinygan.engine.numerics import sigmoid  # noqa: E402
from tinygan.engine.optim import Adam  # noqa: E402
from tinygan.gradients import g_gradients  # noqa: E402
from tinygan.history import History  # noqa: E402
from tinygan.metrics import full_report  # noqa: E402
from tinygan.training import train  # noqa: E402

SETTINGS = copy.deepcopy(dict(matplotlib.rcParams))
LOSS = losses.NonSaturating()
RING, LINE, MOONS = data.ring(), data.gaussians_1d(), data.moons()
G, D = mlp(2, 16, 2, seed=0), mlp(2, 16, 1, seed=1)
G1, D1 = mlp(1, 16, 1, seed=0), mlp(1, 16, 1, seed=1)


LEGEND = ["true modes (1 and 3 std, in a pale ring)", "generated"]


def rng(seed=0):
    return np.random.default_rng(seed)


Z = rng().standard_normal((50, 2))


def run(G=G, D=D, points=RING, loss=LOSS, steps=6, **options):
    G, D = G.copy(), D.copy()
    return G, D, train(G, D, points, loss, steps=steps, batch=16, progress=False, **options)


HISTORY, WITHOUT_MODES = run()[2], run(points=MOONS)[2]
PICTURES = {
    "density_1d": lambda ax: plots.density_1d(LINE.sample(200, rng()), LINE, ax=ax),
    "density_1d with D": lambda ax: plots.density_1d(LINE.sample(200, rng()), LINE, D1, LOSS, ax=ax),
    "samples_2d": lambda ax: plots.samples_2d(RING.sample(200, rng()), RING, ax),
    "heat_map": lambda ax: plots.heat_map(D, RING, ax),
    "gradient_arrows": lambda ax: plots.gradient_arrows(G, D, LOSS, Z, ax),
    "latent_image": lambda ax: plots.latent_image(G, ax, data=RING),
    "latent_image of a line": lambda ax: plots.latent_image(G1, ax),
    "images": lambda ax: plots.images(data.digits().x[:23], ax),
    "mode_shares": lambda ax: plots.mode_shares(RING.sample(200, rng()), RING, ax),
    "modes_together": lambda ax: plots.modes_together(RING.sample(200, rng()), RING, ax),
}


@pytest.fixture(autouse=True)
def nothing_left_behind(monkeypatch):
    """No picture shows itself, changes a setting, or opens a figure that is not returned (tests close those)."""
    plt.close("all")  # of a test of another file that was interrupted while it drew
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("plt.show was called"))
    monkeypatch.setattr(Figure, "show", lambda *_, **__: pytest.fail("Figure.show was called"))
    yield
    left = plt.get_fignums()
    plt.close("all")
    assert left == []
    assert dict(matplotlib.rcParams) == SETTINGS


def closed(ax, draw=False):
    """`ax`, drawn if need be, with its figure taken from pyplot."""
    if draw:
        ax.figure.canvas.draw()
    plt.close(ax.figure)
    return ax


def labelled(artists, label):
    found = [a for a in artists if a.get_label() == label]
    assert len(found) == 1, f"{label}: {[a.get_label() for a in artists]}"
    return found[0]


def generated(ax):
    return labelled(ax.collections, "generated").get_offsets()


def area(t, p):
    return ((p[1:] + p[:-1]) / 2) @ np.diff(t)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# ---- on an Axes, on none, without a display


@pytest.mark.parametrize("name", PICTURES)
def test_draws_on_the_axes_given_and_on_a_new_figure(name):
    figure, (left, right) = plt.subplots(1, 2, figsize=(4, 2), dpi=50)
    left.set_axis_off()  # or drawing its ticks would take most of the time
    assert PICTURES[name](right) is right
    assert right.has_data() and not left.has_data()
    assert plt.get_fignums() == [figure.number]
    closed(right, draw=True)
    alone = PICTURES[name](None)
    assert isinstance(alone, Axes) and plt.get_fignums() == [alone.figure.number]
    closed(alone)


@pytest.mark.parametrize("name", PICTURES)
def test_something_that_is_no_axes_is_refused(name):
    with pytest.raises(ValueError, match=r"ax must be one matplotlib Axes, such as plt.subplots\(\)\[1\]; got ndarray"):
        PICTURES[name](np.zeros(2))


def test_works_without_a_display():
    program = ("import matplotlib, numpy as np; before = dict(matplotlib.rcParams); from tinygan import data, plots;"
               "assert dict(matplotlib.rcParams) == before; p = data.ring();"
               "plots.samples_2d(p.sample(50, np.random.default_rng(0)), p).figure.canvas.draw()")
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env=environment | {"MPLBACKEND": "Agg"})


def test_style_is_undone_on_the_way_out_and_no_colour_is_used_twice():
    with pytest.raises(KeyError), plots.style():
        assert matplotlib.rcParams["legend.frameon"] is False
        raise KeyError
    assert len({plots.TRUE, plots.FAKE, plots.JUDGE}) == 3


# ---- one dimension


def test_density_is_the_mixtures_and_the_bars_are_all_samples():
    x = np.concatenate([LINE.sample(999, rng()), [[50.0]]])
    ax = closed(plots.density_1d(x, LINE))
    t, p = labelled(ax.lines, "true density $p$").get_data()
    np.testing.assert_allclose(p, np.exp(LINE.log_prob(t[:, None])), rtol=1e-12)
    assert to_hex(ax.lines[0].get_color()) == plots.TRUE.lower()
    bars, edges, _ = labelled(ax.patches, "generated").get_data()
    assert bars @ np.diff(edges) == pytest.approx(0.999)  # the one outside is missing, not spread over the others
    assert "generated, 1 of 1000 outside" in legend(ax)


def test_a_narrow_mode_is_not_missed():
    narrow = data.gaussians_1d(means=(-1.0, 0.123456, 1.0), stds=(0.3, 1e-5, 0.3))
    ax = closed(plots.density_1d(LINE.sample(10, rng()), narrow))
    t, p = ax.lines[0].get_data()
    assert p.max() == pytest.approx(np.exp(narrow.log_prob([[0.123456]])[0]), rel=1e-6)
    assert area(t, p) == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize(("loss", "label", "name"), [
    (None, 1.0, "$D^* = p/(p+q)$"), (losses.Minimax(0.9), 0.9, "the best $D$"), (losses.LeastSquares(), 1.0, "$D^* = p/(p+q)$"),
], ids=str)
def test_the_verdict_is_ds_and_the_best_one_is_p_over_p_plus_q(loss, label, name):
    x = LINE.sample(500, rng()) * 0.5
    ax = closed(plots.density_1d(x, LINE, D1, loss))
    right = ax.figure.axes[-1]
    drawn = right.lines[0]
    t = drawn.get_xdata()[:, None]
    score = D1(t)[:, 0]
    np.testing.assert_allclose(drawn.get_ydata(), score if label == 1 and loss else sigmoid(score), rtol=1e-6)
    assert to_hex(drawn.get_color()) == plots.JUDGE.lower()

    best = labelled(right.lines, name).get_ydata()
    width = 1.06 * 0.5 * 500**-0.2
    q = np.exp(-(((t - x[:, 0]) / width) ** 2) / 2).mean(axis=-1) / width / np.sqrt(2 * np.pi)
    p = np.exp(LINE.log_prob(t))
    seen = p + q >= 0.01 * p.max() * (1 + 1e-9)
    np.testing.assert_allclose(best[seen], label * (p / (p + q))[seen], rtol=1e-9)
    assert seen.mean() > 0.5 and np.isnan(best[p + q < 0.0099 * p.max()]).all()


def test_the_best_verdict_on_true_samples_is_a_half():
    ax = closed(plots.density_1d(LINE.sample(3000, rng()), LINE, D1))
    t, best = labelled(ax.figure.axes[-1].lines, "$D^* = p/(p+q)$").get_data()
    assert np.abs(best[np.exp(LINE.log_prob(t[:, None])) > 0.1] - 0.5).max() < 0.06


@pytest.mark.parametrize("loss", [losses.Hinge(), losses.Hinge(2.0)], ids=str)
def test_the_best_verdict_of_the_hinge_loss_is_a_margin_with_the_sign_of_p_minus_q(loss):
    ax = closed(plots.density_1d(LINE.sample(500, rng()) + 0.7, LINE, D1, loss))
    t, best = labelled(ax.figure.axes[-1].lines, "the best $D$").get_data()
    seen = best[np.isfinite(best)]
    assert set(seen) == {-loss.margin, loss.margin}
    assert best[np.argmin(abs(t + 2.6))] == loss.margin and best[np.argmin(abs(t - 3.4))] == -loss.margin


@pytest.mark.parametrize("loss", [losses.Wasserstein(), losses.Relativistic(), losses.RelativisticAverage()], ids=str)
def test_no_best_verdict_is_drawn_where_the_loss_names_none(loss):
    ax = closed(plots.density_1d(LINE.sample(100, rng()), LINE, D1, loss))
    assert loss.best(1., 1.) is None and [line.get_label() for line in ax.figure.axes[-1].lines] == ["$D$: score"]


def test_points_on_the_line_and_a_collapsed_generator_can_be_drawn():
    few = data.from_array(rng().standard_normal((30, 1)))
    ax = closed(plots.density_1d(np.ones((10, 1)), few, D1))
    t, p = ax.lines[0].get_data()
    assert area(t, p) == pytest.approx(1, abs=0.05)


# ---- the plane


def test_the_dots_are_the_samples_and_circles_are_1_and_3_std():
    x = RING.sample(300, rng())
    ax = closed(plots.samples_2d(x, RING))
    np.testing.assert_array_equal(generated(ax), x)
    one, three, ring = (c for c in ax.collections if isinstance(c, EllipseCollection))
    for circles, diameter in ((one, 0.04), (three, 0.12)):
        np.testing.assert_allclose(circles.get_offsets(), RING.means)
        np.testing.assert_allclose(circles.get_widths(), diameter)
        assert {to_hex(c) for c in circles.get_edgecolors()} == {plots.TRUE.lower()}
    assert ring.get_offsets().shape == (8, 2) and ring.get_widths().min() > 0.2  # small modes are pointed at
    assert ax.get_aspect() == 1 and legend(ax) == LEGEND


def test_wide_modes_are_not_pointed_at_and_overlapping_ones_become_contours():
    wide = data.ring(std=0.2)
    ax = closed(plots.samples_2d(wide.sample(50, rng()), wide))
    assert [len(c.get_offsets()) for c in ax.collections if isinstance(c, EllipseCollection)] == [8, 8, 0]
    mixed = data.Mixture([[0.0, 0.0], [1.0, 1.0]], [0.5, 0.7])
    ax = closed(plots.samples_2d(mixed.sample(50, rng()), mixed))
    assert not [c for c in ax.collections if isinstance(c, EllipseCollection)]
    contours = next(c for c in ax.collections if c.get_label() != "generated")
    height = mixed.log_prob(mixed.sample(100_000, rng(1)))
    assert [(height > level).mean() for level in contours.levels] == pytest.approx([0.9889, 0.3935], abs=0.01)


def test_data_without_a_density_are_shown_by_true_points():
    few = data.from_array(rng().standard_normal((40, 2)))
    ax = closed(plots.samples_2d(Z, few))
    true = labelled(ax.collections, "true samples").get_offsets()
    np.testing.assert_array_equal(np.unique(true, axis=0), np.unique(few.x, axis=0))
    np.testing.assert_array_equal(generated(ax), Z)


def test_outliers_are_counted_and_do_not_hide_the_truth():
    x = RING.sample(300, rng())
    x[:3] = [[1e30, 0], [0, -90], [-7, 7]]
    ax = closed(plots.samples_2d(x, RING), draw=True)
    assert "generated, 3 of 300 outside" in legend(ax)
    assert ax.get_xlim()[1] < 3
    far = closed(plots.samples_2d(x + 1e3, RING))
    (left, right), (bottom, top) = far.get_xlim(), far.get_ylim()
    for mean in RING.means:
        assert left < mean[0] < right and bottom < mean[1] < top
    assert "generated, 300 of 300 outside" in legend(far)


def test_the_heat_map_is_ds_probability_centred_on_a_half():
    ax = closed(plots.heat_map(D, (-1, 1, -2, 2)))
    image, = ax.images
    values = image.get_array()
    assert (image.norm.vmin, image.norm.vmax, image.get_cmap().name) == (0, 1, "RdBu")
    corners = np.array([[-1, -2], [1, -2], [-1, 2], [1, 2]])
    np.testing.assert_allclose(values[[0, 0, -1, -1], [0, -1, 0, -1]], sigmoid(D(corners))[:, 0], rtol=1e-6)
    assert image.origin == "lower" and image.get_extent() == [-1, 1, -2, 2]
    assert ax.get_xlim() == (-1, 1) and ax.get_ylim() == (-2, 2)


@pytest.mark.parametrize(("loss", "middle"), [(losses.Hinge(), 0), (losses.LeastSquares(), 0.5)], ids=str)
def test_the_heat_map_of_a_score_is_centred_between_real_and_fake(loss, middle):
    ax = closed(plots.heat_map(D, RING, loss=loss))
    image, = ax.images
    assert (image.norm.vmin + image.norm.vmax) / 2 == pytest.approx(middle, abs=1e-6)
    assert ax.figure.axes[-1].get_ylabel() == "$D$: score"


@pytest.mark.parametrize("loss", [losses.Minimax(), LOSS, losses.Hinge()], ids=str)
def test_arrows_lead_downhill_and_their_stretch_is_stated(loss):
    theta, grad = D.theta.copy(), D.grad.copy()
    ax = closed(plots.gradient_arrows(G, D, loss, Z))
    arrows = next(c for c in ax.collections if hasattr(c, "U"))
    pull, x = np.stack([arrows.U, arrows.V], axis=-1), np.array(generated(ax))
    np.testing.assert_array_equal(x, G(Z))
    D64 = mlp(2, 16, 1, dtype=np.float64)
    D64.theta[...] = D.theta
    for i in range(0, 50, 7):  # a small step of one point along each axis, in the loss of all
        for j in range(2):
            step = np.zeros_like(x, dtype=float)
            step[i, j] = 1e-6
            slope = (loss.g(D64(x + step)).value - loss.g(D64(x - step)).value) / 2e-6
            assert pull[i, j] == pytest.approx(-50 * slope, rel=1e-3, abs=1e-6)
    assert f"{1 / arrows.scale:.2g}" in legend(ax)[1]
    np.testing.assert_array_equal(D.theta, theta)
    np.testing.assert_array_equal(D.grad, grad)


def test_arrows_keep_the_window_of_a_drawing_beneath():
    ax = plots.heat_map(D, (-9, 9, -9, 9))
    assert closed(plots.gradient_arrows(G, D, LOSS, Z, ax)).get_xlim() == (-9, 9)


def test_arrows_ask_for_real_samples_when_the_loss_compares():
    class Compares(losses.Hinge):
        needs_real = True
    with pytest.raises(ValueError, match="give gradient_arrows as many of them as z, in x_real="):
        plots.gradient_arrows(G, D, Compares(), Z)
    closed(plots.gradient_arrows(G, D, Compares(), Z, x_real=RING.sample(50, rng())))


def test_the_latent_image_is_gs():
    ax = closed(plots.latent_image(G, side=5))
    lines = next(c for c in ax.collections if isinstance(c, LineCollection) and c.get_array() is not None)
    np.testing.assert_array_equal(lines.get_array(), [-2.5, -1.25, 0, 1.25, 2.5])
    for z1, line in zip(lines.get_array(), lines.get_segments(), strict=True):
        np.testing.assert_allclose(line[[0, 200, -1]], G([[z1, -2.5], [z1, 0], [z1, 2.5]]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("d_out", [1, 2])
def test_the_latent_image_of_one_z_is_a_curve(d_out):
    curve = mlp(1, 16, d_out, seed=3)
    ax = closed(plots.latent_image(curve))
    pieces = ax.collections[-1].get_segments()
    z = np.linspace(-2.5, 2.5, 401)[:, None]
    np.testing.assert_allclose([piece[0, -d_out:] for piece in pieces], curve(z)[:-1], rtol=1e-5, atol=1e-6)


def test_more_latent_coordinates_are_held_at_zero_and_a_constant_g_can_be_drawn():
    deep = mlp(5, 8, 2, seed=1)
    deep.theta[...] = 0
    points = np.concatenate([line.get_segments() for line in closed(plots.latent_image(deep)).collections
                             if hasattr(line, "get_segments")])
    assert points.size and (points == 0).all()  # every point of the grid becomes G(0)
    closed(plots.gradient_arrows(deep, D, LOSS, rng().standard_normal((5, 5))), draw=True)


# ---- histories and digits


def levels(ax):
    """The heights of the dotted lines."""
    return [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == ":"]


def test_histories_are_the_numbers_and_where_the_losses_come_to_rest():
    axes = plots.histories(HISTORY, loss=LOSS, n_modes=8)
    closed(axes[0])
    assert axes.shape == (3,)
    drawn = [(axes[0], 0, HISTORY.d_loss), (axes[0], 1, HISTORY.g_loss), (axes[1], 0, HISTORY.d_real),
             (axes[1], 1, HISTORY.d_fake), (axes[2], 0, HISTORY.modes_visited), (axes[2], 1, HISTORY.modes_half)]
    for ax, i, numbers in drawn:
        np.testing.assert_array_equal(ax.lines[i].get_ydata(), numbers)
    assert list(map(levels, axes)) == [pytest.approx([2 * np.log(2), np.log(2)]), [0.5], [8]]
    assert [line.get_label() for line in axes[2].lines[:2]] == ["visited", "half share"]


def test_modes_are_counted_by_their_share_and_drawn_so():
    """Never "at least one sample": the panel shows the two counts of the history, each in its colour, and 0 is in its window."""
    history = History(2, count_modes=True)
    for step, counts in ((1, (5, 0)), (2, (7, 4))):
        history.record(step, {"d_loss": 1.0, "g_loss": 1.0, "d_real": 0.5, "d_fake": 0.5})
        history.record_modes(step, counts)
    ax = plots.histories(history)[2]
    closed(ax)
    assert {line.get_label(): list(line.get_ydata()) for line in ax.lines} == {"visited": [5, 7], "half share": [0, 4]}
    assert len({to_hex(line.get_color()) for line in ax.lines}) == 2 and ax.get_ylim()[0] <= 0
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()  # neither hides the other where they are equal
    assert all(float(tick).is_integer() for tick in ax.get_yticks())


@pytest.mark.parametrize(("loss", "at_rest", "verdict"), [
    (losses.NonSaturating(), [2 * np.log(2), np.log(2)], [0.5]),
    (losses.Minimax(), [2 * np.log(2), -np.log(2)], [0.5]),
    (losses.NonSaturating(real_label=.9), [-.9 * np.log(.45) - 1.1 * np.log(.55), -np.log(.45)], [.45]),
    (losses.Minimax(real_label=.9), [-.9 * np.log(.45) - 1.1 * np.log(.55), np.log(.55)], [.45]),
    (None, [], []), (losses.LeastSquares(), [], []), (losses.Hinge(), [], []), (losses.Wasserstein(), [], []),
    (losses.Relativistic(), [], []), (losses.RelativisticAverage(), [], []),
], ids=str)
def test_dotted_lines_stand_where_the_losses_come_to_rest_if_the_verdict_is_a_probability(loss, at_rest, verdict):
    """With one label for real points and D = real_label / 2 everywhere: by hand, from the losses' formulas."""
    axes = plots.histories(WITHOUT_MODES, loss=loss)
    closed(axes[0])
    assert axes.shape == (2,)
    assert levels(axes[0]) == pytest.approx(at_rest) and levels(axes[1]) == pytest.approx(verdict)


def test_replicas_are_thin_lines_and_a_thick_median_of_the_living():
    history = run(mlp(2, 8, 2, replicas=3), mlp(2, 8, 1, replicas=3), MOONS)[2]
    history.d_loss[4:, 1] = np.nan  # one replica has diverged
    axes = plots.histories(history, list(plt.subplots(1, 2)[1]), loss=LOSS)
    closed(axes[0])
    *thin, median = [line for line in axes[0].lines if to_hex(line.get_color()) == plots.JUDGE.lower()]
    assert len(thin) == 3 and all(line.get_linewidth() < median.get_linewidth() for line in thin)
    np.testing.assert_allclose(median.get_ydata(), np.nanmedian(history.d_loss, axis=-1))


@pytest.mark.parametrize("replicas", [(), (3,)], ids=("single", "replicas"))
@pytest.mark.parametrize("rows", [0, 3], ids=("stopped", "diverged"))
def test_a_run_stopped_in_its_first_steps_and_a_diverged_one_are_drawn(rows, replicas):
    history = History(5000, replicas, count_modes=True)
    for step in (5, 10, 15)[:rows]:
        row = {"d_loss": 1e30 if step > 5 else 1.0, "g_loss": np.nan, "d_real": -3e38, "d_fake": np.inf if step > 5 else 0.5}
        history.record(step, {name: np.full(replicas, value) for name, value in row.items()})
    axes = plots.histories(history, plt.subplots(1, 2, figsize=(4, 2), dpi=50)[1], loss=LOSS, n_modes=8)
    closed(axes[0], draw=True)
    assert history.step.size == axes[0].lines[0].get_xdata().size == rows


def test_histories_want_as_many_axes_as_they_fill():
    figure, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"fills 3 axes; got 1. Make them with plt.subplots\(1, 3\)"):
        plots.histories(HISTORY, ax)
    plt.close(figure)


def test_the_mosaic_holds_every_picture():
    x = data.digits().x[:23]
    ax = closed(plots.images(x, columns=5))
    mosaic = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert mosaic.shape == (5 * 9 - 1, 5 * 9 - 1)
    for i in range(23):
        row, column = 9 * (i // 5), 9 * (i % 5)
        np.testing.assert_array_equal(mosaic[row:row + 8, column:column + 8], x[i].reshape(8, 8))
    assert np.isnan(mosaic).sum() == mosaic.size - x.size


# ---- snapshots, films, the page


def test_watching_leaves_training_bit_for_bit_the_same():
    watch = plots.Snapshots(Z, 4, G)
    watched, unwatched = run(steps=10, callback=watch), run(steps=10)
    for one, other in zip(watched[:2], unwatched[:2], strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)
    np.testing.assert_array_equal(watched[2].d_loss, unwatched[2].d_loss)
    assert watch.steps == [0, 4, 8, 10]
    np.testing.assert_array_equal(watch.x[0], G(Z))
    np.testing.assert_array_equal(watch.x[-1], watched[0](Z))
    assert not np.array_equal(watch.x[1], watch.x[2])


def test_snapshots_show_the_averaged_generator_where_there_is_one():
    watch = plots.Snapshots(Z, 10)
    history = run(steps=10, ema=0.9, callback=watch)[2]
    np.testing.assert_array_equal(watch.x[-1], history.G_ema(Z))


def made(points, frames=3):
    watch = plots.Snapshots(np.zeros((1, 2)), 1)
    watch.steps = [100 * i for i in range(frames)]
    watch.x = [points.sample(60, rng(i)) * (i + 1) / frames for i in range(frames)]
    return watch


@pytest.mark.parametrize("points", [RING, MOONS, LINE, data.digits()], ids=lambda points: points.name)
def test_a_film_has_its_frames(points, tmp_path):
    path = tmp_path / "film.gif"
    assert plots.gif(made(points), points, str(path), fps=20) == path
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (3, (400, 400), 0)
        frames, durations = [], []
        for i in range(3):
            film.seek(i)
            frames.append(np.array(film.convert("L"), dtype=int))
            durations.append(film.info["duration"])
    assert durations == [50, 50, 2000]
    for before, after in zip(frames, frames[1:], strict=False):
        assert (abs(after - before) > 60).sum() > 50  # something has moved


def test_a_film_shows_the_samples_of_its_frame():
    """The part of the film that could lag behind: after an update, what is drawn is the new samples, in the old window."""
    for points in (RING, LINE, data.digits()):
        figure, ax = plt.subplots()
        old, new = points.sample(60, rng(1)), points.sample(60, rng(2))
        update = plots.film.movable(ax, points, old)
        limits = ax.get_xlim(), ax.get_ylim()
        update(new)
        if points is RING:
            np.testing.assert_array_equal(generated(ax), new)
        elif points is LINE:
            bars, = (patch for patch in ax.patches if isinstance(patch, StepPatch))
            heights, edges, _ = bars.get_data()
            np.testing.assert_allclose(heights, np.histogram(new, edges)[0] / 60 / np.diff(edges))
        else:
            np.testing.assert_array_equal(np.ma.filled(ax.images[0].get_array(), 0)[:8, :8], new[0].reshape(8, 8))
        assert (ax.get_xlim(), ax.get_ylim()) == limits
        closed(ax)


def cube():
    return data.Mixture(rng().standard_normal((3, 5)), 0.2)


PAGES = {  # data, latent coordinates, Axes in all: pictures, their colour bars or second axes, histories, snapshots
    "ring": (RING, 2, 4 + 2 + 3 + 2),
    "moons": (MOONS, 4, 3 + 2 + 2 + 2),
    "line": (LINE, 1, 2 + 1 + 3 + 2),
    "digits": (data.digits(), 4, 2 + 2 + 2),
    "five": (cube(), 3, 5 * 5 + 3),
    "array": (rng().standard_normal((40, 2)), 2, 3 + 2 + 2),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_a_run_has_its_pictures_and_changes_neither_player(name):
    points, d_z, panels = PAGES[name]
    d = points.shape[-1] if name == "array" else points.dim
    watch = plots.Snapshots(rng().standard_normal((30, d_z)), 3)
    G, D, history = run(mlp(d_z, 8, d), mlp(d, 8, 1), points, callback=watch)
    g_gradients(G, D, rng().standard_normal((5, d_z)), LOSS)
    before = [array.copy() for net in (G, D) for array in (net.theta, net.grad)]
    figure = plots.summary(G, D, points, LOSS, history, None if name == "array" else watch)
    assert isinstance(figure, Figure) and plt.get_fignums() == [figure.number]
    if name == "ring":  # drawing is what takes the time
        figure.canvas.draw()
    plt.close(figure)
    assert len(axes_of(figure)) == panels
    for old, new in zip(before, [array for net in (G, D) for array in (net.theta, net.grad)], strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_table_of_ones_own_that_is_called_digits_is_no_picture():
    """It is drawn as other tables are, in its own units."""
    x = rng().integers(0, 17, (80, 64)).astype(float)
    own, theirs = data.from_array(x, "digits").standardized(), data.digits().standardized()
    assert [plots.canvas.is_digits(points) for points in (own, theirs)] == [False, True]
    G, D, history = run(mlp(3, 8, 64), mlp(64, 8, 1), own)
    figure = plots.summary(G, D, own, LOSS, history)
    plt.close(figure)
    pair = next(ax for ax in axes_of(figure) if ax.collections)
    assert not any(ax.images for ax in axes_of(figure)) and pair.get_xlim()[1] > 10


def axes_of(figure):
    return [ax for part in figure.subfigs for ax in part.axes]


def test_of_a_long_film_the_page_shows_eight_moments_the_first_and_the_last_among_them():
    G, D, history = run(mlp(4, 8, 64), mlp(64, 8, 1), data.digits(), steps=20)
    watch = made(data.digits(), frames=20)
    figure = plots.summary(G, D, data.digits(), LOSS, history, watch)
    plt.close(figure)
    titles = [ax.get_title(loc="left") for ax in figure.subfigs[-1].axes]
    assert titles[0] == "step 0" and titles[-1] == "step 1,900" and len(titles) == 8
    steps = [int(title.split()[1].replace(",", "")) for title in titles]
    assert np.diff(steps)[:3].max() <= 200 and np.diff(steps)[-1] >= 400, "most of them early, where most happens"


def test_the_page_shows_the_averaged_generator_and_its_seed_chooses_the_latent_points():
    few = data.from_array(LINE.sample(40, rng()))
    G, D, history = run(mlp(2, 8, 1), mlp(1, 8, 1), few, ema=0.9, steps=20, opt_g=Adam(0.1))
    for seed in (3, 4):
        figure = plots.summary(G, D, few, LOSS, history, seed=seed)
        plt.close(figure)
        heights, edges, _ = labelled(axes_of(figure)[0].patches, "generated").get_data()
        z = rng(seed).standard_normal((1000, 2))
        np.testing.assert_allclose(heights, np.histogram(history.G_ema(z), edges)[0] / 1000 / np.diff(edges))
        assert not np.array_equal(heights, np.histogram(G(z), edges)[0] / 1000 / np.diff(edges))


def test_a_discriminator_of_pairs_has_no_heat_map_but_the_page_has_the_rest():
    G, D, history = run(D=Sequential(Pack(2, 2), Dense(4, 8), ReLU(), Dense(8, 1)), points=MOONS)
    figure = plots.summary(G, D, MOONS, LOSS, history)
    plt.close(figure)
    assert len(axes_of(figure)) == 2 + 1 + 2 and not [ax for ax in axes_of(figure) if ax.images]


def test_the_caption_stands_above_and_is_broken_where_it_is_long():
    G, D, history = run(points=MOONS)
    for caption, lines in (("", 0), ("Data: moons.  Seed 0.", 1), ("word " * 60, 2)):
        figure = plots.summary(G, D, MOONS, LOSS, history, caption=caption)
        plt.close(figure)
        texts = [text.get_text() for part in figure.subfigs for text in part.texts]
        assert len(texts) == bool(lines) and "".join(texts).replace("\n", " ") == caption.strip()
        assert "".join(texts).count("\n") == max(0, lines - 1)


def test_the_panels_of_one_row_have_one_window():
    G, D, history = run(points=MOONS)
    figure = plots.summary(G, D, MOONS, LOSS, history)
    plt.close(figure)
    square = [ax for ax in figure.subfigs[0].axes if ax.get_aspect() == 1]
    assert len(square) == 3 and len({(*ax.get_xlim(), *ax.get_ylim()) for ax in square}) == 1


def test_where_bars_are_drawn_the_modes_have_their_numbers():
    G, D, history = run(D=Sequential(Pack(2, 2), Dense(4, 8), ReLU(), Dense(8, 1)))
    figure = plots.summary(G, D, RING, LOSS, history)
    plt.close(figure)
    assert [text.get_text() for text in figure.subfigs[0].axes[0].texts] == [str(k) for k in range(8)]
    plain = plots.summary(*run()[:2], RING, LOSS, HISTORY)
    plt.close(plain)
    assert not plain.subfigs[0].axes[0].texts


# ---- the units and names of the data


TABLE = data.Points(rng().normal([170, 65, 3e-5], [8, 11, 1e-5], (300, 3)), "people", ("height (cm)", "weight", "dose"))


def ticks(axis):
    """{where a tick stands: what is written there}."""
    return {place: float(text.get_text().replace("\N{MINUS SIGN}", "-"))
            for place, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)}


@pytest.mark.parametrize("points", [data.Points(TABLE.x[:, :2], "two", TABLE.columns[:2]), RING, MOONS,
                                    data.by_name("swiss_roll")], ids=lambda points: points.name)
def test_the_numbers_at_the_axes_are_those_of_the_data(points):
    inside = points.standardized()
    x = inside.sample(100, rng())
    for ax in (plots.samples_2d(x, inside), plots.heat_map(D, inside), plots.latent_image(G, data=inside)):
        closed(ax)
        for axis, j, end in ((ax.xaxis, 0, ax.get_xlim()), (ax.yaxis, 1, ax.get_ylim())):
            places, written = zip(*ticks(axis).items(), strict=True)
            scale, shift = (np.broadcast_to(part, 2)[j] for part in (inside.scale, inside.shift))
            np.testing.assert_allclose(np.array(places) * scale + shift, written, atol=1e-4 * abs(scale))
            assert 3 <= len(places) <= 8 and end[0] <= min(places) and max(places) <= end[1]
            assert axis.get_label_text() == (points.columns[j] if points.columns else f"$x_{{{j + 1}}}$")
        assert ax.get_aspect() == 1


def test_a_density_is_in_the_units_of_its_axis():
    inside = data.Points(TABLE.x[:, :1], "heights", ("height (cm)",)).standardized()
    ax = closed(plots.density_1d(inside.sample(100, rng()), inside))
    t, p = ax.lines[0].get_data()
    (x_0, x_1), (y_0, y_1) = (list(ticks(axis).items())[-2:] for axis in (ax.xaxis, ax.yaxis))
    per_x, per_y = (x_1[1] - x_0[1]) / (x_1[0] - x_0[0]), (y_1[1] - y_0[1]) / (y_1[0] - y_0[0])
    assert area(t * per_x, p * per_y) == pytest.approx(1, abs=.01) and ax.get_xlabel() == "height (cm)"


# ---- many columns


def test_true_pairs_lie_below_the_diagonal_and_generated_ones_above_it_in_one_window():
    inside = TABLE.standardized()
    x = inside.sample(100, rng(1))
    figure = plots.pairs(x, inside)
    figure.canvas.draw()
    plt.close(figure)
    axes = np.reshape(figure.axes, (3, 3))
    for i in range(3):
        for j in set(range(3)) - {i}:
            dots = axes[i, j].collections[0]
            expected = TABLE.x if i > j else inside.restore(x)
            np.testing.assert_allclose(np.sort(dots.get_offsets(), axis=0), np.sort(expected[:, [j, i]], axis=0), rtol=1e-6)
            assert to_hex(dots.get_facecolor()[0]) == (plots.TRUE if i > j else plots.FAKE).lower()
            assert axes[i, j].get_ylim() == axes[j, i].get_xlim()
        assert axes[2, i].get_xlabel() == axes[i, 0].get_ylabel() == TABLE.columns[i]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["true, below the diagonal", "generated, above it"]


def test_the_bars_on_the_diagonal_are_both_distributions_and_whole_numbers_have_one_each():
    whole = data.Points(np.column_stack([rng().integers(0, 5, 400), rng().standard_normal(400)]), "whole")
    inside = whole.standardized()
    figure = plots.pairs(inside.sample(200, rng()), inside)
    plt.close(figure)
    for ax in (figure.axes[0], figure.axes[3]):
        for bars in ax.patches:
            values, edges, _ = bars.get_data()
            assert values @ np.diff(edges) == pytest.approx(1, abs=.03)
    values, edges, _ = figure.axes[0].patches[0].get_data()
    assert values.size == 5 and edges[1:-1].tolist() == [.5, 1.5, 2.5, 3.5]
    np.testing.assert_allclose(values[1:-1], np.bincount(whole.x[:, 0].astype(int))[1:-1] / 400)


def test_columns_are_chosen_by_name_or_number_and_five_are_shown_otherwise():
    inside, six = TABLE.standardized(), data.Points(rng().standard_normal((40, 6)), "six")
    for columns in (("dose", "height (cm)"), (2, 0)):
        figure = closed_figure(plots.pairs(inside.sample(30, rng()), inside, columns))
        assert [ax.get_xlabel() for ax in figure.axes[2:]] == ["dose", "height (cm)"] and len(figure.axes) == 4
    figure = closed_figure(plots.pairs(six.x, six))
    assert len(figure.axes) == 25 and figure.get_suptitle() == "5 of 6 columns"


@pytest.mark.parametrize("columns, message", [(("weigth",), "unknown column 'weigth'. Did you mean 'weight'"),
                                              ((3,), "from 0 to 2"), ((), "columns must be names, or numbers"),
                                              ((-1,), "from 0 to 2")])
def test_a_column_that_there_is_not(columns, message):
    with pytest.raises(ValueError, match=message):
        plots.pairs(TABLE.x, TABLE, columns)


def test_a_long_name_is_cut():
    long = data.Points(TABLE.x, "long", ("a" * 20, "b" * 21, "c"))
    figure = closed_figure(plots.pairs(long.x[:30], long, ("b" * 21, "a" * 20)))
    assert [ax.get_xlabel() for ax in figure.axes[2:]] == ["b" * 19 + "\N{HORIZONTAL ELLIPSIS}", "a" * 20]


def test_constant_columns_and_far_away_samples_leave_a_window():
    flat = data.Points(np.column_stack([rng().standard_normal(50), np.full(50, 3.0), np.zeros(50)]), "flat")
    figure = plots.pairs(flat.x + [[1e9, 0, 0]], flat)
    figure.canvas.draw()
    assert all(np.diff(ax.get_xlim()) > 0 and np.diff(ax.get_ylim()) > 0 for ax in figure.axes)
    assert figure.axes[0].get_xlim()[1] < 10
    plt.close(figure)


# ---- all modes on top of each other


def test_each_sample_stands_beside_its_mode_in_standard_deviations():
    x = RING.means[[3, 3, 5]] + RING.stds[0] * np.array([[1, 0], [0, -2], [40, 0]])
    ax = closed(plots.modes_together(x, RING))
    np.testing.assert_allclose(generated(ax), [[1, 0], [0, -2], [40, 0]], atol=1e-9)
    circles, = (c for c in ax.collections if isinstance(c, EllipseCollection))
    np.testing.assert_allclose(circles.get_widths(), [2, 6])
    assert ax.get_aspect() == 1 and "generated, 1 of 3 outside" in legend(ax)
    with pytest.raises(ValueError, match="this picture needs data with n_modes = a Mixture"):
        plots.modes_together(x, MOONS)


# ---- long curves


def test_a_long_curve_is_pale_under_its_running_median_and_d_is_dashed():
    history = History(300)
    noise = rng().standard_normal((300, 4))
    for step in range(300):
        history.record(step + 1, dict(zip(("d_loss", "g_loss", "d_real", "d_fake"), noise[step], strict=True)))
    axes = plots.histories(history)
    closed(axes[0])
    pale, smooth, *_ = axes[0].lines
    np.testing.assert_array_equal(pale.get_ydata(), history.d_loss)
    middle = [np.median(history.d_loss[i - 5:i + 6]) for i in range(5, 295)]
    np.testing.assert_allclose(smooth.get_ydata()[5:295], middle)
    assert pale.get_alpha() < .5 and smooth.get_label() == "$D$" and smooth.get_linestyle() == "--"
    assert pale.get_label().startswith("_") and axes[0].lines[3].get_linestyle() == "-"


def test_dots_are_pixels_in_a_vector_picture(tmp_path):
    """A thousand dots as shapes would make a file of megabytes."""
    ax = plots.samples_2d(RING.sample(5000, rng()), RING)
    path = plots.save(ax.figure, tmp_path / "a.svg")
    text = path.read_text()
    assert "<image" in text and text.count("<use") < 500


# ---- replicas side by side


MANY, MANY_D = mlp(2, 4, 2, replicas=3), mlp(2, 4, 1, replicas=3)


def closed_figure(figure, draw=False):
    """`figure`, drawn if need be, when nothing else was left open."""
    assert isinstance(figure, Figure) and plt.get_fignums() == [figure.number]
    if draw:
        figure.canvas.draw()
    plt.close(figure)
    return figure


def numbers(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


def test_each_replica_has_a_panel_with_its_number_the_same_z_and_one_window():
    figure = closed_figure(plots.replicas(MANY, RING, seed=5), draw=True)
    z = rng(5).standard_normal((1000, 2))
    assert numbers(figure) == ["replica 0", "replica 1", "replica 2"]
    for r, ax in enumerate(figure.axes):
        np.testing.assert_array_equal(generated(ax), MANY.replica(r)(z).astype(float))
        assert ax.get_xlim() == figure.axes[0].get_xlim() and ax.get_ylim() == figure.axes[0].get_ylim()
        assert not ax.get_xticks().size and not ax.get_yticks().size and ax.get_legend() is None
    assert [text.get_text() for text in figure.legends[0].get_texts()] == LEGEND
    assert len(figure.legends) == 1


def test_replicas_on_the_line_are_densities_of_one_height_and_one_that_is_lost_is_outside():
    lines = mlp(1, 16, 1, replicas=3, seed=2)
    lines.theta[1] = np.nan
    figure = closed_figure(plots.replicas(lines, LINE), draw=True)
    z = rng().standard_normal((1000, 1))
    for r, ax in enumerate(figure.axes):
        t, p = labelled(ax.lines, "true density $p$").get_data()
        np.testing.assert_allclose(p, np.exp(LINE.log_prob(t[:, None])))
        heights, edges, _ = labelled(ax.patches, "generated").get_data()
        x = np.full_like(z, 1e30) if r == 1 else lines.replica(r)(z)
        np.testing.assert_allclose(heights, np.histogram(x, edges)[0] / 1000 / np.diff(edges))
        assert ax.get_ylim() == figure.axes[0].get_ylim() and ax.get_xlim() == figure.axes[0].get_xlim()
    assert figure.axes[1].get_title(loc="right") == "1000 of 1000 outside"


@pytest.mark.parametrize(("points", "replicas", "panels"), [
    (MOONS, 1, 1), (data.digits(), 17, 16), (cube(), 2, 2), (rng().standard_normal((40, 2)), 2, 2),
], ids=("one", "seventeen, of digits", "five dimensions", "array"))
def test_there_are_as_many_panels_as_replicas_and_at_most_16(points, replicas, panels):
    G = mlp(2, 4, points.shape[-1] if isinstance(points, np.ndarray) else points.dim, replicas=replicas)
    figure = closed_figure(plots.replicas(G, points))
    assert numbers(figure) == [f"replica {r}" for r in range(panels)]
    assert "".join(text.get_text() for text in figure.texts) == ("The first 16 of 17 replicas" if replicas > 16 else "")


def test_the_legend_tells_true_points_from_generated_ones():
    handles = closed_figure(plots.replicas(MANY, MOONS)).legends[0].legend_handles
    assert [to_hex(handle.get_facecolor()[0]) for handle in handles] == [plots.TRUE.lower(), plots.FAKE.lower()]


# ---- nothing is cut off


def ink_on_the_border(figure, path):
    """Sides of the saved picture that something touches: rows and columns 0 and -1 must be white."""
    with Image.open(plots.save(figure, path)) as picture:
        grey = np.array(picture.convert("L"))
    sides = {"top": grey[0], "bottom": grey[-1], "left": grey[:, 0], "right": grey[:, -1]}
    return [side for side, pixels in sides.items() if (pixels < 250).any()]


def test_the_measure_sees_ink_on_the_border(tmp_path):
    figure = plt.figure(figsize=(1, 1))
    figure.text(.5, 1, "cut off", va="center")
    assert ink_on_the_border(figure, tmp_path / "a.png") == ["top"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("film", [True, False], ids=("with snapshots", "without"))
@pytest.mark.parametrize("pack", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in ("ring", "line")))
                                  for name in PAGES])
def test_nothing_of_a_page_is_cut_off(name, pack, film, tmp_path):
    points, d_z, _ = PAGES[name]
    d = points.shape[-1] if name == "array" else points.dim
    watch = plots.Snapshots(rng().standard_normal((30, d_z)), 3)
    judge = Sequential(Pack(pack, d), Dense(pack * d, 8), ReLU(), Dense(8, 1))
    G, D, history = run(mlp(d_z, 8, d), judge, points, callback=watch)
    page = plots.summary(G, D, points, LOSS, history, watch if film else None, caption="Data: some.  Settings: by default.  " * 5)
    assert ink_on_the_border(page, tmp_path / "a.png") == []


@pytest.mark.sampled(4)
@pytest.mark.parametrize("replicas", [1, 3, 17, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 4, 5))])
@pytest.mark.parametrize("name", ["ring", "line", "digits", "five"])
def test_nothing_of_the_page_of_replicas_is_cut_off(name, replicas, tmp_path):
    points, d_z, _ = PAGES[name]
    assert ink_on_the_border(plots.replicas(mlp(d_z, 8, points.dim, replicas=replicas), points), tmp_path / "a.png") == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize("seeds", [1, *(pytest.param(seeds, marks=pytest.mark.slow) for seeds in (2, 6))])
@pytest.mark.parametrize("names", [("plain",), ("plain", "minibatch_discrimination", "relativistic_r1_r2"),
                                   pytest.param(tuple(study.REMEDIES), marks=pytest.mark.slow)], ids=len)
@pytest.mark.parametrize("mixture", [RING, LINE, data.by_name("big_grid")], ids=("ring", "line", "big_grid"))
def test_nothing_of_a_studys_pictures_is_cut_off(mixture, names, seeds, tmp_path):
    def row(name, seed):
        x = mixture.sample(200, rng(seed))
        return study.Row(name, "data", seed, 1.0, raw=full_report(x, mixture, rng(seed)), x=x[:50])

    rows = [row(name, seed) for name in names for seed in range(seeds)]
    rows[-1] = study.Row(names[-1], "data", seeds - 1, 1.0, diverged=12_345)
    figure = plots.remedies([*study.truth_rows({"data": mixture}, range(seeds)), *rows], mixture)
    assert ink_on_the_border(figure, tmp_path / "a.png") == []
    summaries = {name: found for (_, name), found in study.summary(rows, {"data": mixture}).items()}
    assert ink_on_the_border(plots.intervals(summaries, mixture.n_modes), tmp_path / "a.png") == []


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_of_a_single_picture_is_cut_off(name, tmp_path):
    assert ink_on_the_border(PICTURES[name](None).figure, tmp_path / "a.png") == []


@pytest.mark.parametrize("columns", [(0, 1), pytest.param((0, 1, 2), marks=pytest.mark.slow)])
def test_nothing_of_the_pairs_is_cut_off(columns, tmp_path):
    assert ink_on_the_border(plots.pairs(TABLE.x[:100], TABLE, columns), tmp_path / "a.png") == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize("history", [HISTORY, WITHOUT_MODES], ids=("three panels", "two panels"))
@pytest.mark.parametrize("loss", [None, LOSS, losses.NonSaturating(real_label=.9), losses.Hinge()], ids=str)
def test_nothing_of_the_histories_is_cut_off(history, loss, tmp_path):
    assert ink_on_the_border(plots.histories(history, loss=loss, n_modes=8)[0].figure, tmp_path / "a.png") == []


def test_the_colours_are_okabe_and_itos():
    okabe_ito = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
    colours = [plots.TRUE, plots.FAKE, plots.JUDGE, plots.canvas.HALF]
    assert len(set(colours)) == 4 and set(colours) <= okabe_ito


# ---- where a figure goes in the end


@pytest.mark.parametrize(("ending", "begin"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")],
                         ids=("png", "pdf", "svg"))
def test_save_writes_a_picture_and_closes_it(tmp_path, ending, begin):
    path = tmp_path / f"picture{ending}"
    assert plots.save(plt.figure(figsize=(1, 1)), str(path)) == path
    assert path.read_bytes().startswith(begin) and [*tmp_path.iterdir()] == [path]


def test_save_has_the_resolution_that_is_asked_for(tmp_path):
    for options, size in (({}, 320), ({"dpi": 50}, 100)):
        with Image.open(plots.save(plt.figure(figsize=(2, 2)), tmp_path / "a.png", **options)) as picture:
            assert picture.size == (size, size)


def test_a_save_that_fails_leaves_the_old_picture_and_nothing_half_written(tmp_path):
    def half(path, **_):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    path, figure = tmp_path / "a.png", Figure()
    path.write_bytes(b"old")
    figure.savefig = half
    with pytest.raises(KeyboardInterrupt):
        plots.save(figure, path)
    assert path.read_bytes() == b"old" and [*tmp_path.iterdir()] == [path]


@pytest.fixture
def terminal(monkeypatch, tmp_path):
    """An empty current folder, and a person who reads the output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plots.page, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
    return tmp_path


@pytest.mark.parametrize(("figures", "files", "sentence"), [
    (0, [], ""),
    (1, ["lesson.png"], "No window can be opened here, so the picture is in lesson.png\n"),
    (2, ["lesson_1.png", "lesson_2.png"], "No window can be opened here, so the pictures are in lesson_1.png, lesson_2.png\n"),
], ids=("none", "one", "two"))
def test_without_a_window_a_script_ends_with_files_and_says_where(terminal, capsys, figures, files, sentence):
    for _ in range(figures):
        plt.figure(figsize=(1, 1))
    plots.show("lesson")
    assert sorted(path.name for path in terminal.iterdir()) == files and capsys.readouterr().out == sentence


def test_a_script_that_nobody_reads_ends_in_silence(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    plots.show("lesson")
    figure = plt.figure()
    plots.show("lesson")
    assert not [*tmp_path.iterdir()] and capsys.readouterr().out == "" and plt.get_fignums() == [figure.number]
    plt.close(figure)


def test_with_a_window_a_script_ends_by_showing(monkeypatch, terminal):
    shown = []
    monkeypatch.setattr(plt, "get_backend", lambda: "QtAgg")
    monkeypatch.setattr(plt, "show", lambda: shown.append(1))
    plots.show("lesson")
    assert shown == [1] and not [*terminal.iterdir()]


# ---- what is refused, and how


REFUSED = {
    "density of 2-D data": (lambda: plots.density_1d(Z, RING), "needs data with dim = 1; got 2"),
    "density of a line of numbers": (lambda: plots.density_1d(Z[:, 0], LINE), r"pass x\[:, None\]"),
    "density with a D of the plane": (lambda: plots.density_1d(Z[:, :1], LINE, D), "needs D with d_in = 1; got 2"),
    "samples of another dimension": (lambda: plots.samples_2d(Z[:, :1], RING), "x must have 2 columns; got 1"),
    "samples of 1-D data": (lambda: plots.samples_2d(Z, LINE), "needs data with dim = 2; got 1"),
    "samples over an array": (lambda: plots.samples_2d(Z, Z), "needs data with dim = 2; got ndarray"),
    "samples that are NaN": (lambda: plots.samples_2d(Z * np.nan, RING), "x must be finite"),
    "heat map of a line": (lambda: plots.heat_map(D1, RING), "needs D with d_in = 2; got 1"),
    "heat map over 1-D data": (lambda: plots.heat_map(D, LINE), "needs data with dim = 2; got 1"),
    "heat map of replicas": (lambda: plots.heat_map(MANY_D, RING), "D holds 3 replicas, but a picture shows one network"),
    "heat map of no window": (lambda: plots.heat_map(D, (1, 2)), r"a window \(left, right, bottom, top\); got \(1, 2\)"),
    "heat map of a G": (lambda: plots.heat_map(G, RING), "needs D with d_out = 1; got 2"),
    "arrows of replicas": (lambda: plots.gradient_arrows(MANY, MANY_D, LOSS, Z), "G holds 3 replicas"),
    "arrows from other z": (lambda: plots.gradient_arrows(G, D, LOSS, Z[:, :1]), "z must have 2 columns; got 1"),
    "latent image in space": (lambda: plots.latent_image(mlp(2, 3)), "needs G with d_out = 2; got 3"),
    "latent image of one line": (lambda: plots.latent_image(G, side=1), "side must be at least 2"),
    "pictures that are not square": (lambda: plots.images(np.zeros((3, 60))), "8 x 8 = 64 numbers a row; got 60"),
    "snapshots of replicas": (lambda: plots.Snapshots(Z, 5, MANY), "G holds 3 replicas"),
    "snapshots from other z": (lambda: plots.Snapshots(Z, 5, G1), "needs G with d_in = 2; got 1"),
    "a film of nothing": (lambda: plots.gif(plots.Snapshots(Z, 5), RING, "a.gif"), "there are no snapshots yet"),
    "a film that is no GIF": (lambda: plots.gif(made(RING), RING, "a.mp4"), "ends in .gif, .* got 'a.mp4'"),
    "a film nowhere": (lambda: plots.gif(made(RING), RING, "no/such/a.gif"), "in a directory that exists"),
    "a single network as replicas": (lambda: plots.replicas(G, RING), "this G is a single one: make it with mlp.*replicas=8"),
    "replicas of another dimension": (lambda: plots.replicas(MANY, LINE), "needs G with d_out = 1; got 2"),
    "a picture of another kind": (lambda: plots.save(Figure(), "a.gif"), "ends in .png, .pdf or .svg, .* got 'a.gif'"),
    "a picture nowhere": (lambda: plots.save(Figure(), "no/such/a.png"), "in a directory that exists; got 'no/such/a.png'"),
    "the page of replicas": (lambda: plots.summary(MANY, MANY_D, RING, LOSS, HISTORY), "G holds 3 replicas"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_a_figure_is_made(name):
    draw, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        draw()


def test_mode_shares_are_the_counts():
    mixture = data.ring(4)
    x = np.concatenate([mixture.means[[0, 0, 1]], mixture.means[[2]] * 0.9, [[np.nan, 0]]])  # one near mode 2, one nowhere
    ax = plots.mode_shares(x, mixture)
    heights = [[bar.get_height() for bar in bars] for bars in ax.containers]
    assert heights == [[0.4, 0.2, 0.2, 0], [0.4, 0.2, 0, 0]]
    line, = (lines for lines in ax.collections if len(lines.get_segments()) == 4)
    assert all(segment[:, 1].tolist() == [0.25, 0.25] for segment in line.get_segments())
    plt.close(ax.figure)
    with pytest.raises(ValueError, match="needs a Mixture; got Curve"):
        plots.mode_shares(x, data.moons())
