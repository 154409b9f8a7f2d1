"""The museum of real bugs: mistakes that shipped in public code, each rebuilt in a few lines, to be found and repaired.

    formulas    data and losses: one formula each
    measures    measures and tests
    layers      a layer, an optimiser
    penalties   a gradient penalty, part by part
    steps       composition, in one player's step: every part is right, and together they are wrong
    game        composition, where two players meet
    hidden      composition, where a path is out of sight
    conditional, ...    composition in the family, a file for each system

An exhibit is an exercise whose file in lessons/exercises/museum contains code that looks right. The first of its mistakes is the
bug as it shipped, the others are repairs that miss. The stories, with their sources, stand in those files and in docs/museum.rst.
"""

from . import (
    bigan,
    conditional,
    dcgan,
    discogan,
    formulas,
    game,
    hidden,
    infogan,
    layers,
    measures,
    penalties,
    stackgan,
    steps,
    stylegan,
)

FAMILY = (conditional.EXHIBITS + infogan.EXHIBITS + bigan.EXHIBITS + discogan.EXHIBITS + dcgan.EXHIBITS
          + stackgan.EXHIBITS + stylegan.EXHIBITS)
COMPOSITION = steps.EXHIBITS + game.EXHIBITS + hidden.EXHIBITS + FAMILY
EXERCISES = formulas.EXHIBITS + measures.EXHIBITS + layers.EXHIBITS + penalties.EXHIBITS + COMPOSITION
