"""Setups and remedies as plain data. A setup is what all runs of a study share, a remedy is what it changes.

A study puts every remedy on the same networks, data, budget and seeds. Both speak in the settings of `tinygan.recipe.Recipe`:

    SETUPS["collapse"].replace(steps=1000)
    REMEDIES["r1"].replace(r1=1.0)
    Remedy("D learns as fast as G", lr_d=1e-3)

A study can compare anything that a Recipe can say; the tables SETUPS and REMEDIES are where to begin.
"""

import dataclasses
from typing import Any

from ..engine.arguments import choice
from ..recipe import NAMES, Recipe

OWN = ("data", "seed", "replicas")  # a study has its own; those of a setup's Recipe are not used
SETTINGS = tuple(name for name in NAMES if name not in OWN)


def _check_names(changes: dict[str, Any]) -> None:
    """Raises ValueError for what is no setting, and for what a study sets itself."""
    for name in changes:
        if choice("setting", name, NAMES) in OWN:
            raise ValueError(f"{name} belongs to the study, not to a setup or a remedy: pass it to run_study")


@dataclasses.dataclass(frozen=True)
class Setup:
    """What all runs of a study share, unless a remedy changes it, namely a name, a sentence, and a Recipe."""

    name: str
    about: str
    recipe: Recipe = Recipe()

    def replace(self, *, name: str | None = None, **changes: Any) -> "Setup":
        """The setup with other values for some settings; and with another name, if given."""
        _check_names(changes)
        return Setup(name or self.name, self.about, self.recipe.replace(**changes))


class Remedy:
    """What is changed against the setup, as settings, name -> value; all others are as the setup has them.

    rates: factors on the learning rates, of G and of D.
    """

    def __init__(self, about: str, *, rates: tuple[float, float] = (1.0, 1.0), **changes: Any) -> None:
        _check_names(changes)
        self.about, self.rates, self.changes = about, rates, changes

    def replace(self, *, about: str | None = None, **changes: Any) -> "Remedy":
        """The remedy with other changes; None takes a change away."""
        kept = {name: value for name, value in {**self.changes, **changes}.items() if value is not None}
        return Remedy(about or self.about, rates=self.rates, **kept)

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with this remedy's changes. Raises TypeError or ValueError for values that cannot be."""
        changed = recipe.replace(**self.changes)
        g, d = changed.rates()
        return changed if self.rates == (1.0, 1.0) else changed.replace(lr=g * self.rates[0], lr_d=d * self.rates[1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remedy) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # its changes are a dict

    def __repr__(self) -> str:
        named = ({} if self.rates == (1.0, 1.0) else {"rates": self.rates}) | self.changes
        return f"Remedy({', '.join([repr(self.about), *(f'{name}={value!r}' for name, value in named.items())])})"


BASE = Recipe(hidden=(64, 64), batch=128, steps=4000, schedule="constant", lr=1e-3)

SETUPS = {setup.name: setup for setup in (
    Setup("quick", "the plain GAN covers the ring with one cloud, then leaves most modes; within a second a run (lesson 09)",
          BASE.replace(hidden=(32, 32), latent=16, batch=32, steps=600, lr=1e-2)),
    Setup("collapse", "the plain GAN loses modes here: its D learns ten times more slowly than its G",
          BASE.replace(lr_d=1e-4)),
    Setup("recipe", "deep and narrow networks, a large rate that falls, an averaged generator: what all modes of a grid take",
          BASE.replace(hidden=(64, 64, 64, 64), steps=20_000, schedule="cosine_decay", lr=5e-3, beta1=0.0, beta2=0.99,
                       ema=0.999)),
    Setup("wide_modes", "for modes of nearly their true width: D has Fourier features beside its input, and z three dimensions",
          BASE.replace(hidden=(64, 64, 64, 64), latent=3, d_fourier=(64, 8.0, 0.04), steps=20_000, schedule="cosine_decay",
                       lr=3e-3, beta1=0.0, beta2=0.99, ema=0.995)),
    Setup("fine", "for very many modes: both players see their input through Fourier features, at rates that begin softly",
          BASE.replace(hidden=(96, 96, 96, 96, 96), fourier=(64, 0.5, 0.3), batch=256, steps=50_000, schedule="warm_cosine",
                       lr=1.5e-3, beta1=0.0, beta2=0.99, ema=0.999)),
)}

GAMMA = (0.1, 0.003)  # the weight of R1 and R2, at the start and at the end

REMEDIES = {
    "plain": Remedy("nothing is changed: the baseline"),
    "two_time_scales": Remedy("D's learning rate doubled, G's halved (Heusel et al. 2017)", rates=(0.5, 2.0)),
    "nonsaturating": Remedy("the non-saturating loss by its name; with these setups the same as plain (Goodfellow et al. 2014)",
                            loss="non-saturating"),
    "minimax": Remedy("the minimax loss (Goodfellow et al. 2014)", loss="minimax"),
    "lsgan": Remedy("least squares (Mao et al. 2017)", loss="least-squares"),
    "hinge": Remedy("the hinge loss (Lim & Ye 2017)", loss="hinge"),
    "wgan_clip": Remedy("a Wasserstein critic: weights clipped at .01, 5 critic steps (Arjovsky et al. 2017)",
                        loss="wasserstein", clip=0.01, d_steps=5),
    "wgan_gp": Remedy("a Wasserstein critic: gradient penalty .1, 5 critic steps (Gulrajani et al. 2017)",
                      loss="wasserstein", gp=0.1, d_steps=5),
    "relativistic": Remedy("the relativistic pairing loss (Jolicoeur-Martineau 2019)", loss="relativistic"),
    "r1": Remedy("R1: D flat at real points (Mescheder et al. 2018)", r1=GAMMA),
    "r1_r2": Remedy("R1 and R2: D flat at real and at fake points (Mescheder et al. 2018)", r1=GAMMA, r2=GAMMA),
    "relativistic_r1": Remedy("the relativistic pairing loss with R1", loss="relativistic", r1=GAMMA),
    "relativistic_r1_r2": Remedy("the relativistic pairing loss with R1 and R2 (Huang et al. 2024)",
                                 loss="relativistic", r1=GAMMA, r2=GAMMA),
    "spectral_norm": Remedy("spectral normalisation in every layer of D (Miyato et al. 2018)", d_layers="spectral-norm"),
    "layer_norm": Remedy("layer normalisation in D (Ba et al. 2016)", d_layers="layer-norm"),
    "packing_2": Remedy("D judges 2 points at a time (PacGAN, Lin et al. 2018)", pack=2),
    "packing_4": Remedy("D judges 4 points at a time (PacGAN, Lin et al. 2018)", pack=4),
    "minibatch_discrimination": Remedy("D sees how close the samples of a batch are (Salimans et al. 2016)",
                                       d_layers="minibatch-discrimination"),
    "minibatch_std": Remedy("D sees how much a batch varies (Karras et al. 2018)", d_layers="minibatch-std"),
    "instance_noise": Remedy("noise on real and fake points, std .1 fading to 0 (Sonderby et al. 2017)",
                             instance_noise=(0.1, 0)),
    "label_smoothing": Remedy("real points are labelled .9 (Salimans et al. 2016)", real_label=0.9),
    "averaging": Remedy("a running average of G is judged, .999 (Yazici et al. 2019)", ema=0.999),
    "d_steps_5": Remedy("5 steps of D for each step of G (Goodfellow et al. 2014)", d_steps=5),
    "optimistic": Remedy("simultaneous steps, with what a step changed since the last one added again (Daskalakis et al. 2018)",
                         update="optimistic"),
    "extragradient": Remedy("simultaneous steps, by the gradients of where a trial step leads (Gidel et al. 2019)",
                            update="extragradient"),
    "unrolled": Remedy("G looks through 5 steps of D that are to come (Metz et al. 2017)", unroll=(5, 0.1)),
}


def with_gamma(remedy: Remedy, gamma: Any) -> Remedy:
    """The remedy with another weight of R1 and R2, a number, or (start, stop), by equal factors; None leaves it as it is."""
    return remedy if gamma is None else remedy.replace(**{name: gamma for name in ("r1", "r2") if name in remedy.changes})
