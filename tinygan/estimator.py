"""GAN: the two-player game as an estimator of scikit-learn.

    gan = GAN(steps=2000, pack=2, random_state=1).fit(X)      X (N, d): an array, or a DataFrame
    gan.sample(500)                                           new rows in the units of X, as X was given
    gan.partial_fit(X)                                        goes on for `steps` more steps
    gan.score(X_test)                                         minus the squared MMD; a GAN has no density
    gan.verdict(X_test)                                       what D says of each row

The parameters are the settings of `Recipe`, which says what each is. Left out are `data`, which is X, and `replicas`; `seed` is
called random_state here, as in all of scikit-learn. Beside them stands `categorical`, the columns that hold categories.
`import tinygan` does not bring it. Write from tinygan.estimator import GAN.
"""

import copy
import importlib
import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .data import Mixed, Points
from .engine.arguments import Array, choice, count, seed_sequence, shown
from .metrics.clouds import mmd2
from .metrics.rows import bandwidth
from .recipe import DEFAULTS, Recipe, seeds_of
from .sampling import sampled, verdict
from .tables import Reading, Table, of_cells, text_of

LEAST, MOST = 1000, 5000  # rows that are scored: samples of G, and rows of X
PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {name: value for name, value in DEFAULTS.values().items() if name not in ("data", "replicas", "seed")}
    | {"random_state": DEFAULTS.seed, "categorical": None})


class GAN(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A GAN that is fitted to the rows of a table, and makes new ones.

    Parameters
    ----------
    **settings : those of `Recipe` but for data and replicas, by their names; `GAN().get_params()` lists them with their defaults
    random_state : in the place of seed: a whole number, None for another run each time, or an old random generator of NumPy
    categorical : names or numbers (from 0) of the columns that hold categories, as text or as whole numbers; or None. Names are
        those of a DataFrame, or x1, x2 ... Categories that `fit` has not seen are refused later

    Attributes
    ----------
    G_, D_ : the networks, on standardised rows; G_ is the running average where there is `ema`
    history_ : the `History` of the training
    shift_, scale_ : (d,), a row in the units of X is a standardised one * scale_ + shift_; with categories d is larger, for they
        are one-hot columns behind the numbers
    n_features_in_, feature_names_in_ : d, and the names of the columns where all are text

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.estimator import GAN
    >>> X = np.random.default_rng(0).normal([170, 65], [8, 11], (300, 2))
    >>> gan = GAN(steps=20, hidden=(16,)).fit(X)
    >>> gan.sample(4, random_state=0).shape, gan.history_.step[-1].item()
    ((4, 2), 20)
    """

    def __init__(self, **settings: Any) -> None:
        for name in settings:
            choice("setting", name, PARAMETERS)
        for name, value in PARAMETERS.items():
            setattr(self, name, settings.get(name, value))

    # scikit-learn reads the names of the parameters here, so that clone, set_params and GridSearchCV know them.
    __init__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        + [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in PARAMETERS.items()])

    def fit(self, X: Any, y: Any = None) -> "GAN":
        """Train new networks on the rows X (N, d), N at least 2. `y` is not used. Raises `Diverged`, as `train` does."""
        x = self._validated(X, bool(self.categorical), reset=True, ensure_min_samples=2)
        points = (self._mixed(x) if self.categorical else Points(x)).standardized()
        self.shift_, self.scale_ = (np.broadcast_to(part, points.dim).copy() for part in (points.shift, points.scale))
        self._columns = X.columns if type(X).__module__.partition(".")[0] == "pandas" else None
        self._bandwidth, self._units = bandwidth(points.x), _without_rows(points)
        seed = self.random_state
        seed = _drawn(seed) if seed is None or hasattr(seed, "randint") else seed
        return self._train(points, self._recipe().replace(seed=seed), None)

    def partial_fit(self, X: Any, y: Any = None) -> "GAN":
        """Go on for `steps` more steps on the rows X, which may be others. The first call is `fit`.

        Units, networks and random streams stay those of the first call. It is what `tinygan train --resume --steps` does, so the
        schedule runs over all steps, old and new. With "constant" two halves make the same bits as one training.
        """
        if not hasattr(self, "G_"):
            return self.fit(X)
        x = self._standardised(X, ensure_min_samples=2)
        done = int(self._state["training.done"])
        recipe = self._recipe().replace(seed=self._seed, steps=done + self.steps)
        return self._train(Points(x), recipe, self._state)

    def _recipe(self) -> Recipe:
        """The settings. Raises TypeError or ValueError for one that cannot be."""
        return Recipe(**{name: getattr(self, name) for name in PARAMETERS if name not in ("random_state", "categorical")})

    def _train(self, points: Points, recipe: Recipe, state: Any) -> "GAN":
        """Train to the end of the recipe, from the beginning or from a state."""
        recipe = recipe.replace(batch=recipe.batch_for(points))
        seeds = seeds_of(recipe.seed)
        G, self.D_ = recipe.networks(points.dim, seeds, groups=self._units.groups)
        training = recipe.training(G, self.D_, points, seeds[2])
        if state is not None:
            training.load_state(state)
        self.history_ = training.run(progress=False)
        self.G_, self._seed, self._state = training.G_ema or G, recipe.seed, training.state()
        return self

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """New rows (n_samples, d) in the units of X; a pandas DataFrame with its columns if X was one.

        With categories the rows have the very values that these had, and an array of text becomes one of objects.

        Parameters
        ----------
        n_samples : how many; a million take no more memory than the answer
        random_state : a whole number for the same rows every time, or None, or an old random generator of NumPy
        """
        check_is_fitted(self)
        seed = _drawn(random_state) if random_state is None or hasattr(random_state, "randint") else random_state
        x = self._units.in_units(sampled(self.G_, n_samples, np.random.default_rng(seed_sequence(seed))))
        if self._units.groups:
            x = self._with_values(x)
        if self._columns is None:
            return x
        frame = importlib.import_module("pandas").DataFrame(x, columns=self._columns)
        return frame.infer_objects() if self._units.groups else frame

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the squared maximum mean discrepancy between the rows X and samples. The larger, the better, at best 0.

        This is no likelihood: a GAN has no density. It is `metrics.mmd2` of standardised rows with the median distance of
        the training rows as its bandwidth, so scores of one training set can be compared. True rows score 0 on average,
        some of them a little above. There are as many samples as rows, at least 1000, always from the same noise;
        of more than 5000 rows X, 5000 are drawn. At least 2 are needed.
        """
        check_is_fitted(self)
        x = self._standardised(X, ensure_min_samples=2)
        rng = np.random.default_rng(seeds_of(self._seed)[3])
        if x.shape[0] > MOST:
            x = rng.choice(x, MOST, replace=False)
        made = self._units.settled(sampled(self.G_, max(LEAST, x.shape[0]), rng))
        return -float(mmd2(made, x, self._bandwidth))

    def verdict(self, X: Any) -> Array:
        """What D says of each row of X: the probability that it is real, or a score where the loss has no probabilities, (N,).

        With `pack` m, D judges m rows together: (N / m,), one for each m rows that follow each other.
        """
        check_is_fitted(self)
        return verdict(self.D_, self._standardised(X), self._recipe().loss_object())

    def _validated(self, X: Any, cells: bool, **how: Any) -> Array:
        """X (N, d) as scikit-learn checks it: numbers, or cells of any kind."""
        if np.ma.is_masked(X):  # scikit-learn would use what is behind the mask
            raise TypeError("X is a masked array, and its masked entries have no value: fill them, or leave their rows out")
        how |= {"dtype": None, "ensure_all_finite": False} if cells else {"dtype": np.float64}
        return np.asarray(validate_data(self, X, **how))

    def _standardised(self, X: Any, **how: Any) -> Array:
        """Other rows as the networks know them, with categories one-hot."""
        x = self._validated(X, bool(self._units.groups), reset=False, **how)
        return self._units.apply(self._units.encoded(self._table(x)) if self._units.groups else x)

    def _mixed(self, x: Array) -> Mixed:
        """The rows with categories, whose values are remembered."""
        names = [str(name) for name in getattr(self, "feature_names_in_", [f"x{j}" for j in range(1, x.shape[1] + 1)])]
        places = [_place(column, names) for column in _listed(self.categorical)]
        self._names, self._kind = names, x.dtype if x.dtype.kind in "fiub" else np.dtype(object)
        self._values = {j: {text_of(value, True): value for value in x[:, j].tolist()} for j in places}
        table = self._table(x)
        return Mixed(table.x, "X", names, table.categories)

    def _table(self, x: Array) -> Table:
        names = tuple(self._names[j] for j in self._values)
        return of_cells("X", self._names, x.swapaxes(0, 1).tolist(), Reading(first="keep", categorical=names))

    def _with_values(self, x: Array) -> Array:
        """Samples in the units of X as rows of it, (n, d)."""
        known = [self._values.get(j, {}) for j in range(self.n_features_in_)]
        kind = np.result_type(self._kind, np.float64) if len(known) > len(self._values) else self._kind
        return np.array([[values.get(cell, cell) for values, cell in zip(known, row, strict=True)]
                         for row in self._units.rows(x)], kind)


def _listed(categorical: Any) -> Any:
    """Raises TypeError unless `categorical` is a list."""
    if not isinstance(categorical, (list, tuple)):
        raise TypeError(f"categorical must be a list of names or numbers of columns, such as ['species'] or [4]; got "
                        f"{shown(categorical)}")
    return categorical


def _place(column: Any, names: list[str]) -> int:
    """The number of a column that is given by its name or its number. Raises TypeError or ValueError where there is none."""
    if isinstance(column, str):
        return names.index(choice("column of categories", column, names))
    if count("categorical", column, 0) >= len(names):
        raise ValueError(f"categorical: there is no column {column}; X has the columns 0 to {len(names) - 1}")
    return int(column)


def _without_rows(points: Points) -> Any:
    """A copy of standardised data that knows units and bounds, and holds none of the rows."""
    bare = copy.copy(points)
    bare.bounds = points.bounds
    bare.x = bare.seen = points.x[:0]
    if isinstance(bare, Mixed):
        bare.table = points.x[:0]
    return bare


def _drawn(random_state: Any) -> int:
    """A seed from an old random generator of NumPy, or from the one that all share for None."""
    return int(check_random_state(random_state).randint(2**31 - 1))
