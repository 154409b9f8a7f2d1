"""Write zoo_dcgan.json: the gradients and steps of a small DCGAN as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_dcgan.py

tests/zoo/test_dcgan.py reads the file and needs no PyTorch. Arrays stand in the file as tinygan has them: images as rows, the
channels last; parameters layer after layer, with W (k k C, K) of a convolution and W (C, k k K) of a transposed one.
"""

import json
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, STEPS, flat
from torch.nn import functional as F

IMAGE, CHANNELS, HIDDEN, LATENT, BATCH = (4, 8), 2, (3, 2), 3, 5
KERNEL, SLOPE, RATE, GAMMAS = 4, 0.2, 0.1, {"r1": 0.7, "r2": 0.3}
SMALLEST = (1, 2)


def randoms(shapes, rng):
    return [torch.tensor(rng.normal(0, 0.5, shape).round(3), requires_grad=True) for shape in shapes]


def weights(rng, batch_norm):
    """Each player's parameters, in the order of tinygan."""
    windows, pixels = KERNEL**2, SMALLEST[0] * SMALLEST[1]
    wide, narrow = HIDDEN
    norm = [(1, wide), (1, wide)] if batch_norm else []
    shapes = {"G": [(LATENT, pixels * wide), (1, pixels * wide), (1, wide), (1, wide), (wide, windows * narrow), (1, narrow),
                    (1, narrow), (1, narrow), (narrow, windows * CHANNELS), (1, CHANNELS)],
              "D": [(windows * CHANNELS, narrow), (1, narrow), (windows * narrow, wide), (1, wide), *norm, (pixels * wide, 1),
                    (1, 1)]}
    return {name: randoms(each, rng) for name, each in shapes.items()}


def norm(x, gain, shift):
    """BatchNorm with the statistics of the batch at hand."""
    return F.batch_norm(x, None, None, gain[0], shift[0], training=True, eps=1e-5)


def planes(x, size):
    """Rows (N, H W C) as images (N, C, H, W)."""
    return x.reshape(x.shape[0], *size, -1).permute(0, 3, 1, 2)


def rows(images):
    return images.permute(0, 2, 3, 1).reshape(images.shape[0], -1)


def up(x, W, b):
    kernel = W.reshape(W.shape[0], KERNEL, KERNEL, -1).permute(0, 3, 1, 2)
    return F.conv_transpose2d(x, kernel, b[0], stride=2, padding=1)


def down(x, W, b):
    kernel = W.reshape(KERNEL, KERNEL, -1, W.shape[1]).permute(3, 2, 0, 1)
    return F.conv2d(x, kernel, b[0], stride=2, padding=1)


def generated(z, theta):
    W1, b1, gain1, shift1, W2, b2, gain2, shift2, W3, b3 = theta
    h = torch.tanh(norm(planes(z @ W1 + b1, SMALLEST), gain1, shift1))
    return torch.tanh(rows(up(torch.tanh(norm(up(h, W2, b2), gain2, shift2)), W3, b3)))


def scored(x, theta):
    W1, b1, W2, b2, *normed, W3, b3 = theta
    h = down(F.leaky_relu(down(planes(x, IMAGE), W1, b1), SLOPE), W2, b2)
    return rows(F.leaky_relu(norm(h, *normed) if normed else h, SLOPE)) @ W3 + b3


def penalty(x, theta):
    x = x.detach().requires_grad_()
    slopes, = torch.autograd.grad(scored(x, theta).sum(), x, create_graph=True)
    return (slopes**2).sum() / (2 * x.shape[0])


def case(name, batch_norm):
    """Values and gradients of both players from one start, and where three alternating steps lead.

    They are plain gradient descent: the gradient of a bias in front of BatchNorm is rounding alone, which Adam would enlarge.
    """
    (d_loss, g_loss), rng = LOSSES[name], np.random.default_rng(2)
    theta = weights(rng, batch_norm)
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    x_real = torch.tensor(rng.normal(size=(BATCH, IMAGE[0] * IMAGE[1] * CHANNELS)).round(3))
    z = torch.tensor(rng.normal(size=(BATCH, LATENT)).round(3))

    def d_value():
        x_fake = generated(z, theta["G"]).detach()
        value = d_loss(scored(x_real, theta["D"]), scored(x_fake, theta["D"]))
        if not batch_norm:
            value = value + GAMMAS["r1"] * penalty(x_real, theta["D"]) + GAMMAS["r2"] * penalty(x_fake, theta["D"])
        return value

    def g_value():
        return g_loss(scored(x_real, theta["D"]).detach(), scored(generated(z, theta["G"]), theta["D"]))

    values = {"D": d_value, "G": g_value}
    found = dict(loss=name, batch_norm=batch_norm, x_real=x_real.tolist(), z=z.tolist(), **start,
                 x_fake=generated(z, theta["G"]).tolist(), d_value=d_value().item(), g_value=g_value().item(),
                 d_gradient=flat(torch.autograd.grad(d_value(), theta["D"])),
                 g_gradient=flat(torch.autograd.grad(g_value(), theta["G"])))
    opts = {player: torch.optim.SGD(theta[player], lr=RATE) for player in theta}
    for _ in range(STEPS):
        for player, value in values.items():
            for p, g in zip(theta[player], torch.autograd.grad(value(), theta[player]), strict=True):
                p.grad = g
            opts[player].step()
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta}


if __name__ == "__main__":
    cases = [case("NonSaturating", True), case("RelativisticAverage", True), case("NonSaturating", False)]
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", image=IMAGE, channels=CHANNELS, hidden=HIDDEN, latent=LATENT,
                  gammas=GAMMAS, steps=STEPS, rate=RATE, cases=cases)
    path = Path(__file__).with_name("zoo_dcgan.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
