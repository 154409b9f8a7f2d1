"""Right at the first step.

Adam's running means begin at zero, and it corrects for that. A popular collection of algorithms written from scratch does so
a little differently; so does a GAN in plain NumPy. The first step comes out right to the last digit, and a test of one step
passes. Then, with the usual constants, the steps soon become twice as long as Adam's, and in the long run a third.

Source: eriklindernoren/ML-From-Scratch, issue 35 and mlfromscratch/deep_learning/optimizers.py (Adam);
shinseung428/gan_numpy, gan.py; at the time of writing.

Promised: the path of Adam (Kingma & Ba 2015, Algorithm 1) from theta = 0, for the gradients g_1 ... g_T. In each step
    m <- beta1 m + (1 - beta1) g_t;   v <- beta2 v + (1 - beta2) g_t^2;   theta <- theta - lr m^ / (sqrt(v^) + 1e-8)
where m^ and v^ are m and v freed from the bias of their beginning. Row t of the path is theta after step t.
    grads (T, P), lr, beta1, beta2 numbers  ->  path (T, P)
"""

import numpy as np


def adam_path(grads, lr, beta1, beta2):
    m, v, theta = np.zeros((3, grads.shape[1]))
    path = []
    for g in grads:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1)
        v_hat = v / (1 - beta2)
        theta = theta - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
        path.append(theta)
    return np.stack(path)
