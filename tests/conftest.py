"""Settings shared by all tests: hypothesis draws the same examples every time, and no clock can make it fail."""

import gc
import sys

import threadpoolctl
from hypothesis import settings

settings.register_profile("tinygan", derandomize=True, deadline=None, max_examples=25, database=None)
settings.load_profile("tinygan")


def pytest_configure(config):
    """One thread: these matrices are so small that threads mostly wait for each other."""
    threadpoolctl.threadpool_limits(1)


def pytest_collection_finish(session):
    """Lessons run in processes of their own: begin them now, on another core, while the other tests run on this one."""
    gc.freeze()  # thousands of collected tests need not be looked through again and again
    lessons = [item.callspec.params["lesson"] for item in session.items if item.originalname == "test_lesson_runs"]
    if lessons and not session.config.option.collectonly:
        session.config.lessons = sys.modules["test_lessons"].begin(lessons)
