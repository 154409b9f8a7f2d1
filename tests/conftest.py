"""Settings shared by all tests: hypothesis draws the same examples every time, and no clock can make it fail."""

from hypothesis import settings

settings.register_profile("tinygan", derandomize=True, deadline=None, max_examples=25, database=None)
settings.load_profile("tinygan")
