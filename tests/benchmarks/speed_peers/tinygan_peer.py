"""tinygan itself, measured twice: steps inside the Training of `train`, which a user gets, and the bare loop over its steps."""

import numpy as np

from tinygan import Adam, data, mlp
from tinygan.gradients import d_gradients, g_gradients
from tinygan.losses import NonSaturating, Relativistic
from tinygan.penalties import R1, R2
from tinygan.training import two_players
from tinygan.updates import Batch, Player, Rules

from .common import BETA1, BETA2, EPS, GAMMA, LR, flat, mixture, start

RUN = 4000  # steps of the run in whose midst `Train` is timed: a history row every 4 steps, modes counted every 80


class Bare:
    """The loop of Algorithm 1: draw, and one alternating step. With replicas it draws all replicas' numbers at once."""

    def __init__(self, case):
        self.case, self.rng = case, np.random.default_rng(0)
        self.data = (data.ring() if case.workload == "W1" else data.grid()).standardized()
        if not np.allclose(mixture(case)[0], self.data.means) or not np.allclose(mixture(case)[1], self.data.stds):
            raise ValueError("the peers draw from another mixture than tinygan: mend speed_peers/common.py")
        self.loss = Relativistic() if case.penalised else NonSaturating()
        self.penalties = (R1(GAMMA), R2(GAMMA)) if case.penalised else ()
        self.G, self.D = (mlp(*sizes, replicas=case.replicas or ()) for sizes in (case.sizes_G, case.sizes_D))
        for net, arrays in zip((self.G, self.D), start(case), strict=True):
            front = (case.replicas,) if case.replicas else ()
            net.theta[...] = np.concatenate([a.reshape(*front, -1) for a in arrays], axis=-1)
        self.opt_G, self.opt_D = Adam(LR, BETA1, BETA2, EPS), Adam(LR, BETA1, BETA2, EPS)
        self.players = {"D": Player(self.D, self.opt_D), "G": Player(self.G, self.opt_G)}
        self.alternating = Rules(self.loss, self.penalties).step("alternating")

    def gradients(self, x_real, z_d, z_g):
        d_value = d_gradients(self.D, x_real, self.G(z_d), self.loss, self.penalties)
        g_value = g_gradients(self.G, self.D, z_g, self.loss, x_real)
        return d_value, self.D.grad.copy(), g_value, self.G.grad.copy()

    def step(self, x_real, z_d, z_g):
        self.alternating(self.players, Batch(x_real[None], z_d[None], z_g))

    def theta(self):
        return flat([self.G.theta]), flat([self.D.theta])

    def run(self, n):
        n_real, shape = (self.case.replicas or 1) * self.case.batch, (*self.G.replicas, self.case.batch, 2)
        for _ in range(n):
            x_real = self.data.sample(n_real, self.rng).reshape(shape)
            z_d, z_g = (self.rng.standard_normal(shape, np.float32) for _ in range(2))
            self.step(x_real, z_d, z_g)

    def threads(self):
        return {}


class Train(Bare):
    """Steps in the midst of `train(steps=4000)`: random streams, history, guard and mode counts as a user gets them."""

    replay = True

    def run(self, n, callback=None):
        training = two_players(self.G, self.D, self.data, self.loss, steps=n, batch=self.case.batch, d_steps=1, opt_d=self.opt_D,
                               opt_g=self.opt_G, penalties=self.penalties, update="alternating", ema=None, schedule=None,
                               instance_noise=None, clip=None, unroll=None, seed=0, replay=self.replay)
        self.opt_G, self.opt_D = (training.players[name].optimiser for name in "GD")  # copies of those that it was given
        training.run(callback, progress=False)

    def serve(self, windows):
        """One run that stands still between the windows; its callback does nothing but compare two numbers."""
        until = 1  # the first step belongs to no window: it comes with the setting up

        def callback(state):
            nonlocal until
            if state.step == until:
                until += next(windows, RUN)
            return until > RUN

        self.run(RUN, callback)


class Plain(Train):
    """The same without replay: every step runs its Python."""

    replay = False
