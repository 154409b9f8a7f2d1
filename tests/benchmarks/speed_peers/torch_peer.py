"""PyTorch, eager, as quick as it goes: functional layers, one batch for D, only the gradients that are needed."""

import numpy as np
import torch
from torch.nn import functional as F

from .common import BETA1, BETA2, EPS, GAMMA, LR, flat, mixture, start

torch.set_num_interop_threads(1)  # once in a process


def network(params, x):
    """The MLP of [W, b, W, b, ...]; addmm on plain tensors is quicker than nn.Sequential, for it calls no modules."""
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        x = torch.relu(torch.addmm(b, x, W))
    return torch.addmm(params[-1], x, params[-2])


class Foreach:
    """Adam with foreach=True: one call for each operation on all parameters."""

    adam = {"foreach": True}

    def __init__(self, case):
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.case, (means, self.std) = case, mixture(case)
        self.means = torch.tensor(means)
        self.G, self.D = ([torch.tensor(a, requires_grad=True) for a in arrays] for arrays in start(case))
        self.opt_G, self.opt_D = (torch.optim.Adam(params, LR, (BETA1, BETA2), EPS, **self.adam) for params in (self.G, self.D))

    def d_value(self, x_real, z):
        with torch.no_grad():
            x_fake = network(self.G, z)
        x = torch.cat([x_real, x_fake])
        if self.case.penalised:
            x.requires_grad_()
        s = network(self.D, x)
        s_real, s_fake = s.chunk(2)
        if not self.case.penalised:
            return F.softplus(-s_real).mean() + F.softplus(s_fake).mean()
        g, = torch.autograd.grad(s.sum(), x, create_graph=True)
        return F.softplus(s_fake - s_real).mean() + GAMMA / 2 / self.case.batch * g.square().sum()

    def g_value(self, x_real, z):
        s_fake = network(self.D, network(self.G, z))
        if not self.case.penalised:
            return F.softplus(-s_fake).mean()
        with torch.no_grad():
            s_real = network(self.D, x_real)
        return F.softplus(s_real - s_fake).mean()

    def gradients(self, x_real, z_d, z_g):
        x_real, z_d, z_g = map(torch.tensor, (x_real, z_d, z_g))
        d_value, g_value = self.d_value(x_real, z_d), self.g_value(x_real, z_g)
        d_grad, g_grad = torch.autograd.grad(d_value, self.D), torch.autograd.grad(g_value, self.G)
        return d_value.item(), flat(d_grad), g_value.item(), flat(g_grad)

    def step(self, x_real, z_d, z_g):
        if isinstance(x_real, np.ndarray):
            x_real, z_d, z_g = map(torch.tensor, (x_real, z_d, z_g))
        for params, opt, value, z in ((self.D, self.opt_D, self.d_value, z_d), (self.G, self.opt_G, self.g_value, z_g)):
            # The gradients of one player only: nothing is computed for the other, and nothing needs to be zeroed.
            for p, gradient in zip(params, torch.autograd.grad(value(x_real, z), params), strict=True):
                p.grad = gradient
            opt.step()

    def theta(self):
        return tuple(flat([p.detach() for p in params]) for params in (self.G, self.D))

    def run(self, n):
        batch = self.case.batch
        for _ in range(n):
            x_real = self.means[torch.randint(self.means.shape[0], (batch,))] + self.std * torch.randn(batch, 2)
            self.step(x_real, torch.randn(batch, 2), torch.randn(batch, 2))

    def threads(self):
        return {"torch": torch.get_num_threads()}


class Fused(Foreach):
    """Adam with fused=True, one call for a whole step: since PyTorch 2.4, and the quickest of its Adams on a CPU."""

    adam = {"fused": True}
