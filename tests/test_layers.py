"""Every layer's four methods: against differences, against the complex step, as mathematics, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import SEEDS, SHAPES, same_bits

from tinygan.engine import gradcheck
from tinygan.engine.beside import FourierBeside
from tinygan.engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from tinygan.engine.layers import Dense, Layer, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from tinygan.engine.network import Network, Sequential
from tinygan.engine.norm import LayerNorm, SpectralNorm

# name -> (d, k, dtype) -> layer or network that turns d features into k (activations keep d)
ACTIVATIONS = {"ReLU": ReLU, "LeakyReLU": LeakyReLU, "Tanh": Tanh, "Sigmoid": Sigmoid, "Softplus": Softplus}
MAKERS = {"Dense": lambda d, k, dtype: Dense(d, k)}
MAKERS |= {name: lambda d, k, dtype, f=f: f() for name, f in ACTIVATIONS.items()}
MAKERS |= {f"Dense-{name}-Dense": lambda d, k, dtype, f=f: Sequential(Dense(d, 4), f(), Dense(4, k), dtype=dtype)
           for name, f in ACTIVATIONS.items()}
SMOOTH = [name for name in MAKERS if "ReLU" not in name]


class Case:
    """A layer or network with random parameters, a random batch, cotangent and velocities. The parameters are `values`.

    `name` is one of MAKERS, or a maker itself. shape: rows of y, features in, features out.
    """

    def __init__(self, name, seed, shape, dtype=np.float64):
        n, d, k = shape
        rng = np.random.default_rng(seed)
        self.f = MAKERS.get(name, name)(d, k, dtype)
        if isinstance(self.f, Layer) and dtype != np.float64:
            for one, size in self.f.shapes.items():
                self.f.bind(one, np.zeros(size, dtype), np.zeros(size, dtype))
            for one, value in self.f.buffers.items():
                setattr(self.f, one, value.astype(dtype))
        if isinstance(self.f, Network):
            self.values, self.gradients, self.names = [self.f.theta], [self.f.grad], ["theta"]
        else:
            self.names = list(self.f.parameters)
            self.values = [getattr(self.f, one) for one in self.names]
            self.gradients = [getattr(self.f, "d" + one) for one in self.names]
        for value in self.values:
            value[...] = rng.normal(size=value.shape)
        self.x, self.x_dot = rng.normal(size=(2, n * self.f.rows, d))
        y, _ = self.f.forward(self.x.astype(dtype))
        self.dy, self.dy_dot = rng.normal(size=(2, *y.shape))
        self.velocities = [rng.normal(size=value.shape) for value in self.values]

    def move_parameters(self):
        """Give every parameter its velocity, as `tangent` understands it."""
        for name, velocity in zip(self.names, self.velocities, strict=True):
            setattr(self.f, name + "_dot", velocity)

    def clear(self):
        for gradient in self.gradients:
            gradient[...] = 0


def check_backward(name, seed=0, shape=SHAPES[0]):
    """dx and every parameter's gradient of <dy, f(x)> against central differences; parameters are not touched by it."""
    case = Case(name, seed, shape)
    start = [value.copy() for value in case.values]
    _, tape = case.f.forward(case.x)
    case.clear()
    dx = case.f.backward(case.dy, tape)
    for value, before in zip(case.values, start, strict=True):
        assert same_bits(value, before), "backward changed a parameter"
    result = gradcheck.check(lambda x: np.vdot(case.dy, case.f.forward(x)[0]), dx, case.x)
    assert result.ok, f"{name}, dx: {result}"
    for value, gradient in zip(case.values, case.gradients, strict=True):
        def f(theta, value=value):
            before = value.copy()
            value[...] = theta
            y, _ = case.f.forward(case.x)
            value[...] = before
            return np.vdot(case.dy, y)

        result = gradcheck.check(f, gradient.copy(), value.copy())
        assert result.ok, f"{name}, parameters: {result}"


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", MAKERS)
def test_backward_agrees_with_central_differences(name, shape):
    for seed in SEEDS:
        check_backward(name, seed, shape)


def check_adjoint(name, seed=0, shape=SHAPES[0]):
    """backward is the transpose of tangent: <dy, y_dot> = <dx, x_dot> + <dtheta, theta_dot>, for any vectors."""
    case = Case(name, seed, shape)
    _, tape = case.f.forward(case.x)
    case.clear()
    dx = case.f.backward(case.dy, tape)
    size = np.abs(case.dy).sum() * np.abs(dx).sum() + 1
    y_dot, _ = case.f.tangent(case.x_dot, tape)  # theta_dot is None: parameters held fixed
    assert abs(np.vdot(case.dy, y_dot) - np.vdot(dx, case.x_dot)) <= 1e-12 * size
    case.move_parameters()
    y_dot, _ = case.f.tangent(case.x_dot, tape)
    moved = sum(np.vdot(g, v) for g, v in zip(case.gradients, case.velocities, strict=True))
    assert abs(np.vdot(case.dy, y_dot) - np.vdot(dx, case.x_dot) - moved) <= 1e-12 * size


@pytest.mark.parametrize("name", MAKERS)
def test_backward_is_the_transpose_of_tangent(name):
    for seed in SEEDS:
        for shape in SHAPES:
            check_adjoint(name, seed, shape)


@given(name=st.sampled_from(list(MAKERS)), seed=st.integers(0, 2**32 - 1),
       shape=st.tuples(st.integers(1, 9), st.integers(1, 6), st.integers(1, 6)))
def test_backward_is_the_transpose_of_tangent_for_any_shape(name, seed, shape):
    check_adjoint(name, seed, shape)


def along(case, t, moving):
    """y, dx and all parameter gradients at time t, when x, dy and (if `moving`) the parameters move with their velocities."""
    starts = [value.copy() for value in case.values]
    if moving:
        for value, velocity in zip(case.values, case.velocities, strict=True):
            value += t * velocity
    y, tape = case.f.forward(case.x + t * case.x_dot)
    case.clear()
    dx = case.f.backward(case.dy + t * case.dy_dot, tape)
    result = [y, dx, *[gradient.copy() for gradient in case.gradients]]
    for value, start in zip(case.values, starts, strict=True):
        value[...] = start
    return result


def check_tangents(name, seed=0, shape=SHAPES[0], moving=True):
    """y_dot, dx_dot and R{dtheta} against d/dt of forward and backward: by a difference and by the complex step."""
    case = Case(name, seed, shape)
    if moving:
        case.move_parameters()
    _, tape = case.f.forward(case.x)
    y_dot, tape_dot = case.f.tangent(case.x_dot, tape)
    case.clear()
    dx, dx_dot = case.f.tangent_backward(case.dy, case.dy_dot, tape, tape_dot)
    rates = [y_dot, dx_dot, *[gradient.copy() for gradient in case.gradients]]
    assert same_bits(dx, along(case, 0.0, moving)[1]), "tangent_backward returned another dx than backward"

    h = gradcheck.STEP
    differences = [(up - down) / (2 * h) for up, down in zip(along(case, h, moving), along(case, -h, moving), strict=True)]
    twin = Case(name, seed, shape, complex)
    steps = [np.imag(value) / 1e-30 for value in along(twin, 1e-30j, moving)]
    for what, rate, difference, step in zip(["y_dot", "dx_dot", *case.names], rates, differences, steps, strict=True):
        size = max(1, np.abs(step).max())
        error = np.abs(rate - step).max() / size
        assert error <= 1e-13, f"{name}, {what}: off by {error:.1e} from the complex step"
        error = np.abs(rate - difference).max() / size
        assert error <= 1e-8, f"{name}, {what}: off by {error:.1e} from a central difference"


@pytest.mark.parametrize("moving", [True, False], ids=["theta moves", "theta held fixed"])
@pytest.mark.parametrize("name", MAKERS)
def test_tangent_and_tangent_backward_are_the_derivatives_of_forward_and_backward(name, moving):
    for seed in SEEDS:
        for shape in SHAPES:
            check_tangents(name, seed, shape, moving)


@pytest.mark.parametrize("name", ["Dense-Tanh-Dense", "Dense-Softplus-Dense", "Dense-Sigmoid-Dense"])
def test_the_hessian_is_symmetric(name):
    check_hessian(name)


def check_hessian(name):
    """u' H v = v' H u, with H v from theta_dot = v; and the number is not just 0 = 0."""
    for seed in SEEDS:
        case = Case(name, seed, (7, 3, 5))
        u, v = np.random.default_rng(seed).normal(size=(2, *case.values[0].shape))

        def hessian_times(direction, case=case):
            case.f.theta_dot = direction
            _, tape = case.f.forward(case.x)
            _, tape_dot = case.f.tangent(np.zeros_like(case.x), tape)
            case.f.zero_grad()
            case.f.tangent_backward(case.dy, np.zeros_like(case.dy), tape, tape_dot)
            return case.f.grad.copy()

        one, other = u @ hessian_times(v), v @ hessian_times(u)
        assert abs(one) > 1e-3 and abs(one - other) <= 1e-12 * np.linalg.norm(u) * np.linalg.norm(v)


@pytest.mark.parametrize("name", MAKERS)
def test_two_forwards_before_one_backward(name):
    check_two_forwards(name)


def check_two_forwards(name):
    """The tape belongs to the caller: scoring another batch in between changes nothing."""
    case = Case(name, 0, (7, 3, 5))
    _, tape = case.f.forward(case.x)
    case.clear()
    alone = case.f.backward(case.dy, tape), [g.copy() for g in case.gradients]
    _, tape = case.f.forward(case.x)
    case.f.forward(case.x[:4] - 1)
    case.clear()
    between = case.f.backward(case.dy, tape), case.gradients
    assert same_bits(alone[0], between[0])
    assert all(same_bits(a, b) for a, b in zip(alone[1], between[1], strict=True))


def check_accumulates(name):
    """Two backwards add up, as real and fake do in D; backward starts from what is there."""
    case = Case(name, 0, (7, 3, 5))
    _, tape = case.f.forward(case.x)
    _, other_tape = case.f.forward(case.x_dot)
    case.clear()
    case.f.backward(case.dy, tape)
    one = [g.copy() for g in case.gradients]
    case.clear()
    case.f.backward(case.dy_dot, other_tape)
    other = [g.copy() for g in case.gradients]
    case.f.backward(case.dy, tape)
    for a, b, both in zip(one, other, case.gradients, strict=True):
        assert np.abs(a).max() > 0.1
        np.testing.assert_allclose(both, a + b, rtol=1e-13)


@pytest.mark.parametrize("name", [name for name in MAKERS if "Dense" in name])
def test_backward_accumulates(name):
    check_accumulates(name)


@pytest.mark.parametrize("name", MAKERS)
def test_without_grads_the_gradients_keep_every_bit_and_dx_is_the_same(name):
    check_without_grads(name)


def check_without_grads(name):
    case = Case(name, 0, (7, 3, 5))
    _, tape = case.f.forward(case.x)
    with_grads = case.f.backward(case.dy, tape)
    before = [g.copy() for g in case.gradients]
    assert same_bits(case.f.backward(case.dy, tape, grads=False), with_grads)
    assert all(same_bits(a, b) for a, b in zip(before, case.gradients, strict=True))


@pytest.mark.parametrize("x, message", [
    (np.zeros((128, 3)), "Dense(2 -> 64) expects (N, 2), got (128, 3)"),
    (np.zeros(2), "Dense(2 -> 64) expects (N, 2), got (2,)"),
    (np.zeros((5, 7, 2)), "Dense(2 -> 64) expects (N, 2), got (5, 7, 2)"),
])
def test_a_wrong_input_is_named(x, message):
    with pytest.raises(ValueError) as error:
        Dense(2, 64).forward(x)
    assert str(error.value) == message


@pytest.mark.parametrize("x", [np.zeros((7, 2)), np.zeros((2, 7, 2))])
def test_replicas_need_their_own_axis(x):
    net = Sequential(Dense(2, 5), replicas=3)
    with pytest.raises(ValueError) as error:
        net.forward(x)
    assert str(error.value) == f"Dense(2 -> 5) expects (3, N, 2), got {x.shape}"


@pytest.mark.parametrize("name", ["Dense", *ACTIVATIONS])
def test_a_wrong_cotangent_is_named(name):
    check_wrong_cotangent(name)


def check_wrong_cotangent(name):
    """Above all (N,) for (N, 1), and a batch that would broadcast: both must raise, in backward and in its tangent."""
    case = Case(name, 0, (7, 3, 5))
    _, tape = case.f.forward(case.x)
    _, tape_dot = case.f.tangent(case.x_dot, tape)
    shape = case.dy.shape
    for wrong in (case.dy[:1], case.dy[:, :1], case.dy[0], case.dy.swapaxes(0, 1), case.dy[None]):
        for method, *arguments in ((case.f.backward, wrong, tape), (case.f.backward, wrong, tape, False),
                                   (case.f.tangent_backward, wrong, case.dy, tape, tape_dot),
                                   (case.f.tangent_backward, case.dy, wrong, tape, tape_dot)):
            with pytest.raises(ValueError) as error:
                method(*arguments)
            assert str(error.value) == f"{case.f}.backward expects dy shaped like its output, {shape}; got {wrong.shape}"


@pytest.mark.parametrize("sizes, error", [((0, 3), ValueError), ((2, -1), ValueError), ((2.0, 3), TypeError),
                                          ((True, 3), TypeError), (("2", 3), TypeError), ((2, None), TypeError)])
def test_sizes_that_make_no_dense_layer(sizes, error):
    with pytest.raises(error, match="Dense: .*at least 1"):
        Dense(*sizes)


@pytest.mark.parametrize("slope, error", [(-0.1, ValueError), (1, ValueError), (float("nan"), ValueError), ("x", TypeError),
                                          (True, TypeError)])
def test_slopes_that_make_no_leaky_relu(slope, error):
    with pytest.raises(error, match="LeakyReLU: slope"):
        LeakyReLU(slope)


def test_values_of_the_activations():
    x = np.array([[-2.0, -0.5, 0.0, 3.0]])
    assert ReLU().forward(x)[0].tolist() == [[0, 0, 0, 3]]
    assert LeakyReLU(0.25).forward(x)[0].tolist() == [[-0.5, -0.125, 0, 3]]
    np.testing.assert_allclose(Tanh().forward(x)[0], (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)), rtol=1e-14)
    np.testing.assert_allclose(Sigmoid().forward(x)[0], 1 / (1 + np.exp(-x)), rtol=1e-14)
    np.testing.assert_allclose(Softplus().forward(x)[0], np.log(1 + np.exp(x)), rtol=1e-14)


@pytest.mark.parametrize("activation", [ReLU(), LeakyReLU(0.2)])
def test_at_zero_a_relu_takes_the_slope_from_the_left(activation):
    _, tape = activation.forward(np.zeros((1, 1)))
    assert activation.backward(np.ones((1, 1)), tape)[0, 0] == activation.leak


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(0)], ids=repr)
def test_relu_of_minus_infinity_is_0(layer, dtype):
    """Without a warning: 0 times infinity would be NaN. A NaN stays one, so that a guard sees it."""
    with np.errstate(all="raise"):
        y, tape = layer.forward(np.array([[-np.inf, -1, -0.0, 0, np.inf]], dtype))
        dx = layer.backward(np.ones((1, 5), dtype), tape)
        assert np.isnan(layer.forward(np.array([[np.nan]], dtype))[0])
    assert y.tolist() == [[0, 0, 0, 0, np.inf]] and dx.tolist() == [[0, 0, 0, 0, 1]] and y.dtype == dx.dtype == dtype
    assert LeakyReLU(0.5).forward(np.array([[-np.inf, np.inf]], dtype))[0].tolist() == [[-np.inf, np.inf]]


def test_a_network_worked_by_hand():
    """Three inputs, two LeakyReLU(.2) units, one output, two samples: every number below is worked out on paper.

        W1 = | 1  -1  |   b1 = (1.5, -1)   W2 = |  2 |   b2 = .25
             | 0   1  |                         | -3 |
             | 2   .5 |

        x1 = (1, 2, -1)     h1 = (1 + 0 - 2 + 1.5, -1 + 2 - .5 - 1) = (.5, -.5)     a1 = (.5, -.1)
                            y1 = 2(.5) - 3(-.1) + .25 = 1.55
        x2 = (0, 1, 1)      h2 = (0 + 0 + 2 + 1.5, 0 + 1 + .5 - 1) = (3.5, .5)      a2 = (3.5, .5)
                            y2 = 7 - 1.5 + .25 = 5.75

        dy = (2, -1)        dW2 = 2 a1 - a2 = (-2.5, -.7)      db2 = 2 - 1 = 1
        da1 = 2 W2 = (4, -6)    dh1 = (4, -6 x .2) = (4, -1.2)
        da2 = -W2 = (-2, 3)     dh2 = (-2, 3)                  db1 = dh1 + dh2 = (2, 1.8)
        dW1 = x1' dh1 + x2' dh2 = | 4 + 0   -1.2 + 0 |   dx1 = dh1 W1' = (4 + 1.2, -1.2, 8 - .6) = (5.2, -1.2, 7.4)
                                  | 8 - 2   -2.4 + 3 |   dx2 = dh2 W1' = (-2 - 3, 3, -4 + 1.5) = (-5, 3, -2.5)
                                  | -4 - 2   1.2 + 3 |

        x_dot = (1, 0, 0)   h_dot = (1, -1) for both    a1_dot = (1, -.2), a2_dot = (1, -1)
                            y1_dot = 2 + .6 = 2.6       y2_dot = 2 + 3 = 5
        dy_dot = 0          da_dot = dh_dot = 0, so R{dW2} = 2 a1_dot - a2_dot = (1, .6),
                            and R{dW1} = x1_dot' dh1 + x2_dot' dh2 = first row dh1 + dh2 = (2, 1.8)
    """
    first, second = Dense(3, 2), Dense(2, 1)
    net = Sequential(first, LeakyReLU(0.2), second, dtype=np.float64)
    first.W[...], first.b[...] = [[1, -1], [0, 1], [2, 0.5]], [[1.5, -1]]
    second.W[...], second.b[...] = [[2], [-3]], [[0.25]]
    x, dy = np.array([[1.0, 2, -1], [0, 1, 1]]), np.array([[2.0], [-1]])

    def near(got, expected):
        np.testing.assert_allclose(got, expected, atol=1e-15)

    y, tape = net.forward(x)
    near(y, [[1.55], [5.75]])
    near(net.backward(dy, tape), [[5.2, -1.2, 7.4], [-5, 3, -2.5]])
    near(second.dW, [[-2.5], [-0.7]])
    near(second.db, [[1]])
    near(first.dW, [[4, -1.2], [6, 0.6], [-6, 4.2]])
    near(first.db, [[2, 1.8]])
    near(net.grad, [4, -1.2, 6, 0.6, -6, 4.2, 2, 1.8, -2.5, -0.7, 1])

    y_dot, tape_dot = net.tangent(np.array([[1.0, 0, 0], [1, 0, 0]]), tape)
    near(y_dot, [[2.6], [5]])
    net.zero_grad()
    dx, dx_dot = net.tangent_backward(dy, np.zeros((2, 1)), tape, tape_dot)
    near(dx, [[5.2, -1.2, 7.4], [-5, 3, -2.5]])
    near(dx_dot, np.zeros((2, 3)))
    near(net.grad, [2, 1.8, 0, 0, 0, 0, 0, 0, 1, 0.6, 0])


WITH_REPLICAS = {"FourierFeatures": lambda: (FourierFeatures(2, 6), Dense(6, 3)),
                 "FourierBeside": lambda: (FourierBeside(2, 6), Dense(8, 3)),
                 "LayerNorm": lambda: (Dense(2, 6), LayerNorm(6)), "MinibatchStd": lambda: (MinibatchStd(2), Dense(3, 3)),
                 "Pack": lambda: (Pack(2, 2), Dense(4, 3)),
                 "MinibatchDiscrimination": lambda: (MinibatchDiscrimination(2, 2, 2), Dense(4, 3)),
                 "SpectralNorm": lambda: (SpectralNorm(Dense(2, 6)), Tanh(), Dense(6, 3))}


@pytest.mark.parametrize("name", WITH_REPLICAS)
def test_derivatives_of_each_replica_are_those_of_the_network_alone(name):
    together = Sequential(*WITH_REPLICAS[name](), replicas=3, dtype=np.float64, seed=4)
    x, x_dot = np.random.default_rng(0).normal(size=(2, 3, 8, 2))

    def derivatives(net, x, x_dot):
        y, tape = net.forward(x)
        dy, dy_dot = np.cos(y), np.sin(y)
        y_dot, tape_dot = net.tangent(x_dot, tape)
        return [net.backward(dy, tape), y_dot, *net.tangent_backward(dy, dy_dot, tape, tape_dot), net.grad]

    singles = [together.replica(r) for r in range(3)]
    found = derivatives(together, x, x_dot)
    for r, alone in enumerate(singles):
        for got, expected in zip(found, derivatives(alone, x[r], x_dot[r]), strict=True):
            np.testing.assert_allclose(got[r], expected, rtol=1e-12, atol=1e-12)
