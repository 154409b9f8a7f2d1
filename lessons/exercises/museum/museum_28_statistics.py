"""Statistics of another network.

A small GAN for few images keeps a running average of its generator's weights, and saves the average. The script that makes images
loads it, and has one line commented out, which would put the network into evaluation mode. "Is it a good practice?", asks a
reader. The author answers that the code of the average does not keep BatchNorm's running mean and standard deviation. So in
evaluation mode the weights are the averaged ones, and the statistics are those of the network that was trained.

Source: odegeasslbc/FastGAN-pytorch, issues 4 and 34, train.py and eval.py, at the time of writing. Here that line is in force.

Promised: the images of the averaged generator. G(z) = tanh((h - mean) / sqrt(var + 1e-5)) B with h = z A. As and Bs hold A and B
after each of T steps. The average begins with those of the first step, and moves at every step, the first one too, by 1 - beta of
the way to the weights. Its mean and var are those of its own h, for each column over all z (var divided by N).
    z (N, d_z), As (T, d_z, k), Bs (T, k, d), beta a number  ->  x (N, d)
"""

import numpy as np

EPS = 1e-5
MOMENTUM = 0.1


class Generator:
    def __init__(self, A, B):
        self.A, self.B = A, B
        self.mean, self.var = np.zeros(A.shape[1]), np.ones(A.shape[1])  # running, for evaluation

    def parameters(self):
        return self.A, self.B

    def forward(self, z, training):
        h = z @ self.A
        mean, var = self.mean, self.var
        if training:
            mean, var = h.mean(axis=0), h.var(axis=0)
            self.mean = (1 - MOMENTUM) * self.mean + MOMENTUM * mean
            self.var = (1 - MOMENTUM) * self.var + MOMENTUM * var
        return np.tanh((h - mean) / np.sqrt(var + EPS)) @ self.B


def averaged_images(z, As, Bs, beta):
    G = Generator(As[0], Bs[0])
    averages = [parameter.copy() for parameter in G.parameters()]
    for A, B in zip(As, Bs, strict=True):  # what the optimiser has made of the weights
        G.A, G.B = A, B
        G.forward(z, training=True)
        averages = [beta * average + (1 - beta) * parameter
                    for average, parameter in zip(averages, G.parameters(), strict=True)]

    G.A, G.B = averages
    return G.forward(z, training=False)
