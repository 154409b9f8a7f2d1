"""One step of each player with numbers that fit on paper. Read this test first.

The smallest GAN has one number in each network and one sample. G makes x = a z, and D gives the score s = w x:

    z = 2, a = 1/2, so x_fake = 1        x_real = 3        w = 1/4        learning rate 1

The loss is least squares: D wants the score 1 for the real point and 0 for the fake one, and G wants 1 for its own.
"""

import numpy as np

from tinygan import SGD, Sequential, d_step, g_step, losses
from tinygan.engine.layers import Layer


class Times(Layer):
    """y = x W with one number W: a layer with its derivative, and nothing else."""

    d = k = 1
    parameters, shapes = ("W",), {"W": (1, 1)}

    def __init__(self):
        self.allocate()

    def forward(self, x):
        return x @ self.W, x

    def backward(self, dy, tape, grads=True):
        if grads:
            self.dW += tape.T @ dy
        return dy @ self.W.T


def test_a_step_of_each_player_by_hand():
    G, D, loss = Sequential(Times(), dtype=np.float64), Sequential(Times(), dtype=np.float64), losses.LeastSquares()
    G.theta, D.theta = [1 / 2], [1 / 4]  # a and w
    z, x_real = np.array([[2.0]]), np.array([[3.0]])

    # D's step. The scores are r = w x_real = 3/4 and f = w x_fake = 1/4.
    # L_D = 1/2 (r - 1)^2 + 1/2 f^2 = 1/32 + 1/32 = 1/16
    # dr = r - 1 = -1/4, df = f = 1/4
    # dw = dr x_real + df x_fake = -3/4 + 1/4 = -1/2        a sum, because w acts on both points
    # w <- w - dw = 1/4 + 1/2 = 3/4
    assert d_step(D, SGD(lr=1.0), x_real, G(z), loss) == 1 / 16
    assert D.grad == -1 / 2 and D.theta == 3 / 4

    # G's step. D has moved, so f = w x_fake = 3/4.
    # L_G = 1/2 (f - 1)^2 = 1/32
    # df = f - 1 = -1/4
    # dx = df w = -3/16        through D, whose w stays as it is
    # da = dx z = -3/8
    # a <- a - da = 1/2 + 3/8 = 7/8
    assert g_step(G, D, SGD(lr=1.0), z, loss) == 1 / 32
    assert G.grad == -3 / 8 and G.theta == 7 / 8 and D.theta == 3 / 4


def test_the_same_in_five_lines_without_the_package():
    z, x_real, a, w = 2, 3, 1 / 2, 1 / 4
    x = a * z
    w -= (w * x_real - 1) * x_real + (w * x) * x
    a -= (w * x - 1) * w * z
    assert (w, a) == (3 / 4, 7 / 8)
