"""Write zoo_discogan.json: the gradients and steps of a small DiscoGAN as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_discogan.py

tests/zoo/test_discogan.py reads the file and needs no PyTorch. Parameters stand in the file layer after layer, W (d, k) then b.
"""

import json
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, flat, network, parameters

SIZES = {"D_A": (3, 6, 1), "D_B": (2, 7, 1), "G_AB": (3, 6, 2), "G_BA": (2, 5, 3)}
BATCH, STEPS, RATE, CYCLE = 6, 3, 0.1, 0.7
GAMMAS = {"r1": 0.7, "r2": 0.3}


def penalty(x, theta):
    """The mean of |g|^2 / 2, g the gradient of the scores by x."""
    x = x.detach().requires_grad_()
    g, = torch.autograd.grad(network(x, theta, torch.tanh).sum(), x, create_graph=True)
    return (g**2).sum() / (2 * x.shape[0])


def case(name):
    """Values and gradients of all four players from one start, and where three rounds of gradient descent lead."""
    (d_loss, g_loss), rng = LOSSES[name], np.random.default_rng(1)
    theta = {player: parameters(sizes, rng) for player, sizes in SIZES.items()}
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    a, b = (torch.tensor(rng.normal(size=(BATCH, SIZES[player][0])).round(4)) for player in ("D_A", "D_B"))

    def through(x, player):
        return network(x, theta[player], torch.tanh)

    def d_value(player, real, fake):
        fake = fake.detach()
        return (d_loss(through(real, player), through(fake, player)) + GAMMAS["r1"] * penalty(real, theta[player])
                + GAMMAS["r2"] * penalty(fake, theta[player]))

    def d_values():
        return d_value("D_A", a, through(b, "G_BA")), d_value("D_B", b, through(a, "G_AB"))

    def cycles():
        return (((through(through(a, "G_AB"), "G_BA") - a)**2).mean() + ((through(through(b, "G_BA"), "G_AB") - b)**2).mean())

    def g_value():
        games = (g_loss(through(b, "D_B"), through(through(a, "G_AB"), "D_B"))
                 + g_loss(through(a, "D_A"), through(through(b, "G_BA"), "D_A")))
        return games + CYCLE * cycles()

    def gradient(value, player):
        return torch.autograd.grad(value, theta[player])

    d_a, d_b = d_values()
    found = dict(loss=name, a=a.tolist(), b=b.tolist(), **start, d_a_value=d_a.item(), d_b_value=d_b.item(),
                 g_value=g_value().item(), cycle=cycles().item(), gradient_D_A=flat(gradient(d_a, "D_A")),
                 gradient_D_B=flat(gradient(d_b, "D_B")), gradient_G_AB=flat(gradient(g_value(), "G_AB")),
                 gradient_G_BA=flat(gradient(g_value(), "G_BA")))
    opts = {player: torch.optim.SGD(theta[player], lr=RATE) for player in theta}
    for _ in range(STEPS):
        for value, players in ((lambda: sum(d_values()), ("D_A", "D_B")), (g_value, ("G_AB", "G_BA"))):
            moving = [p for player in players for p in theta[player]]
            for p, g in zip(moving, torch.autograd.grad(value(), moving), strict=True):
                p.grad = g
            for player in players:
                opts[player].step()
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta}


if __name__ == "__main__":
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", sizes=SIZES, steps=STEPS, gammas=GAMMAS, cycle=CYCLE,
                  rate=RATE, cases=[case(name) for name in LOSSES])
    path = Path(__file__).with_name("zoo_discogan.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
