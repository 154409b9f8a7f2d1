"""DCGAN and StyleGAN on patches of photographs, of 16 x 16 pixels: do they work, and what does a step cost?"""

import time

import numpy as np

from tinygan import data
from tinygan.metrics import coverage_and_density
from tinygan.zoo import DCGAN, StyleGAN

from .common import Plan

SAMPLES, NEIGHBOURS = 1000, 5
PATCHES = data.patches()


def real(seed):
    return PATCHES.sample(SAMPLES, np.random.default_rng((99, seed)))


def scored(x, seed=0):
    """Coverage and density beside other draws of patches, and how the brightness of neighbouring pixels is related."""
    found = coverage_and_density(x, real(seed), NEIGHBOURS)
    pixels = x.reshape(-1, *PATCHES.image)
    beside = np.corrcoef(pixels[:, :, :-1].ravel(), pixels[:, :, 1:].ravel())[0, 1]
    return {"coverage": found.coverage, "density": found.density, "pixels side by side, r": beside}


def run(kind):
    def with_seed(seed):
        model, start = kind("patches"), time.process_time()
        model.train(PATCHES, seed=seed, progress=False)
        seconds = time.process_time() - start
        return {**scored(model.sample(SAMPLES, seed=seed), seed), "ms a step": 1e3 * seconds / model.recipe.steps,
                "cpu_seconds": seconds}
    return with_seed


def fixed():
    """Other draws of patches, and patches of one Gaussian with the mean and the covariance of real ones."""
    rng, many = np.random.default_rng(5), PATCHES.sample(20_000, np.random.default_rng(6))
    gaussian = rng.multivariate_normal(many.mean(axis=0), np.cov(many.T), SAMPLES).clip(-1, 1)
    return {"real patches": scored(PATCHES.sample(SAMPLES, rng)), "one Gaussian": scored(gaussian)}


PLAN = Plan(
    "Patches of 16 x 16 pixels of the two photographs that scikit-learn ships, at places drawn at random. Coverage and density, "
    "with 5 neighbours, of 1000 samples beside 1000 other draws from the same parts of the photographs.",
    {"DCGAN": run(DCGAN), "StyleGAN": run(StyleGAN)}, {("DCGAN", "cpu_seconds"): ("at most", 30)}, fixed)
