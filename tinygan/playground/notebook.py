"""The page inside a notebook.

    shown = tinygan.playground.show(loss="hinge")     the page below this cell
    shown.session                                     the game, to look at when the page is stopped
    shown.close()                                     ends it; the end of the notebook's program ends it too
"""

import atexit
import threading
from html import escape
from typing import Any

from ..engine.arguments import count
from .server import serve
from .session import Session


class Shown:
    """A page that a notebook shows. `url` is its address, `session` its game."""

    def __init__(self, server: Any, height: int) -> None:
        self._server, self._height = server, height
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def url(self) -> str:
        """The page's address, for this machine only."""
        return str(self._server.url)

    @property
    def session(self) -> Session:
        """The game. While the page plays, its thread changes it."""
        session: Session = self._server.player.session
        return session

    def close(self) -> None:
        """End the page. A second call does nothing."""
        atexit.unregister(self.close)
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server.player.end()

    def _repr_html_(self) -> str:
        return (f'<iframe src="{escape(self.url)}" width="100%" height="{self._height}" style="border:0" '
                'title="tinygan play"></iframe>')

    def __repr__(self) -> str:
        return f"Shown({self.url})"


def show(height: int = 900, story: str = "", **settings: Any) -> Shown:
    """The page of `tinygan play` below a cell of a notebook that runs on this machine.

    Only pages from this machine may hold it in a frame, and only where it was begun by this function.

    Parameters
    ----------
    height : of the frame, in pixels
    story : the name of the story that it begins with, or nothing
    settings : those of `Session`

    Returns
    -------
    What a notebook shows as the page where it stands at the end of a cell.

    Raises
    ------
    ValueError : a setting that cannot be
    """
    height = count("height", height)
    return Shown(serve(0, story, framed=True, **settings), height)
