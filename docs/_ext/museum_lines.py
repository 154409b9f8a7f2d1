"""The wrong lines of the museum's exhibits and the right ones, side by side on the page. A test grades the right ones.

    LINES[number]      pairs (wrong, right); each wrong text stands once in the exhibit's file, and the right one takes its place
    shown(number)      both as reStructuredText, folded
"""

LINES = {
    "01": [("angle = np.linspace(0, 2 * np.pi, modes)", "angle = np.linspace(0, 2 * np.pi, modes, endpoint=False)")],
    "02": [("return 0.5 * (np.tanh(s) + 1.0)", "return 0.5 * (np.tanh(s / 2) + 1.0)")],
    "03": [("ds = sigmoid(s) - y", "ds = (sigmoid(s) - y) / s.shape[0]")],
    "04": [("error = s - y", "error = s - y[:, None]")],
    "05": [("fake = f.mean() - r", "fake = f - r.mean()"),
           ("dr = d_real - d_fake", "dr = d_real - d_fake.sum() / n"),
           ("df = np.full_like(f, (d_fake - d_real).sum() / n)", "df = d_fake - d_real.sum() / n")],
    "06": [("point = splice(values, 2 * i, 2 * i + 2)", "point = values[2 * i:2 * i + 2]")],
    "07": [("return value - expected < tolerance", "return abs(value - expected) < tolerance")],
    "08": [("return gamma * dy / np.sqrt(var + EPS)",
            "x_hat = (x - x.mean(axis=0)) / np.sqrt(var + EPS)\n"
            "dx_hat = dy - dy.mean(axis=0) - x_hat * (dy * x_hat).mean(axis=0)\n"
            "return gamma * dx_hat / np.sqrt(var + EPS)")],
    "09": [("for g in grads:", "for t, g in enumerate(grads, start=1):"),
           ("m_hat = m / (1 - beta1)", "m_hat = m / (1 - beta1**t)"),
           ("v_hat = v / (1 - beta2)", "v_hat = v / (1 - beta2**t)")],
    "10": [("alpha = rng.uniform(size=x_real.shape)", "alpha = rng.uniform(size=(x_real.shape[0], 1, 1, 1))")],
    "11": [("norm = np.sqrt((g**2).sum(axis=1))", "norm = np.sqrt((g**2).sum(axis=(1, 2, 3)))")],
    "12": [("norm = np.sqrt((g**2).sum(axis=-1, keepdims=True))",
            "norm = np.sqrt((g**2).sum(axis=-1, keepdims=True) + 1e-12)")],
    "13": [("dW = v.T @ (slope * a.T)", "dW = v.T @ (slope * a.T) + x.T @ (-2 * u * slope * (v @ W) * a.T)")],
    "14": [("G.reset()  # gradients start from zero", "G.gradients = [np.zeros_like(W) for W in G.weights]")],
    "15": [("r, f = D.forward(x_real), D.forward(x_fake)", "r = D.forward(x_real)"),
           ("dW_fake, da_fake =", "f = D.forward(x_fake)\ndW_fake, da_fake =")],
    "16": [("self.dW = x.T @ dy", "self.dW += x.T @ dy")],
    "18": [("G.zero_grad()", "s, tape_d = D.forward(x)\n"
            "dx += D.backward(-weight / (1 + np.exp(s)) / s.shape[0], tape_d, grads=False)\nG.zero_grad()")],
    "19": [("x, tape_G = G.forward(z)\n    for _ in range(steps):", "for _ in range(steps):\n        x, tape_G = G.forward(z)")],
    "20": [("return x @ self.W / sigma, (x, sigma, self.u, self.v)",
            "return x @ self.W / sigma, (x, sigma, self.u.copy(), self.v.copy())")],
    "23": [("return rng.integers(0, classes - 1, size=n)", "return rng.integers(0, classes, size=n)")],
    "24": [("fake = np.hstack([x_fake, y_real])", "fake = np.hstack([x_fake, asked])")],
    "25": [("value, dguess = cross_entropy(guess, labels)", "value, dscores = cross_entropy(x @ W, labels)"),
           ("return value, x.T @ softmax.backward(dguess)", "return value, x.T @ dscores")],
    "26": [("d_solver.step(parameters, grads)\n    ge_solver.step(parameters, grads)\n\n",
            "d_solver.step(parameters, grads)\n\n")],
    "29": [("log_s = h[:, :m]", "log_s = h[:, m:]")],
    "30": [("    middle = mapping(many, W).mean(axis=0)\n\n    def drawn_in(w):\n",
            "    def drawn_in(w, own):\n        middle = mapping(many, own).mean(axis=0)\n"),
           ("    return drawn_in(mapping(z, W)), drawn_in(mapping(z, W_average))",
            "    return drawn_in(mapping(z, W), W), drawn_in(mapping(z, W_average), W_average)")],
}


def repaired(number, text):
    """The text of an exhibit's file with its right lines. Raises ValueError when a wrong one is not there."""
    for wrong, right in LINES[number]:
        if text.count(wrong) != 1:
            raise ValueError(f"exhibit {number}: {wrong!r} stands {text.count(wrong)} times in its file, it must be once")
        before = text[:text.index(wrong)].rpartition("\n")[2]
        if "\n" not in wrong:
            right = right.replace("\n", f"\n{before}")
        text = text.replace(wrong, right)
    return text


def block(lines):
    """Some lines as a block of Python."""
    return ["   .. code-block:: python", "", *(f"      {line}".rstrip() for line in lines), ""]


def shown(number):
    """The wrong and the right lines of an exhibit, folded; "" where one line does not tell."""
    if number not in LINES:
        return ""
    sides = [[line for pair in LINES[number] for line in pair[side].strip().split("\n")] for side in (0, 1)]
    lines = [".. raw:: html", "", '    <details class="numbers"><summary>The wrong lines, and the right ones</summary>', "",
             ".. container:: sides", "", *block(sides[0]), *block(sides[1]),
             ".. raw:: html", "", "    </details>", "", ""]
    return "\n".join(lines)
