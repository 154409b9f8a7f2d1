"""The game of two networks as a vector field, and its Jacobian (Mescheder et al. 2017, The Numerics of GANs; 2018, section 2).

What `dirac` does with two numbers, for all the parameters of G and D at once:

    point       (theta_G, theta_D), one array (P,)
    velocity    -(dL_G/dtheta_G, dL_D/dtheta_D), shaped like it: each player goes downhill on its own loss

On one batch (z, x_real) both losses are functions of the point, and the velocity is a field like those of `dirac`. Its Jacobian
has four blocks:

    J = - [[ d2L_G/dtheta_G dtheta_G    d2L_G/dtheta_G dtheta_D ]       how each player's velocity changes with its own parameters
           [ d2L_D/dtheta_D dtheta_G    d2L_D/dtheta_D dtheta_D ]]      and, off the diagonal, with those of the other player

The diagonal blocks are symmetric. Of the others, one is minus the transpose of the other where one player loses what the other
wins. These two make the flow turn. Near an equilibrium the eigenvalues of J decide, as they do for the Dirac-GAN:
`eigenvalues(game.jacobian())`, from `engine.jacobian`.

One pass of the R-operator, with theta_dot in both networks, gives J times any vector, in all four blocks (Pearlmutter 1994).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .engine.arguments import Array, floats, points
from .engine.jacobian import eigenvalues, jacobian
from .engine.store import Network
from .gradients import all_penalties, are_players, d_gradients, g_gradients
from .losses.base import Loss, loss_object

__all__ = ["Game", "eigenvalues"]


class Game:
    """The field of G and D on one batch. `game(point)` is the velocity (P,) at a point (P,).

    `game.point` is where the networks stand. SpectralNorm's u and v are held fixed in the Jacobian.

    Parameters
    ----------
    G, D : networks, which are copied, into float64 whatever their dtype
    z, x_real : (N, d_z) and (N, d), the batch
    loss : see `tinygan.losses`
    penalties : those of D, see `tinygan.penalties`; not WGANGP, which is random

    Raises
    ------
    ValueError : networks with replicas; take one, G.replica(0). A penalty at random points

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import losses, mlp
    >>> from tinygan.game import Game
    >>> z, x_real = np.random.default_rng(0).standard_normal((2, 16, 2))
    >>> game = Game(mlp(2, 4, 2), mlp(2, 4, 1), z, x_real, losses.NonSaturating())
    >>> game.point.shape, game.n_g, game.jacobian().shape
    ((39,), 22, (39, 39))
    """

    def __init__(self, G: Network, D: Network, z: Any, x_real: Any, loss: Loss, penalties: Sequence[Any] = ()) -> None:
        are_players(G=G, D=D)
        penalties, loss = all_penalties(penalties), loss_object(loss)
        for name, net in {"G": G, "D": D}.items():
            if net.replicas:
                raise ValueError(f"a game has one G and one D; {name} has {net.replicas[0]} replicas: take {name}.replica(0)")
        if any(penalty.at == "between" for penalty in penalties):
            raise ValueError("WGANGP is taken at random points, and a field is a function of the point alone: take R1 or R2")
        self.G, self.D = G.copy(np.float64), D.copy(np.float64)
        self.z, self.x_real = (floats(name, points(name, batch, d), self.G.dtype)
                               for name, batch, d in (("z", z, G.d_in), ("x_real", x_real, D.d_in)))
        self.loss, self.penalties = loss, penalties
        self.point = np.concatenate([self.G.theta, self.D.theta])
        self._start = [net.state() for net in (self.G, self.D)]

    @property
    def n_g(self) -> int:
        """How many of the point's entries are G's; the others are D's."""
        return self.G.theta.shape[-1]

    def __call__(self, point: Any) -> Array:
        self._stand_at(point)
        x_fake = self.G(self.z)
        d_gradients(self.D, self.x_real, x_fake, self.loss, self.penalties)
        g_gradients(self.G, self.D, self.z, self.loss, self.x_real)
        return -np.concatenate([self.G.grad, self.D.grad])

    def rate(self, direction: Array, point: Any = None) -> Array:
        """J times `direction` (P,) at `point`: how fast the velocity changes as both move. Without the penalties' part."""
        G, D, loss = self.G, self.D, self.loss
        self._stand_at(self.point if point is None else point)
        x_fake, tape_G = G.forward(self.z)
        (s_real, tape_real), (s_fake, tape_fake) = D.forward(self.x_real), D.forward(x_fake)
        G.theta_dot, D.theta_dot = direction[:self.n_g], direction[self.n_g:]
        try:
            x_dot, dot_G = G.tangent(np.zeros_like(self.z), tape_G)
            s_real_dot, dot_real = D.tangent(np.zeros_like(self.x_real), tape_real)
            s_fake_dot, dot_fake = D.tangent(x_dot, tape_fake)

            ds, ds_dot = loss.g(s_fake, s_real).ds_fake, loss.g_tangent(s_fake, s_real, s_fake_dot, s_real_dot)
            dx, dx_dot = D.tangent_backward(ds, ds_dot, tape_fake, dot_fake)
            G.zero_grad()
            G.tangent_backward(dx, dx_dot, tape_G, dot_G)

            (_, *both), both_dot = loss.d(s_real, s_fake), loss.d_tangent(s_real, s_fake, s_real_dot, s_fake_dot)
            D.zero_grad()  # of what G's loss has left there
            for batch in zip(both, both_dot, (tape_real, tape_fake), (dot_real, dot_fake), strict=True):
                D.tangent_backward(*batch)
        finally:
            G.theta_dot = D.theta_dot = None
        return -np.concatenate([G.grad, D.grad])

    def jacobian(self, point: Any = None) -> Array:
        """J at a point (P,), by default where the networks stand: (P, P), exact.

        It takes P passes of `rate`. The penalties' gradients are second derivatives already; their part comes from central
        differences of them, with an error of about 1e-9.
        """
        point = self.point if point is None else np.asarray(point, np.float64)
        J = np.stack([self.rate(direction, point) for direction in np.eye(point.size)], axis=-1)
        return J + jacobian(self._penalty_field, point) if self.penalties else J

    def _penalty_field(self, point: Array) -> Array:
        """The penalties' part of the velocity; G has none."""
        self._stand_at(point)
        x_fake = self.G(self.z)
        self.D.zero_grad()
        for penalty in self.penalties:
            x = {"real": self.x_real, "fake": x_fake}[penalty.at]
            penalty(self.D, x, self.D.forward(x)[1])
        return -np.concatenate([np.zeros(self.n_g), self.D.grad])

    def _stand_at(self, point: Any) -> None:
        point = np.asarray(point, np.float64)
        if point.shape != self.point.shape:
            raise ValueError(f"a point of this game is an array {self.point.shape}, G's parameters, then D's; got {point.shape}")
        for net, state, theta in zip((self.G, self.D), self._start, (point[:self.n_g], point[self.n_g:]), strict=True):
            net.load_state(state | {"theta": theta})  # a training step may have stored other buffers: the field has no memory
