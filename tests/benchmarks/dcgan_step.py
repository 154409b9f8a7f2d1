"""How long does a step of a DCGAN take, beside the same step without replay and beside PyTorch?

    python tests/benchmarks/dcgan_step.py [--rounds 15] [--steps 150]

A step is one of D and one of G at the size of the recipes: 64 images of 8 x 8 pixels, 16 and 32 channels, float32, Adam, a
running average of G. Data and noise are drawn inside it. tinygan's is a step of the Training that `DCGAN.train` runs, with
history and guard. PyTorch's is eager, with the channels first as it likes them, the gradients of one player at a time, and its
fused Adam; it is left out where it is not installed. First the gradients of both must agree. All take turns in one process with
one thread. Times are CPU time, medians over the rounds; a ratio is the median of the ratios within a round. Writes
docs/results/dcgan_step.txt.
"""

import argparse
import os
import platform
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy and PyTorch are loaded
RESULTS = Path(__file__).parents[2] / "docs" / "results"
sys.path.insert(0, str(RESULTS.parents[1]))  # the package beside this file, installed or not

import numpy as np  # noqa: E402

from tinygan import data  # noqa: E402
from tinygan.engine.norm import BatchNorm  # noqa: E402
from tinygan.gradients import d_gradients, g_gradients  # noqa: E402
from tinygan.zoo import DCGAN  # noqa: E402

try:
    import torch
    from torch import nn
except ModuleNotFoundError:
    torch = None

RECIPES = {"digits": "the paper's rules", "digits-r1": "R1, no BatchNorm in D"}
MOST, RATIO, TOLERANCE = 3.0, 2.0, 1e-4  # ms a step; of PyTorch's time; relative error of a gradient in float32
STEPS = 100_000  # of the run in whose midst it is timed
PLAIN = {} if torch is None else {"ReLU": nn.ReLU, "Tanh": nn.Tanh, "LeakyReLU": lambda: nn.LeakyReLU(.2)}


def modules(net):
    """The same network in PyTorch, and for each of its parameters the way back to tinygan's array."""
    row, ways = [], []
    size = next(layer.size for layer in net.layers if hasattr(layer, "size"))  # of the image at hand
    for layer in net.layers:
        kind = type(layer).__name__
        if kind in PLAIN:
            row.append(PLAIN[kind]())
            continue
        made, values, back = {"Conv2D": convolution, "ConvTranspose2D": convolution, "BatchNorm": norm,
                              "Dense": from_pixels if row else to_pixels}[kind](layer, size)
        for parameter, value in zip([p for module in made for p in module.parameters()], values, strict=True):
            parameter.data.copy_(torch.tensor(np.ascontiguousarray(value)))
        row, ways, size = [*row, *made], [*ways, *back], getattr(layer, "output", size)
    return nn.Sequential(*row), ways


def same(g):
    return g


def convolution(layer, _):
    """W (k k C, K) here, (K, C, k, k) there; transposed (C, k k K) here, (C, K, k, k) there."""
    k, down = layer.kernel, type(layer).__name__ == "Conv2D"
    made = (nn.Conv2d if down else nn.ConvTranspose2d)(layer.channels, layer.filters, k, layer.stride, layer.pad)
    shape, there, back = (((k, k, -1, layer.filters), (3, 2, 0, 1), (2, 3, 1, 0)) if down
                          else ((layer.channels, k, k, -1), (0, 3, 1, 2), (0, 2, 3, 1)))
    return [made], (layer.W.reshape(shape).transpose(there), layer.b[0]), [lambda g: g.permute(*back), same]


def norm(layer, _):
    return [nn.BatchNorm2d(layer.channels, track_running_stats=False)], (layer.gain[0], layer.shift[0]), [same, same]


def to_pixels(layer, size):
    """Dense, from z to an image: PyTorch has the channels first."""
    made = [nn.Linear(layer.d, layer.k), nn.Unflatten(1, (layer.k // (size[0] * size[1]), *size))]
    W, b = layer.W.reshape(layer.d, *size, -1), layer.b.reshape(*size, -1)
    values = W.transpose(3, 1, 2, 0).reshape(layer.k, layer.d), b.transpose(2, 0, 1).ravel()
    return made, values, [lambda g: g.reshape(-1, *size, layer.d).permute(3, 1, 2, 0),
                          lambda g: g.reshape(-1, *size).permute(1, 2, 0)]


def from_pixels(layer, size):
    """Dense, from an image to the score."""
    W = layer.W.reshape(*size, -1).transpose(2, 0, 1).reshape(1, -1)
    return [nn.Flatten(), nn.Linear(layer.d, 1)], (W, layer.b[0]), [lambda g: g.reshape(-1, *size).permute(1, 2, 0), same]


class Torch:
    """The same step in PyTorch."""

    def __init__(self, model, points):
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.recipe, nets = model.recipe, model.networks
        (self.D, self.back_d), (self.G, self.back_g) = modules(nets["D"]), modules(nets["G"])
        self.x = torch.tensor(points.x.astype(np.float32)).reshape(-1, 1, *points.image)
        self.averages = [parameter.detach().clone() for parameter in self.G.parameters()]
        self.players = [(list(net.parameters()), torch.optim.Adam(net.parameters(), self.recipe.lr, fused=True,
                                                                  betas=(self.recipe.beta1, self.recipe.beta2)))
                        for net in (self.D, self.G)]
        self.done = 0

    def d_value(self, x_real, z):
        with torch.no_grad():
            x_fake = self.G(z)
        if self.recipe.r1:
            x_real = x_real.detach().requires_grad_()
        s_real, s_fake = self.D(x_real), self.D(x_fake)
        value = nn.functional.softplus(-s_real).mean() + nn.functional.softplus(s_fake).mean()
        if self.recipe.r1:
            g, = torch.autograd.grad(s_real.sum(), x_real, create_graph=True)
            value = value + self.recipe.r1 / 2 / x_real.shape[0] * g.square().sum()
        return value

    def g_value(self, z):
        return nn.functional.softplus(-self.D(self.G(z))).mean()

    def gradients(self, x_real, z):
        """D's and G's, in tinygan's order."""
        x_real, z = torch.tensor(x_real).reshape(-1, *self.x.shape[1:]), torch.tensor(z)
        for (parameters, _), value, back in zip(self.players, (self.d_value(x_real, z), self.g_value(z)),
                                                (self.back_d, self.back_g), strict=True):
            grads = torch.autograd.grad(value, parameters)
            yield np.concatenate([to(g).detach().numpy().ravel() for g, to in zip(grads, back, strict=True)])

    def move(self, player, value, factor):
        """The gradients of one player alone, and its step."""
        parameters, optimiser = self.players[player]
        optimiser.param_groups[0]["lr"] = self.recipe.lr * factor
        for parameter, g in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
            parameter.grad = g
        optimiser.step()

    def advance(self, n):
        batch, latent = self.recipe.batch, self.recipe.latent
        for _ in range(n):
            factor = (1 + np.cos(np.pi * self.done / STEPS)) / 2 if self.recipe.schedule == "cosine_decay" else 1
            x_real = self.x[torch.randint(self.x.shape[0], (batch,))]
            self.move(0, self.d_value(x_real, torch.randn(batch, latent)), factor)
            self.move(1, self.g_value(torch.randn(batch, latent)), factor)
            with torch.no_grad():
                torch._foreach_lerp_(self.averages, self.players[1][0], 1 - self.recipe.ema)
            self.done += 1


def agreement(model, points):
    """The larger relative error of both gradients; and the same with one image of the batch changed, which must be seen."""
    rng, penalties = np.random.default_rng(0), model.recipe.penalties()
    x_real, z = points.x[:64].astype(np.float32), rng.standard_normal((64, model.recipe.latent), np.float32)
    spoiled = np.concatenate([-x_real[:1], x_real[1:]])
    D, G, errors = model.networks["D"], model.networks["G"], []
    loss = model.recipe.loss_object()
    d_gradients(D, x_real, G(z), loss, penalties)
    own_d = D.grad.copy()
    g_gradients(G, D, z, loss)
    for x in (x_real, spoiled):
        theirs = tuple(Torch(model, points).gradients(x, z))
        errors.append([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip((own_d, G.grad), theirs, strict=True)])
    return max(errors[0]), errors[1][0]


def turns(entrants, rounds, steps):
    """{name: ms a step in each round}: they take turns, each after a few steps that nobody times."""
    times = {name: [] for name in entrants}
    for entrant in entrants.values():
        entrant.advance(50)
    for _ in range(rounds):
        for name, entrant in entrants.items():
            entrant.advance(5)
            start = time.process_time()
            entrant.advance(steps)
            times[name].append((time.process_time() - start) / steps * 1e3)
    return {name: np.array(each) for name, each in times.items()}


def measured(recipe, about, rounds, steps):
    """Yields the lines for one recipe."""
    points = data.halves().training
    model = DCGAN(recipe)
    training = {name: DCGAN(recipe).training(points, steps=STEPS, seed=0, replay=replay)
                for name, replay in (("tinygan", True), ("tinygan, plain", False))}
    model.build(points, seed=0)
    size = sum(net.theta.size for net in model.networks.values())
    norms = sum(isinstance(layer, BatchNorm) for net in model.networks.values() for layer in net.layers)
    yield f"{recipe}: {about}; {size} parameters, {norms} BatchNorms"
    if torch is not None:
        error, spoiled = agreement(model, points)
        yield f"    gradients agree with PyTorch's to {error:.0e} (must {TOLERANCE:.0e}; with one image changed {spoiled:.0e})"
        if not error < TOLERANCE < spoiled:
            raise SystemExit(f"the gradients of {recipe} do not agree: {error:.1e}, and with one image changed {spoiled:.1e}")
        training["PyTorch, eager"] = Torch(model, points)
    times = turns(training, rounds, steps)
    own = times["tinygan"]
    yield f"    {'':16} ms a step, CPU    smallest to largest    of tinygan's"
    for name, each in times.items():
        spread = f"{each.min():.2f} to {each.max():.2f}"
        yield f"    {name:16} {np.median(each):10.2f}          {spread:>18} {np.median(each / own):14.2f}x"
    yield f"    a step of tinygan in under {MOST:g} ms: {'met' if np.median(own) < MOST else 'MISSED'}"
    if torch is not None:
        ratio = np.median(own / times["PyTorch, eager"])
        yield f"    within {RATIO:g} times PyTorch's time: {ratio:.2f}, {'met' if ratio <= RATIO else 'MISSED'}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--steps", type=int, default=150, help="in each turn")
    options.add_argument("--out", type=Path, default=RESULTS / "dcgan_step.txt")
    options = options.parse_args()
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}" + (f", PyTorch {torch.__version__}" if torch else "")
    lines = [f"A step of a DCGAN, {options.rounds} rounds of {options.steps} steps, one thread. {versions}"]
    print(*lines)
    for recipe, about in RECIPES.items():
        lines.append("")
        for line in measured(recipe, about, options.rounds, options.steps):
            print(line, flush=True)
            lines.append(line)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
