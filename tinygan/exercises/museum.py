"""The museum of real bugs: mistakes that shipped in public code, each rebuilt in a few lines, to be found and repaired.

    museum_formulas    data and losses: one formula each
    museum_measures    measures and tests
    museum_layers      a layer, an optimiser
    museum_penalties   a gradient penalty, part by part
    museum_steps       composition, in one player's step: every part is right, and together they are wrong
    museum_game        composition, where two players meet
    museum_hidden      composition, where a path is out of sight

An exhibit is an exercise whose file in lessons/exercises/museum holds code that looks right. The first of its mistakes is the
bug as it shipped, the others are repairs that miss. The stories, with their sources, stand in those files and in docs/museum.rst.
"""

from . import museum_formulas, museum_game, museum_hidden, museum_layers, museum_measures, museum_penalties, museum_steps

COMPOSITION = museum_steps.EXHIBITS + museum_game.EXHIBITS + museum_hidden.EXHIBITS
EXERCISES = (museum_formulas.EXHIBITS + museum_measures.EXHIBITS + museum_layers.EXHIBITS + museum_penalties.EXHIBITS
             + COMPOSITION)
