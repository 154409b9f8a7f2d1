"""Do the checks notice real mistakes? Each row plants one and names the check, used elsewhere in these tests, that must fail."""

from typing import NamedTuple

import mutants
import numpy as np
import pytest
import test_clouds
import test_conv
import test_data
import test_dirac
import test_first_steps
import test_game
import test_gradcheck
import test_layers
import test_long_runs
import test_losses
import test_metrics
import test_network
import test_norm
import test_numerics
import test_optim
import test_penalties
import test_remedies
import test_shapes
import test_stacked
import test_study
import test_training
import test_training_state
import test_training_systems
import test_unroll
from oracles import passes

from tinygan import losses
from tinygan.engine import layers, optim
from tinygan.penalties import R1


class Row(NamedTuple):
    mutant: object
    check: object
    arguments: tuple
    story: str


MUSEUM = [
    Row(mutants.one_hidden_tape, test_training.check_d_gradients, (losses.NonSaturating,),
        "D's gradient for the real batch uses the fake batch's cached activations (shinseung428/gan_numpy)"),
    Row(mutants.sigmoid_of_2x, test_numerics.check_ulps, ("sigmoid", np.float64),
        "0.5 (tanh(x) + 1) is sigma(2x) (HIPS/autograd, examples/generative_adversarial_net.py)"),
    Row(mutants.sigmoid_of_2x, test_losses.check_derivatives, (losses.NonSaturating,), "the same in a loss"),
    Row(mutants.sigmoid_of_2x, test_layers.check_backward, ("Softplus",), "the same in a layer"),
    Row(mutants.gradient_of_the_sum, test_losses.check_derivatives, (losses.Minimax,),
        "the reported loss is a mean, the gradient that of a sum (eriklindernoren/ML-From-Scratch)"),
    Row(mutants.gradient_of_the_sum, test_training.check_g_gradients, (losses.NonSaturating,),
        "the same, seen in the whole step"),
    Row(mutants.sum_and_its_gradient, test_losses.check_value, (losses.Minimax,),
        "both are sums: the gradient check is content, the formula is not"),
    Row(mutants.gradients_overwritten, test_layers.check_accumulates, ("Dense",),
        "= for += where a node is used twice (karpathy/nn-zero-to-hero #52)"),
    Row(mutants.gradients_overwritten, test_training.check_d_gradients, (losses.Hinge,),
        "the same: D learns from the fakes only"),
    Row(mutants.weights_change_inside_backward, test_training.check_d_gradients, (losses.LeastSquares,),
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
    Row(mutants.generator_loss_detached, test_training.check_g_gradients, (losses.Wasserstein,),
        "G's loss detached: no gradient reaches G (wangle53/CSA-CDGAN #5)"),
    Row(mutants.generator_caches_cleared, test_training.check_g_gradients, (losses.NonSaturating,),
        "G's caches are cleared before its backward (ddbourgin/numpy-ml, neural_nets/models/wgan_gp.py)"),
    Row(mutants.generator_caches_cleared, test_training.check_steps, (losses.NonSaturating,),
        "the same: no parameter of G moves"),
    Row(mutants.discriminator_not_frozen, test_training.check_g_gradients, (losses.NonSaturating,),
        "the generator's backward fills D's gradients too"),
    Row(mutants.discriminator_not_frozen, test_training.check_steps, (losses.NonSaturating,), "the same, in the step"),
    Row(mutants.forward_changes_parameters, test_training.check_steps, (losses.NonSaturating,),
        "a forward pass writes to the network (pytorch/pytorch PR 13350: spectral norm's u, between D(real) and D(fake))"),
    Row(mutants.stale_discriminator, test_training.check_loop, ("alternating",), "G's step uses D from before D's step"),
    Row(mutants.stale_fake_batch, test_training.check_loop, ("alternating",),
        "G updated with the fake batch from before D's update (tamarott/SinGAN #140)"),
    Row(mutants.adam_without_bias_correction, test_optim.check_adam, (),
        "Adam without bias correction (eriklindernoren/ML-From-Scratch #35)"),
    Row(mutants.optimiser_rebinds_theta, test_optim.check_in_place, (optim.Adam,), "a step that moves a copy of theta"),
    Row(mutants.labels_broadcast, test_losses.check_target_shape, (),
        "(N, 1) scores against (N,) labels broadcast to (N, N) (pytorch/pytorch #16045)"),
    Row(mutants.clipped_logarithm, test_losses.check_confident_scores, (np.float64,), "log of a clipped probability: 16 for 40"),
    Row(mutants.db_not_summed, test_layers.check_backward, ("Dense",), "db not summed over the batch"),
    Row(mutants.db_not_summed, test_training.check_d_gradients, (losses.Wasserstein,), "the same, seen in the whole step"),
    Row(mutants.gradients_never_cleared, test_training.check_d_gradients, (losses.NonSaturating,),
        "gradients of the step before"),
    Row(mutants.mean_over_replicas, test_losses.check_replicas, (losses.LeastSquares,), "a mean over replicas as well"),
    Row(mutants.replicas_share_a_seed, test_network.check_replicas, (), "all replicas begin with the same weights"),
    Row(mutants.looking_draws_from_the_training_stream, test_training.check_looking_changes_nothing, (False,),
        "evaluation draws its noise from the training stream"),
    Row(mutants.guard_asleep, test_training.check_divergence, ("D", "derivative", np.nan), "NaN goes unnoticed"),
    Row(mutants.ring_with_linspace, test_data.test_ring_has_as_many_equally_spaced_means_as_asked, (8,),
        "the 8-Gaussian ring with 7 modes (poolio/unrolled_gan)"),
    Row(mutants.consensus_misses_a_factor, test_dirac.check_consensus, (),
        "the consensus field misses a factor 2 (LMescheder/GAN_stability, notebooks/diracgan/gans.py)"),
    Row(mutants.curvature_dropped, test_penalties.check_penalty, ("R1", layers.Tanh, 0, (7, 3, 5)),
        "the same in a gradient penalty (ddbourgin/numpy-ml)"),
    Row(mutants.penalty_without_its_gradient, test_penalties.check_penalty, ("R2", layers.Softplus, 0, (7, 3, 5)),
        "the penalty is added to the loss, its gradient never computed (mlpack/mlpack #2891)"),
    Row(mutants.penalty_drops_the_loss, test_penalties.check_whole_step, (losses.NonSaturating(), "R1 R2"),
        "the penalty takes the loss's derivative along and loses it"),
    Row(mutants.optimistic_backwards, test_remedies.check_bilinear, ("optimistic",), "the optimistic step's sign"),
    Row(mutants.extragradient_without_going_back, test_remedies.check_bilinear, ("extragradient",),
        "extra-gradient that does not go back: two plain steps"),
    Row(mutants.clipped_before_the_step, test_remedies.check_clipping, (), "weights clipped before the step"),
    Row(mutants.instance_noise_on_fakes_only, test_remedies.check_instance_noise, (), "noise on the fake points only"),
    Row(mutants.verdicts_on_clean_points, test_training.check_verdicts, ("alternating", 1),
        "noisy real points are compared with clean generated ones, in the numbers that a person looks at"),
    Row(mutants.verdicts_on_clean_points, test_training.check_verdicts, ("simultaneous", 3), "the same"),
    Row(mutants.adam_in_another_order, test_first_steps.check_first_steps, ("quick", "plain"),
        "another order of operations: right on paper, and other numbers after a hundred steps"),
    Row(mutants.adam_without_bias_correction, test_first_steps.check_first_steps, ("quick", "averaging"), "another step"),
    Row(mutants.optimiser_saved_without_its_memories, test_training_state.check_goes_on, ("momentum",),
        "a saved run goes on without the optimiser's memories"),
    Row(mutants.optimiser_saved_without_its_memories, test_training_state.check_goes_on, ("alternating",), "the same for Adam"),
    Row(mutants.optimiser_saved_without_its_count, test_training_state.check_goes_on, ("alternating",), "or without its count"),
    Row(mutants.random_numbers_begin_again, test_training_state.check_goes_on, ("replicas",), "or with its first batches again"),
    Row(mutants.resumed_guard_forgets_who_was_lost, test_training_state.check_lost_stays_lost, (),
        "a lost replica moves again in the run that goes on"),
    Row(mutants.guard_keeps_theta_only, test_training.check_buffers_are_put_back, (),
        "after a divergence the parameters are put back, and u of SpectralNorm is not"),
    Row(mutants.guard_keeps_theta_only, test_training_systems.check_third_is_guarded, (), "the same, in a third player"),
    Row(mutants.guard_knows_two_players, test_training_systems.check_third_is_guarded, (), "nobody watches the third player"),
    Row(mutants.guard_looks_at_losses_only, test_long_runs.check_noticed, (7, 7), "a parameter stands still for good, unnoticed"),
    Row(mutants.denormal_numbers_stay, test_long_runs.check_ends_at_zero, ("Adam .9",), "memories stay denormal for good"),
    Row(mutants.passed_objects_are_used_themselves, test_training_state.check_nothing_left, ("to the end",),
        "a run leaves its optimisers' memories behind in what was passed"),
    Row(mutants.passed_objects_are_used_themselves, test_training_state.check_nothing_left, ("diverges",), "the same"),
    Row(mutants.passed_objects_are_used_themselves, test_training_state.check_two_at_once, (),
        "two runs with one penalty object: each uses the weight that the other one's step has set"),
    Row(mutants.schedule_stays_in_the_optimiser, test_training_state.check_released, ("stopped",), "the last rate stays"),
    Row(mutants.schedule_stays_in_the_penalty, test_training_state.check_released, ("raises",), "the last weight stays"),
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
    Row(mutants.sigma_held, test_norm.check_backward, ("SpectralNorm",), "spectral norm without the term <G, What> u^T v"),
    Row(mutants.sigma_held, test_norm.check_penalty, ("R1", "SpectralNorm"), "the same in a gradient penalty"),
    Row(mutants.layer_norm_variance_at_rest, test_norm.check_tangents, ("LayerNorm",),
        "the tangent of LayerNorm without the variance's own rate"),
    Row(mutants.layer_norm_variance_at_rest, test_norm.check_penalty, ("WGANGP", "LayerNorm"), "the same in a gradient penalty"),
    Row(mutants.size_forgotten_on_the_way_back, test_norm.check_backward, ("FourierBeside",), "scaled waves, unscaled gradient"),
    Row(mutants.size_forgotten_on_the_way_back, test_norm.check_penalty, ("R1", "FourierBeside"), "the same in a penalty"),
    Row(mutants.kept_input_forgotten, test_norm.check_backward, ("FourierBeside, inside",), "one branch left out of a sum"),
    Row(mutants.kept_input_forgotten, test_norm.check_penalty, ("WGANGP", "FourierBeside"), "the same in a gradient penalty"),
    Row(mutants.waves_without_curvature, test_norm.check_tangents, ("FourierBeside",), "cosine and sine without their curvature"),
    Row(mutants.waves_without_curvature, test_norm.check_penalty, ("R2", "FourierBeside"), "the same in a gradient penalty"),
    Row(mutants.one_sided_tolerance, test_gradcheck.check_wrong_gradient_is_caught, ("too small",),
        "loss - 0.3133 < 1e-2 passes for anything smaller (kwotsin/mimicry)"),
    Row(mutants.nan_is_not_outside, test_gradcheck.check_wrong_gradient_is_caught, ("NaN",), "NaN passes a check of > tolerance"),
    Row(mutants.stacked_images_first, test_stacked.check_labels_come_first, (), "the digits are not equally frequent"),
    Row(mutants.stacked_kl_among_found, test_stacked.check_same_digit, (), "KL over the modes found only: collapse scores 0"),
    Row(mutants.stacked_judge_learns_what_it_is_tested_on, test_stacked.check_halves, (), "one half for everything"),
    Row(mutants.stacked_judge_learns_what_it_is_tested_on, test_stacked.check_judge_has_not_seen_what_it_is_tested_on, (),
        "the same, by the judge's accuracy and yardstick"),
    Row(mutants.unrolled_that_only_looks_ahead, test_unroll.check_unrolled, (losses.NonSaturating, 2),
        '"unrolled" that only looks ahead: no gradient flows through D\'s updates (andrewliao11/unrolled-gans #1, #2)'),
    Row(mutants.unrolled_that_only_looks_ahead, test_unroll.check_unrolled, (losses.Relativistic, 1, layers.Softplus, True),
        "the same with one step and another loss"),
    Row(mutants.unrolled_without_lr, test_unroll.check_unrolled, (losses.NonSaturating, 1), "the chain without the step's lr"),
    Row(mutants.unrolled_uphill, test_unroll.check_unrolled, (losses.Wasserstein, 1), "the chain with the step's sign turned"),
    Row(mutants.unrolled_through_the_last_step_only, test_unroll.check_unrolled, (losses.LeastSquares, 2),
        "the chain goes through the last step alone"),
    Row(mutants.unrolled_without_the_hessian, test_unroll.check_unrolled, (losses.NonSaturating, 2), "lambda without H lambda"),
    Row(mutants.loss_without_curvature, test_unroll.check_unrolled, (losses.NonSaturating, 1), "a loss without curvature"),
    Row(mutants.curvature_dropped, test_unroll.check_unrolled, (losses.Wasserstein, 1), "unrolled without f''"),
    Row(mutants.moving_weights_forgotten, test_unroll.check_unrolled, (losses.LeastSquares, 2), "lambda moves nothing"),
    Row(mutants.unrolled_in_D_itself, test_unroll.check_unrolled, (losses.NonSaturating, 1),
        "D is left where the steps ahead have led it"),
    Row(mutants.unrolled_real_scores_forgotten, test_unroll.check_unrolled, (losses.Relativistic, 2),
        "a relativistic loss whose real scores are taken for constants"),
    Row(mutants.half_of_sigmoid_dot, test_losses.check_tangents, (losses.Minimax,), "sigmoid' with one of its factors"),
    Row(mutants.half_of_sigmoid_dot, test_losses.check_tangents, (losses.NonSaturating,), "the same"),
    Row(mutants.loss_without_curvature, test_losses.check_tangents, (losses.Relativistic,), "no second derivative"),
    Row(mutants.rate_of_the_sum, test_losses.check_tangents, (losses.LeastSquares,), "the rate of a sum, not of a mean"),
    Row(mutants.straight_taken_for_a_square, test_losses.check_tangents, (losses.Hinge,), "a straight line with curvature"),
    Row(mutants.straight_taken_for_a_square, test_losses.check_tangents, (losses.Wasserstein,), "the same"),
    Row(mutants.pair_with_one_side_at_rest, test_losses.check_tangents, (losses.Relativistic,), "one side of each pair at rest"),
    Row(mutants.means_at_rest, test_losses.check_tangents, (losses.RelativisticAverage,), "both means at rest"),
    Row(mutants.unrolled_real_scores_forgotten, test_losses.check_g_real, (losses.RelativisticAverage,), "real scores forgotten"),
    Row(mutants.game_of_gradients, test_game.check_jacobian, (losses.Minimax,), "the Jacobian of the gradients"),
    Row(mutants.game_without_mixed_blocks, test_game.check_jacobian, (losses.Minimax,), "two Hessians, and no game between them"),
    Row(mutants.game_with_D_deaf, test_game.check_jacobian, (losses.Wasserstein,), "one of the mixed blocks is missing"),
    Row(mutants.loss_without_curvature, test_game.check_jacobian, (losses.NonSaturating,), "a loss without curvature"),
    Row(mutants.curvature_dropped, test_game.check_jacobian, (losses.Wasserstein,), "the Jacobian without f''"),
    Row(mutants.game_penalty_left_out, test_game.check_jacobian, (losses.Minimax, layers.Tanh, 0, (R1(0.5),)),
        "the penalty's part is missing"),
    Row(mutants.mmd_diagonal_kept, test_clouds.check_mmd2, (), "MMD with each sample compared with itself"),
    Row(mutants.mmd_diagonal_kept, test_clouds.check_mmd2_is_unbiased, (), "the same: true samples no longer score 0 on average"),
    Row(mutants.coverage_balls_around_the_fakes, test_clouds.check_coverage_and_density, (2,), "radii of the wrong set"),
    Row(mutants.coverage_counts_the_point_itself, test_clouds.check_coverage_and_density, (2,), "k counts the point itself"),
    Row(mutants.js_on_a_third_of_the_cells, test_clouds.check_cells, (),
        "true and fake histograms on different supports: the true grid sums to .336 (poloclub/ganlab)"),
    Row(mutants.js_to_the_truth_of_a_third, test_clouds.check_js, (), "the same divided by its sum, by the divergence"),
    Row(mutants.classifier_asked_what_it_learned, test_clouds.check_c2st_null, (), "a test on the training samples"),
    Row(mutants.quality_in_a_box, test_metrics.test_mode_report_is_its_definition, (test_data.data.grid, 0.1),
        "high quality by a box, not a circle"),
    Row(mutants.quality_by_the_variance, test_metrics.test_mode_report_is_its_definition, (test_metrics.three, 0.1),
        "a variance passed where a standard deviation is expected (fjxmlzn/PacGAN, MetricLogger)"),
    Row(mutants.distances_of_round_modes, test_shapes.check_report, (), "covariances are forgotten where distances are taken"),
    Row(mutants.distances_of_round_modes, test_shapes.check_mapped, (), "the same: scores change when all is mapped"),
    Row(mutants.covariance_taken_for_its_root, test_shapes.check_samples, (test_shapes.three,),
        "noise is multiplied by the covariance in the place of its root"),
    Row(mutants.kl_of_nothing_is_perfect, test_metrics.test_no_high_quality_sample_scores_the_largest_kl, (),
        "the KL of a sampler without one good sample: 0"),
    Row(mutants.bad_samples_left_out, test_metrics.test_bad_samples_lower_the_quality_but_not_the_balance, (),
        "NaN removed before the quality is computed"),
    Row(mutants.streams_by_place_in_the_group, test_study.check_grouping, (),
        "a seed's random numbers depend on which seeds are trained beside it"),
    Row(mutants.kernel_not_turned, test_conv.check_backward, ("Conv2D, stride 1",),
        "the way back through a convolution without turning the kernel"),
    Row(mutants.kernel_not_turned, test_conv.check_adjoint_identity, (3, 1, 1, 6), "the same: it is not the transpose"),
    Row(mutants.fold_without_accumulation, test_conv.check_backward, ("Conv2D",), "overlapping windows overwrite each other"),
    Row(mutants.fold_without_accumulation, test_conv.check_definition, (3, 2, 1, 7), "the same in a transposed convolution"),
    Row(mutants.stride_ignored_on_the_way_back, test_conv.check_backward, ("Conv2D",), "backward as if the stride were 1"),
    Row(mutants.stride_ignored_on_the_way_back, test_conv.check_penalty, ("R1", 2), "the same in a gradient penalty"),
    Row(mutants.padding_not_cropped, test_conv.check_backward, ("Conv2D",), "dx moved by the padding"),
    Row(mutants.padding_not_cropped, test_conv.check_d, (1,), "the same, seen in D's whole step"),
    Row(mutants.bias_summed_over_the_batch_only, test_conv.check_backward, ("Conv2D",), "db summed over the batch alone"),
    Row(mutants.bias_summed_over_the_batch_only, test_conv.check_backward, ("ConvTranspose2D, inside",), "the same"),
    Row(mutants.channels_before_pixels, test_conv.check_backward, ("Conv2D",),
        "channels last in one place and channels first in another"),
    Row(mutants.channels_before_pixels, test_conv.check_definition, (3, 1, 1, 6), "the same, by the definition"),
    Row(mutants.pixels_left_over, test_conv.check_leftover, (4, 2, 1, 7),
        "pixels left over: the transposed convolution does not come back to the size (the missing output_padding)"),
    Row(mutants.batch_norm_of_each_pixel, test_conv.check_batch_norm, (),
        "BatchNorm of images with a mean of its own for each pixel"),
    Row(mutants.fans_of_the_matrix, test_conv.check_initial_weights, (),
        "a transposed convolution's weights drawn by the shape of W: twice too large for kernel 4 and stride 2"),
]


def name(row):
    arguments = ", ".join(getattr(one, "__name__", str(one)) for one in row.arguments)
    return f"{row.mutant.__name__}-{row.check.__name__}({arguments})"


@pytest.mark.parametrize("row", MUSEUM, ids=name)
def test_the_mistake_is_caught(row, monkeypatch):
    passes(row.check, *row.arguments)
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
        test_training.check_d_gradients(losses.NonSaturating)
