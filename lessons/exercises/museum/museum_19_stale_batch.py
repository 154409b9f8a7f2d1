"""Yesterday's fakes.

The code of a prize-winning paper takes three steps of D, then three of G. The generated image is made once, before the first
of G's steps, and serves all three. Readers ask whether this is a bug; the author answers that it was found to work well, and
that other choices may too. Newer versions of the framework refuse to run it. Whatever it is, it is not gradient descent on
the generator's loss.

Source: tamarott/SinGAN, issues 58, 126 and 140, SinGAN/training.py, at the time of writing.

Promised: `steps` steps of gradient descent on L over G's parameters, each with the gradient at the theta of that moment. Moves
G.theta; D stays as it is. G and D are networks of this package (tinygan/engine/network.py); grads=False leaves D.grad alone.
    theta <- theta - lr dL/dtheta,   L = E softplus(-D(G(z)))
    G, D networks, z (N, d_z), lr a number, steps an int  ->  G.theta (P,), moved in place
"""

from tinygan.engine.numerics import sigmoid


def g_steps(G, D, z, lr, steps):
    x, tape_G = G.forward(z)
    for _ in range(steps):
        s, tape_D = D.forward(x)
        ds = -sigmoid(-s) / s.shape[0]
        dx = D.backward(ds, tape_D, grads=False)
        G.zero_grad()
        G.backward(dx, tape_G)
        G.theta -= lr * G.grad
