"""Write zoo_bigan.json: the gradients and steps of a small BiGAN as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_bigan.py

tests/zoo/test_bigan.py reads the file and needs no PyTorch. Parameters stand in the file layer after layer, W (d, k) then b.
"""

import json
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, flat, network, parameters

SIZES = {"G": (3, 5, 4), "E": (4, 6, 3), "D": (7, 6, 1)}
BATCH, STEPS, RATE = 6, 3, 0.1
GAMMAS, Z_PENALTY = {"r1": 0.7, "r2": 0.3}, 0.25  # of R1 and R2, and what the columns of z weigh in them


def scored(x, z, theta):
    return network(torch.cat([x, z], dim=1), theta, torch.tanh)


def penalty(x, z, theta):
    """The mean of |g_x|^2 / 2 + Z_PENALTY |g_z|^2 / 2, g the gradient of the scores by the pair."""
    x, z = (part.detach().requires_grad_() for part in (x, z))
    g_x, g_z = torch.autograd.grad(scored(x, z, theta).sum(), (x, z), create_graph=True)
    return ((g_x**2).sum() + Z_PENALTY * (g_z**2).sum()) / (2 * x.shape[0])


def case(name):
    """Values and gradients of all three players from one start, and where three rounds of gradient descent lead."""
    loss, rng = LOSSES[name][0], np.random.default_rng(1)
    theta = {player: parameters(sizes, rng) for player, sizes in SIZES.items()}
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    x = torch.tensor(rng.normal(size=(BATCH, SIZES["G"][-1])).round(4))
    z = torch.tensor(rng.normal(size=(BATCH, SIZES["G"][0])).round(4))

    def pairs():
        return (x, network(x, theta["E"], torch.tanh)), (network(z, theta["G"], torch.tanh), z)

    def d_value():
        real, fake = [tuple(part.detach() for part in pair) for pair in pairs()]
        return (loss(scored(*real, theta["D"]), scored(*fake, theta["D"])) + GAMMAS["r1"] * penalty(*real, theta["D"])
                + GAMMAS["r2"] * penalty(*fake, theta["D"]))

    def ge_value():
        real, fake = pairs()
        return loss(scored(*fake, theta["D"]), scored(*real, theta["D"]))

    def regressor_value():
        x_fake = network(z, theta["G"], torch.tanh).detach()
        return ((network(x_fake, theta["E"], torch.tanh) - z)**2).sum(dim=1).mean()

    found = dict(loss=name, x=x.tolist(), z=z.tolist(), **start, d_value=d_value().item(), ge_value=ge_value().item(),
                 regressor_value=regressor_value().item(), d_gradient=flat(torch.autograd.grad(d_value(), theta["D"])),
                 g_gradient=flat(torch.autograd.grad(ge_value(), theta["G"])),
                 e_gradient=flat(torch.autograd.grad(ge_value(), theta["E"])),
                 regressor_gradient=flat(torch.autograd.grad(regressor_value(), theta["E"])))
    opts = {player: torch.optim.SGD(theta[player], lr=RATE) for player in theta}
    for _ in range(STEPS):
        for value, players in ((d_value, "D"), (ge_value, "GE")):
            moving = [p for player in players for p in theta[player]]
            for p, g in zip(moving, torch.autograd.grad(value(), moving), strict=True):
                p.grad = g
            for player in players:
                opts[player].step()
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta}


if __name__ == "__main__":
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", sizes=SIZES, steps=STEPS, gammas=GAMMAS, z_penalty=Z_PENALTY,
                  rate=RATE, cases=[case(name) for name in LOSSES])
    path = Path(__file__).with_name("zoo_bigan.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
