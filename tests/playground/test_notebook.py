"""The page inside a notebook: what is shown, who may hold it, and how it ends."""

import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from waiting import PATIENCE, until

import tinygan.playground
from tinygan.playground import show


@pytest.fixture
def shown():
    shown = show(hidden=(8,), batch=8, loss="hinge")
    yield shown
    shown.close()


def headers(shown):
    connection = http.client.HTTPConnection("127.0.0.1", int(re.search(r":(\d+)/", shown.url)[1]))
    connection.request("GET", "/" + shown.url.split("/", 3)[3])
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_a_notebook_shows_the_page_in_a_frame_of_this_machine_only(shown):
    assert f'<iframe src="{shown.url}"' in shown._repr_html_() and shown.url in repr(shown)
    answer = headers(shown)
    policy = answer.getheader("Content-Security-Policy")
    ancestors = re.search("frame-ancestors (.*)$", policy)[1].split()
    assert answer.status == 200 and answer.getheader("X-Frame-Options") is None
    assert ancestors == ["http://127.0.0.1:*", "http://localhost:*"] and "unsafe" not in policy
    assert shown.session.recipe.loss == "hinge"


def test_it_ends_and_may_be_ended_twice():
    before = threading.active_count()
    shown = show(hidden=(4,))
    shown.close()
    shown.close()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        headers(shown)


@pytest.mark.parametrize("bad", [{"loss": "hing"}, {"story": "no"}, {"height": 0}, {"nothing": 1}])
def test_what_cannot_be_is_refused_and_leaves_no_thread(bad):
    before = threading.active_count()
    with pytest.raises(ValueError):
        show(**bad)
    assert threading.active_count() == before


def test_the_package_has_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'shows'"):
        tinygan.playground.shows  # noqa: B018


@pytest.mark.slow
def test_a_page_of_this_machine_holds_it_and_another_may_not(shown, browser):
    class Notebook(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>notebook</title>{shown._repr_html_()}".encode())

        def log_message(self, format, *args):
            """Questions are not printed."""

    notebook = ThreadingHTTPServer(("127.0.0.1", 0), Notebook)
    thread = threading.Thread(target=notebook.serve_forever, kwargs={"poll_interval": .01})
    thread.start()
    try:
        tab = browser.new_page()
        tab.set_default_timeout(1000 * PATIENCE)
        tab.goto(f"http://localhost:{notebook.server_port}/")
        frame = tab.frame_locator("iframe")
        frame.locator("#score td").first.wait_for()
        frame.locator("#round").click()
        until(lambda: shown.session.rounds, pause=lambda: tab.wait_for_timeout(20))
        assert shown.session.rounds == 1
        # The control: the same page under a name of another place. Chromium looks that name up on this machine.
        tab.goto(f"http://elsewhere.localhost:{notebook.server_port}/")
        tab.wait_for_timeout(500)
        assert frame.locator("#score").count() == 0
        tab.close()
    finally:
        notebook.shutdown()
        notebook.server_close()
        thread.join()
