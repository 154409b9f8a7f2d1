"""tinygan: generative adversarial networks by hand, in NumPy, with every gradient written out and checked.

Read it in this order:

    engine/numerics, layers, network   backpropagation: a layer, its derivative, a row of layers
    engine/optim, gradcheck            what to do with a gradient, and how to know that it is right
    losses                             what each player minimises
    train                              the game: one gradient and one step for each player, and the loop
    penalties, dirac                   the gradient of a gradient; why training circles, with two parameters
    unroll, game                       looking ahead through D's steps; the eigenvalues of a game of any size
    data, metrics, plots               what is true, how near we came, and a look at both
    study                              remedies against mode collapse, on the same networks, data, budget and seeds

or start with the lessons: `tinygan lessons` lists them, `tinygan lessons FOLDER` makes copies of them.
"""

from . import data, losses, metrics, penalties
from .engine import gradcheck
from .engine.layers import Dense, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from .engine.network import Sequential, he, mlp, orthogonal, xavier
from .engine.optim import SGD, Adam, constant, cosine, linear, warm_cosine
from .history import Diverged, History
from .train import d_gradients, d_step, g_gradients, g_step
from .version import __version__

__all__ = [
    "__version__",
    "SGD", "Adam", "Dense", "Diverged", "History", "LeakyReLU", "ReLU", "Sequential", "Sigmoid", "Softplus", "Tanh",
    "constant", "cosine", "d_gradients", "d_step", "data", "g_gradients", "g_step", "gradcheck", "he", "linear", "losses",
    "metrics", "mlp", "orthogonal", "penalties", "warm_cosine", "xavier",
]
