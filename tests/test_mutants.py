"""Do the checks notice real mistakes? Each row plants one and names the check, used elsewhere in these tests, that must fail."""

from typing import NamedTuple

import mutants
import numpy as np
import pytest
import test_data
import test_dirac
import test_gradcheck
import test_layers
import test_losses
import test_network
import test_norm
import test_numerics
import test_optim
import test_penalties
import test_train

from tinygan import losses
from tinygan.engine import layers, optim


class Row(NamedTuple):
    mutant: object
    check: object
    arguments: tuple
    story: str


MUSEUM = [
    Row(mutants.one_hidden_tape, test_train.check_d_gradients, (losses.NonSaturating,),
        "D's gradient for the real batch uses the fake batch's cached activations (shinseung428/gan_numpy)"),
    Row(mutants.sigmoid_of_2x, test_numerics.check_ulps, ("sigmoid", np.float64),
        "0.5 (tanh(x) + 1) is sigma(2x) (HIPS/autograd, examples/generative_adversarial_net.py)"),
    Row(mutants.sigmoid_of_2x, test_losses.check_derivatives, (losses.NonSaturating,), "the same in a loss"),
    Row(mutants.sigmoid_of_2x, test_layers.check_backward, ("Softplus",), "the same in a layer"),
    Row(mutants.gradient_of_the_sum, test_losses.check_derivatives, (losses.Minimax,),
        "the reported loss is a mean, the gradient that of a sum (eriklindernoren/ML-From-Scratch)"),
    Row(mutants.gradient_of_the_sum, test_train.check_g_gradients, (losses.NonSaturating,), "the same, seen in the whole step"),
    Row(mutants.sum_and_its_gradient, test_losses.check_value, (losses.Minimax,),
        "both are sums: the gradient check is content, the formula is not"),
    Row(mutants.gradients_overwritten, test_layers.check_accumulates, ("Dense",),
        "= for += where a node is used twice (karpathy/nn-zero-to-hero #52)"),
    Row(mutants.gradients_overwritten, test_train.check_d_gradients, (losses.Hinge,), "the same: D learns from the fakes only"),
    Row(mutants.weights_change_inside_backward, test_train.check_d_gradients, (losses.LeastSquares,),
        "weights change inside backward (eriklindernoren/ML-From-Scratch)"),
    Row(mutants.weights_change_inside_backward, test_layers.check_backward, ("Dense",), "the same, at the layer"),
    Row(mutants.curvature_dropped, test_layers.check_tangents, ("Tanh",),
        "backward of backward without f'' (ddbourgin/numpy-ml, neural_nets/layers/layers.py)"),
    Row(mutants.curvature_dropped, test_layers.check_tangents, ("Dense-Softplus-Dense",), "the same, inside a network"),
    Row(mutants.moving_weights_forgotten, test_layers.check_tangents, ("Dense",), "the product rule without its second half"),
    Row(mutants.hinge_generator_clipped, test_losses.check_value, (losses.Hinge,),
        "the hinge generator trained with -relu(f) (zurutech/ashpy #23)"),
    Row(mutants.hinge_generator_clipped, test_losses.check_higher_is_more_real, (losses.Hinge,), "the same: it stops at f < 0"),
    Row(mutants.labels_swapped, test_losses.check_higher_is_more_real, (losses.Minimax,),
        "labels swapped (keras-team/keras-io #361)"),
    Row(mutants.labels_swapped, test_losses.check_value, (losses.Minimax,), "the same, by its value"),
    Row(mutants.generator_loss_sign, test_losses.check_higher_is_more_real, (losses.NonSaturating,),
        "one sign flipped (AlexiaJM/RelativisticGAN #2)"),
    Row(mutants.generator_loss_detached, test_train.check_g_gradients, (losses.Wasserstein,),
        "G's loss detached: no gradient reaches G (wangle53/CSA-CDGAN #5)"),
    Row(mutants.generator_caches_cleared, test_train.check_g_gradients, (losses.NonSaturating,),
        "G's caches are cleared before its backward (ddbourgin/numpy-ml, neural_nets/models/wgan_gp.py)"),
    Row(mutants.generator_caches_cleared, test_train.check_steps, (losses.NonSaturating,), "the same: no parameter of G moves"),
    Row(mutants.discriminator_not_frozen, test_train.check_g_gradients, (losses.NonSaturating,),
        "the generator's backward fills D's gradients too"),
    Row(mutants.discriminator_not_frozen, test_train.check_steps, (losses.NonSaturating,), "the same, in the step"),
    Row(mutants.forward_changes_parameters, test_train.check_steps, (losses.NonSaturating,),
        "a forward pass writes to the network (pytorch/pytorch PR 13350: spectral norm's u, between D(real) and D(fake))"),
    Row(mutants.stale_discriminator, test_train.check_loop, ("alternating",), "G's step uses D from before D's step"),
    Row(mutants.stale_fake_batch, test_train.check_loop, ("alternating",),
        "G updated with the fake batch from before D's update (tamarott/SinGAN #140)"),
    Row(mutants.adam_without_bias_correction, test_optim.check_adam, (),
        "Adam without bias correction (eriklindernoren/ML-From-Scratch #35)"),
    Row(mutants.optimiser_rebinds_theta, test_optim.check_in_place, (optim.Adam,), "a step that moves a copy of theta"),
    Row(mutants.labels_broadcast, test_losses.check_target_shape, (),
        "(N, 1) scores against (N,) labels broadcast to (N, N) (pytorch/pytorch #16045)"),
    Row(mutants.clipped_logarithm, test_losses.check_confident_scores, (np.float64,), "log of a clipped probability: 16 for 40"),
    Row(mutants.db_not_summed, test_layers.check_backward, ("Dense",), "db not summed over the batch"),
    Row(mutants.db_not_summed, test_train.check_d_gradients, (losses.Wasserstein,), "the same, seen in the whole step"),
    Row(mutants.gradients_never_cleared, test_train.check_d_gradients, (losses.NonSaturating,), "gradients of the step before"),
    Row(mutants.mean_over_replicas, test_losses.check_replicas, (losses.LeastSquares,), "a mean over replicas as well"),
    Row(mutants.replicas_share_a_seed, test_network.check_replicas, (), "all replicas begin with the same weights"),
    Row(mutants.looking_draws_from_the_training_stream, test_train.check_looking_changes_nothing, (False,),
        "evaluation draws its noise from the training stream"),
    Row(mutants.guard_asleep, test_train.check_divergence, ("D", "derivative", np.nan), "NaN goes unnoticed"),
    Row(mutants.ring_with_linspace, test_data.test_ring_has_as_many_equally_spaced_means_as_asked, (8,),
        "the 8-Gaussian ring with 7 modes (poolio/unrolled_gan)"),
    Row(mutants.consensus_misses_a_factor, test_dirac.check_consensus, (),
        "the consensus field misses a factor 2 (LMescheder/GAN_stability, notebooks/diracgan/gans.py)"),
    Row(mutants.curvature_dropped, test_penalties.check_penalty, ("R1", layers.Tanh, 0, (7, 3, 5)),
        "the same in a gradient penalty (ddbourgin/numpy-ml)"),
    Row(mutants.penalty_without_its_gradient, test_penalties.check_penalty, ("R2", layers.Softplus, 0, (7, 3, 5)),
        "the penalty is added to the loss, its gradient never computed (mlpack/mlpack #2891)"),
    Row(mutants.norm_over_one_axis, test_penalties.check_penalty, ("WGANGP", layers.Tanh, 0, (7, 3, 5)),
        "the norm over one axis only (eriklindernoren/PyTorch-GAN #20, caogang/wgan-gp #25)"),
    Row(mutants.one_alpha_for_each_coordinate, test_penalties.check_one_alpha_for_each_sample, (),
        "one alpha per pixel (hwalsuklee/tensorflow-generative-model-collections #33)"),
    Row(mutants.means_held_fixed, test_losses.check_derivatives, (losses.RelativisticAverage,),
        "the relativistic average without the gradient through its means"),
    Row(mutants.batch_norm_statistics_held, test_norm.check_backward, ("BatchNorm",),
        "BatchNorm's backward without the mean and variance terms (facebookresearch/CrypTen #143)"),
    Row(mutants.batch_norm_variance_held, test_norm.check_backward, ("BatchNorm",), "without the variance term alone"),
    Row(mutants.batch_norm_without_gain, test_norm.check_backward, ("BatchNorm, inside",),
        "BatchNorm's backward without gamma (denizyuret/Knet.jl #288)"),
    Row(mutants.spectral_u_overwritten, test_norm.check_spectral_tape, (),
        "spectral norm's u overwritten between D(real) and D(fake) (pytorch/pytorch PR 13350)"),
    Row(mutants.spectral_u_overwritten, test_norm.check_forward_leaves_u, (), "the same: a forward that leaves a mark"),
    Row(mutants.spectral_u_overwritten, test_norm.check_g_step_leaves_d, (), "the same: G's step, or a plot, changes D"),
    Row(mutants.sigma_held, test_norm.check_backward, ("SpectralNorm",), "spectral norm without the term <G, What> u'v"),
    Row(mutants.sigma_held, test_norm.check_penalty, ("R1", "SpectralNorm"), "the same in a gradient penalty"),
    Row(mutants.layer_norm_variance_at_rest, test_norm.check_tangents, ("LayerNorm",),
        "the tangent of LayerNorm without the variance's own rate"),
    Row(mutants.layer_norm_variance_at_rest, test_norm.check_penalty, ("WGANGP", "LayerNorm"), "the same in a gradient penalty"),
    Row(mutants.one_sided_tolerance, test_gradcheck.check_wrong_gradient_is_caught, ("too small",),
        "loss - 0.3133 < 1e-2 passes for anything smaller (kwotsin/mimicry)"),
    Row(mutants.nan_is_not_outside, test_gradcheck.check_wrong_gradient_is_caught, ("NaN",), "NaN passes a check of > tolerance"),
]


def name(row):
    arguments = ", ".join(getattr(one, "__name__", str(one)) for one in row.arguments)
    return f"{row.mutant.__name__}-{row.check.__name__}({arguments})"


@pytest.mark.parametrize("row", MUSEUM, ids=name)
def test_the_mistake_is_caught(row, monkeypatch):
    row.check(*row.arguments)
    row.mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        row.check(*row.arguments)


def test_every_mutant_is_in_the_museum():
    planted = {value for name, value in vars(mutants).items()
               if getattr(value, "__module__", "") == "mutants" and not name.startswith("_")}
    assert planted == {row.mutant for row in MUSEUM}


def test_why_tangents_are_checked_on_more_than_relu(monkeypatch):
    """Without f'' everything is right for ReLU: a test on ReLU alone would have passed."""
    mutants.curvature_dropped(monkeypatch)
    test_layers.check_tangents("Dense-ReLU-Dense")
    with pytest.raises(AssertionError):
        test_layers.check_tangents("Dense-Tanh-Dense")


def test_why_the_value_is_checked_against_the_formula(monkeypatch):
    """Where value and gradient are wrong together, the gradient check is content."""
    mutants.sum_and_its_gradient(monkeypatch)
    test_losses.check_derivatives(losses.Minimax)
    mutants.hinge_generator_clipped(monkeypatch)
    test_losses.check_derivatives(losses.Hinge)


@pytest.mark.parametrize("mutant", [mutants.batch_norm_without_gain, mutants.batch_norm_variance_held])
def test_why_batch_norm_is_not_checked_with_a_sum(mutant, monkeypatch):
    """The gradient of sum(y) is 0, and so is the wrong one: only a random cotangent shows the mistake (PABannier/nanograd #2)."""
    mutant(monkeypatch)
    test_norm.check_batch_norm_by_its_sum()
    with pytest.raises(AssertionError):
        test_norm.check_backward("BatchNorm")


def test_why_whole_steps_are_checked(monkeypatch):
    """Layers that are right one by one, in a network that keeps one tape: only the composition shows it."""
    mutants.one_hidden_tape(monkeypatch)
    for layer in ("Dense", "Dense-Tanh-Dense"):
        test_layers.check_backward(layer)
        test_layers.check_tangents(layer)
    with pytest.raises(AssertionError):
        test_train.check_d_gradients(losses.NonSaturating)
