"""The version of the package. It is written here and nowhere else: setup.cfg reads it without importing the package."""

__version__ = "0.2.0"
