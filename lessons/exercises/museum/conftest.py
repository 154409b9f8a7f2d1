from tinygan.exercises.plugin import pytest_addhooks  # noqa: F401  these exercises are graded by pytest: see README.md
