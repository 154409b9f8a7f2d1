"""A student's code is called: whatever it does, the call ends, and one sentence says what happened."""

import functools
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from waiting import PATIENCE, until

from tinygan.exercises import calling, exercises_of, grading, limits
from tinygan.exercises.calling import Mannered, Stopped, quiet, run
from tinygan.exercises.cases import as_float64
from tinygan.exercises.grading import ToDo, Wrong, grade

FORWARD, BACKWARD, TANH = exercises_of("02")[:3]
LIMIT = 0.15  # seconds


def lines(work, **more):
    """What is said about a function that does not come to its end."""
    with pytest.raises(Stopped) as stopped:
        run(work, more.pop("seconds", LIMIT), "f", **more)
    return stopped.value.lines


def message(exercise, answer):
    with pytest.raises(Wrong) as error:
        grade(exercise, answer)
    return str(error.value)


# ---------------------------------------------------------------- to the end


def loops():
    while True:
        pass


def sleeps():
    time.sleep(2 * PATIENCE)


def catches_what_it_can():
    while True:
        try:
            time.sleep(2 * PATIENCE)
        except Exception:
            pass


def catches_everything_a_few_times():
    for _ in range(3):
        try:
            loops()
        except BaseException:
            pass
    loops()


def turns_it_into_another_error():
    try:
        loops()
    except BaseException as error:
        raise ValueError("something else") from error


def waits_for_its_own_thread():
    thread = threading.Thread(target=loops)
    thread.start()
    thread.join()


ENDLESS = [loops, sleeps, catches_what_it_can, catches_everything_a_few_times, turns_it_into_another_error,
           waits_for_its_own_thread]


@pytest.mark.sampled(3)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("work", ENDLESS, ids=lambda f: f.__name__)
def test_a_loop_without_end_is_ended(work):
    start, before = time.monotonic(), threading.active_count()
    said = lines(work)
    assert said[0] == "f is still running after 0.15 seconds: does its loop come to an end?"
    assert said[1].startswith("test_calling.py, line ")
    assert time.monotonic() - start < PATIENCE, "a sleep is ended too"
    until(lambda: threading.active_count() <= before)  # its own threads end as well


@pytest.mark.sampled(2)
@pytest.mark.parametrize("work", [loops, catches_everything_a_few_times])
def test_in_another_thread_too(work):
    """There are no signals there."""
    said = []
    thread = threading.Thread(target=lambda: said.extend(lines(work)))
    thread.start()
    thread.join(PATIENCE)
    assert "still running" in said[0] and "test_calling.py, line" in said[1]


def test_without_signals_to_a_thread(monkeypatch):
    """As on Windows."""
    monkeypatch.delattr(signal, "pthread_kill")
    assert "still running" in lines(loops)[0]


def test_where_no_thread_can_be_started_there_is_no_limit(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert run(lambda: 3, LIMIT, "f") == 3


def test_what_catches_everything_for_ever_is_reported(monkeypatch):
    """Nothing can end it from within: `stuck` is called, again from another thread."""
    monkeypatch.setattr(limits, "PATIENCE", 3)
    stuck = threading.Event()

    def never_ends():
        while not stuck.is_set():
            try:
                loops()
            except BaseException:
                pass

    assert run(never_ends, LIMIT, "f", stuck=stuck.set) is None


def test_nothing_is_left_behind():
    """No handler, no thread, no exception on its way: also not when the limit is reached as the work ends."""
    handler = signal.getsignal(signal.SIGINT)
    for k in range(60):
        try:
            assert run(functools.partial(time.sleep, 0.002 + 1e-5 * k), 0.0022, "f") is None
        except Stopped as stopped:
            assert "still running" in str(stopped)
    assert signal.getsignal(signal.SIGINT) is handler
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "tinygan time limit"])


def test_the_users_own_ctrl_c_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        run(lambda: signal.raise_signal(signal.SIGINT), 5, "f")


def test_who_steps_through_an_answer_takes_all_the_time(monkeypatch):
    monkeypatch.setattr(limits, "debugging", lambda: True)
    assert run(lambda: time.sleep(3 * LIMIT) or 3, LIMIT, "f") == 3


def test_pdb_is_recognised(monkeypatch):
    import pdb

    assert not limits.debugging()
    monkeypatch.setattr(sys, "gettrace", lambda: pdb.Pdb().trace_dispatch)
    assert limits.debugging()


@pytest.mark.slow
def test_the_last_resort_ends_what_lets_nothing_else_run():
    """A single call that keeps all other threads waiting, the one with the time limit too."""
    code = ("import itertools, sys; sys.path[:0] = [sys.argv[1]]\n"
            "from tinygan.exercises.calling import run\n"
            "from tinygan.exercises.limits import last_resort\n"
            "with last_resort(5, sys.stdout): pass\n"
            "with last_resort(0.5, sys.stdout):\n"
            "    run(lambda: sum(itertools.repeat(0, 10**14)), 0.1, 'f')")
    done = subprocess.run([sys.executable, "-c", code, str(Path(calling.__file__).parents[2])], capture_output=True, text=True,
                          timeout=PATIENCE)
    assert done.returncode == 1 and done.stdout.startswith("Timeout (0:00:00.5") and "line 6 in <lambda>" in done.stdout


def own(*_):
    class Mine(Exception):
        def __str__(self):
            raise ValueError

    raise Mine


def raises(error):
    def work():
        raise error

    return work


def deep():
    return deep()


@pytest.mark.parametrize(("work", "said"), [
    (lambda: sys.exit(), "f ends the program, with exit"), (lambda: exit(), "f ends the program, with exit"),
    (lambda: os._exit(0), "f ends the program, with exit"), (raises(SystemExit("bye")), "f ends the program, with exit"),
    (raises(KeyboardInterrupt), "it stops with KeyboardInterrupt"), (raises(GeneratorExit), "it stops with GeneratorExit"),
    (lambda: pytest.skip("no time"), "it stops with Skipped: no time"), (raises(AssertionError), "it stops with AssertionError"),
    (deep, "f calls itself without end"), (lambda: input("x? "), "f waits for the keyboard, with input()"),
    (lambda: sys.stdin.read(), "f waits for the keyboard"), (own, "it stops with Mine"),
    (raises(ValueError("two\n  lines")), "it stops with ValueError: two lines"),
    (lambda: warnings.warn("old", DeprecationWarning, 2) or sys.exit(), "ends the program"),
    (lambda: np.linalg.inv(np.zeros((2, 2))), "it stops with LinAlgError: Singular matrix"),
    (raises(MemoryError), "it stops with MemoryError"), (raises(StopIteration), "it stops with StopIteration"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_everything_else_becomes_a_sentence(work, said):
    with quiet():
        found = lines(work, seconds=5)
    assert said in found[0] and found[1].startswith("test_calling.py, line ")
    assert os._exit is limits.leave


def test_warnings_do_not_make_an_answer_wrong():
    def warned():
        warnings.warn("this is old", DeprecationWarning, stacklevel=1)
        return np.log(np.zeros(1))[0]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(warned, 5, "f") == -np.inf


def test_a_child_process_may_end():
    """os._exit is how it ends."""
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")

    def fork():
        if child := os.fork():
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(7)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other threads
        assert run(fork, 5, "f") == 7


def test_python_can_end_while_a_students_thread_runs():
    code = ("import threading, sys; sys.path[:0] = [sys.argv[1]]\n"
            "from tinygan.exercises.calling import run\n"
            "def loops():\n    while True: pass\n"
            "print(run(lambda: threading.Thread(target=loops).start(), 1, 'f'))")
    done = subprocess.run([sys.executable, "-c", code, str(Path(calling.__file__).parents[2])], capture_output=True, text=True,
                          timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("None\n", "")


# ---------------------------------------------------------------- what is printed


def test_ten_megabytes_are_printed():
    start = time.process_time()
    with quiet() as printed:
        for _ in range(100):
            print("x" * 100_000)
    assert printed.text() == "x" * calling.KEPT and time.process_time() - start < 5


def test_what_is_written_in_unusual_ways():
    with quiet() as printed:
        sys.stdout.write("a")
        sys.stdout.buffer.write(b"b\xff")
        print("c", file=sys.stderr)
        sys.stdout.close()
        with pytest.raises(ValueError):
            print("d")
    assert printed.text() == "ab\ufffd" and not isinstance(sys.stdin, calling._Nobody)


def test_a_right_answer_that_prints_is_right():
    def chatty(x, W, b):
        print("debugging", x.shape)
        print("still debugging")
        return x @ W + b

    remark, = grade(FORWARD, chatty)
    assert remark == ("dense_forward is right, and prints 'debugging (5, 4)...': an answer only returns, so remove the print")
    assert grade(FORWARD, lambda x, W, b: x @ W + b) == ()


def test_what_a_wrong_answer_printed_is_shown():
    def chatty(x, W, b):
        print("looking at", x.shape)
        return x @ W

    assert message(FORWARD, chatty).endswith("it printed: 'looking at (5, 4)'")


# ---------------------------------------------------------------- called as it was written


def keyword_only(*, x, W, b):
    return x @ W + b


def in_another_order(*, b, W, x):
    return x @ W + b


def other_names(*, inputs, weights, bias):
    return inputs @ weights + bias


def mixed(x, /, W, *, b):
    return x @ W + b


def with_more(x, W, b, verbose=False, *, scale=1.0):
    return scale * (x @ W) + b


def collected(*args, **more):
    x, W, b = args
    return x @ W + b


class Callable_:
    def __call__(self, x, W, b):
        return x @ W + b


@pytest.mark.parametrize("answer", [keyword_only, in_another_order, other_names, mixed, with_more, collected, Callable_()])
def test_a_right_answer_may_declare_its_parameters_as_it_likes(answer):
    assert grade(FORWARD, answer) == ()


@pytest.mark.parametrize("answer", [lambda x, W: x @ W, lambda: 0, lambda x, W, b, c: 0, lambda *, x, W: 0])
def test_parameters_that_do_not_fit_are_named(answer):
    said = message(FORWARD, answer)
    assert re.match(r"dense_forward takes \(.*\); it is called with \(x, W, b\)\n", said)


def backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


LENGTHS = next(exercise for exercise in exercises_of("06") if exercise.name == "gradient_lengths")
ADAM = next(exercise for exercise in exercises_of("05") if exercise.name == "adam_step")


@pytest.mark.parametrize("exercise", [BACKWARD, LENGTHS, ADAM], ids=lambda e: e.name)
def test_a_list_of_results_is_as_good_as_a_tuple(exercise):
    assert grade(exercise, lambda *args: list(exercise.solution(*args))) == ()


@pytest.mark.parametrize("number", ["05.3", "08.1", "08.2", "08.3", "08.4"])
def test_a_stack_of_results_of_one_shape_is_as_good_as_a_tuple(number):
    exercise = next(e for e in exercises_of(number[:2]) if e.number == number)
    assert grade(exercise, lambda *args: np.array(exercise.solution(*args))) == ()
    with pytest.raises(Wrong, match="it returns one ndarray"):
        grade(exercise, lambda *args: np.stack(exercise.solution(*args), axis=-1))


def test_a_stack_is_none_where_results_have_different_shapes():
    exercise = next(e for e in exercises_of("02") if e.number == "02.2")
    with pytest.raises(Wrong, match="must return dx, dW, db; it returns one ndarray"):
        grade(exercise, lambda dy, x, W: np.ones((3, *x.shape)))


@pytest.mark.parametrize(("answer", "advice"), [
    (lambda f: -(f > 0), "1.0 * (x > 0) makes numbers of it"),
    (lambda f: max(f, 0 * f), "for arrays there are np.where, & and np.maximum"),
    (lambda f: f.copy().sort() + 1, "np.sort(x) returns it"),
])
def test_what_to_do_about_an_error_that_many_meet(answer, advice):
    exercise = next(e for e in exercises_of("06") if e.number == "06.3")
    with pytest.raises(Wrong) as error:
        grade(exercise, answer)
    assert "stops with" in error.value.lines[0] and advice in error.value.lines[-1]


def test_an_array_of_numbers_is_as_good_as_a_tuple():
    assert grade(LENGTHS, lambda *args: np.array(LENGTHS.solution(*args))) == ()
    assert "must return dx, dW, db; it returns one ndarray" in message(BACKWARD, lambda dy, x, W: dy)


async def later(dy, x, W):
    return backward(dy, x, W)


def generates(dy, x, W):
    yield from backward(dy, x, W)


@pytest.mark.parametrize(("answer", "said"), [
    (later, "is declared with `async def`"), (generates, "is a generator, since there is a `yield` in it"),
    (lambda *_: None, "must return dx, dW, db; it returns nothing"), (lambda *_: "dx", "it returns one str"),
    (lambda *args: backward(*args)[:2], "must return dx, dW, db; it returns 2 things"),
    (lambda *args: [], "must return dx, dW, db; it returns 0 things"),
    (lambda *args: dict(zip("abc", backward(*args), strict=True)), "it returns one dict")])
def test_what_is_returned_is_named(answer, said):
    assert said in message(BACKWARD, answer)


def test_the_number_of_results_is_asked_for_in_every_exercise():
    assert "adam_step must return 3 things; it returns nothing" in message(ADAM, lambda *args: None)


def test_a_comma_too_many_is_named():
    assert "y is a tuple; it must be a NumPy array of shape (5, 7): is there a comma behind it?" in message(
        FORWARD, lambda x, W, b: (x @ W + b,))


def test_what_cannot_be_compared_is_named_as_that():
    """An error in the grader's own lines is none of the student's lines."""
    class Strange(np.ndarray):
        def astype(self, *_, **__):
            raise ValueError("no")

    mannered = Mannered(lambda: 3, "f", [], lambda: (1, False))
    assert mannered() == 3 and not mannered.inside
    exercise = FORWARD._replace(observe=lambda answer, *args: {"y": answer(*args).nonsense})
    said = message(exercise, lambda x, W, b: x @ W + b)
    assert said == "what dense_forward gives cannot be used: AttributeError: 'numpy.ndarray' object has no attribute 'nonsense'"


@pytest.mark.parametrize("work", [lambda: np.random.default_rng("seed"), lambda: np.random.default_rng(0).choice(0),
                                  lambda: cKDTree(np.full((3, 2), np.nan))])
def test_the_line_is_the_students_where_a_compiled_library_complains(work):
    """NumPy's and SciPy's compiled files stand in the traceback by their names alone, without their folder."""
    error, place = lines(work)
    assert error.startswith("it stops with ") and place.startswith("test_calling.py, line ") and place[-1] != " "


def test_an_answer_that_needs_another_one_says_so():
    def unsolved():
        raise NotImplementedError("Exercise 02.1: the forward pass of a dense layer")

    with pytest.raises(ToDo):
        grade(FORWARD, lambda x, W, b: unsolved())
    assert "tanh_backward calls the answer of 02.1, which is still to do" in message(TANH, lambda dy, x: unsolved())
    assert "it stops with NotImplementedError: not yet" in message(TANH, lambda dy, x: raises(NotImplementedError("not yet"))())


@pytest.mark.parametrize("exercise", [FORWARD, BACKWARD, LENGTHS], ids=lambda e: e.name)
@pytest.mark.parametrize("answer", [
    lambda *_: None, lambda *_: "x", lambda *_: (), lambda *_: {}, lambda *_: float("nan"), lambda *_: True, lambda *_: 3,
    lambda *_: object(), lambda *_: 1j, lambda *_: [[1], [1, 2]], lambda *_: (1, 2), lambda *_: 10**400, lambda *args: args,
    lambda *_: np.array([None, 1], object), lambda *_: np.array(["a"]), lambda *_: (None,) * 3, lambda *_: print, int, np.tanh])
def test_whatever_is_returned_is_wrong_in_some_lines(exercise, answer):
    said = message(exercise, answer).splitlines()
    assert 1 <= len(said) <= 7 and all(len(line) <= calling.LONGEST + 4 for line in said)


# ---------------------------------------------------------------- numbers of every kind


def asked_for(value):
    """An exercise that asks for this number or array."""
    return FORWARD._replace(case=lambda rng: (rng.normal(),), truth=lambda x: {"y": value}, solution=lambda x: value, mistakes=(),
                            batch=None)


@pytest.mark.parametrize(("truth", "value"), [
    (3.0, 3), (3.0, np.int64(3)), (3.0, np.array(3)), (3.0, np.float32(3)), (0.5, np.float32(0.5)), (1.0, True),
    (1.0, np.bool_(True)), (0.5, Fraction(1, 2)), (0.5, Decimal("0.5")), (0.5, np.longdouble(0.5)), (2.0, np.uint8(2)),
    (np.array([1.0, 0.0]), np.array([True, False])), (np.array([1.0, 2.0]), np.array([1, 2])),
    (np.array([0.5, 2.0]), np.array([0.5, 2.0], np.float16)), (np.array([0.5]), np.array([0.5], ">f8")),
    (np.array([0.5]), np.ma.array([0.5]))], ids=str)
def test_right_numbers_of_any_kind_are_right(truth, value):
    assert grade(asked_for(truth), lambda x: value) == ()


@pytest.mark.parametrize(("truth", "value", "said"), [
    (1 / 3, np.float32(1 / 3), "y is float32, which keeps 7 digits"), (1 / 3, np.float16(1 / 3), "y is float16, which keeps 3"),
    (np.array([0.1, 0.7]), np.array([0.1, 0.7], np.float32), "y is float32, which keeps 7 digits"),
    (0.5, 0, "y is zero: it must be 0.5"), (2.5, 3, "y holds whole numbers (int), and the truth does not"),
    (np.array([1.5, 2.5, 4.0]), np.array([0, 9, 4]), "y holds whole numbers (int64), and the truth does not"),
    (0.5, 0.5j, "y is complex128; it must be float64"), (0.5, "0.5", "y is a str; it must be a number"),
    (0.5, [0.5], "y is a list; it must be a number"), (0.5, np.array([0.5]), "y has shape (1,); it must be one number: take the"),
    (0.5, np.ones(3), "y has shape (3,); it must be one number")], ids=str)
def test_wrong_numbers_of_another_kind_are_told_by_it(truth, value, said):
    assert said in message(asked_for(truth), lambda x: value)


def test_what_is_no_number_stays_as_it_is():
    for value in ("x", None, [1], 10**400, object, 1j):
        assert as_float64(value) is value


def test_grading_is_what_others_build_on():
    """Names that other modules import, and how they are called."""
    args = FORWARD.case(np.random.default_rng(0))
    assert set(grading.call(FORWARD, FORWARD.solution, args, ("y",))) == {"y"} and list(grading.arrays(args)) == [0, 1, 2]
    assert issubclass(Wrong, Stopped) and Wrong("a", "", "b").lines == ("a", "b")
