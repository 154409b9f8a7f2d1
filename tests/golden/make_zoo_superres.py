"""Write zoo_superres.json: the gradients and steps of a small super-resolution as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_superres.py

tests/zoo/test_superres.py reads the file and needs no PyTorch. Parameters stand in the file layer after layer, W (d, k) then b.
The small image is made by PyTorch's own average pooling, and enlarged by its own interpolation.
"""

import json
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, flat, network, parameters
from torch.nn import functional

IMAGE, FACTOR = (2, 4), 2
SIZES = {"D": (8 + 2, 5, 1), "G": (2 + 3, 4, 8), "M": (2, 3, 8)}
BATCH, STEPS, RATE = 5, 3, 0.1
GAMMAS = {"r1": 0.7, "r2": 0.3}


def pool(x):
    return functional.avg_pool2d(x.reshape(-1, 1, *IMAGE), FACTOR).reshape(x.shape[0], -1)


def up(low):
    small = low.reshape(-1, 1, IMAGE[0] // FACTOR, IMAGE[1] // FACTOR)
    return functional.interpolate(small, scale_factor=FACTOR, mode="nearest").reshape(low.shape[0], -1)


def answer(r, low):
    return up(low) + r - up(pool(r))


def scored(x, low, theta):
    return network(torch.cat([x, low], dim=1), theta, torch.tanh)


def penalty(x, low, theta):
    """The mean of |g|^2 / 2, g the gradient of the scores by the large image alone."""
    x = x.detach().requires_grad_()
    g, = torch.autograd.grad(scored(x, low, theta).sum(), x, create_graph=True)
    return (g**2).sum() / (2 * x.shape[0])


def case(name):
    """Values and gradients of all three players from one start, and where three rounds of gradient descent lead."""
    (d_loss, g_loss), rng = LOSSES[name], np.random.default_rng(1)
    theta = {player: parameters(sizes, rng) for player, sizes in SIZES.items()}
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    x = torch.tensor(rng.normal(size=(BATCH, 8)).round(4))
    z = torch.tensor(rng.normal(size=(BATCH, 3)).round(4))
    low = pool(x)

    def y():
        return answer(network(torch.cat([low, z], dim=1), theta["G"], torch.tanh), low)

    def d_value():
        fake = y().detach()
        return (d_loss(scored(x, low, theta["D"]), scored(fake, low, theta["D"])) + GAMMAS["r1"] * penalty(x, low, theta["D"])
                + GAMMAS["r2"] * penalty(fake, low, theta["D"]))

    def g_value():
        return g_loss(scored(x, low, theta["D"]), scored(y(), low, theta["D"]))

    def m_value():
        return ((answer(network(low, theta["M"], torch.tanh), low) - x)**2).mean()

    values = {"d": (d_value, "D"), "g": (g_value, "G"), "m": (m_value, "M")}
    found = dict(loss=name, x=x.tolist(), z=z.tolist(), **start)
    for key, (value, player) in values.items():
        found |= {f"{key}_value": value().item(), f"{key}_gradient": flat(torch.autograd.grad(value(), theta[player]))}
    for _ in range(STEPS):
        for value, player in values.values():
            moved = torch.autograd.grad(value(), theta[player])
            with torch.no_grad():
                for p, g in zip(theta[player], moved, strict=True):
                    p -= RATE * g
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta}


if __name__ == "__main__":
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", image=IMAGE, factor=FACTOR, sizes=SIZES, steps=STEPS,
                  gammas=GAMMAS, rate=RATE, cases=[case(name) for name in LOSSES])
    path = Path(__file__).with_name("zoo_superres.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
