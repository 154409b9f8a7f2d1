"""JAX on the CPU: one compiled step called for each step, the same under lax.scan, and under vmap for replicas."""

import functools

import jax
import jax.numpy as jnp
from jax import random

from .common import BETA1, BETA2, EPS, GAMMA, LR, flat, mixture, start


def network(params, x):
    """The MLP of [W, b, W, b, ...]."""
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        x = jax.nn.relu(x @ W + b)
    return x @ params[-2] + params[-1]


def d_value(D, G, x_real, z, penalised):
    x = jnp.concatenate([x_real, jax.lax.stop_gradient(network(G, z))])
    n = x_real.shape[0]

    def scores(x):
        s = network(D, x)
        return s.sum(), s

    if not penalised:
        _, s = scores(x)
        return jax.nn.softplus(-s[:n]).mean() + jax.nn.softplus(s[n:]).mean()
    g, s = jax.grad(scores, has_aux=True)(x)
    return jax.nn.softplus(s[n:] - s[:n]).mean() + GAMMA / 2 / n * (g * g).sum()


def g_value(G, D, x_real, z, penalised):
    s_fake = network(D, network(G, z))
    return jax.nn.softplus(network(D, x_real) - s_fake if penalised else -s_fake).mean()


def adam(params, grads, m, v, t):
    m = [BETA1 * a + (1 - BETA1) * g for a, g in zip(m, grads, strict=True)]
    v = [BETA2 * a + (1 - BETA2) * g * g for a, g in zip(v, grads, strict=True)]
    rate, scale = LR / (1 - BETA1**t), 1 / jnp.sqrt(1 - BETA2**t)
    return [p - rate * a / (scale * jnp.sqrt(b) + EPS) for p, a, b in zip(params, m, v, strict=True)], m, v


def moments(params):
    """Adam's two running means to begin with."""
    return tuple([jnp.zeros_like(p) for p in params] for _ in range(2))


def update(state, x_real, z_d, z_g, penalised):
    """One alternating step; returns the new state and both losses."""
    G, D, (mG, vG), (mD, vD), t, key = state
    d_loss, d_grad = jax.value_and_grad(d_value)(D, G, x_real, z_d, penalised)
    D, mD, vD = adam(D, d_grad, mD, vD, t)
    g_loss, g_grad = jax.value_and_grad(g_value)(G, D, x_real, z_g, penalised)
    G, mG, vG = adam(G, g_grad, mG, vG, t)
    return (G, D, (mG, vG), (mD, vD), t + 1, key), (d_loss, g_loss)


class PerStep:
    """One call of a compiled function for each step."""

    def __init__(self, case):
        self.case, (self.means, self.std) = case, mixture(case)
        self.penalised = case.penalised
        G, D = ([jnp.asarray(a) for a in arrays] for arrays in start(case))
        front = (case.replicas,) if case.replicas else ()
        key = random.split(random.key(0), case.replicas) if case.replicas else random.key(0)
        self.state = (G, D, moments(G), moments(D), jnp.ones(front), key)
        self.compile()

    def draw_and_update(self, state):
        *rest, key = state
        key, *keys = random.split(key, 5)
        shape = (self.case.batch, 2)
        mode = random.randint(keys[0], shape[:1], 0, self.means.shape[0])
        x_real = jnp.asarray(self.means)[mode] + self.std * random.normal(keys[1], shape)
        return update((*rest, key), x_real, random.normal(keys[2], shape), random.normal(keys[3], shape), self.penalised)

    def compile(self):
        self.compiled = jax.jit(self.draw_and_update, donate_argnums=0)

    def gradients(self, x_real, z_d, z_g):
        G, D, *_ = self.state
        d_loss, d_grad = jax.value_and_grad(d_value)(D, G, x_real, z_d, self.penalised)
        g_loss, g_grad = jax.value_and_grad(g_value)(G, D, x_real, z_g, self.penalised)
        return float(d_loss), flat(d_grad), float(g_loss), flat(g_grad)

    def step(self, x_real, z_d, z_g):
        self.state, _ = jax.jit(functools.partial(update, penalised=self.penalised))(self.state, x_real, z_d, z_g)

    def theta(self):
        return flat(self.state[0]), flat(self.state[1])

    def run(self, n):
        state = self.state
        for _ in range(n):
            state, _ = self.compiled(state)
        self.state = jax.block_until_ready(state)

    def threads(self):
        return {"jax devices": jax.device_count()}


class Scan(PerStep):
    """`case.chunk` steps in one compiled call; with replicas all of them under vmap."""

    def compile(self):
        one = jax.vmap(self.draw_and_update) if self.case.replicas else self.draw_and_update
        self.compiled = jax.jit(lambda state: jax.lax.scan(lambda carry, _: one(carry), state, length=self.case.chunk),
                                donate_argnums=0)

    def run(self, n):
        if n % self.case.chunk:
            raise ValueError(f"scan runs {self.case.chunk} steps at a time; got {n}")
        for _ in range(n // self.case.chunk):
            self.state, _ = self.compiled(self.state)
        jax.block_until_ready(self.state)
