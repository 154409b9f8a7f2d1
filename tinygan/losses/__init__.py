"""What each player minimises: its value and its derivative, from one function.

    loss.d(s_real, s_fake)      -> DLoss(value, ds_real, ds_fake)
    loss.g(s_fake, s_real=None) -> GLoss(value, ds_fake)              s_real only where loss.needs_real

Scores s are raw: any real number, shape (..., N, 1), and a higher score means "more real" in every loss.
`value` is a mean over the N samples, so its shape is () or, with replicas, (R,); each ds is d value / d s, shaped like s.
In the formulas r is a real sample's score, f a fake one's, and E the mean over the batch. Both players minimise.

For plots and reports a loss also has the following; `Loss` holds the defaults:

    loss.is_probability      whether sigmoid(s) is the probability that D gives to "real"; elsewhere the raw score is reported
    loss.verdict(s)          what D says of a batch: the mean of sigmoid(s) where is_probability, else the mean score
    loss.best(p, q)          the verdict of the D with the least loss where real points have density p, generated ones q; or None
    loss.at_rest             (d, g): both values where real and generated points have one distribution

The classes: Minimax, NonSaturating, LeastSquares, Hinge and Wasserstein treat real and fake scores apart (`separate`);
Relativistic and RelativisticAverage compare them (`relativistic`). `base` has what they share.

For second derivatives (`unroll`, `game`; skip them on a first reading) each loss also says how fast its derivatives change while
the scores move with velocities s_dot, the R-operator of `engine.layers` applied to d and to g:

    loss.d_tangent(s_real, s_fake, s_real_dot, s_fake_dot)            -> DTangent(ds_real_dot, ds_fake_dot)
    loss.g_tangent(s_fake, s_real, s_fake_dot, s_real_dot)            -> ds_fake_dot
    loss.g_real(s_fake, s_real)                                       -> ds_real of g's value, only where loss.needs_real
"""

from .base import BCE, DLoss, DTangent, GLoss, Loss, bce_with_logits
from .relativistic import Relativistic, RelativisticAverage
from .separate import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

__all__ = ["BCE", "DLoss", "DTangent", "GLoss", "Hinge", "LeastSquares", "Loss", "Minimax", "NonSaturating", "Relativistic",
           "RelativisticAverage", "Wasserstein", "bce_with_logits"]
