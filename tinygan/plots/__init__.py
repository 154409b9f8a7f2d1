"""Pictures of a run, always in the same colours (Okabe & Ito's, which colour-blind people can tell apart).

    TRUE    blue            the true distribution, and nothing else
    FAKE    vermillion      what the generator has learned
    JUDGE   bluish green    the discriminator; the best possible one, D* = p / (p + q), is black and dashed

    pictures    density_1d, samples_2d, heat_map, gradient_arrows, latent_image, mode_shares, modes_together, images
    pairs       many columns: each of them, and each pair
    curves      histories
    film        Snapshots of a training, and a gif of them
    page        whole figures: summary of a run, replicas side by side; save and show
    comparison  whole figures of a study: the samples of each remedy, counts and means with their intervals
    canvas      colours, style, and what the others share

Every picture is drawn on `ax`, or on a new pyplot figure when that is None, and returns its Axes; `summary` and `replicas`
return a new Figure. Drawing never shows, saves or closes a figure or changes matplotlib's settings. `save` writes a figure and
closes it, and a script ends with `show`. Samples x are (N, d), latent points z (N, d_z), without replicas; `data` comes from
`tinygan.data`. A wrong shape raises ValueError. The window holds the truth; some generated points may lie outside, and the
legend says how many. Where `loss` is asked for, it is the one D was trained with. It tells whether D's verdict is a probability
(also when None) or a score. Legends stand below the drawing. Figures of your own need layout="constrained", or `style()`, to
make room for them.
"""

from .canvas import FAKE, JUDGE, STYLE, TRUE, style
from .comparison import intervals, remedies
from .curves import histories
from .film import Snapshots, gif
from .page import replicas, save, show, summary
from .pairs import pairs
from .pictures import (
    density_1d,
    gradient_arrows,
    heat_map,
    images,
    latent_image,
    mode_shares,
    modes_together,
    samples_2d,
)

__all__ = ["TRUE", "FAKE", "JUDGE", "STYLE", "style", "density_1d", "samples_2d", "heat_map", "gradient_arrows", "latent_image",
           "mode_shares", "modes_together", "pairs", "histories", "images", "Snapshots", "gif", "summary", "replicas", "remedies",
           "intervals", "save", "show"]
