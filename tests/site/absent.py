"""What to do where the site cannot be tested: skip on a person's machine, fail where CI is set, which promises a browser."""

import os

import pytest


def absent(what):
    """Skip the test because of `what`, a sentence. Where the environment variable CI is set, fail instead."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}. CI is set in the environment, so this may not be skipped", pytrace=False)
    pytest.skip(what)
