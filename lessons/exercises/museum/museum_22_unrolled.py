"""Looking ahead is not unrolling.

Unrolled GANs let D take a few steps ahead, and train G on what D will say then. In a much-read implementation G sees the
later D, as it should. But "currently G is being optimized with respect to the D_k as if D_k was not originated from k steps
of gradient descent", writes a reader, and asks: "Am I missing something?" At the time of writing, nobody has told him that he
is.

Source: andrewliao11/unrolled-gans, issues 1 and 2, unrolled_gan.ipynb, at the time of writing.

Promised: the gradient of an unrolled generator in the smallest GAN there is, the Dirac-GAN: G is one number theta, D one
number psi, and V(theta, psi) = log sigmoid(theta psi). D takes `steps` steps uphill, psi <- psi + eta dV/dpsi, starting from
psi. G's loss is V(theta, psi_K), with psi_K the last of them; its gradient is the derivative of all that with respect to
theta. Arrays hold many games side by side.
    theta (N,), psi (N,), eta a number, steps an int  ->  dtheta (N,)
"""

from tinygan.engine.numerics import sigmoid


def unrolled_gradient(theta, psi, eta, steps):
    for _ in range(steps):
        psi = psi + eta * theta * sigmoid(-theta * psi)
    return psi * sigmoid(-theta * psi)
