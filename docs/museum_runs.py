"""Pictures of those exhibits of the museum whose lines must be used for a while before one sees what they do.

Each function draws one side, as in `museum_pictures`: with the names of the exhibit's file, run as it is or repaired. It may
return a note for the title. Everything is drawn from fixed seeds, and takes less than a second.
"""

import numpy as np

from tinygan import mlp
from tinygan.engine.numerics import sigmoid, softplus
from tinygan.plots import FAKE, JUDGE, TRUE

RNG = np.random.default_rng
STYLES = ("-", "--", ":")


def labels(ax, names):
    """Twelve scores that are free to move go downhill on the loss."""
    y = np.linspace(0, 1, 12)
    s = RNG(0).normal(size=(12, 1))
    for _ in range(400):
        s = s - names["least_squares"](s, y)[1]
    ax.plot([0, 1], [0, 1], color=TRUE, linestyle="--", linewidth=1, label="score = label")
    ax.plot(y, s[:, 0], "o", color=FAKE, label="the code")
    ax.set(xlabel="label", ylabel="score after 400 steps", ylim=(-.1, 1.1))
    ax.legend()


def curvature(ax, names):
    """Each entry of dW beside a central difference of the penalty."""
    x, W, a = RNG(0).normal(size=(6, 4)), RNG(1).normal(size=(4, 5)), RNG(2).normal(size=(5, 1))

    def penalty(W):
        g = ((1 - np.tanh(x @ W)**2) * a.T) @ W.T
        return (g**2).sum() / (2 * len(x))

    nudges = 1e-5 * np.eye(W.size).reshape(-1, *W.shape)
    truth = np.array([penalty(W + nudge) - penalty(W - nudge) for nudge in nudges]) / 2e-5
    ends = np.array([truth.min(), truth.max()])
    ax.plot(ends, ends, color=TRUE, linestyle="--", linewidth=1, label="equal")
    ax.plot(truth, names["penalty_gradients"](x, W, a, 1.0)[0].ravel(), "o", color=FAKE, markersize=4, label="an entry of dW")
    ax.set(xlabel="difference of the penalty", ylabel="the code", ylim=(-4.5, 4.5))
    ax.legend()


def never_moved(ax, names):
    """G goes downhill for 200 steps against a fixed critic."""
    z, V, W = (RNG(k).normal(size=size) for k, size in enumerate(((40, 2), (2, 8), (8, 2))))
    A, a = np.array([[1.0, 0], [0, 1]]), np.ones((2, 1))
    for label, color, steps in (("before", TRUE, 0), ("after 200 steps", FAKE, 200)):
        for _ in range(steps):
            dV, dW = names["generator_gradients"](z, V, W, A, a)
            V, W = V - .1 * dV, W - .1 * dW
        x = np.tanh(np.tanh(z @ V) @ W)
        ax.plot(*x.swapaxes(0, 1), "o" if steps == 0 else ".", color=color, fillstyle="none", label=label)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-1.2, 5.4), ylim=(-1.2, 1.2), aspect="equal")
    ax.legend(loc="center right")


def scores_of(ax, gradients, steps=60, rate=.2):
    """A critic tanh(x W) a learns real points from fake ones; the mean score of each kind is drawn."""
    real, fake = (RNG(k).normal(center, .3, (64, 2)) for k, center in enumerate(([0, 1], [1, .3])))
    W, a = RNG(2).normal(size=(2, 8)), RNG(3).normal(size=(8, 1))
    course = []
    for _ in range(steps):
        course.append([(np.tanh(x @ W) @ a).mean() for x in (real, fake)])
        dW, da = gradients(real, fake, W, a)
        W, a = W - rate * dW, a - rate * da
    for means, label, color, style in zip(np.transpose(course), ("real", "fake"), (TRUE, FAKE), STYLES, strict=False):
        ax.plot(means, style, color=color, label=label)
    ax.set(xlabel="step of D", ylabel="mean score")
    ax.legend(loc="lower left")


def other_batch(ax, names):
    scores_of(ax, names["discriminator_gradients"], rate=.5)
    ax.set(ylim=(-14, 8))


def one_character(ax, names):
    scores_of(ax, names["critic_gradients"], steps=30, rate=.1)
    ax.set(ylim=(-24, 14))


def only_printed(ax, names):
    """Both terms of G's loss while it learns."""
    G, D = (mlp(2, 8, size, seed=seed, dtype=np.float64) for seed, size in ((1, 2), (2, 1)))
    z, target = RNG(0).normal(size=(2, 32, 2))
    course = []
    for _ in range(300):
        x = G(z)
        course.append([((x - target)**2).mean(), softplus(-D(x)).mean()])
        names["generator_gradient"](G, D, z, target, 1.0)
        G.theta -= .05 * G.grad
    for term, label, color, style in zip(np.transpose(course), ("content", "adversarial"), (TRUE, FAKE), STYLES, strict=False):
        ax.plot(term, style, color=color, label=label)
    ax.set(xlabel="step of G", ylabel="term of its loss", ylim=(0, 2))
    ax.legend()


def unpaid(ax, names):
    """The critic's slope while it learns, for three weights of the penalty."""
    real, fake = (RNG(k).normal(center, .3, (64, 2)) for k, center in enumerate(([0, 1], [1, 0])))
    alpha = RNG(2).uniform(size=(64, 1))
    for lam, color, style in zip((.1, 1, 10), (TRUE, JUDGE, FAKE), STYLES, strict=True):
        W, a, slopes = RNG(3).normal(size=(2, 8)) / 2, RNG(4).normal(size=(8, 1)) / 2, []
        for _ in range(150):
            g = ((1 - np.tanh((alpha * real + (1 - alpha) * fake) @ W)**2) * a.T) @ W.T
            slopes.append(np.linalg.norm(g, axis=1).mean())
            _, dW, da = names["critic_loss"](real, fake, alpha, W, a, lam)
            W, a = W - .02 * dW, a - .02 * da
        ax.plot(slopes, style, color=color, label=f"weight {lam}")
    ax.set(xlabel="step of D", ylabel="mean slope", ylim=(0, 6))
    ax.legend(loc="upper right")


def look_ahead(ax, names):
    """The derivative of G's loss after five steps of D, beside differences of that loss."""
    theta, psi, eta, steps = np.linspace(-3, 3, 61), np.full(61, .5), .5, 5

    def loss(theta):
        after = psi
        for _ in range(steps):
            after = after + eta * theta * sigmoid(-theta * after)
        return -softplus(-theta * after)

    ax.plot(theta, (loss(theta + 1e-6) - loss(theta - 1e-6)) / 2e-6, "--", color=TRUE, label="differences")
    ax.plot(theta, names["unrolled_gradient"](theta, psi, eta, steps), color=FAKE, label="the code")
    ax.set(xlabel=r"$\theta$", ylabel="derivative")
    ax.legend()


def two_labels(ax, names):
    """D's loss against a perfect generator, whose images have the density of the real ones in each class."""
    rng, halves, of_pairs = RNG(0), [], names["pair_gradients"]

    def noted(pairs, label, W, a):
        halves.append(softplus((1 - 2 * label) * (np.tanh(pairs @ W) @ a)).mean())
        return of_pairs(pairs, label, W, a)

    names["pair_gradients"] = noted
    W, a = rng.normal(size=(4, 8)), rng.normal(size=(8, 1)) / 4
    for _ in range(300):
        of_real, asked = np.eye(2)[rng.integers(2, size=(2, 64))]
        real, fake = (np.hstack([2 * y[:, :1] - 1, 0 * y[:, :1]]) + .3 * rng.normal(size=(64, 2)) for y in (of_real, asked))
        dW, da = names["label_gradients"](real, of_real, fake, asked, W, a)
        W, a = W - .3 * dW, a - .3 * da
    ax.plot(np.reshape(halves, (-1, 2)).sum(axis=1), color=FAKE, linewidth=1)
    ax.axhline(2 * np.log(2), color=TRUE, linestyle="--", linewidth=1, label="$2\\,\\ln 2$: D cannot tell")
    ax.set(xlabel="step of D", ylabel="D's loss", ylim=(0, 2))
    ax.legend(loc="lower left")


def quarter(ax, names):
    """The reader's loss on ten groups of points that are easily told apart."""
    labels = np.arange(200) % 10
    x = np.eye(10)[labels] + .1 * RNG(0).normal(size=(200, 10))
    W, course = np.zeros((10, 10)), []
    for _ in range(200):
        value, dW = names["reader_loss"](x, W, labels)
        course.append(value)
        W = W - 5 * dW
    ax.plot(course, color=FAKE)
    ax.axhline(np.log1p(9 / np.e), color=TRUE, linestyle="--", linewidth=1, label="1.46")
    ax.set(xlabel="step", ylabel="loss in nats", ylim=(0, 2.5))
    ax.legend()


def no_pairs(ax, names):
    """Where the samples of one domain go, when neither D says anything: only the other terms are left."""
    rng = RNG(0)
    turn = rng.uniform(0, 2 * np.pi, (2, 60))
    circles = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    A = B = np.eye(2)
    nothing = np.zeros((2, 1))
    for _ in range(400):
        a, b = (rng.permutation(x) for x in circles)
        _, dA, dB = names["generators_loss"](a, b, A, B, nothing, nothing, .1)
        A, B = A - .1 * dA, B - .1 * dB
    ax.plot(*circles[1].swapaxes(0, 1), "o", color=TRUE, fillstyle="none", markersize=4, label="real")
    ax.plot(*(circles[0] @ A).swapaxes(0, 1), ".", color=FAKE, label="translated")
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-1.3, 4.4), ylim=(-1.3, 1.3), aspect="equal")
    ax.legend(loc="center right")


def slices(ax, names):
    """Draws for three words, whose means differ and whose standard deviation is meant to be .2 for all."""
    means = np.array([[-1.5, -1.0], [0, 1.0], [1.5, -1.0]])
    W = np.hstack([means, np.full((3, 2), np.log(.2))])
    for word, (marker, color) in enumerate(zip("o^s", (TRUE, FAKE, JUDGE), strict=True)):
        phi = np.tile(np.eye(3)[word], (60, 1))
        c = names["conditioned"](phi, W, RNG(word).normal(size=(60, 2)), np.zeros((60, 2)))[0]
        ax.plot(*c.swapaxes(0, 1), marker, color=color, markersize=3, fillstyle="none", linestyle="", label=f"word {word + 1}")
    ax.set(xlabel="$c_1$", ylabel="$c_2$", xlim=(-7, 14), ylim=(-6, 14), aspect="equal")
    ax.legend(loc="upper right")


def middle(ax, names):
    """Styles of the average, and the same drawn to three tenths towards the middle."""
    z, many = (np.hstack([RNG(k).normal(size=(n, 2)) * .6, np.ones((n, 1))]) for k, n in enumerate((80, 4000)))
    W, W_average = (np.array([[1, .2], [-.2, 1], shift]) for shift in ([1.0, .6], [.1, -.4]))
    w, drawn = np.tanh(z @ W_average), names["truncated"](z, W, W_average, many, .3)[1]
    ax.plot(*w.swapaxes(0, 1), ".", color=TRUE, markersize=4, label="psi 1")
    ax.plot(*drawn.swapaxes(0, 1), "o", color=FAKE, fillstyle="none", markersize=4, label="psi .3")
    ax.set(xlabel="$w_1$", ylabel="$w_2$", xlim=(-1.1, 3.2), ylim=(-1.1, 1.1), aspect="equal")
    ax.legend(loc="center right")


RUNS = {"04": labels, "13": curvature, "14": never_moved, "15": other_batch, "16": one_character, "18": only_printed,
        "21": unpaid, "22": look_ahead, "24": two_labels, "25": quarter, "27": no_pairs, "29": slices, "30": middle}
SEEN = {
    "04": "Left the score of each sample is the mean of all labels; right each score is its label",
    "13": "Left the entries of dW lie beside the line of the differences; right they lie on it",
    "14": "Left each sample stands where it stood 200 steps ago; right the samples have moved to the borders and spread",
    "15": "Left the mean scores of real and fake points stop at a small distance; right they go further and further apart",
    "16": "Left the scores of real points fall together with those of fake ones; right they rise",
    "18": "Left the adversarial term of the loss stays near .7; right it falls to .5",
    "21": "Left one curve of the slope for all three weights, which grows; right the largest weight holds it near 1",
    "22": "Left a curve that is flatter than that of the differences; right both are one curve",
    "24": "Left D's loss falls below 2 ln 2, although all images are as good as real; right it stays there",
    "25": "Left the loss stops at 1.46; right it falls to almost 0",
    "27": "Left all translations are one point in the middle of the circle; right they lie on the circle",
    "29": "Left the words with a larger mean have far wider clouds; right all three clouds are equally narrow",
    "30": "Left the truncated styles lie away from the middle of the others; right they lie around it",
}
