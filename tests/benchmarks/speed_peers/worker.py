"""One peer in a process of its own, on one core:  python worker.py PEER CASE MODE [ARGUMENT]

    check FILE    writes its gradients, and its parameters after three steps on given batches, to FILE
    serve         reads the number of steps of each window from a line, answers with what it took; 0 ends it
    whole N       N steps from start to end; prints the wall and CPU seconds of the steps alone, peak memory, page faults

CASE is a JSON list. Answers are JSON lines on stdout.
"""

import importlib
import json
import os
import resource
import sys
import time

sys.path[0] = os.path.dirname(sys.path[0])  # so that this file finds its package
from speed_peers import common  # noqa: E402


def tell(answer):
    print(json.dumps(answer), flush=True)


def check(peer, path):
    import numpy as np

    batches = common.batches(peer.case)
    d_value, d_grad, g_value, g_grad = peer.gradients(*batches[0])
    x_real, *noise = batches[0]
    _, spoiled, *_ = peer.gradients(np.concatenate([x_real[:1] + np.float32(.1), x_real[1:]]), *noise)
    for batch in batches:
        peer.step(*batch)
    moved_G, moved_D = peer.theta()
    np.savez(path, d_value=d_value, g_value=g_value, d_grad=d_grad, g_grad=g_grad, spoiled=spoiled,
             moved_G=moved_G, moved_D=moved_D)


def serve(peer):
    windows = common.Windows(lambda: int(sys.stdin.readline()), tell)
    if hasattr(peer, "serve"):
        peer.serve(windows)
    else:
        for n in windows:
            peer.run(n)
    tell(threads(peer))


def threads(peer):
    """Every count of threads that this process can be asked for."""
    from threadpoolctl import threadpool_info

    counts = {f"{pool['user_api']} {pool['internal_api']}": pool["num_threads"] for pool in threadpool_info()}
    if os.path.isdir("/proc/self/task"):
        counts["operating system"] = len(os.listdir("/proc/self/task"))
    return {"cores": common.one_core(), **counts, **peer.threads()}


def whole(peer, n):
    start, cpu = time.perf_counter(), time.process_time()
    peer.run(int(n))
    tell({"steps": time.perf_counter() - start, "cpu": time.process_time() - cpu, "peak": common.peak_memory(),
          "faults": resource.getrusage(resource.RUSAGE_SELF).ru_minflt})


def main():
    name, case, mode, *rest = sys.argv[1:]
    common.one_core()
    module, kind, _ = common.PEERS[name]
    peer = getattr(importlib.import_module(f"speed_peers.{module}"), kind)(common.Case(*json.loads(case)))
    {"check": check, "serve": serve, "whole": whole}[mode](peer, *rest)


if __name__ == "__main__":
    main()
