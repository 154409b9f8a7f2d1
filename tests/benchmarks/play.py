"""How quick the page of `tinygan play` is, in headless Chromium:  python tests/benchmarks/play.py [--quick]

    pictures       that the page draws in a second, while the game trains at full speed
    slow-down      time of a round with the page open, over that with nobody looking; measured in turn, ratios by pairs. On a
                   busy machine the browser takes time from the game: then look at the ratio of CPU times
    a picture      CPU time of the game for one, over that of a round, and its size
    a click        from pressing Round to the picture of the new round: when the game stands still, and when it trains
    first picture  from asking for the page to the first picture
    memory         of the process after 100 000 rounds with a look at each 50th, over that after 10 000

Ratios hold on any machine, other numbers for this one. Needs playwright and Chromium.
"""

import os
import shutil
import statistics
import sys
import threading
import time

from tinygan.engine.machine import one_thread
from tinygan.playground import Session
from tinygan.playground.server import serve

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CLICK = """() => new Promise(done => {
  const rounds = document.getElementById("rounds"), before = rounds.textContent, began = performance.now();
  const look = () => rounds.textContent !== before ? done(performance.now() - began) : requestAnimationFrame(look);
  document.getElementById("round").click();
  look();
})"""
# While the game trains, the number of rounds changes anyway. A change of the noise is seen in the page's own address.
CHANGE = """value => new Promise(done => {
  const began = performance.now(), box = document.getElementById("instance_noise");
  const there = () => location.hash.includes("instance_noise=" + value);
  const look = () => there() ? done(performance.now() - began) : requestAnimationFrame(look);
  box.value = value;
  box.onchange();
  look();
})"""


def play(server, on):
    server.player.ask(lambda player: (setattr(player, "playing", on), player.changed()))


def speed(server, seconds):
    """Rounds a second of wall time, and rounds a second of this program's CPU time."""
    before, began, used = server.player.session.rounds, time.perf_counter(), time.process_time()
    time.sleep(seconds)
    rounds = server.player.session.rounds - before
    return rounds / (time.perf_counter() - began), rounds / (time.process_time() - used)


def spread(name, values, digits=2, unit=""):
    print(f"{name:46} median {statistics.median(values):.{digits}f}{unit}   {min(values):.{digits}f} to {max(values):.{digits}f}"
          f"   of {len(values)}", flush=True)


def in_the_page(browser, server, turns, seconds):
    """Pictures a second, the slow-down, clicks and the first picture."""
    slower, dearer, pictures, first, still, training = [], [], [], [], [], []
    for _ in range(turns):
        play(server, True)
        alone = speed(server, seconds)
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(server.url, wait_until="commit")
        wait(tab, "window.stats && stats.first")
        first.append(tab.evaluate("stats.first"))
        frames = tab.evaluate("stats.frames")
        watched = speed(server, seconds)
        pictures.append((tab.evaluate("stats.frames") - frames) / seconds)
        slower.append(alone[0] / watched[0])
        dearer.append(alone[1] / watched[1])
        training += [tab.evaluate(CHANGE, str(value)) for value in (.1, .2, .5, .01) * 2]
        play(server, False)
        tab.wait_for_timeout(300)
        still += [tab.evaluate(CLICK) for _ in range(8)]
        tab.evaluate(CHANGE, "")
        tab.close()
    spread("pictures a second, while training", pictures, 1)
    spread("time of a round with the page open / alone", slower)
    spread("CPU time of a round with the page open / alone", dearer)
    spread("a click when the game stands still", still, 0, " ms")
    spread("a change while it trains", training, 0, " ms")
    spread("first picture", first, 0, " ms")


def wait(tab, condition):
    while not tab.evaluate(condition):
        tab.wait_for_timeout(10)


def in_the_game(pairs):
    """CPU time of a picture, over that of a round."""
    session, ratios = Session(), []
    session.do("both", 50)
    for _ in range(pairs):
        began = time.process_time()
        session.do("both", 100)
        middle = time.process_time()
        for _ in range(20):
            session.view()
        ratios.append((time.process_time() - middle) / 20 / ((middle - began) / 100))
    spread("CPU time of a picture / of a round", ratios)
    _, arrays = session.view()
    print(f"{'bytes of a picture, without its facts':46} {sum(array.nbytes for array in arrays.values())}")


def memory(rounds):
    """The size of the process in MB at a tenth of the rounds and at the end. Linux only."""
    session = Session(hidden=(8,), batch=8)
    sizes = []
    for done in range(0, rounds, 50):
        session.do("both", 50)
        session.view()
        if done + 50 in (rounds // 10, rounds):
            with open("/proc/self/statm", encoding="ascii") as file:
                sizes.append(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)
    print(f"{f'memory after {rounds} rounds / after {rounds // 10}':46} {sizes[1] / sizes[0]:.3f}   "
          f"{sizes[0]:.1f} MB, then {sizes[1]:.1f} MB", flush=True)


def main(quick=False):
    from playwright.sync_api import sync_playwright

    with one_thread():  # as the page's thread works
        in_the_game(2 if quick else 20)
    memory(2000 if quick else 100_000)
    server = serve(0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": .01})
    thread.start()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            in_the_page(browser, server, 2 if quick else 8, .5 if quick else 4)
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
        server.player.end()
        thread.join()


if __name__ == "__main__":
    main("--quick" in sys.argv)
