"""GAN: the two-player game as an estimator of scikit-learn.

    gan = GAN(steps=2000, pack=2, random_state=1).fit(X)      X (N, d): an array, or a DataFrame
    gan.sample(500)                                           new rows in the units of X, as X was given
    gan.partial_fit(X)                                        goes on for `steps` more steps
    gan.score(X_test)                                         minus the squared MMD; a GAN has no density
    gan.verdict(X_test)                                       what D says of each row

The parameters are the settings of `Recipe`, which says what each is. Left out are `data`, which is X, and `replicas`; `seed` is
called random_state here, as in all of scikit-learn. `import tinygan` does not bring it. Write from tinygan.estimator import
GAN.
"""

import importlib
import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .data import Points
from .engine.arguments import Array, choice, seed_sequence
from .metrics.clouds import mmd2
from .metrics.rows import bandwidth
from .recipe import DEFAULTS, Recipe, seeds_of
from .sampling import sampled, verdict

LEAST, MOST = 1000, 5000  # rows that are scored: samples of G, and rows of X
PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {name: value for name, value in DEFAULTS.values().items() if name not in ("data", "replicas", "seed")}
    | {"random_state": DEFAULTS.seed})


class GAN(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A GAN that is fitted to the rows of a table, and makes new ones.

    Parameters
    ----------
    **settings : those of `Recipe` but for data and replicas, by their names; `GAN().get_params()` lists them with their defaults
    random_state : in the place of seed: a whole number, None for another run each time, or an old random generator of NumPy

    Attributes
    ----------
    G_, D_ : the networks, on standardised rows; G_ is the running average where there is `ema`
    history_ : the `History` of the training
    shift_, scale_ : (d,), a row in the units of X is a standardised one * scale_ + shift_
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
        x = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        points = Points(x).standardized()
        self.shift_, self.scale_ = (np.broadcast_to(part, points.dim).copy() for part in (points.shift, points.scale))
        self._columns = X.columns if type(X).__module__.partition(".")[0] == "pandas" else None
        self._bandwidth, self._constant = bandwidth(points.x), (x == x[0]).all(axis=0)
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
        x = validate_data(self, X, reset=False, dtype=np.float64, ensure_min_samples=2)
        done = int(self._state["training.done"])
        recipe = self._recipe().replace(seed=self._seed, steps=done + self.steps)
        return self._train(Points(self._standardised(x)), recipe, self._state)

    def _recipe(self) -> Recipe:
        """The settings. Raises TypeError or ValueError for one that cannot be."""
        return Recipe(**{name: getattr(self, name) for name in PARAMETERS if name != "random_state"})

    def _train(self, points: Points, recipe: Recipe, state: Any) -> "GAN":
        """Train to the end of the recipe, from the beginning or from a state."""
        recipe = recipe.replace(batch=recipe.batch_for(points))
        seeds = seeds_of(recipe.seed)
        G, self.D_ = recipe.networks(points.dim, seeds)
        training = recipe.training(G, self.D_, points, seeds[2])
        if state is not None:
            training.load_state(state)
        self.history_ = training.run(progress=False)
        self.G_, self._seed, self._state = training.G_ema or G, recipe.seed, training.state()
        return self

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """New rows (n_samples, d) in the units of X; a pandas DataFrame with its columns if X was one.

        Parameters
        ----------
        n_samples : how many; a million take no more memory than the answer
        random_state : a whole number for the same rows every time, or None, or an old random generator of NumPy
        """
        check_is_fitted(self)
        seed = _drawn(random_state) if random_state is None or hasattr(random_state, "randint") else random_state
        made = sampled(self.G_, n_samples, np.random.default_rng(seed_sequence(seed)))
        x = np.where(self._constant, self.shift_, made * self.scale_ + self.shift_)
        return x if self._columns is None else importlib.import_module("pandas").DataFrame(x, columns=self._columns)

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the squared maximum mean discrepancy between the rows X and samples. The larger, the better, at best 0.

        This is no likelihood: a GAN has no density. It is `metrics.mmd2` of standardised rows with the median distance of
        the training rows as its bandwidth, so scores of one training set can be compared. True rows score 0 on average,
        some of them a little above. There are as many samples as rows, at least 1000, always from the same noise;
        of more than 5000 rows X, 5000 are drawn. At least 2 are needed.
        """
        check_is_fitted(self)
        x = self._standardised(validate_data(self, X, reset=False, dtype=np.float64, ensure_min_samples=2))
        rng = np.random.default_rng(seeds_of(self._seed)[3])
        if x.shape[0] > MOST:
            x = rng.choice(x, MOST, replace=False)
        return -float(mmd2(sampled(self.G_, max(LEAST, x.shape[0]), rng), x, self._bandwidth))

    def verdict(self, X: Any) -> Array:
        """What D says of each row of X, either the probability that it is real, or a score where the loss has no probabilities,
        (N,).

        With `pack` m, D judges m rows together: (N / m,), one for each m rows that follow each other.
        """
        check_is_fitted(self)
        x = self._standardised(validate_data(self, X, reset=False, dtype=np.float64))
        return verdict(self.D_, x, self._recipe().loss_object())

    def _standardised(self, x: Array) -> Array:
        return np.asarray((x - self.shift_) / self.scale_)


def _drawn(random_state: Any) -> int:
    """A seed from an old random generator of NumPy, or from the one that all share for None."""
    return int(check_random_state(random_state).randint(2**31 - 1))
