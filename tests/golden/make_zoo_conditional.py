"""Write zoo_conditional.json: gradients and steps of small conditional GANs as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_conditional.py

tests/zoo/test_conditional.py reads the file and needs no PyTorch. Parameters stand in the file layer after layer, W (d, k) then
b; the last layer of a projection D is the one that takes the label.
"""

import json
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, flat, network, parameters
from torch.nn import functional as F

D_X, D_Z, K, WIDTH = 3, 2, 4, 5
SIZES = {"G": (D_Z + K, 5, D_X), "beside": (D_X + K, WIDTH, 1)}
BATCH, STEPS, RATE = 6, 3, 0.1
GAMMAS = {"r1": 0.7, "r2": 0.3}


def beside(x, y, theta):
    """D takes [x, y]."""
    return network(torch.cat([x, y], dim=1), theta, torch.tanh)


def projection(x, y, theta):
    """s = <phi(x), y V + w>, phi(x) = tanh(x W + b)."""
    W, b, V, w = theta
    return (torch.tanh(x @ W + b) * (y @ V + w)).sum(dim=1, keepdim=True)


def d_parameters(kind, rng):
    if kind == "beside":
        return parameters(SIZES[kind], rng)
    shapes = (D_X, WIDTH), (1, WIDTH), (K, WIDTH), (1, WIDTH)
    return [torch.tensor(rng.normal(0, 0.7, shape).round(4), requires_grad=True) for shape in shapes]


def penalty(scored, x, y, theta):
    """The mean of |g|^2 / 2, g the gradient of the scores by x alone."""
    x = x.detach().requires_grad_()
    g, = torch.autograd.grad(scored(x, y, theta).sum(), x, create_graph=True)
    return (g**2).sum() / (2 * x.shape[0])


def case(name, scored):
    """Values and gradients of both players from one start, and where three rounds of gradient descent lead."""
    (d_loss, g_loss), rng = LOSSES[name], np.random.default_rng(1)
    theta = {"G": parameters(SIZES["G"], rng), "D": d_parameters(scored.__name__, rng)}
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    x, z = (torch.tensor(rng.normal(size=(BATCH, width)).round(4)) for width in (D_X, D_Z))
    labels = rng.integers(K, size=BATCH)
    y = F.one_hot(torch.tensor(labels), K).double()

    def scores():
        made = network(torch.cat([z, y], dim=1), theta["G"], torch.tanh)
        return made, scored(x, y, theta["D"]), scored(made, y, theta["D"])

    def d_value():
        made, real, _ = scores()
        return (d_loss(real, scored(made.detach(), y, theta["D"])) + GAMMAS["r1"] * penalty(scored, x, y, theta["D"])
                + GAMMAS["r2"] * penalty(scored, made, y, theta["D"]))

    def g_value():
        _, real, fake = scores()
        return g_loss(real.detach(), fake)

    found = dict(loss=name, D=scored.__name__, x=x.tolist(), z=z.tolist(), labels=labels.tolist(), **start,
                 d_value=d_value().item(), g_value=g_value().item(),
                 d_gradient=flat(torch.autograd.grad(d_value(), theta["D"])),
                 g_gradient=flat(torch.autograd.grad(g_value(), theta["G"])))
    for _ in range(STEPS):
        for value, player in ((d_value, "D"), (g_value, "G")):
            moves = torch.autograd.grad(value(), theta[player])
            with torch.no_grad():
                for p, g in zip(theta[player], moves, strict=True):
                    p -= RATE * g
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta}


if __name__ == "__main__":
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", sizes=SIZES, classes=K, width=WIDTH, steps=STEPS, rate=RATE,
                  gammas=GAMMAS, cases=[case(name, scored) for scored in (beside, projection) for name in LOSSES])
    path = Path(__file__).with_name("zoo_conditional.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
