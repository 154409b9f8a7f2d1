"""The house: which floor each module of tinygan stands on. A file imports only from lower floors; `test_house.py` checks it.

The documentation reads this table too (docs/pictures.py draws it). It is data: this file imports nothing of the package.
"""

import math

# Below 0 stand the modules that know nothing of networks: the engine may import them, and nothing else from outside.
# Whole folders may share a floor: "exercises/".
FLOORS = {
    "engine/arguments": -5, "tables": -4, "engine/machine": -3, "text_tables": -3,
    "engine/functions": -2, "engine/ladders": -2, "files": -2, "version": -2,
    "data/arrays": -3, "data/base": -2, "data/labels": -2, "data/shapes": -2,
    "checkpoint": -1, "data/sets": -1, "data/curve": -1, "engine/numerics": -1, "engine/diagnosis": -1, "engine/differences": -1,
    "engine/optimiser": 0, "engine/optim": 1, "engine/initial": 0, "engine/jacobian": 0, "engine/base": 0,
    "engine/slopes": 0, "engine/verdicts": 0, "data/mixed": 0, "data/mixtures": 0,
    "engine/recording": 0, "engine/heads": 0, "engine/windows": 0, "data/pictures": 0, "settings": 0, "lessons": 0, "loading": 0,
    "engine/layers": 1, "engine/gradcheck": 1, "engine/shortening": 1, "losses/base": 1, "data/__init__": 1,
    "metrics/": 1, "metrics/bivariate": 0, "dirac": 1, "engine/categories": 1, "exercises/limits": 1,
    "engine/parts": 2, "engine/norm": 2, "engine/features": 2, "engine/replay": 2, "losses/separate": 2, "losses/relativistic": 2,
    "engine/conv": 2, "engine/inputs": 2, "metrics/clouds": 2, "metrics/rows": 3, "plots/canvas": 2, "exercises/calling": 2,
    "exercises/wire": 2, "metrics/yardstick": 3,
    "engine/store": 3, "engine/style": 3, "engine/beside": 3, "losses/__init__": 3, "metrics/images": 3, "rounds": 3,
    "exercises/cases": 3, "exercises/pairs": 4, "exercises/relations": 4, "metrics/__init__": 4, "stacked": 4,
    "engine/network": 4, "gradients": 4, "history": 4, "penalties": 4,
    "guard": 5, "unroll": 5, "updates": 5, "game": 5, "plots/pictures": 5, "plots/curves": 5, "exercises/stories": 5,
    "exercises/grading": 6, "streams": 6,
    "train_arguments": 6, "plots/film": 6, "plots/pairs": 6, "plots/sheets": 6,
    "looks": 7, "saving": 7, "exercises/counts": 7, "exercises/museum/common": 7, "exercises/players": 7,
    "plots/page": 7, "plots/comparison": 7,
    "training": 8, "plots/__init__": 8, "record": 8,
    "exercises/loop": 8, "recipe": 9, "exercises/ring": 9, "zoo/joining": 9, "zoo/system": 9, "zoo/blocks": 9,
    "zoo/projection": 10, "zoo/score": 10, "zoo/codes": 10, "zoo/augmentation": 10, "zoo/words": 10,
    "zoo/stages": 10, "zoo/dcgan": 10, "zoo/style_generator": 10, "zoo/": 11,
    "sampling": 2, "estimator": 10,
    "playground/moves": 10, "playground/seeing": 10, "playground/program": 10, "playground/portrait": 10,
    "playground/session": 11, "playground/stories": 12, "playground/keeping": 12, "playground/player": 13,
    "playground/server": 14, "playground/notebook": 15, "cli/playing": 15,
    "cli/run_files": 10, "study/remedies": 10, "study/groups": 10, "exercises/": 10,
    "study/results": 11, "study/summaries": 11, "cli/scoring": 11, "cli/learning": 12, "cli/folders": 11,
    "exercises/__init__": 11, "exercises/isolation": 11,
    "study/__init__": 12, "exercises/answering": 12, "exercises/board": 12, "exercises/ex16": 12, "zoo/__init__": 12,
    "cli/family_scores": 12, "exercises/showing": 13, "exercises/submission": 13,
    "cli/studying": 13, "cli/family_files": 13, "cli/family_options": 13, "cli/family_pictures": 13,
    "cli/words": 1, "cli/options": 16, "cli/family": 14, "exercises/plugin": 14, "exercises/suspicion": 14,
    "exercises/marking": 15, "cli/marking": 16,
    "__main__": 17,
}


def floor(name, floors=FLOORS):
    """The floor of a module, given as "engine/layers"; None for one that has none.

    An __init__ without a floor of its own is a roof: inside the house nobody imports from it.
    """
    if name.endswith("__init__"):
        return floors.get(name, math.inf)
    return floors.get(name, floors.get(name.split("/")[0] + "/"))
