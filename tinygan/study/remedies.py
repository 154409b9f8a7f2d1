"""Setups and remedies as plain data: a setup is what all runs of a study share, a remedy is what it changes.

A study puts every remedy on the same networks, data, budget and seeds. So a `Remedy` names only what it changes and leaves the
rest None: "as the setup has it". `settings(setup, remedy)` lays one over the other. A change of your own is one `_replace`:

    SETUPS["collapse"]._replace(steps=1000)
    REMEDIES["r1"]._replace(penalties=(R1(1.0),))

A study can compare anything that fits into these two tuples; the tables SETUPS and REMEDIES are where to begin.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..engine.features import MinibatchDiscrimination, MinibatchStd
from ..engine.layers import Dense, ReLU
from ..engine.norm import LayerNorm, SpectralNorm
from ..engine.optim import constant, cosine, warm_cosine
from ..losses import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein
from ..penalties import R1, R2, WGANGP, Falling


class Setup(NamedTuple):
    """What all runs of a study share, unless a remedy changes it; both players are trained with Adam.

    hidden, latent, activation   of the networks: G is latent -> hidden -> d, D is d -> hidden -> 1
    fourier                      None, or (features, scale in G, scale in D): Fourier features before the first layer of each
    batch, steps, schedule       as in `tinygan.train.train`
    lr_g, lr_d, beta1, beta2     of Adam, for G and for D
    loss, ema                    as in `train`; with ema, the averaged generator is the one that is judged
    """

    name: str
    about: str
    hidden: tuple = (64, 64)
    latent: int = 2
    activation: Callable = ReLU
    fourier: tuple | None = None
    batch: int = 128
    steps: int = 4000
    schedule: Callable = constant
    lr_g: float = 1e-3
    lr_d: float = 1e-3
    beta1: float = 0.5
    beta2: float = 0.999
    loss: Any = NonSaturating()
    ema: float | None = None


class Remedy(NamedTuple):
    """What is changed against the setup; None is "as the setup has it".

    d_layers         D's layers -> other layers, for what is done to D itself; see `spectral_norm` below
    rates            factors on the learning rates, of G and of D
    all the others   as in `tinygan.train.train`, or in `Setup`
    """

    about: str
    loss: Any = None
    penalties: tuple = ()
    d_layers: Callable | None = None
    pack: int = 1
    d_steps: int = 1
    lr_g: float | None = None
    lr_d: float | None = None
    rates: tuple = (1.0, 1.0)
    ema: float | None = None
    update: str = "alternating"
    unroll: tuple | None = None
    instance_noise: Any = None
    clip: float | None = None


class Fading(NamedTuple):
    """Noise over the run, from the standard deviation `start` down to 0 in a straight line."""

    start: float

    def __call__(self, fraction):
        return self.start * (1 - fraction)

    def __repr__(self):
        return f"{self.start:g} fading to 0"


def spectral_norm(layers):
    """Every Dense layer under spectral normalisation."""
    return [SpectralNorm(layer) if isinstance(layer, Dense) else layer for layer in layers]


def layer_norm(layers):
    """A LayerNorm after every Dense layer but the last."""
    normed = [(layer, LayerNorm(layer.k)) if isinstance(layer, Dense) else (layer,) for layer in layers[:-1]]
    return [layer for group in normed for layer in group] + [layers[-1]]


def minibatch_discrimination(layers):
    """Minibatch discrimination, 5 kernels of 3 dimensions, before the last layer."""
    return _before_last(layers, MinibatchDiscrimination(layers[-1].d, kernels=5, dims=3))


def minibatch_std(layers):
    """The minibatch standard deviation before the last layer."""
    return _before_last(layers, MinibatchStd(layers[-1].d))


def _before_last(layers, added):
    return [*layers[:-1], added, Dense(added.k, layers[-1].k)]


SETUPS = {setup.name: setup for setup in (
    Setup("quick", "the plain GAN covers the ring with one cloud, then leaves most modes; within a second a run (lesson 09)",
          hidden=(32, 32), latent=16, batch=32, steps=600, lr_g=1e-2, lr_d=1e-2),
    Setup("collapse", "the plain GAN loses modes here: its D learns ten times more slowly than its G", lr_d=1e-4),
    Setup("recipe", "deep and narrow networks, a large rate that falls, an averaged generator: what all modes of a grid take",
          hidden=(64, 64, 64, 64), steps=20_000, schedule=cosine, lr_g=5e-3, lr_d=5e-3, beta1=0.0, beta2=0.99, ema=0.999),
    Setup("fine", "for very many modes: both players see their input through Fourier features, at rates that begin softly",
          hidden=(128, 128, 128), fourier=(64, 0.5, 1.0), batch=256, steps=50_000, schedule=warm_cosine, lr_g=1.5e-3, lr_d=1.5e-3,
          beta1=0.0, beta2=0.99, ema=0.999),
)}

GAMMA = Falling(0.1, 0.003)

REMEDIES = {
    "plain": Remedy("nothing is changed: the baseline"),
    "two_time_scales": Remedy("D's learning rate doubled, G's halved (Heusel et al. 2017)", rates=(0.5, 2.0)),
    "nonsaturating": Remedy("the non-saturating loss by its name; with these setups the same as plain (Goodfellow et al. 2014)",
                            loss=NonSaturating()),
    "minimax": Remedy("the minimax loss (Goodfellow et al. 2014)", loss=Minimax()),
    "lsgan": Remedy("least squares (Mao et al. 2017)", loss=LeastSquares()),
    "hinge": Remedy("the hinge loss (Lim & Ye 2017)", loss=Hinge()),
    "wgan_clip": Remedy("a Wasserstein critic: weights clipped at .01, 5 critic steps (Arjovsky et al. 2017)",
                        loss=Wasserstein(), clip=0.01, d_steps=5),
    "wgan_gp": Remedy("a Wasserstein critic: gradient penalty .1, 5 critic steps (Gulrajani et al. 2017)",
                      loss=Wasserstein(), penalties=(WGANGP(0.1),), d_steps=5),
    "relativistic": Remedy("the relativistic pairing loss (Jolicoeur-Martineau 2019)", loss=Relativistic()),
    "r1": Remedy("R1: D flat at real points (Mescheder et al. 2018)", penalties=(R1(GAMMA),)),
    "r1_r2": Remedy("R1 and R2: D flat at real and at fake points (Mescheder et al. 2018)", penalties=(R1(GAMMA), R2(GAMMA))),
    "relativistic_r1": Remedy("the relativistic pairing loss with R1", loss=Relativistic(), penalties=(R1(GAMMA),)),
    "relativistic_r1_r2": Remedy("the relativistic pairing loss with R1 and R2 (Huang et al. 2024)",
                                 loss=Relativistic(), penalties=(R1(GAMMA), R2(GAMMA))),
    "spectral_norm": Remedy("spectral normalisation in every layer of D (Miyato et al. 2018)", d_layers=spectral_norm),
    "layer_norm": Remedy("layer normalisation in D (Ba et al. 2016)", d_layers=layer_norm),
    "packing_2": Remedy("D judges 2 points at a time (PacGAN, Lin et al. 2018)", pack=2),
    "packing_4": Remedy("D judges 4 points at a time (PacGAN, Lin et al. 2018)", pack=4),
    "minibatch_discrimination": Remedy("D sees how close the samples of a batch are (Salimans et al. 2016)",
                                       d_layers=minibatch_discrimination),
    "minibatch_std": Remedy("D sees how much a batch varies (Karras et al. 2018)", d_layers=minibatch_std),
    "instance_noise": Remedy("noise on real and fake points, std .1 fading to 0 (Sonderby et al. 2017)",
                             instance_noise=Fading(0.1)),
    "label_smoothing": Remedy("real points are labelled .9 (Salimans et al. 2016)", loss=NonSaturating(real_label=0.9)),
    "averaging": Remedy("a running average of G is judged, .999 (Yazici et al. 2019)", ema=0.999),
    "d_steps_5": Remedy("5 steps of D for each step of G (Goodfellow et al. 2014)", d_steps=5),
    "optimistic": Remedy("simultaneous steps, with what a step changed since the last one added again (Daskalakis et al. 2018)",
                         update="optimistic"),
    "extragradient": Remedy("simultaneous steps, by the gradients of where a trial step leads (Gidel et al. 2019)",
                            update="extragradient"),
    "unrolled": Remedy("G looks through 5 steps of D that are to come (Metz et al. 2017)", unroll=(5, 0.1)),
}


def with_gamma(remedy, gamma):
    """The remedy with another weight of R1 and R2: (start, stop), by equal factors, or (number,); None leaves it as it is."""
    if gamma is None:
        return remedy
    weight = gamma[0] if len(gamma) == 1 else Falling(*gamma)
    return remedy._replace(penalties=tuple(type(one)(weight) if isinstance(one, (R1, R2)) else one for one in remedy.penalties))


SHARED = ("setup", "hidden", "latent", "activation", "fourier", "batch", "steps", "schedule", "beta1", "beta2")
OWN = ("loss", "penalties", "d_layers", "pack", "d_steps", "lr_g", "lr_d", "ema", "update", "unroll", "instance_noise", "clip")


def settings(setup, remedy):
    """Everything that holds in a run, name -> value, names SHARED and OWN: the setup, and over it what the remedy changes."""
    both = setup._asdict() | {name: value for name, value in remedy._asdict().items() if value is not None}
    both |= {"setup": setup.name, **{name: both[name] * rate for name, rate in zip(("lr_g", "lr_d"), remedy.rates, strict=True)}}
    return {name: both.get(name) for name in (*SHARED, *OWN)}


def written(value):
    """A setting as the text that stands in a table: the same text for the same setting, in every process."""
    if value is None:
        return ""
    if isinstance(value, tuple) and not callable(value):
        return " ".join(map(written, value))
    # A function's address is different in every process; its name is not.
    return getattr(value, "__name__", None) or re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))
