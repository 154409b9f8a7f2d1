"""Write golden.json: the gradients and steps of a small GAN, and convolutions, as PyTorch's autograd computes them, in float64.

Run by hand, in an environment that has PyTorch and NumPy:

    python tests/golden/make_golden.py

The tests read golden.json and need no PyTorch. Everything they need is in the file: inputs, initial parameters (layer
after layer, W (d, k) then b), values, gradients, and the parameters after three alternating Adam steps of each player.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

SIZES_G, SIZES_D, BATCH = (2, 5, 3), (3, 6, 1), 7
ADAM = dict(lr=0.01, betas=(0.5, 0.999), eps=1e-8)
STEPS = 3


def softplus(x):
    return F.softplus(x, threshold=1000)  # torch's own threshold of 20 is good to 2e-9 only


def bce(s, label):
    return F.binary_cross_entropy_with_logits(s, torch.full_like(s, label))


LOSSES = {  # name: (D's loss, G's loss) of the scores r and f
    "Minimax": (lambda r, f: bce(r, 1) + bce(f, 0), lambda r, f: -bce(f, 0)),
    "NonSaturating": (lambda r, f: bce(r, 1) + bce(f, 0), lambda r, f: bce(f, 1)),
    "LeastSquares": (lambda r, f: F.mse_loss(r, torch.ones_like(r)) / 2 + F.mse_loss(f, torch.zeros_like(f)) / 2,
                     lambda r, f: F.mse_loss(f, torch.ones_like(f)) / 2),
    "Hinge": (lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda r, f: -f.mean()),
    "Wasserstein": (lambda r, f: f.mean() - r.mean(), lambda r, f: -f.mean()),
    "Relativistic": (lambda r, f: softplus(f - r).mean(), lambda r, f: softplus(r - f).mean()),
    "RelativisticAverage": (lambda r, f: (softplus(f.mean() - r) + softplus(f - r.mean())).mean() / 2,
                            lambda r, f: (softplus(r.mean() - f) + softplus(r - f.mean())).mean() / 2),
}
ACTIVATIONS = {"ReLU": F.relu, "LeakyReLU": lambda x: F.leaky_relu(x, 0.2), "Tanh": torch.tanh, "Sigmoid": torch.sigmoid,
               "Softplus": softplus}


def parameters(sizes, rng):
    """W and b of each layer, with gradients, random numbers that are short to write."""
    shapes = [shape for d, k in zip(sizes, sizes[1:], strict=False) for shape in ((d, k), (1, k))]
    return [torch.tensor(rng.normal(0, 0.7, shape).round(4), requires_grad=True) for shape in shapes]


def network(x, params, activation):
    W1, b1, W2, b2 = params
    return activation(x @ W1 + b1) @ W2 + b2


def flat(arrays):
    return np.concatenate([array.detach().numpy().ravel() for array in arrays]).tolist()


def game(name, activation):
    """One D step and one G step from the same start, then three alternating steps of each."""
    d_loss, g_loss = LOSSES[name]
    f = ACTIVATIONS[activation]
    rng = np.random.default_rng(0)
    theta_G, theta_D = parameters(SIZES_G, rng), parameters(SIZES_D, rng)
    x_real = torch.tensor(rng.normal(size=(BATCH, SIZES_D[0])).round(4))
    z = torch.tensor(rng.normal(size=(BATCH, SIZES_G[0])).round(4))

    def d_value():
        return d_loss(network(x_real, theta_D, f), network(network(z, theta_G, f).detach(), theta_D, f))

    def g_value():
        return g_loss(network(x_real, theta_D, f).detach(), network(network(z, theta_G, f), theta_D, f))

    case = dict(loss=name, activation=activation, theta_G=flat(theta_G), theta_D=flat(theta_D), x_real=x_real.tolist(),
                z=z.tolist(), d_value=d_value().item(), g_value=g_value().item(),
                d_gradient=flat(torch.autograd.grad(d_value(), theta_D)),
                g_gradient=flat(torch.autograd.grad(g_value(), theta_G)))
    opt_D, opt_G = torch.optim.Adam(theta_D, **ADAM), torch.optim.Adam(theta_G, **ADAM)
    for _ in range(STEPS):
        for opt, params, value in ((opt_D, theta_D, d_value), (opt_G, theta_G, g_value)):
            for p, g in zip(params, torch.autograd.grad(value(), params), strict=True):
                p.grad = g
            opt.step()
    return case | dict(stepped_G=flat(theta_G), stepped_D=flat(theta_D))


def activation_case(name):
    """Values, first and second derivatives."""
    x = torch.tensor([[-30.0, -3.1, -1.0, -0.2], [0.3, 1.0, 2.7, 30.0]], dtype=torch.float64, requires_grad=True)
    y = ACTIVATIONS[name](x)
    slope, = torch.autograd.grad(y.sum(), x, create_graph=True)
    curvature = torch.autograd.grad(slope.sum(), x)[0] if slope.requires_grad else torch.zeros_like(x)
    return dict(x=x.tolist(), y=y.tolist(), slope=slope.tolist(), curvature=curvature.tolist())


CONVOLUTIONS = [  # layer, (height, width), channels, filters, (kernel, stride, pad)
    ("Conv2D", (4, 6), 2, 3, (4, 2, 1)), ("Conv2D", (3, 4), 2, 3, (3, 1, 1)), ("Conv2D", (4, 7), 1, 2, (4, 3, 0)),
    ("Conv2D", (3, 2), 3, 1, (1, 1, 1)), ("Conv2D", (4, 5), 1, 2, (2, 1, 0)), ("Conv2D", (3, 3), 2, 1, (5, 2, 2)),
    ("ConvTranspose2D", (2, 3), 2, 3, (4, 2, 1)), ("ConvTranspose2D", (3, 2), 3, 2, (3, 1, 1)),
    ("ConvTranspose2D", (2, 3), 3, 1, (3, 2, 1)), ("ConvTranspose2D", (2, 1), 2, 2, (2, 3, 0)),
]


def convolution(layer, size, channels, filters, geometry):
    """y = tanh(conv(x)), the gradients of <dy, y>, and those of |dx|^2 / 2, all in tinygan's order: rows, columns, channels."""
    kernel, stride, pad = geometry
    rng = np.random.default_rng([kernel, stride, pad])
    x = torch.tensor(rng.normal(size=(2, *size, channels)).round(4), requires_grad=True)
    W = torch.tensor(rng.normal(0, 0.7, (kernel, kernel, channels, filters)).round(4), requires_grad=True)
    if layer == "ConvTranspose2D":
        W = torch.tensor(rng.normal(0, 0.7, (channels, kernel, kernel, filters)).round(4), requires_grad=True)
    b = torch.tensor(rng.normal(size=filters).round(4), requires_grad=True)
    images = x.permute(0, 3, 1, 2).contiguous()
    if layer == "Conv2D":
        made = F.conv2d(images, W.permute(3, 2, 0, 1).contiguous(), b, stride, pad)
    else:
        made = F.conv_transpose2d(images, W.permute(0, 3, 1, 2).contiguous(), b, stride, pad)
    y = torch.tanh(made).permute(0, 2, 3, 1)
    dy = torch.tensor(rng.normal(size=y.shape).round(4))
    dx, dW, db = torch.autograd.grad(y, (x, W, b), dy, create_graph=True)
    second_dW, second_db = torch.autograd.grad((dx**2).sum() / 2, (W, b))
    arrays = dict(W=W, b=b, y=y, dx=dx, dW=dW, db=db, second_dW=second_dW, second_db=second_db)
    return dict(layer=layer, size=size, channels=channels, filters=filters, geometry=geometry, x=x.reshape(2, -1).tolist(),
                dy=dy.reshape(2, -1).tolist(), **{name: flat([array]) for name, array in arrays.items()})


if __name__ == "__main__":
    golden = dict(
        made_with=f"PyTorch {torch.__version__}, float64",
        sizes_G=SIZES_G, sizes_D=SIZES_D, steps=STEPS,
        adam=dict(lr=ADAM["lr"], beta1=ADAM["betas"][0], beta2=ADAM["betas"][1], eps=ADAM["eps"]),
        games=[game(name, activation) for name in LOSSES for activation in ("Tanh", "LeakyReLU")]
        + [game("NonSaturating", activation) for activation in ("ReLU", "Sigmoid", "Softplus")],
        activations={name: activation_case(name) for name in ACTIVATIONS},
        convolutions=[convolution(*case) for case in CONVOLUTIONS],
    )
    path = Path(__file__).with_name("golden.json")
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
