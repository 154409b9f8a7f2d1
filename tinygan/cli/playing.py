"""The command play, the options, and the page until Ctrl-C."""

import argparse
import dataclasses
import webbrowser

from ..playground.session import ANEW, DATA, NOW, START
from ..playground.stories import PORT, STORIES
from ..recipe import Recipe

HELP = {"data": f"the true points: {', '.join(DATA)}; you can draw others on the page (default {START.data})",
        "gp": "weight of WGAN-GP's penalty between them, .1 to 10, or its start and its end (default: none)"}


def add_options(command, add_setting):
    """The options of the command; `add_setting` adds that of a setting."""
    command.add_argument("--port", type=int, default=PORT, metavar="PORT", help="the port of the page, on this machine only; "
                         f"where it is taken, the next one; 0 for any (default {PORT})")
    command.add_argument("--no-browser", action="store_true", help="print the address, and open nothing")
    command.add_argument("--story", choices=STORIES, metavar="NAME", help=f"begin with a story: {', '.join(STORIES)}")
    group = command.add_argument_group("settings to begin with")
    for field in dataclasses.fields(Recipe):
        if field.name in ANEW + NOW:
            option = add_setting(group, field, getattr(START, field.name), argparse.SUPPRESS)
            option.help = HELP.get(field.name, option.help)  # where the page takes other things than `train` does


def play(options):
    """Serve the page until Ctrl-C."""
    from ..playground.server import serve  # a web server, which no other command needs

    settings = {name: getattr(options, name) for name in ANEW + NOW if hasattr(options, name)}
    server = serve(options.port, options.story or "", **settings)
    try:
        print(f"The page is at {server.url}\nCtrl-C ends it.", flush=True)
        if not options.no_browser:
            webbrowser.open(server.url)
        server.serve_forever()
    except KeyboardInterrupt:
        print("The page has ended.")
    finally:
        server.server_close()
        server.player.end()
    return 0
