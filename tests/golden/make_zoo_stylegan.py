"""Write zoo_stylegan.json: the gradients and steps of a small StyleGAN as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_zoo_stylegan.py

tests/zoo/test_stylegan.py reads the file and needs no PyTorch. Arrays stand in the file as tinygan has them. The path lengths
come from autograd.grad with create_graph, and modulation scales the weights of each image, as the paper writes it.
"""

import json
from pathlib import Path

import numpy as np
import torch
from make_golden import LOSSES, STEPS, flat
from make_zoo_dcgan import CHANNELS, HIDDEN, IMAGE, penalty, planes, randoms, rows, scored, weights
from torch.nn import functional as F

LATENT, BATCH, RATE, GAMMAS, MIXING, WEIGHT, DECAY = 3, 4, .01, {"r1": .7, "r2": .3}, .5, .8, .01
WIDE, NARROW = HIDDEN
SIZES = [(2, 4), (2, 4), IMAGE, IMAGE]
PATHS = [(WIDE, WIDE), (WIDE, WIDE), (WIDE, NARROW), (NARROW, NARROW)]  # channels before and after each of the four layers
PIXELS = [height * width for height, width in SIZES]
CELLS = PIXELS[0] * WIDE


def shapes(style):
    """Those of G's parameters: the mapping, the constant, the convolutions with their noise, and what makes the styles."""
    mapping, constant = [(LATENT, LATENT), (1, LATENT)] * 2, [(1, CELLS)]
    layers, affine = [], []
    for i, (before, after) in enumerate(PATHS):
        if style == "adain":
            layers += [(9 * before, after), (1, after)] if i else []
            affine += [(LATENT, 2 * after), (1, 2 * after)]
            layers += [(1, after)]
        elif i:
            layers += [(9 * before, after), (1, after), (1, after)]
            affine += [(LATENT, before), (1, before)]
    if style == "modulation":
        affine += [(LATENT, NARROW), (1, NARROW)]
    return mapping + constant + layers + [(NARROW, CHANNELS), (1, CHANNELS)] + affine


def mapped(z, theta):
    """[z, z', u] -> the w of all four layers, each (N, LATENT)."""
    def w_of(z):
        h = z / torch.sqrt((z**2).mean(dim=1, keepdim=True) + 1e-8)
        for W, b in (theta[:2], theta[2:4]):
            h = torch.tanh(h @ W + b)
        return h

    one, other, u = w_of(z[:, :LATENT]), w_of(z[:, LATENT:2 * LATENT]), z[:, 2 * LATENT:2 * LATENT + 1]
    shares = [MIXING * i / 3 for i in range(4)]
    borders = [torch.distributions.Normal(0., 1.).icdf(torch.tensor(1 - share, dtype=torch.float64)) for share in shares]
    return [torch.where(u > border, other, one) for border in borders]


def convolved(h, W, b, kernel):
    K = W.reshape(kernel, kernel, -1, W.shape[1]).permute(3, 2, 0, 1)
    return F.conv2d(h, K, b[0], padding=kernel // 2)


def modulated(h, W, b, scale, kernel, demodulate):
    """One image after the other, each with weights of its own."""
    found = []
    for image, s in zip(h, 1 + scale, strict=True):
        own = W.reshape(kernel * kernel, -1, W.shape[1]) * s[:, None]
        if demodulate:
            own = own / torch.sqrt((own**2).sum(dim=(0, 1)) + 1e-8)
        found.append(convolved(image[None], own.reshape(W.shape), b, kernel))
    return torch.cat(found)


def painted(ws, noise, theta, style):
    """The images of the styles ws: a constant, then four layers, then colours."""
    noises = torch.split(noise, PIXELS if style == "adain" else PIXELS[1:], dim=1)
    rest = iter(theta[5:-8])
    affine = iter(zip(theta[-8::2], theta[-7::2], strict=True))
    h = planes(theta[4].expand(noise.shape[0], -1), SIZES[0])
    for i, w in enumerate(ws if style == "adain" else ws[:3]):
        i += style == "modulation"
        if i == 2:
            h = F.interpolate(h, scale_factor=2, mode="nearest")
        A, a = next(affine)
        if style == "modulation":
            h = modulated(h, next(rest), next(rest), w @ A + a, 3, True)
        elif i:
            h = convolved(h, next(rest), next(rest), 3)
        grain = noises[i if style == "adain" else i - 1]
        h = torch.tanh(h + next(rest)[0][:, None, None] * planes(grain, SIZES[i]))
        if style == "adain":
            s, t = (part[:, :, None, None] for part in (w @ A + a).chunk(2, dim=1))
            h = (1 + s) * F.instance_norm(h, eps=1e-5) + t
    W, b = next(rest), next(rest)
    if style == "adain":
        return rows(convolved(h, W, b, 1))
    A, a = next(affine)
    return rows(modulated(h, W, b, ws[3] @ A + a, 1, False))


def lengths(ws, image, y):
    """|J_w' y| of each image, with its own graph."""
    g = torch.autograd.grad((image * y).sum(), ws, create_graph=True)
    return torch.sqrt(sum((part**2).sum(dim=1, keepdim=True) for part in g) / len(ws) + 1e-12)


def case(name, style, mean):
    """Values and gradients of both players from one start, and where three rounds of gradient descent lead."""
    (d_loss, g_loss), rng = LOSSES[name], np.random.default_rng(3)
    theta = {"G": randoms(shapes(style), rng), "D": weights(rng, False)["D"]}
    start = {f"theta_{player}": flat(theta[player]) for player in theta}
    pixels, d = sum(PIXELS if style == "adain" else PIXELS[1:]), IMAGE[0] * IMAGE[1] * CHANNELS
    x, y = (torch.tensor(rng.normal(size=(BATCH, d)).round(2)) for _ in range(2))
    z_d, z_g = (torch.tensor(rng.normal(size=(BATCH, 2 * LATENT + 1 + pixels)).round(2)) for _ in range(2))
    mean = torch.tensor(float(mean), dtype=torch.float64)

    def generated(z):
        ws = mapped(z, theta["G"])
        return ws, painted(ws, z[:, 2 * LATENT + 1:], theta["G"], style)

    def d_value():
        fake = generated(z_d)[1].detach()
        return (d_loss(scored(x, theta["D"]), scored(fake, theta["D"])) + GAMMAS["r1"] * penalty(x, theta["D"])
                + GAMMAS["r2"] * penalty(fake, theta["D"]))

    def g_values():
        ws, fake = generated(z_g)
        r = lengths(ws, fake, y)
        return g_loss(scored(x, theta["D"]), scored(fake, theta["D"])) + WEIGHT * ((r - mean)**2).mean(), r

    def moved(value, player):
        return torch.autograd.grad(value, theta[player])

    g, r = g_values()
    found = dict(loss=name, style=style, x=x.tolist(), y=y.tolist(), z_d=z_d.tolist(), z_g=z_g.tolist(), mean=mean.item(),
                 **start, images=generated(z_g)[1].tolist(), lengths=r.tolist(), d_value=d_value().item(), g_value=g.item(),
                 d_gradient=flat(moved(d_value(), "D")), g_gradient=flat(moved(g, "G")))
    for _ in range(STEPS):
        for player in "DG":
            value, r = (d_value(), None) if player == "D" else g_values()
            for p, slope in zip(theta[player], moved(value, player), strict=True):
                with torch.no_grad():
                    p -= RATE * slope
        mean = mean + DECAY * (r.detach().mean() - mean)
    return found | {f"stepped_{player}": flat(theta[player]) for player in theta} | {"stepped_mean": mean.item()}


if __name__ == "__main__":
    cases = [case(name, style, 1.) for style in ("adain", "modulation") for name in ("NonSaturating", "RelativisticAverage")]
    golden = dict(made_with=f"PyTorch {torch.__version__}, float64", latent=LATENT, image=IMAGE, channels=CHANNELS, hidden=HIDDEN,
                  mixing=MIXING, weight=WEIGHT, steps=STEPS, gammas=GAMMAS, rate=RATE, cases=cases)
    path = Path(__file__).with_name("zoo_stylegan.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
