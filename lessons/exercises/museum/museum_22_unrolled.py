"""Looking ahead is not unrolling.

Unrolled GANs let D take a few steps ahead, and train G on what D will say then. In a much-read implementation G sees the
later D, as it should. But "currently G is being optimized with respect to the D_k as if D_k was not originated from k steps
of gradient descent", writes a reader, and asks: "Am I missing something?" Others share the doubt; the question stands there
still.

Source: andrewliao11/unrolled-gans, issues 1 and 2, unrolled_gan.ipynb, at the time of writing.

Promised: the gradient of an unrolled generator in the smallest GAN there is, the Dirac-GAN: G is one number theta, D one number
psi. From psi, D takes `steps` steps uphill; psi_K is where it arrives, and G's loss is V(theta, psi_K). Its gradient is the
derivative of all that with respect to theta. Each array has many games side by side.
    V(theta, psi) = log sigmoid(theta psi),   psi <- psi + eta dV/dpsi
    theta (N,), psi (N,), eta a number, steps an int  ->  dtheta (N,)
"""

from tinygan.engine.numerics import sigmoid


def unrolled_gradient(theta, psi, eta, steps):
    for _ in range(steps):
        psi = psi + eta * theta * sigmoid(-theta * psi)
    return psi * sigmoid(-theta * psi)
