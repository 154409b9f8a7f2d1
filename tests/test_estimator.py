"""GAN as an estimator of scikit-learn: its own checks, and what people do with one."""

import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from oracles import same_bits
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tinygan import data
from tinygan.cli import learning, run_files
from tinygan.estimator import GAN, PARAMETERS
from tinygan.guard import Diverged
from tinygan.recipe import DEFAULTS, Recipe

X = np.random.default_rng(0).normal([170, 65], [8, 11], (300, 2))
SMALL = {"steps": 6, "hidden": (8,)}
EXPECTED: dict[str, str] = {}  # checks of scikit-learn that may fail, and why: none
NEEDS_A_VARIABLE = "check_array_api_input"  # skipped by scikit-learn itself unless SCIPY_ARRAY_API is set


def fitted(**settings):
    return GAN(**SMALL | settings).fit(X)


# ---- scikit-learn's manners


@pytest.mark.slow
def test_scikit_learns_own_checks():
    found = check_estimator(GAN(**SMALL), expected_failed_checks=EXPECTED, on_skip=None)
    bad = [result["check_name"] for result in found if result["status"] not in ("passed", "xfail")]
    assert len(found) > 30 and set(bad) <= {NEEDS_A_VARIABLE}


def test_the_checks_notice_an_estimator_that_changes_its_parameters():
    class Wrong(GAN):
        def fit(self, X, y=None):
            self.steps = 3
            return super().fit(X)

    with pytest.raises(AssertionError):
        check_estimator(Wrong(**SMALL), on_skip=None)


def test_the_parameters_are_those_of_the_recipe():
    assert set(GAN().get_params()) == set(DEFAULTS.values()) - {"data", "replicas", "seed"} | {"random_state", "categorical"}
    assert all(GAN().get_params()[name] is value for name, value in PARAMETERS.items())
    assert repr(GAN(steps=7)) == "GAN(steps=7)" and GAN().set_params(r1=.5, random_state=3).get_params()["r1"] == .5


def test_a_clone_has_the_settings_and_nothing_that_was_learned():
    gan = fitted(loss="hinge")
    twin = clone(gan)
    assert twin.get_params() == gan.get_params() and not hasattr(twin, "G_")
    assert same_bits(twin.fit(X).G_.theta, gan.G_.theta)


def test_a_pickle_samples_the_same_and_goes_on_the_same():
    gan = fitted(ema=.9)
    twin = pickle.loads(pickle.dumps(gan))
    assert same_bits(twin.sample(5, 0), gan.sample(5, 0)) and twin.score(X) == gan.score(X)
    assert same_bits(twin.partial_fit(X).D_.theta, gan.partial_fit(X).D_.theta)


def test_the_last_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), GAN(**SMALL)).fit(X)
    rows = pipeline[0].inverse_transform(pipeline[-1].sample(20, random_state=0))
    assert rows.shape == (20, 2) and abs(rows.mean(axis=0) - [170, 65]).max() < 40
    assert pipeline.score(X) == pipeline[-1].score(pipeline[0].transform(X))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(4))
def test_a_grid_search_finds_the_setting_that_learns(seed):
    """A learning rate at which nothing moves is the worse one, on each of the seeds."""
    search = GridSearchCV(GAN(steps=150, hidden=(16,), random_state=seed), {"lr": [1e-9, 1e-2]}, cv=2).fit(X)
    assert search.best_params_ == {"lr": 1e-2}


# ---- what is learned


def test_it_is_the_run_of_the_same_recipe_at_the_command_line(monkeypatch):
    """Same data, settings and seed: the same bits, and the same samples."""
    monkeypatch.setattr(Recipe, "data_set", lambda self: data.Points(X))
    run = run_files.build(Recipe(**SMALL, seed=4))
    learning._training(run).run(progress=False)
    gan = fitted(random_state=4)
    assert same_bits(gan.G_.theta, run.G.theta) and same_bits(gan.D_.theta, run.D.theta)
    run = run._replace(history=gan.history_)
    assert same_bits(gan.sample(9, random_state=5), learning.sample(run, 9, 5))


@pytest.mark.parametrize("more", [{}, {"pack": 2, "ema": .9}, {"loss": "hinge", "r1": .1, "update": "optimistic"},
                                  {"d_fourier": (4, 3., .1), "r1": .1, "r2": .1}])
def test_two_halves_are_one_training(more):
    whole = fitted(steps=8, schedule="constant", **more)
    halves = fitted(steps=4, schedule="constant", **more).partial_fit(X)
    assert same_bits(halves.G_.theta, whole.G_.theta) and same_bits(halves.D_.theta, whole.D_.theta)
    assert halves.history_.step.tolist() == list(range(1, 9))


def test_the_first_partial_fit_is_a_fit_and_others_keep_the_units():
    gan = GAN(**SMALL).partial_fit(X)
    assert same_bits(gan.G_.theta, fitted().G_.theta)
    shift = gan.shift_.copy()
    gan.partial_fit(X[:40] + 1)
    assert same_bits(gan.shift_, shift) and gan.history_.step[-1] == 12


def test_rows_come_back_in_their_units_and_constant_columns_at_their_value():
    x = np.column_stack([X, np.full(300, 7.0)])
    made = GAN(steps=300, hidden=(16,), pack=2).fit(x).sample(500, random_state=0)
    assert abs(made.mean(axis=0)[:2] - [170, 65]).max() < 12 and (made[:, 2] == 7).all()


def test_random_state():
    gan = fitted()
    assert same_bits(gan.sample(4, 1), gan.sample(4, 1)) and not same_bits(gan.sample(4, 1), gan.sample(4, 2))
    assert not same_bits(gan.sample(4), gan.sample(4))
    old = np.random.mtrand.RandomState
    assert same_bits(gan.sample(4, old(0)), gan.sample(4, old(0)))
    assert same_bits(fitted(random_state=old(0)).G_.theta, fitted(random_state=old(0)).G_.theta)
    assert not same_bits(fitted(random_state=None).G_.theta, fitted(random_state=None).G_.theta)


def test_the_score_is_larger_for_rows_like_the_training_rows():
    """It has no likelihood to be; other rows must score less, on each of the seeds."""
    for seed in range(3):
        gan = GAN(steps=200, hidden=(16,), pack=2, random_state=seed).fit(X)
        assert gan.score(X + [40, 0]) < gan.score(X) < .01 and gan.score(X) == gan.score(X)


@pytest.mark.slow
def test_the_score_of_many_rows_takes_some_of_them():
    many = np.random.default_rng(1).normal([170, 65], [8, 11], (6000, 2))
    assert abs(fitted().score(many) - fitted().score(many[:5000])) < .05


def test_the_verdict_takes_raw_units_and_packs():
    gan = fitted()
    inside = (X - X.mean(axis=0)) / X.std(axis=0)
    assert np.allclose(gan.verdict(X), 1 / (1 + np.exp(-gan.D_(inside)[:, 0])), rtol=1e-5)
    assert np.allclose(fitted(loss="hinge").verdict(X), fitted(loss="hinge").D_(inside)[:, 0], rtol=1e-5, atol=1e-6)
    packed = fitted(pack=2)
    assert packed.verdict(X).shape == (150,)
    with pytest.raises(ValueError, match="D judges 2 rows together, which does not divide 3 rows"):
        packed.verdict(X[:3])


# ---- data frames


def test_without_a_frame_an_array_comes_back():
    assert type(fitted().sample(2)) is np.ndarray


def test_a_frame_comes_back_with_its_columns(monkeypatch):
    """pandas is no dependency: a stand-in says what it is asked for."""
    class Frame:
        __module__ = "pandas.core.frame"
        columns = ["height (cm)", "weight"]

        def __array__(self, *_, **__):
            return X

        shape = X.shape

        def __len__(self):
            return len(X)

    gan, expected = GAN(**SMALL).fit(Frame()), fitted().sample(3, random_state=0)
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=lambda x, columns: (x, columns)))
    x, columns = gan.sample(3, random_state=0)
    assert columns == Frame.columns and same_bits(x, expected)


# ---- categories


def shop(rows=120, seed=0):
    """Cells (rows, 3): a number, a kind that decides its size, and a whole number from 1 to 3."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["small", "large"], rows)
    sizes = np.where(kinds == "large", 30, 10) + rng.normal(0, 1, rows)
    return np.array([*zip(sizes.tolist(), kinds.tolist(), rng.integers(1, 4, rows).tolist(), strict=True)], object)


@pytest.mark.parametrize("X", [shop(), shop().tolist(), shop().astype(str)], ids=["objects", "lists", "text"])
def test_text_comes_back_as_text(X):
    gan = GAN(**SMALL, categorical=[1, "x3"]).fit(X)
    made = gan.sample(60, random_state=0)
    assert made.shape == (60, 3) and made.dtype == object and gan.n_features_in_ == 3 and gan.shift_.shape == (6,)
    numbers, kinds, years = made.swapaxes(0, 1)
    assert {type(number) for number in numbers} == {float} and set(kinds) <= {"small", "large"}
    assert set(years) <= ({1, 2, 3} if getattr(X, "dtype", "") == "O" else {"1", "2", "3"})  # NumPy makes texts of lists
    np.testing.assert_allclose(gan.G_(np.zeros((4, gan.G_.d_in)))[:, 1:].sum(axis=-1), 2, rtol=1e-6)  # one softmax for each
    assert gan.verdict(X).shape == (120,) and np.isfinite(gan.score(X))


def test_whole_numbers_of_an_array_stay_numbers():
    x = np.column_stack([X[:, 0], np.arange(300) % 3 + 4])
    made = GAN(**SMALL, categorical=[1]).fit(x).sample(50, random_state=0)
    assert made.dtype == np.float64 and set(made[:, 1]) <= {4., 5., 6.}
    alone = GAN(**SMALL, categorical=[0]).fit(np.arange(40)[:, None] % 2 == 0).sample(5)
    assert alone.dtype == bool and alone.shape == (5, 1)


def test_with_categories_clones_pickles_and_goes_on_the_same():
    gan = clone(GAN(**SMALL, categorical=["x2", 2])).fit(shop())
    twin = pickle.loads(pickle.dumps(gan))
    assert (twin.sample(9, 0) == gan.sample(9, 0)).all() and twin.score(shop()) == gan.score(shop())
    assert same_bits(twin.partial_fit(shop()).D_.theta, gan.partial_fit(shop()).D_.theta)
    halves = GAN(**SMALL | {"steps": 3}, schedule="constant", categorical=[1, 2]).fit(shop()).partial_fit(shop())
    assert same_bits(halves.G_.theta, GAN(**SMALL, schedule="constant", categorical=[1, 2]).fit(shop()).G_.theta)


def test_a_pickle_has_none_of_the_rows():
    few, many = (pickle.dumps(GAN(**SMALL, batch=32, categorical=[1, 2]).fit(shop(rows))) for rows in (40, 4000))
    assert len(many) < len(few) + 500


def test_a_grid_search_over_rows_with_categories():
    gan = GAN(**SMALL, categorical=[1])
    search = GridSearchCV(gan, {"lr": [1e-3, 1e-2], "categorical": [[1], [1, 2]]}, cv=2, error_score="raise").fit(shop())
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_category_goes_with_the_number(seed):
    """On each seed; where the kinds are drawn by lot, it is half of the rows."""
    rows = shop(400, seed)
    settings = {"steps": 1500, "hidden": (32, 32), "latent": 4, "batch": 128, "r1": .1, "r2": .1, "random_state": seed}
    made = GAN(**settings, categorical=[1]).fit(rows[:, :2]).sample(1000, seed)
    assert np.mean([(size > 20) == (kind == "large") for size, kind in made]) > .95
    rows[:, 1] = np.random.default_rng(seed).permutation(rows[:, 1])
    made = GAN(**settings, categorical=[1]).fit(rows[:, :2]).sample(1000, seed)
    assert .3 < np.mean([(size > 20) == (kind == "large") for size, kind in made]) < .7


@pytest.mark.parametrize("categorical, error, message", [
    ("x2", TypeError, "categorical must be a list of names or numbers of columns, such as ['species'] or [4]; got 'x2'"),
    (["kind"], ValueError, "unknown column of categories 'kind'. Known: x1, x2, x3"),
    ([3], ValueError, "categorical: there is no column 3; X has the columns 0 to 2"),
    ([-1], ValueError, "categorical must be at least 0; got -1"),
    ([1.0], TypeError, "categorical must be a whole number, at least 0; got 1.0"),
    ([True], TypeError, "categorical must be a whole number, at least 0; got True"),
    ([2], ValueError, "column x2 holds text, 'large' and 'small' in 120 rows"),
    ([0, 1], ValueError, "column x1 has 120 different values in 120 rows, and a column of categories may have at most 100"),
])
def test_categories_that_cannot_be_are_named_by_fit(categorical, error, message):
    with pytest.raises(error) as caught:
        GAN(**SMALL, categorical=categorical).fit(shop())
    assert message in str(caught.value)


def test_rows_with_other_categories_are_refused():
    gan, other = GAN(**SMALL, categorical=[1]).fit(shop()), shop()
    other[5, 1] = "huge"
    for call in (gan.score, gan.verdict, gan.partial_fit):
        with pytest.raises(ValueError, match="column x2 has 'huge', a category that was not learned. Known: large, small"):
            call(other)
        with pytest.raises(ValueError, match="X has 2 features, but GAN is expecting 3"):
            call(other[:, :2])
    other[5, 1] = None
    with pytest.raises(ValueError, match="row 6, column x2: its category is missing"):
        gan.score(other)


def test_a_frame_with_categories_comes_back_with_its_columns(monkeypatch):
    """As above; pandas finds out itself which columns of the objects are numbers."""
    class Frame:
        __module__ = "pandas.core.frame"
        columns = ["size", "kind", "year"]
        shape = (120, 3)

        def __array__(self, *_, **__):
            return shop()

        def __len__(self):
            return 120

    gan = GAN(**SMALL, categorical=[1]).fit(Frame())
    made = SimpleNamespace(infer_objects=lambda: "inferred")
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=lambda x, columns: made))
    assert gan.sample(3) == "inferred"


def test_with_pandas():
    pandas = pytest.importorskip("pandas", reason="pandas is no dependency of ours")
    frame = pandas.DataFrame(X, columns=["height", "weight"])
    gan = GAN(**SMALL).fit(frame)
    made = gan.sample(5, random_state=0)
    assert list(made.columns) == ["height", "weight"] and gan.feature_names_in_.tolist() == ["height", "weight"]
    assert same_bits(made.to_numpy(), fitted().sample(5, random_state=0))
    assert same_bits(gan.verdict(frame), fitted().verdict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        gan.score(frame[["weight", "height"]])
    frame = pandas.DataFrame(shop(), columns=["size", "kind", "year"]).infer_objects()
    made = GAN(**SMALL, categorical=["kind"]).fit(frame).sample(9, random_state=0)
    assert list(made.columns) == list(frame.columns)
    assert made.dtypes["size"] == "float64" and set(made["kind"]) <= {"small", "large"}


# ---- what it refuses


@pytest.mark.parametrize("settings, error, message", [
    ({"steps": 0}, ValueError, "steps must be at least 1; got 0"),
    ({"lr": "fast"}, TypeError, "lr must be a number; got 'fast'"),
    ({"loss": "hige"}, ValueError, "unknown loss 'hige'. Did you mean 'hinge'?"),
    ({"random_state": -1}, ValueError, "seed must be at least 0; got -1"),
    ({"random_state": "x"}, TypeError, "seed must be a whole number, at least 0; got 'x'"),
    ({"batch": 500}, ValueError, "batch is 500, but the data have 300 rows: choose batch=300 or less"),
])
def test_a_setting_that_cannot_be_is_named_by_fit(settings, error, message):
    gan = GAN(**settings)
    with pytest.raises(error) as caught:
        gan.fit(X)
    assert message in str(caught.value)


def test_a_setting_that_there_is_not():
    with pytest.raises(ValueError, match="unknown setting 'step'. Did you mean 'steps'?"):
        GAN(step=5)
    with pytest.raises(ValueError, match="unknown setting 'data'"):
        GAN(data="ring")


def test_too_few_rows_and_a_run_that_diverges():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        GAN().fit(X[:1])
    with pytest.raises(Diverged, match="training diverged at step"):
        GAN(lr=10., steps=500, hidden=(64, 64)).fit(X)


def test_masked_entries_are_not_used():
    rows = np.ma.masked_array(np.arange(20.0).reshape(10, 2), mask=np.eye(10, 2))
    with pytest.raises(TypeError, match="X is a masked array, and its masked entries have no value"):
        GAN(steps=1).fit(rows)
    fitted = GAN(steps=1, hidden=(4,)).fit(np.ma.masked_array(rows.data))  # without a mask it is an array
    with pytest.raises(TypeError, match="X is a masked array"):
        fitted.score(rows)
