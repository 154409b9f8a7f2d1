"""The family: systems that grew from the first GAN. One paper a file, with its gradients by hand; `System` has what they share.

    conditional   a generator that is told which class to make       (Mirza & Osindero 2014; Miyato & Koyama 2018)
    bigan         an encoder that learns in the game                 (Donahue et al. 2017; Dumoulin et al. 2017)
    infogan       codes that can be read from a sample               (Chen et al. 2016)
    discogan      from one domain to another and back, without pairs (Kim et al. 2017)
    dcgan         convolutions, and the rules under which they learn (Radford et al. 2016)
    stackgan      from words to an image, in two stages              (Zhang et al. 2017)
    stylegan      styles for every layer, mixing and truncation      (Karras et al. 2019, 2020)
    superres      large images that fit a small one                  (Bahat & Michaeli 2020)
"""

from typing import Any

from .bigan import BiGAN
from .conditional import Conditional
from .dcgan import DCGAN
from .discogan import DiscoGAN
from .infogan import InfoGAN
from .stackgan import StackGAN
from .stylegan import StyleGAN
from .superres import SuperRes
from .system import System

__all__ = ["FAMILY", "DCGAN", "BiGAN", "Conditional", "DiscoGAN", "InfoGAN", "StackGAN", "StyleGAN", "SuperRes", "System"]

FAMILY: dict[str, type[System[Any]]] = {kind.__name__.lower(): kind for kind in (Conditional, InfoGAN, BiGAN, DiscoGAN, DCGAN,
                                                                           StackGAN, StyleGAN, SuperRes)}
