from tinygan.exercises.plugin import pytest_addhooks  # noqa: F401  run pytest on this folder; --hint and --sw help
