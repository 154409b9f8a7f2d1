"""The server of `tinygan play`: what it answers, and what it refuses."""

import contextlib
import http.client
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from waiting import PATIENCE, until

from tinygan.cli import playing
from tinygan.cli.options import parser
from tinygan.engine.machine import one_thread
from tinygan.playground import player as player_module
from tinygan.playground.portrait import portrait
from tinygan.playground.server import FILES, LARGEST_BODY, Server, serve
from tinygan.playground.session import DATA
from tinygan.playground.stories import STORIES


def ask(server, method="POST", path="do", body=None, at=None, **headers):
    """(status, body) of a question; `path` behind the key, or `at`, a whole path."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)
    text = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
    headers = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, at if at is not None else f"/{server.key}/{path}", text, headers)
    answer = connection.getresponse()
    result = answer.status, answer.read()
    connection.close()
    return result


def facts(server):
    status, body = ask(server, "GET", "frame?seen=0")
    assert status == 200
    length, = struct.unpack_from("<I", body)
    found = json.loads(body[4:4 + length])
    sizes = sum(size * (1 if kind == "u1" else 4) for _, kind, size in found["parts"])
    assert len(body) == 4 + length + sizes and length % 4 == 0
    return found


STEP = {"do": "step"}


def test_the_page_and_its_files_are_there_and_nothing_in_them_is_inline(running):
    for name, (_, kind) in FILES.items():
        status, body = ask(running, "GET", name)
        assert status == 200 and body, name
        if kind == "text/html":
            text = body.decode()
            assert " style=" not in text and " onclick=" not in text and "<style" not in text and "http" not in text
            assert text.count("<script") == text.count('<script type="module" src="page.js">') == 1
    status, body = ask(running, "GET", "stories")
    assert status == 200 and list(json.loads(body)["stories"]) == list(STORIES)


def test_answers_have_a_strict_policy(running):
    connection = http.client.HTTPConnection("127.0.0.1", running.server_port)
    connection.request("GET", f"/{running.key}/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    policy = answer.getheader("Content-Security-Policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.getheader("X-Content-Type-Options") == "nosniff" and answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_only_this_page_is_answered(running):
    port, key = running.server_port, running.key
    before = facts(running)["rounds"]
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Host": f"evil.example:{port}"},
                    {"Origin": "null"}, {"Origin": f"https://127.0.0.1:{port}"}, {"Origin": f"http://127.0.0.1:{port + 1}"}):
        assert ask(running, body=STEP, **headers)[0] == 403, headers
        assert ask(running, "GET", "script", **headers)[0] == 403, headers
    for path in ("/", "/do", "/wrong/do", f"/{key[:-1]}/do", f"/{key}x/do", "//wrong/do", f"/{key}/../do"):
        assert ask(running, body=STEP, at=path)[0] == 403, path
    assert facts(running)["rounds"] == before
    for headers in ({}, {"Origin": f"http://127.0.0.1:{port}"}, {"Host": f"localhost:{port}"}):  # the control
        assert ask(running, body=STEP, **headers)[0] == 200, headers
    assert facts(running)["rounds"] == before + 3


@pytest.mark.parametrize("path", ["../server.py", "..%2fserver.py", "../../../../etc/passwd", "page/page.html", "server.py",
                                  "%2e%2e/session.py", "page.html", "\\..\\server.py", "frame/../../x"])
def test_no_other_file_can_be_had(running, path):
    assert ask(running, "GET", path)[0] in (403, 404)


@pytest.mark.parametrize("body", ["", "x", "[1]", "null", "{}", '{"do": "quit"}', '{"do": ["step"]}', '{"do": "step", "n": 1e9}',
                                  '{"do": "step", "n": 0}', '{"do": "step", "n": true}', '{"do": "step", "who": "E"}',
                                  '{"do": "step", "player": 1}', '{"do": "set", "loss": "hing"}', '{"do": "set", "lr": NaN}',
                                  '{"do": "set", "hidden": [[8]]}', '{"do": "set", "lr": "1"}', '{"do": "set", "r1": {}}',
                                  '{"do": "rate", "rate": -1}', '{"do": "rate", "rate": "fast"}', '{"do": "story", "name": "no"}',
                                  '{"do": "draw", "points": [[0, 0], [1, null]]}', '{"do": "draw"}', b"\xff\xfe", "[" * 20_000])
def test_a_bad_command_is_refused_and_the_game_goes_on(running, body):
    before = facts(running)
    status, answer = ask(running, body=body)
    assert status == 400 and json.loads(answer)["error"]
    after = facts(running)
    assert (after["rounds"], after["settings"]) == (before["rounds"], before["settings"])


def test_a_phase_portrait_is_answered_and_bad_ones_are_refused(running):
    before = facts(running)
    status, body = ask(running, body={"game": "wasserstein", "start": [.5, .5], "clip": None}, path="dirac")
    assert status == 200 and json.loads(body) == portrait("wasserstein", start=(.5, .5))
    for bad in ("", "[]", '{"game": "hinge"}', '{"rate": NaN}', '{"start": [1, 1e9]}', '{"do": "step"}', '{"start": [[]]}'):
        status, body = ask(running, body=bad, path="dirac")
        assert status == 400 and json.loads(body)["error"], bad
    assert ask(running, body={}, path="dirac", Origin="http://evil.example")[0] == 403
    assert facts(running)["frame"] == before["frame"]


def test_other_forms_and_large_bodies_are_refused(running):
    assert ask(running, body=STEP, Content_Type="text/plain")[0] == 400
    assert ask(running, body="x" * (LARGEST_BODY + 1))[0] in (400, 413)
    assert ask(running, body=STEP, Content_Length="-5")[0] == 413
    assert ask(running, body=STEP, Content_Length="many")[0] in (400, 413)
    assert ask(running, body=STEP, path="play")[0] == 400
    assert ask(running, "PUT", body=STEP)[0] == 501
    assert ask(running, "GET", "frame?seen=-1")[0] == ask(running, "GET", "frame?seen=x")[0] == 400
    assert ask(running, body=STEP)[0] == 200


def test_every_command_is_carried_out(running, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, body = ask(running, body={"do": "begin"})
    assert status == 200 and facts(running)["rounds"] == 0 and facts(running)["frame"] == json.loads(body)["frame"]
    assert ask(running, body={"do": "step", "n": 7})[0] == 200 and facts(running)["rounds"] == 7
    assert ask(running, body={"do": "set", "loss": "hinge", "hidden": [8, 8]})[0] == 200
    assert facts(running)["settings"]["hidden"] == [8, 8]
    assert ask(running, body={"do": "draw", "points": np.eye(2).tolist()})[0] == 200
    assert facts(running)["settings"]["data"] == "drawn"
    assert ask(running, body={"do": "rate", "rate": 500})[0] == 200
    assert ask(running, body={"do": "play"})[0] == 200 and facts(running)["playing"]
    until(lambda: facts(running)["rounds"] >= 5)  # so many have a row of the curves, which a saved run needs
    assert ask(running, body={"do": "play", "on": False})[0] == 200
    played = facts(running)
    assert played["rounds"] > 0 and not played["playing"]
    status, body = ask(running, body={"do": "save"})
    assert status == 200 and json.loads(body)["folder"] == "tinygan-play" and (tmp_path / "tinygan-play" / "run.npz").is_file()
    assert ask(running, body={"do": "save", "folder": "/tmp/x"})[0] == 400  # a page cannot say where
    assert ask(running, "GET", "script")[1].startswith(b'"""A game of tinygan')
    assert len(ask(running, "GET", "truth")[1]) == 4 * 2 * 1000


def test_a_page_waits_for_a_new_frame(running):
    seen = facts(running)["frame"]
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(ask(running, "GET", f"frame?seen={seen}")))
    waiting.start()
    time.sleep(.05)
    assert not answers
    ask(running, body=STEP)
    waiting.join(PATIENCE)
    assert answers and answers[0][0] == 200


def test_pictures_leave_most_of_the_time_to_the_training(monkeypatch):
    """A picture that costs 20 ms, asked for all the time, takes 1/6 of the player's time. The clock is the test's own."""
    now, costs = [0.0], []

    def do(*_):
        now[0] += .005

    def view():
        now[0] += .02
        costs.append(.02)
        return {}, {}

    monkeypatch.setattr(player_module, "time", SimpleNamespace(monotonic=lambda: now[0], thread_time=lambda: now[0]))
    player = player_module.Player(SimpleNamespace(rounds=0, diverged=False, do=do, view=view))
    player.playing = True
    while len(costs) < 20:
        seen = player.frame
        while player.frame == seen:
            player._play()
        player.packed()
    assert .15 < sum(costs) / now[0] < .18


def test_the_game_takes_one_thread_for_matrix_products(server, monkeypatch):
    """In rounds, single steps and pictures. More threads would wait for each other and for the browser."""
    session, seen, inside = server.player.session, {"do": set(), "view": set()}, []

    @contextlib.contextmanager
    def noted():
        with one_thread():
            inside.append(threading.current_thread())
            yield
            inside.pop()

    monkeypatch.setattr(player_module, "one_thread", noted)
    for name, found in seen.items():
        work = getattr(session, name)

        def called(*args, found=found, work=work):
            found.add(threading.current_thread() in inside)
            return work(*args)

        monkeypatch.setattr(session, name, called)
    for command in (STEP, {"do": "step", "who": "D"}, {"do": "play"}):
        assert ask(server, body=command)[0] == 200
    assert facts(server)["playing"] and seen == {"do": {True}, "view": {True}}
    assert ask(server, body={"do": "play", "on": False})[0] == 200
    until(lambda: not inside)  # the answer comes a moment before the game stands still
    session.do("both")
    assert seen["do"] == {True, False}  # the control: the game in another thread


def test_a_taken_port_chooses_the_next():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = serve(port, hidden=(4,))
        try:
            assert port < server.server_port < port + 50 and server.server_address[0] == "127.0.0.1"
        finally:
            server.server_close()
            server.player.end()


def test_the_command_prints_the_address_and_ends(monkeypatch, capsys, cli):  # cli: Ctrl-C is on, whatever the shell says
    monkeypatch.setattr(Server, "serve_forever", lambda self: signal.raise_signal(signal.SIGINT))
    opened = []
    monkeypatch.setattr(playing.webbrowser, "open", opened.append)
    from tinygan.__main__ import main

    assert main(["play", "--port", "0", "--hidden", "8", "--story", "collapse"]) == 0
    out = capsys.readouterr().out
    assert opened[0] in out and out.endswith("The page has ended.\n")
    assert main(["play", "--port", "0", "--hidden", "8", "--no-browser"]) == 0 and len(opened) == 1


def test_the_help_names_the_data_that_the_page_takes_and_no_others():
    for command in ("play", "train"):
        play = next(each for each in parser()._actions if each.choices).choices[command]
        data = next(each.help for each in play._actions if each.dest == "data")
        assert all(name in data for name in DATA) and (".csv" in data) == (command == "train")


@pytest.mark.slow
def test_ctrl_c_ends_the_command():
    def with_ctrl_c():  # a program that was started in the background may ignore it, and so would what it starts
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen([sys.executable, "-m", "tinygan", "play", "--no-browser", "--port", "0"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, preexec_fn=with_ctrl_c)
    assert "http://127.0.0.1:" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and out.endswith("The page has ended.\n") and not err
