from tinygan.exercises.plugin import pytest_addhooks  # noqa: F401  these exercises are judged by pytest: see README.md
