"""Write zoo_infogan.json: the gradients and steps of a small InfoGAN as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_infogan.py

tests/zoo/test_infogan.py reads the file and needs no PyTorch. Parameters stand in the file layer after layer, W (d, k) then b.
D's outputs are the score, K scores of categories, and m means.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, flat, network, parameters
from torch.nn import functional as F

D_Z, K, M = 2, 3, 2
SIZES = {"G": (D_Z + K + M, 5, 4), "D": (4, 6, 1 + K + M)}
BATCH, STEPS, RATE, INFO = 6, 3, 0.1, 0.4
GAMMAS = {"r1": 0.7, "r2": 0.3}


def judged(x, theta):
    """The scores (N, 1), the categories' scores (N, K) and the means (N, m)."""
    return network(x, theta, torch.tanh).split([1, K, M], dim=1)


def penalty(x, theta):
    """The mean of |g|^2 / 2, g the gradient of the first column by x."""
    x = x.detach().requires_grad_()
    g, = torch.autograd.grad(judged(x, theta)[0].sum(), x, create_graph=True)
    return (g**2).sum() / (2 * x.shape[0])


def unread(x, theta, codes, factors):
    """What Q does not know of the codes of x, and the categories' part of it, by PyTorch's own losses."""
    _, categories, means = judged(x, theta)
    which = F.cross_entropy(categories, codes.argmax(dim=1))
    where = F.gaussian_nll_loss(means, factors, torch.ones_like(means), full=True, eps=0, reduction="sum") / x.shape[0]
    return which + where, which


def latent(rng):
    """Noise, one-hot codes and factors."""
    codes = F.one_hot(torch.tensor(rng.integers(K, size=BATCH)), K).double()
    return torch.tensor(rng.normal(size=(BATCH, D_Z)).round(4)), codes, torch.tensor(rng.uniform(-1, 1, (BATCH, M)).round(4))


def case(name):
    """Values and gradients of both players from one start, and where three rounds of gradient descent lead."""
    (d_loss, g_loss), rng = LOSSES[name], np.random.default_rng(1)
    theta = {player: parameters(sizes, rng) for player, sizes in SIZES.items()}
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    x_real = torch.tensor(rng.normal(size=(BATCH, SIZES["D"][0])).round(4))
    for_d, for_g = latent(rng), latent(rng)

    def made(given):
        return network(torch.cat(given, dim=1), theta["G"], torch.tanh)

    def d_value():
        x_fake, real = made(for_d).detach(), judged(x_real, theta["D"])[0]
        return (d_loss(real, judged(x_fake, theta["D"])[0]) + INFO * unread(x_fake, theta["D"], *for_d[1:])[0]
                + GAMMAS["r1"] * penalty(x_real, theta["D"]) + GAMMAS["r2"] * penalty(x_fake, theta["D"]))

    def g_value():
        x_fake, real = made(for_g), judged(x_real, theta["D"])[0].detach()
        return g_loss(real, judged(x_fake, theta["D"])[0]) + INFO * unread(x_fake, theta["D"], *for_g[1:])[0]

    information = math.log(K) - unread(made(for_g), theta["D"], *for_g[1:])[1].item()
    batch = {f"{part}_{who}": array.tolist() for who, given in (("d", for_d), ("g", for_g))
             for part, array in zip(("z", "codes", "factors"), given, strict=True)}
    found = dict(loss=name, x_real=x_real.tolist(), **batch, **start, d_value=d_value().item(), g_value=g_value().item(),
                 information=information, d_gradient=flat(torch.autograd.grad(d_value(), theta["D"])),
                 g_gradient=flat(torch.autograd.grad(g_value(), theta["G"])))
    opts = {player: torch.optim.SGD(theta[player], lr=RATE) for player in theta}
    for _ in range(STEPS):
        for player, value in (("D", d_value), ("G", g_value)):
            for p, g in zip(theta[player], torch.autograd.grad(value(), theta[player]), strict=True):
                p.grad = g
            opts[player].step()
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta}


if __name__ == "__main__":
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", sizes=SIZES, steps=STEPS, rate=RATE, info=INFO,
                  gammas=GAMMAS, cases=[case(name) for name in LOSSES])
    path = Path(__file__).with_name("zoo_infogan.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
