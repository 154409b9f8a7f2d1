"""The same small GAN as PyTorch sees it: values, gradients, three Adam steps (tests/golden/make_golden.py wrote the file)."""

import json
from pathlib import Path

import numpy as np
import pytest
from oracles import LOSSES

from tinygan import d_gradients, d_step, g_gradients, g_step, losses
from tinygan.engine import layers
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam

GOLDEN = json.loads((Path(__file__).parent / "golden" / "golden.json").read_text())
GAMES = [case for case in GOLDEN["games"] if hasattr(losses, case["loss"])]


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def test_every_loss_and_activation_is_there():
    assert {case["loss"] for case in GAMES} == {loss.__name__ for loss in LOSSES}
    assert {case["activation"] for case in GAMES} == {"ReLU", "LeakyReLU", "Tanh", "Sigmoid", "Softplus"}


@pytest.mark.parametrize("case", GAMES, ids=lambda case: f"{case['loss']}-{case['activation']}")
def test_values_gradients_and_adam_steps(case):
    activation = getattr(layers, case["activation"])
    G = mlp(*GOLDEN["sizes_G"], activation=activation, dtype=np.float64)
    D = mlp(*GOLDEN["sizes_D"], activation=activation, dtype=np.float64)
    G.theta[...], D.theta[...] = case["theta_G"], case["theta_D"]
    x_real, z, loss = np.array(case["x_real"]), np.array(case["z"]), getattr(losses, case["loss"])()

    near(d_gradients(D, x_real, G(z), loss), case["d_value"])
    near(D.grad, case["d_gradient"])
    near(g_gradients(G, D, z, loss, x_real), case["g_value"])
    near(G.grad, case["g_gradient"])
    assert np.abs(case["g_gradient"]).max() > 1e-3

    opt_d, opt_g = Adam(**GOLDEN["adam"]), Adam(**GOLDEN["adam"])
    for _ in range(GOLDEN["steps"]):
        d_step(D, opt_d, x_real, G(z), loss)
        g_step(G, D, opt_g, z, loss, x_real)
    near(D.theta, case["stepped_D"])
    near(G.theta, case["stepped_G"])


@pytest.mark.parametrize("name", GOLDEN["activations"])
def test_activations_and_both_derivatives(name):
    case = {key: np.array(value) for key, value in GOLDEN["activations"][name].items()}
    layer, ones = getattr(layers, name)(), np.ones_like(case["x"])
    y, tape = layer.forward(case["x"])
    near(y, case["y"])
    near(layer.backward(ones, tape), case["slope"])
    y_dot, tape_dot = layer.tangent(ones, tape)
    near(y_dot, case["slope"])
    near(layer.tangent_backward(ones, np.zeros_like(ones), tape, tape_dot)[1], case["curvature"])
