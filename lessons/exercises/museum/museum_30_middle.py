"""The middle of another network.

A StyleGAN truncates, which draws each style towards the mean style. It also keeps two generators, the one that is trained and a
running average of it, and samples can be drawn from either. A PyTorch program measured the mean style once, with the mapping of
the trained network, and used it for both. A reader found it by looking at the authors' own code. Samples of the average were
drawn towards a point that is not in the middle of their styles.

Source: lucidrains/stylegan2-pytorch, issue 282, at the time of writing.

Promised: styles of both networks, each drawn towards the mean style of its own network, over the same many z.
    w = tanh(z W),   w' = tanh(z W_average),   style = mean + psi (w - mean)
    z (N, d), W and W_average (d, m), many (M, d), psi from 0 to 1  ->  the styles of both, (N, m) each, in this order
"""

import numpy as np


def mapping(z, W):
    return np.tanh(z @ W)


def truncated(z, W, W_average, many, psi):
    middle = mapping(many, W).mean(axis=0)

    def drawn_in(w):
        return middle + psi * (w - middle)

    return drawn_in(mapping(z, W)), drawn_in(mapping(z, W_average))
