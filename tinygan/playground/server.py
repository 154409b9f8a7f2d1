"""The page's server, for this machine only: one game, one thread that plays it, and pages that ask.

    GET  /KEY/               the page, and its files
    GET  /KEY/frame?seen=N   what there is to see, once it is newer than frame N: the length of a JSON text, the text, arrays
    GET  /KEY/truth          true points, float32;   /KEY/script  the game as a Python program
    POST /KEY/do             JSON with one command, see `player.COMMANDS`; answers the number of the first frame that knows of it
    POST /KEY/dirac          JSON with the arguments of `portrait`; answers what it returns

Only the player's thread touches the networks. Everybody else puts a function into its queue and waits for the answer. A page asks
for the next frame when it has drawn the last one, so a slow page gets fewer frames and slows nobody else.
"""

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..engine.arguments import choice
from .player import COMMANDS, Player
from .portrait import portrait
from .session import Session
from .stories import PORT, STORIES

FILES = {"": ("page.html", "text/html"), "page.css": ("page.css", "text/css"),
         **{f"{name}.js": (f"{name}.js", "text/javascript") for name in ("page", "view", "flow", "pen", "portrait")}}
LARGEST_BODY, WAIT = 500_000, 10.0  # bytes; seconds that a page waits for a frame
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
          "base-uri 'none'; form-action 'none'; frame-ancestors ")
FRAMES = "http://127.0.0.1:* http://localhost:*"  # who may hold the page in a frame, where a notebook has begun it


class Server(ThreadingHTTPServer):
    """The server of one game. `url` is its address, with the key that a page must know."""

    daemon_threads = True

    def __init__(self, port: int, session: Session, story: str = "", framed: bool = False) -> None:
        self.key, self.player, self.story, self.framed = secrets.token_urlsafe(16), Player(session), story, framed
        super().__init__(("127.0.0.1", port), Handler)
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}
        self.url = f"http://127.0.0.1:{self.server_port}/{self.key}/"
        self.player.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed in the middle of an answer is no error."""


class Handler(BaseHTTPRequestHandler):
    """Answers one page."""

    protocol_version = "HTTP/1.1"  # one connection for all frames
    disable_nagle_algorithm = True
    timeout = 60
    server: Server

    def answer(self, code: int, body: bytes | str, kind: str = "application/json") -> None:
        """Send an answer, with headers that keep the page to itself."""
        body = body.encode() if isinstance(body, str) else body
        self.send_response(code)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"),
                            ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"),
                            ("Referrer-Policy", "no-referrer"),
                            ("Content-Security-Policy", POLICY + (FRAMES if self.server.framed else "'none'"))):
            self.send_header(name, value)
        if not self.server.framed:
            self.send_header("X-Frame-Options", "DENY")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, code: int, why: str) -> None:
        """Send an error and hang up, so that what was not read is not taken for the next question."""
        self.close_connection = True
        self.answer(code, json.dumps({"error": why}))

    def asked(self) -> str | None:
        """What is asked for behind the key, or None where the question was refused.

        A page of another site that was led to this address has another Host or Origin, and does not know the key.
        """
        origin = self.headers.get("Origin")
        parts = urlsplit(self.path).path.split("/")
        known = len(parts) == 3 and secrets.compare_digest(parts[1].encode(), self.server.key.encode())
        if self.headers.get("Host") not in self.server.hosts or not known or (
                origin is not None and origin.removeprefix("http://") not in self.server.hosts):
            self.refuse(403, "not allowed")
            return None
        return parts[2]

    def do_GET(self) -> None:
        """The page, a frame, true points, or the program."""
        what, player = self.asked(), self.server.player
        if what is None:
            return
        if what in FILES:
            name, kind = FILES[what]
            text = resources.files(__package__).joinpath("page").joinpath(name).read_bytes()
            self.answer(200, text, f"{kind}; charset=utf-8")
        elif what == "frame":
            self._frame(player)
        elif what == "truth":
            self.answer(200, player.ask(lambda p: p.session.truth.astype("<f4").tobytes()), "application/octet-stream")
        elif what == "script":
            self.answer(200, player.ask(lambda p: p.session.script()), "text/x-python; charset=utf-8")
        elif what == "stories":
            told = {name: story.told() for name, story in STORIES.items()}
            self.answer(200, json.dumps({"stories": told, "first": self.server.story}))
        else:
            self.refuse(404, "there is no such page")

    def _frame(self, player: Player) -> None:
        seen = parse_qs(urlsplit(self.path).query).get("seen", ["0"])[0]
        if not (seen.isascii() and seen.isdigit() and len(seen) < 16):
            return self.refuse(400, "seen must be the number of a frame")
        event = threading.Event()

        def look(player: Player) -> bytes | None:
            if player.frame > int(seen):
                return player.packed()
            player.waiting.append(event)
            return None

        body = player.ask(look)
        if body is None:
            event.wait(WAIT)
            body = player.ask(Player.packed)
        self.answer(200, body, "application/octet-stream")

    def do_POST(self) -> None:
        """Carry out one command."""
        what, size = self.asked(), self.headers.get("Content-Length", "")
        if what is None:
            return
        if what not in ("do", "dirac") or self.headers.get("Content-Type") != "application/json":
            return self.refuse(400, "a command is JSON, and is sent to do")
        if not (size.isascii() and size.isdigit()) or int(size) > LARGEST_BODY:
            return self.refuse(413, f"a command has at most {LARGEST_BODY} bytes")
        try:
            command = json.loads(self.rfile.read(int(size)))
            if not isinstance(command, dict):
                raise ValueError("a command is an object")
            answer = portrait(**command) if what == "dirac" else self._done(command)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            return self.answer(400, json.dumps({"error": str(error)[:500]}))
        self.answer(200, json.dumps(answer))

    def _done(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have the player carry out a command."""
        if command.get("do") not in [*COMMANDS]:
            raise ValueError(f"a command is an object whose \"do\" is one of {', '.join(COMMANDS)}")
        done: dict[str, Any] = self.server.player.ask(lambda player: self._carry_out(player, command))
        return done

    @staticmethod
    def _carry_out(player: Player, command: dict[str, Any]) -> dict[str, Any]:
        answer = COMMANDS[command.pop("do")](player, **command) or {}
        player.changed()
        return {"frame": player.frame, **answer}

    def log_message(self, format: str, *args: Any) -> None:
        """Questions are not printed."""


def serve(port: int = PORT, story: str = "", framed: bool = False, **settings: Any) -> Server:
    """A server that is ready for `serve_forever`, on this port or, where it is taken, on the next one that is free.

    Parameters
    ----------
    port : 0 for any that is free
    story : the name of the story that the page begins with, or nothing
    framed : whether pages of this machine, such as a notebook, may hold it in a frame
    settings : those of `Session`
    """
    if story:
        choice("story", story, STORIES)
    session = Session(**settings)
    for each in range(port, min(port + 50, 65536)):
        try:
            return Server(each, session, story, framed)
        except OSError:
            continue
    raise ValueError(f"no port from {port} on is free here. Choose another one with --port")
