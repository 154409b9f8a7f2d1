"""Gradient penalties: the gradient of a gradient, against differences of the penalty's own value."""

import numpy as np
import pytest
from oracles import same_bits

from tinygan import Adam, d_gradients, data, gradcheck, mlp, train
from tinygan.engine.features import Pack
from tinygan.engine.layers import Dense, Layer, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from tinygan.engine.network import Sequential
from tinygan.losses import NonSaturating, Relativistic
from tinygan.penalties import R1, R2, WGANGP, Falling, alphas

SIZES = ((7, 3, 5), (5, 2, 4), (4, 5, 3))
PENALTIES = {"R1": R1(0.7), "R2": R2(0.3), "WGANGP": WGANGP(2.0)}
SMOOTH, PIECEWISE = (Tanh, Softplus, Sigmoid), (ReLU, LeakyReLU)


def critic(d, width, activation, seed):
    D = mlp(d, width, width + 1, 1, activation=activation, seed=seed, dtype=np.float64)
    D.theta[...] += np.random.default_rng(seed).normal(size=D.theta.shape) / 5  # biases too
    return D


def batches(n, d, seed):
    rng = np.random.default_rng([seed, 1])
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)) + 1


def value_by_differences(penalty, D, x_real, x_fake, seed):
    """The penalty with its input gradient taken by central differences of the scores: three lines, no R-operator.

    A sample is what D gives one score for: a row, or D.rows rows side by side. None where a corner of D lies within a step of a
    point: there a difference proves nothing.
    """
    samples = x_real.shape[0] // D.rows
    if isinstance(penalty, WGANGP):
        alpha = np.random.default_rng(seed).random((samples, 1)).repeat(D.rows, axis=0)
        x_real = x_fake = alpha * x_real + (1 - alpha) * x_fake
    x = x_fake if isinstance(penalty, R2) else x_real
    f = lambda x: D(x).sum()  # noqa: E731
    if any(gradcheck.on_kink(f, x, index) for index in np.ndindex(x.shape)):
        return None
    g = gradcheck.central(f, x)
    columns = 1 if getattr(penalty, "columns", None) is None else penalty.columns
    squares = (columns * g**2).reshape(samples, -1).sum(axis=1)
    if isinstance(penalty, WGANGP):
        return penalty.weight * ((np.sqrt(squares + 1e-12) - 1) ** 2).mean()
    return penalty.weight / 2 * squares.mean()


def call(penalty, D, x_real, x_fake, seed):
    """The penalty's value; its gradient alone is then in D.grad."""
    D.zero_grad()
    if penalty.at == "between":
        return float(penalty(D, x_real, x_fake, np.random.default_rng(seed)))
    x = {"real": x_real, "fake": x_fake}[penalty.at]
    return float(penalty(D, x, D.forward(x)[1]))


def check_penalty(name, activation, seed, size):
    n, d, width = size
    return check_exact(PENALTIES[name], critic(d, width, activation, seed), batches(n, d, seed), seed, name)


def check_exact(penalty, D, xs, seed, name):
    """Its value against differences of the scores, its gradient against those of its value; True if the value was judged."""
    x_real, x_fake = xs
    value = call(penalty, D, x_real, x_fake, seed)
    gradient, theta = D.grad.copy(), D.theta.copy()
    expected = value_by_differences(penalty, D, x_real, x_fake, seed)
    assert expected is None or value == pytest.approx(expected, rel=1e-7)

    def f(moved):
        D.theta[...] = moved
        return call(penalty, D, x_real, x_fake, seed)

    result = gradcheck.check(f, gradient, theta, name=f"{name} over theta")
    assert result.ok, str(result)
    return expected is not None


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("activation", SMOOTH + PIECEWISE)
def test_penalty_is_exact(name, activation):
    judged = [check_penalty(name, activation, seed, SIZES[seed % 3]) for seed in range(5)]
    assert sum(judged) >= 3


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("name", ["R1", "R2", "WGANGP"])
def test_penalty_by_the_complex_step(name, activation):
    """Along a random direction, to 1e-12: P written with complex numbers, its input gradient from a complex network."""
    for seed in range(3):
        n, d, width = SIZES[seed]
        D, (x_real, x_fake) = critic(d, width, activation, seed), batches(n, d, seed)
        call(PENALTIES[name], D, x_real, x_fake, seed)
        v = np.random.default_rng(seed).normal(size=D.theta.shape)
        C = mlp(d, width, width + 1, 1, activation=activation, dtype=np.complex128)
        C.theta[...] = D.theta + 1e-30j * v
        alpha = np.random.default_rng(seed).random((n, 1))
        x = {"R1": x_real, "R2": x_fake, "WGANGP": alpha * x_real + (1 - alpha) * x_fake}[name]
        g = C.backward(np.ones((n, 1), complex), C.forward(x)[1], grads=False)
        squares = (g * g).sum(axis=1)
        penalty = PENALTIES[name]
        P = (penalty.weight * ((np.sqrt(squares + 1e-12) - 1) ** 2).mean() if name == "WGANGP"
             else penalty.weight / 2 * squares.mean())
        assert D.grad @ v == pytest.approx(P.imag / 1e-30, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("loss", [NonSaturating(), Relativistic()])
@pytest.mark.parametrize("names", ["R1", "R2", "WGANGP", "R1 R1", "R1 R2 WGANGP"])
def test_the_whole_step_with_penalties(loss, names):
    check_whole_step(loss, names)


def check_whole_step(loss, names):
    """D's loss with penalties, over D.theta: the value that is reported is the value that is differentiated."""
    for seed in range(2):
        D, (x_real, x_fake) = critic(3, 5, Tanh, seed), batches(7, 3, seed)

        def f(theta, D=D, x_real=x_real, x_fake=x_fake, seed=seed):
            D.theta[...] = theta
            return float(d_gradients(D, x_real, x_fake, loss, [PENALTIES[name] for name in names.split()],
                                     np.random.default_rng(seed)))

        theta = D.theta.copy()
        f(theta)
        result = gradcheck.check(f, D.grad.copy(), theta)
        assert result.ok, str(result)


def test_replicas_are_single_runs_bit_for_bit():
    children = np.random.SeedSequence(4).spawn(3)
    penalties, opts = (R1(0.1), R2(0.1), WGANGP(0.1)), lambda: {"opt_d": Adam(), "opt_g": Adam()}
    G, D = mlp(2, 5, 2, seed=1, replicas=3), mlp(2, 5, 1, seed=2, replicas=3)
    history = train(G, D, data.ring(), Relativistic(), steps=5, batch=8, penalties=penalties, seed=4, **opts())
    for r, child in enumerate(children):
        g = mlp(2, 5, 2, seed=np.random.SeedSequence(1).spawn(3)[r])
        d = mlp(2, 5, 1, seed=np.random.SeedSequence(2).spawn(3)[r])
        single = train(g, d, data.ring(), Relativistic(), steps=5, batch=8, penalties=penalties, seed=child, **opts())
        assert same_bits(g.theta, G.theta[r]) and same_bits(d.theta, D.theta[r])
        assert same_bits(single.d_loss, history.d_loss[:, r])
    assert D.grad.dtype == np.float32


def test_one_alpha_for_each_sample():
    check_one_alpha_for_each_sample()


def check_one_alpha_for_each_sample():
    """Interpolates lie on the lines between real and fake points; one alpha per coordinate would leave them."""
    seen = []
    D = critic(3, 4, Tanh, 0)
    forward = D.forward
    D.forward = lambda x: seen.append(x) or forward(x)
    x_real, x_fake = np.zeros((6, 3)), np.ones((6, 3))
    WGANGP(1.0)(D, x_real, x_fake, np.random.default_rng(0))
    assert np.ptp(seen[0], axis=1).max() == 0 and np.ptp(seen[0][:, 0]) > 0.1


def test_a_critic_without_slope_has_a_finite_penalty():
    """sqrt(0) has no derivative: a constant critic must not give NaN."""
    D = mlp(2, 4, 1, dtype=np.float64)
    D.theta[...] = 0
    value = call(WGANGP(10.0), D, *batches(5, 2, 0), 0)
    assert value == pytest.approx(10, rel=1e-5) and np.isfinite(D.grad).all()


def test_a_schedule_for_gamma():
    """Each step has the weight of the fraction of the run that has passed; the penalty that was passed in keeps its first one."""
    fall, seen = Falling(0.1, 0.001), []
    assert fall(0) == pytest.approx(0.1) and fall(1) == pytest.approx(0.001) and fall(0.5) == pytest.approx(0.01)
    penalty = R1(lambda fraction: seen.append(fraction) or fall(fraction))
    D, points = mlp(2, 4, 1, seed=1), data.ring().sample(8, np.random.default_rng(0))
    before = call(penalty, D, points, points, 0)
    seen.clear()
    train(mlp(2, 4, 2), mlp(2, 4, 1, seed=1), data.ring(), NonSaturating(), steps=4, batch=8, penalties=(penalty,))
    assert [fraction for i, fraction in enumerate(seen) if seen.index(fraction) == i] == [0, 0.25, 0.5, 0.75]
    assert call(penalty, D, points, points, 0) == before


@pytest.mark.parametrize("make", [R1, R2, WGANGP])
def test_a_scheduled_weight_is_the_number_of_its_moment(make):
    """`prepare(fraction)`, before the first call and between calls, gives the bits of the penalty with that number."""
    D, (x_real, x_fake) = mlp(2, 5, 1, activation=Tanh), batches(6, 2, 0)
    fall, penalties = Falling(0.1, 0.003), [make(Falling(0.1, 0.003)) for _ in range(2)]

    def both(penalty):
        return call(penalty, D, x_real, x_fake, 3), D.grad.copy()

    assert all(map(same_bits, both(penalties[0]), both(make(fall(0)))))
    for fraction in (0.0, 0.3, 1.0, 0.0):
        for penalty in penalties:
            penalty.prepare(fraction)
            assert all(map(same_bits, both(penalty), both(make(fall(fraction)))))


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), "x"])
def test_a_scheduled_weight_that_is_none_is_refused(weight):
    D, (x_real, x_fake) = critic(2, 4, Tanh, 0), batches(5, 2, 0)
    penalty = R1(lambda fraction: weight if fraction else 0.1)
    call(penalty, D, x_real, x_fake, 0)
    with pytest.raises((TypeError, ValueError), match="R1.*the weight at 0.5 of the run must be a"):
        penalty.prepare(0.5)


@pytest.mark.parametrize("bad", [0, -1, float("nan"), "x", True])
def test_bad_constants(bad):
    for make in (R1, R2, WGANGP):
        with pytest.raises((TypeError, ValueError), match="gamma|lam"):
            make(bad)


def test_the_penalty_between_points_needs_random_numbers():
    D = critic(2, 4, Tanh, 0)
    with pytest.raises(ValueError, match="pass rng="):
        d_gradients(D, *batches(4, 2, 0), NonSaturating(), (WGANGP(),))


def test_a_schedule_for_lam():
    """lam may be a function of the fraction as well, and the penalty is that of its value then."""
    D, (x_real, x_fake) = critic(2, 4, Tanh, 0), batches(5, 2, 0)
    rising = WGANGP(Falling(10, 0.1))
    rising.prepare(0.5)
    assert call(rising, D, x_real, x_fake, 3) == pytest.approx(call(WGANGP(1.0), D, x_real, x_fake, 3), rel=1e-12)


def test_where_between_may_be_given():
    """Numbers alpha, a Generator that draws them, and with replicas a list of Generators: the same bits."""
    D, (x_real, x_fake) = mlp(2, 5, 1, activation=Tanh), np.float32(batches(6, 2, 0))
    drawn = call(WGANGP(2.0), D, x_real, x_fake, 3)
    gradient = D.grad.copy()
    D.zero_grad()
    given = WGANGP(2.0)(D, x_real, x_fake, alphas(np.random.default_rng(3), 6))
    assert same_bits(float(given), drawn) and same_bits(D.grad, gradient)
    generators = [np.random.default_rng(seed) for seed in (3, 4)]
    assert alphas(generators, 6).shape == (2, 6, 1)
    assert same_bits(alphas([np.random.default_rng(3)], 6)[0], alphas(np.random.default_rng(3), 6))


# ---- columns: R1 and R2 with a weight for each column of x

WEIGHTS = {"R1": R1(0.7, columns=(0.5, 0, 2.0)), "R2": R2(0.3, columns=(1, 1, 0))}


def packing_critic(m, d, seed, activation=Tanh):
    """A critic of m points at a time."""
    D = Sequential(*[Pack(m, d)] * (m > 1), Dense(m * d, 5), activation(), Dense(5, 4), activation(), Dense(4, 1), seed=seed,
                   dtype=np.float64)
    D.theta += np.random.default_rng(seed).normal(size=D.theta.shape) / 5
    return D


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("activation", [Tanh, Softplus, LeakyReLU])
def test_a_penalty_with_columns_is_exact(name, activation, m):
    judged = [check_exact(WEIGHTS[name], packing_critic(m, 3, seed, activation), batches(4 * m, 3, seed), seed, name)
              for seed in range(3)]
    assert sum(judged) >= 2


@pytest.mark.parametrize("m", [1, 2])
def test_the_whole_step_with_columns(m):
    for seed in range(2):
        D, (x_real, x_fake) = packing_critic(m, 3, seed), batches(4 * m, 3, seed)

        def f(theta, D=D, x_real=x_real, x_fake=x_fake):
            D.theta = theta
            return float(d_gradients(D, x_real, x_fake, NonSaturating(), tuple(WEIGHTS.values())))

        theta = D.theta.copy()
        f(theta)
        result = gradcheck.check(f, D.grad.copy(), theta)
        assert result.ok, str(result)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("replicas", [(), 3])
@pytest.mark.parametrize("make", [R1, R2])
def test_columns_of_ones_give_the_bits_of_no_columns(make, replicas, dtype):
    for m in (1, 2):
        D = Sequential(*[Pack(m, 3)] * (m > 1), Dense(3 * m, 5), Tanh(), Dense(5, 1), replicas=replicas, dtype=dtype)
        x = np.random.default_rng(0).normal(size=(*D.replicas, 6, 3)).astype(dtype)
        found = []
        for columns in (None, (1, 1, 1), np.ones(3, int)):
            D.zero_grad()
            value = make(0.3, columns)(D, x, D.forward(x)[1])
            found.append((value, D.grad.copy()))
        assert found[0][0].dtype == D.grad.dtype == dtype and found[0][0].shape == D.replicas and D.grad.any()
        for value, gradient in found[1:]:
            assert same_bits(value, found[0][0]) and same_bits(gradient, found[0][1])


@pytest.mark.parametrize("m", [1, 2])
def test_a_column_of_weight_0_does_not_count(m):
    """The penalty is that of the other columns alone, by differences along these; without columns it is another number."""
    for seed in range(3):
        D, (x, _) = packing_critic(m, 3, seed), batches(4 * m, 3, seed)
        g = gradcheck.central(lambda left, D=D, x=x: D(np.column_stack([left, x[:, 2]])).sum(), x[:, :2].copy())
        value = call(R1(0.7, columns=(1, 1, 0)), D, x, x, 0)
        assert value == pytest.approx(0.35 * (g**2).sum() / 4, rel=1e-7)
        assert call(R1(0.7), D, x, x, 0) > 1.001 * value


def test_columns_by_hand():
    """s = 3 x_1 + 4 x_2: P = gamma/2 (2 9 + 0 16) = .9, and dP/dw = gamma (2 3, 0 4, 0)."""
    D = Sequential(Dense(2, 1), dtype=np.float64)
    D.theta = [3, 4, 0]
    value = call(R1(0.1, columns=(2, 0)), D, np.ones((5, 2)), None, 0)
    assert value == pytest.approx(0.9) and D.grad == pytest.approx([0.6, 0, 0])


@pytest.mark.parametrize("make", [R1, R2])
@pytest.mark.parametrize("columns", [(1, -0.1), (1, float("nan")), (float("inf"), 1), [[1, 1]], 3])
def test_columns_that_are_no_weights(make, columns):
    with pytest.raises(ValueError, match=rf"{make.__name__}: columns must be weights \(d,\), finite and 0 or larger; got"):
        make(0.1, columns=columns)


@pytest.mark.parametrize("columns", [(1,), (1, 1, 1), (1,) * 4])
def test_columns_must_be_as_many_as_those_of_x(columns):
    """Also where D packs: a weight for each column of a point, not of a pack."""
    for D in (critic(2, 4, Tanh, 0), packing_critic(2, 2, 0)):
        with pytest.raises(ValueError, match=rf"R1.*: columns has {len(columns)} weights, but x has 2 columns"):
            d_gradients(D, *batches(4, 2, 0), NonSaturating(), (R1(0.1, columns=columns),))


def test_the_weights_of_columns_are_the_penaltys_own():
    mine = np.array([1.0, 0.0])
    penalty, D, (x, _) = R1(0.1, columns=mine), critic(2, 4, Tanh, 0), batches(4, 2, 0)
    before = call(penalty, D, x, x, 0)
    mine[:] = 7
    assert call(penalty, D, x, x, 0) == before


class Doubled(Layer):
    """y = 2 x, without tangents."""

    def forward(self, x):
        return 2 * x, None

    def backward(self, dy, tape, grads=True):
        return 2 * dy


def test_a_layer_without_tangents_says_what_a_penalty_asks_for():
    D, x = Sequential(Doubled(), Dense(2, 1)), np.ones((4, 2))
    assert D(x).shape == (4, 1)
    with pytest.raises(NotImplementedError, match=r"Doubled\(\) has no tangent, which a gradient penalty and unrolling ask for"):
        R1(0.1)(D, x, D.forward(x)[1])


def test_the_weight_has_the_dtype_of_the_network_and_stays_one_array():
    """A recording reads that array, and `prepare` writes into it."""
    penalty = R1(Falling(1.0, 0.1))
    penalty.prepare(0.5)
    weight = penalty.now(np.float32)
    assert penalty.now(np.float32) is weight and weight.dtype == np.float32
    penalty.prepare(1.0)
    assert weight == np.float32(0.1) and penalty.now(np.float64).dtype == np.float64
