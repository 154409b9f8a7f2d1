"""tinygan: generative adversarial networks by hand, in NumPy, with every gradient written out and checked.

Read it in this order:

    engine/numerics, layers, network   backpropagation: a layer, its derivative, a row of layers
    engine/optim, gradcheck            what to do with a gradient, and how to know that it is right
    losses                             what each player minimises
    gradients, training                one gradient for each player, one step, and the loop: Algorithm 1
    penalties, dirac                   the gradient of a gradient; why training circles, with two parameters
    unroll, game                       looking ahead through D's steps; the eigenvalues of a game of any size
    data, metrics, plots               what is true, how near we came, and a look at both
    recipe, study                      all settings of a run; remedies against mode collapse, over many seeds

or start with the lessons. `tinygan lessons` lists them, `tinygan lessons FOLDER` makes copies of them.
"""

from . import loading  # noqa: F401  before all others: it looks after Ctrl-C while they are loaded

# isort: split
from . import data, losses, metrics, penalties
from .engine import gradcheck
from .engine.beside import FourierBeside
from .engine.conv import Conv2D, ConvTranspose2D, Upsample
from .engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from .engine.layers import Dense, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from .engine.network import Network, Sequential, he, mlp, orthogonal, xavier
from .engine.norm import BatchNorm, LayerNorm, SpectralNorm
from .engine.optim import SGD, Adam, constant, cosine_decay, linear_decay, warm_cosine
from .gradients import d_gradients, g_gradients, through_d
from .guard import Diverged
from .history import History
from .training import Player, Training, d_step, g_step, train
from .version import __version__

__all__ = [
    "__version__",
    "SGD", "Adam", "BatchNorm", "Conv2D", "ConvTranspose2D", "Dense", "Diverged", "FourierBeside", "FourierFeatures", "History",
    "LayerNorm", "LeakyReLU", "MinibatchDiscrimination", "MinibatchStd", "Network", "Pack", "Player", "ReLU", "Sequential",
    "Sigmoid", "Softplus", "SpectralNorm", "Tanh", "Training", "Upsample", "constant", "cosine_decay", "d_gradients", "d_step",
    "data", "g_gradients", "g_step", "gradcheck", "he", "linear_decay", "losses", "metrics", "mlp", "orthogonal", "penalties",
    "through_d", "train", "warm_cosine", "xavier",
]
