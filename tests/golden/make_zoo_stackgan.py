"""Write zoo_stackgan.json: the gradients and steps of a small StackGAN as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_stackgan.py

tests/zoo/test_stackgan.py reads the file and needs no PyTorch. Parameters stand in the file layer after layer, W (d, k) then b.
The KL term is PyTorch's own, of its normal distributions; so are pooling and enlarging.
"""

import json
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, flat, network, parameters
from make_zoo_superres import penalty, pool, scored, up
from torch.distributions import Normal, kl_divergence

M, D_Z, WORDS, PIXELS, SMALL = 2, 3, 4, 8, 2
SIZES = {"D1": (SMALL + WORDS, 5, 1), "G1": (M + D_Z, 4, SMALL), "D2": (PIXELS + WORDS, 5, 1), "G2": (M + SMALL, 4, PIXELS)}
BATCH, STEPS, RATE, R1, KL = 5, 3, 0.1, 0.7, 0.3


def affine(rng):
    """W and b of C, which has one layer."""
    return [torch.tensor(rng.normal(0, 0.7, shape).round(4), requires_grad=True) for shape in ((WORDS, 2 * M), (1, 2 * M))]


def conditioned(phi, eps, theta):
    """c, and the KL term."""
    mu, log_var = (phi @ theta[0] + theta[1]).split(M, dim=1)
    normal = Normal(mu, (log_var / 2).exp())
    return mu + normal.scale * eps, kl_divergence(normal, Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(dim=1).mean()


def case(name):
    """Values and gradients of both stages from one start, and where some rounds of gradient descent lead, stage after stage."""
    (d_loss, g_loss), rng = LOSSES[name], np.random.default_rng(1)
    theta = {player: parameters(sizes, rng) for player, sizes in SIZES.items()} | {"C1": affine(rng), "C2": affine(rng)}
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    arrays = {"x": (BATCH, PIXELS), "phi": (BATCH, WORDS), "wrong": (BATCH, WORDS), "noise": (BATCH, 2 * M + D_Z)}
    given = {key: torch.tensor(rng.normal(size=shape).round(4)) for key, shape in arrays.items()}
    x, phi, wrong = given["x"], given["phi"], given["wrong"]
    eps1, z, eps2 = given["noise"].split((M, D_Z, M), dim=1)

    def small():
        c, kl = conditioned(phi, eps1, theta["C1"])
        return network(torch.cat([c, z], dim=1), theta["G1"], torch.tanh), kl

    def large():
        s = small()[0].detach()
        c, kl = conditioned(phi, eps2, theta["C2"])
        return up(s) + network(torch.cat([c, s], dim=1), theta["G2"], torch.tanh), kl

    def d_value(stage):
        real, made, D = (pool(x), small, theta["D1"]) if stage == 1 else (x, large, theta["D2"])
        r, f, w = (scored(*pair, D) for pair in ((real, phi), (made()[0].detach(), phi), (real, wrong)))
        return (d_loss(r, f) + d_loss(r, w)) / 2 + R1 * penalty(real, phi, D)

    def g_value(stage):
        real, made, D = (pool(x), small, theta["D1"]) if stage == 1 else (x, large, theta["D2"])
        y, kl = made()
        return g_loss(scored(real, phi, D), scored(y, phi, D)) + KL * kl

    found = dict(loss=name, **{key: array.tolist() for key, array in given.items()}, **start)
    for stage in (1, 2):
        found[f"d{stage}_value"], found[f"g{stage}_value"] = d_value(stage).item(), g_value(stage).item()
        found[f"d{stage}_gradient"] = flat(torch.autograd.grad(d_value(stage), theta[f"D{stage}"]))
        for player in ("G", "C"):
            found[f"{player.lower()}{stage}_gradient"] = flat(torch.autograd.grad(g_value(stage), theta[f"{player}{stage}"]))
    for stage in (1, 2):
        for _ in range(STEPS):
            for value, players in ((d_value, "D"), (g_value, "GC")):
                moving = [p for player in players for p in theta[f"{player}{stage}"]]
                moved = torch.autograd.grad(value(stage), moving)
                with torch.no_grad():
                    for p, g in zip(moving, moved, strict=True):
                        p -= RATE * g
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta}


if __name__ == "__main__":
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", image=(2, 4), sizes=SIZES, steps=STEPS, r1=R1, kl=KL, m=M,
                  rate=RATE, cases=[case(name) for name in LOSSES])
    path = Path(__file__).with_name("zoo_stackgan.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
