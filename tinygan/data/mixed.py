"""Tables of numbers and categories. A category is a group of one-hot columns, which stand behind the numbers.

A network works on the one-hot columns. `rows` puts the texts back.

    Mixed                          the rows, a data set
    from_table(table, name)        -> Points, or Mixed where the table has categories
    from_cells(X, name, names)     -> the same from a DataFrame, a structured array or an array
    is_frame(X)                    whether X is a DataFrame, of pandas or of another library
    names_of(argument, value)      names of columns as a tuple, or a TypeError
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.arguments import Array, points, shown
from ..tables import Reading, Table, of_cells
from .arrays import frozen, given_up, matrix
from .labels import whole_labels
from .sets import Points

MOST = 100  # categories of a column


class Mixed(Points):
    """A finite set of rows with numbers and categories.

    Its x has the numbers, then for each column of categories as many columns as it has categories: 1 for the one that the row
    has, 0 for the others. `columns` are their names, such as species=setosa, and `groups` says how many each category has.
    `standardized` changes the numbers alone.

    Parameters
    ----------
    table : (N, d), the rows as they were read; of a category its number
    name : for tables and plots
    headings : d names
    categories : column -> the texts of its categories, at least two and at most 100

    Raises
    ------
    ValueError : a column has too few or too many categories
    """

    def __init__(self, table: Any, name: str, headings: Sequence[str], categories: Mapping[int, Sequence[str]]) -> None:
        self.table, self.headings = matrix(name, table, rows=2), tuple(headings)
        self.categories = {j: tuple(categories[j]) for j in sorted(categories)}
        for j, texts in self.categories.items():
            _check_categories(self.headings[j], texts, self.table.shape[0])
        self.numbers = [j for j in range(self.table.shape[1]) if j not in self.categories]
        names = [self.headings[j] for j in self.numbers]
        names += [f"{self.headings[j]}={text}" for j, texts in self.categories.items() for text in texts]
        super().__init__(given_up(self._encoded(self.table)), name, tuple(names))
        self.groups = tuple(map(len, self.categories.values()))

    @property
    def categorical(self) -> tuple[str, ...]:
        """The names of the columns that hold categories."""
        return tuple(self.headings[j] for j in self.categories)

    def _encoded(self, table: Array) -> Array:
        free = len(self.numbers)
        x = np.zeros((len(table), free + sum(map(len, self.categories.values()))))
        for k, j in enumerate(self.numbers):
            x[:, k] = table[:, j]
        for j, texts in self.categories.items():
            np.put_along_axis(x, free + whole_labels(table[:, j].astype(np.int64), len(texts))[:, None], 1, axis=-1)
            free += len(texts)
        return x

    def encoded(self, other: Table) -> Array:
        """The rows of another table of the same columns, (n, dim), in the original units.

        Raises ValueError for other columns, or for a category that these data do not have.
        """
        if other.columns != self.headings or other.categories.keys() != self.categories.keys():
            raise ValueError(f"the columns are {', '.join(other.columns or ())}; expected {', '.join(self.headings)}")
        table = other.x.copy()
        for j, texts in self.categories.items():
            unknown = [text for text in other.categories[j] if text not in texts]
            if unknown:
                raise ValueError(f"column {self.headings[j]} has {unknown[0][:40]!r}, a category that was not learned. "
                                 f"Known: {', '.join(texts)}")
            place = np.array([texts.index(text) for text in other.categories[j]])
            table[:, j] = place[table[:, j].astype(np.int64)]
        return self._encoded(table)

    def standardized(self) -> "Mixed":
        """The rows with mean 0 and standard deviation 1 in every column of numbers; the one-hot columns stay as they are."""
        center, scale, free = np.zeros(self.dim), np.ones(self.dim), len(self.numbers)
        if free:
            alone = Points(self.x[:, :free], self.name).standardized()
            center[:free], scale[:free] = alone.shift, alone.scale
        moved = copy.copy(self)
        moved.x = frozen((self.x - center) / scale)
        return moved.moved_from(self, center, scale)

    def settled(self, x: Any) -> Array:
        """A copy of `x` (N, dim) with 1 at the largest number of each group and 0 at its others; constants as in `Points`."""
        x = np.array(super().settled(x))
        for group in self._groups(x):
            group[...] = np.arange(group.shape[-1]) == group.argmax(axis=-1)[:, None]
        return x

    def _groups(self, x: Array) -> list[Array]:
        """The one-hot columns of each category, as views."""
        return np.split(x[:, len(self.numbers):], np.cumsum(self.groups)[:-1], axis=-1)

    def in_units(self, x: Any, like_data: bool = False) -> Array:
        """`x` (N, dim), made by a generator, in the original units, with the categories one-hot; `like_data` as in `Points`."""
        return super().in_units(self.settled(x), like_data)

    def rows(self, x: Array, like_data: bool = False) -> list[list[Any]]:
        """`x` (N, dim), in the original units, as rows of the table: numbers and texts in the order of its columns."""
        columns: list[Any] = [None] * len(self.headings)
        for j, cells in zip(self.numbers, self.cells(x, like_data), strict=False):
            columns[j] = cells
        for (j, texts), group in zip(self.categories.items(), self._groups(x), strict=True):
            columns[j] = [texts[k] for k in group.argmax(axis=-1)]
        return [list(row) for row in zip(*columns, strict=True)]

    def __repr__(self) -> str:
        held = ", ".join(f"{self.headings[j]} ({len(texts)})" for j, texts in self.categories.items())
        return f"Mixed {self.name}: rows {self.table.shape[0]}, columns {len(self.headings)}, categories in {held}"


def from_table(where: str, table: Table, name: str) -> Points:
    """The Points in a table, Mixed where it has categories; `where` is for the message about numbers that cannot be."""
    given_up(table.x)
    if table.categories:
        data: Points = Mixed(table.x, name, table.columns or (), table.categories)
    else:
        data = Points(matrix(where, table.x, rows=2), name, table.columns)
    data.notes = table.notes
    return data


def from_cells(X: Any, name: str, categorical: Sequence[str]) -> Points:
    """The data in a DataFrame, a structured array (N,) or an array (N, d), whose columns are called x1, x2 ..."""
    names: Sequence[str] | None = None
    if is_frame(X):
        names = [str(column) for column in X.columns]
        cells = X.to_numpy().swapaxes(0, 1).tolist()
    elif isinstance(X, np.ndarray) and X.dtype.names:
        names = X.dtype.names
        cells = [X[field].tolist() for field in names]
    else:
        cells = points(name, X, rows=2).swapaxes(0, 1).tolist()
    return from_table(name, of_cells(name, names, cells, Reading(first="keep", categorical=tuple(categorical))), name)


def is_frame(X: Any) -> bool:
    """Whether X is a DataFrame: it has named columns, and gives its cells as an array."""
    return hasattr(X, "columns") and hasattr(X, "to_numpy")


def names_of(argument: str, value: Any) -> tuple[str, ...]:
    """The names of columns as a tuple. Raises TypeError for anything but a list or a tuple of texts."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"{argument} must be a list of the names of columns, such as ['species']; got {shown(value)}")
    return tuple(value)


def _check_categories(column: str, texts: Sequence[str], rows: int) -> None:
    """Raises ValueError for fewer than two categories, or for more than MOST."""
    if len(texts) < 2:
        raise ValueError(f"column {column} holds {texts[0][:40]!r} in each of the {rows} rows, so there is no choice to learn. "
                         "Leave it out of the table and of the categories")
    if len(texts) > MOST:
        raise ValueError(f"column {column} has {len(texts):,} different values in {rows:,} rows, and a column of categories may "
                         f"have at most {MOST}. Leave it out, or put rare values together under one name")
