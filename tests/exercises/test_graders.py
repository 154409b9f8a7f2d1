"""The graders graded: the stub does not pass, the library's answer does, and every planted mistake is named by its cause."""

import ast
import functools
import importlib.util
import inspect
import re
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from waiting import until

import tinygan
from tinygan.exercises import FOLDER, LESSONS, exercises_of
from tinygan.exercises.cases import named, parameters
from tinygan.exercises.grading import ToDo, Wrong, grade

ALL = [exercise for lesson in LESSONS for exercise in exercises_of(lesson)]
MISTAKES = [(exercise, mistake) for exercise in ALL for mistake in exercise.mistakes]
# Those of the exercise that trains take long each: two of them always, the others with the slow tests.
PLANTED = [pytest.param(e, m, marks=[pytest.mark.slow] * (e.cases == 1 and m not in e.mistakes[:2])) for e, m in MISTAKES]


def stub(exercise):
    """The function that a student gets, from the file that a student gets."""
    file, = FOLDER.glob(f"ex{exercise.number[:2]}_*.py")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, exercise.name)


def message(exercise, answer):
    """What the student reads about a wrong answer."""
    with pytest.raises(Wrong) as error:
        grade(exercise, answer)
    return str(error.value)


@functools.cache
def first_message(number, story):
    """What the student reads about a planted mistake."""
    exercise, mistake = next((e, m) for e, m in MISTAKES if (e.number, m.story) == (number, story))
    return message(exercise, mistake.answer)


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: f"{e.number}-{e.name}")
def test_the_stub_is_to_do_and_the_solution_passes(exercise):
    with pytest.raises(ToDo):
        grade(exercise, stub(exercise))
    grade(exercise, exercise.solution)


TRANSPOSED = re.compile(r"(?<![\w'`])(?:[Jauvx]|[A-Z]\w?|\w+_dot|dy|y_a)'(?!\w*')(?!s)")


def test_a_transpose_is_written_as_such():
    """x^T or x.T, as in the lessons: a prime is a derivative, or another thing of the same name."""
    assert TRANSPOSED.findall("x' dy, dy W', x_dot' dy, (slope * a') W'") == ["x'", "W'", "x_dot'", "a'", "W'"]
    assert not TRANSPOSED.findall("f' dy, y' = y (1 - y), W's rows, w' = tanh(z W), sigmoid', d['x'], 'a' or 'W'")
    folders = FOLDER, Path(tinygan.__file__).parent
    texts = {str(path): path.read_text("utf-8") for folder in folders for path in folder.rglob("*.py")}
    texts |= {f"{e.number} in {what}": " ".join(said) for e in (*ALL, *exercises_of("museum"))
              for what, said in (("hints", e.hints), ("mistakes", [mistake.story for mistake in e.mistakes]))}
    assert {name: found for name, text in texts.items() if (found := TRANSPOSED.findall(text))} == {}


SAME = {("05.3", "eps")}  # the usual 1e-8 would not be seen


@pytest.mark.parametrize("exercise", [e for e in (*ALL, *exercises_of("museum")) if e.cases > 1], ids=lambda e: e.number)
def test_no_number_is_the_same_in_all_cases(exercise):
    """An answer that has the number of an example in it, in place of the argument, must be seen."""
    seen = {}
    for seed in range(exercise.cases):
        for name, arg in named(exercise, exercise.case(np.random.default_rng(seed))):
            if isinstance(arg, int | float):
                seen.setdefault(name, set()).add(arg)
    assert {name for name, values in seen.items() if len(values) < 2 and (exercise.number, name) not in SAME} == set()


@pytest.mark.parametrize(("number", "answer", "said", "unsaid"), [
    ("11.2", lambda r, f: (abs(f.mean() - r.mean()), *solution("11.2", r, f)[1:]), "wrong sign in some", "truth: a sign"),
    ("11.4", lambda x, y: tuple(scores[:, None] for scores in solution("11.4", x, y)), "it is (6, 1)", "sorted"),
    ("11.1", lambda theta, length: (solution("11.1", theta, length)[0], max(abs(theta) - length, 0)), "w1 is zero", "//"),
    ("15.2", lambda g, gamma, scale: (g, gamma), "the slope was left as it is", "applied once too often"),
    ("15.2", lambda g, gamma, scale: (g / scale**2, gamma), "divided by the square", "left out"),
    ("10.2", lambda n, total, w: ((n > 0).sum(), (n >= w / 2).sum(), n.sum() / total), "divide it by N", "exchanged"),
    ("09.1", lambda x, means: (solution("09.1", x, means)[0], sum(solution("09.1", x, means)[0] >= int(x.shape[0] / means.shape[
        0] / 2))), "as //, int() and round() do", "by //"),
    ("13.4", lambda plain, cured: (*solution("13.4", plain, cured)[:2], 0.9), "(more and fewer are right)", "is right)"),
])
def test_a_message_does_not_blame_what_is_not_there(number, answer, said, unsaid):
    found = message(next(e for e in ALL if e.number == number), answer)
    assert said in found and unsaid not in found, found


def solution(number, *args):
    return next(e for e in ALL if e.number == number).solution(*args)


def stubs_of(number):
    """What a student's file of a lesson ("02") asks for: (function, number of the exercise, its title) of each stub, in order."""
    file, = FOLDER.glob(f"ex{number}_*.py")
    return [(function.name, *re.fullmatch(r"Exercise (\d\d\.\d): (.+)", error.args[0].value).groups())
            for function in ast.parse(file.read_text("utf-8")).body if isinstance(function, ast.FunctionDef)
            for error in raised_in(function)]


def raised_in(function):
    """The calls NotImplementedError(...) that a function raises."""
    raised = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise)]
    return [error for error in raised if isinstance(error, ast.Call) and error.func.id == "NotImplementedError"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_stubs_and_exercises_are_the_same(lesson):
    """No stub that nothing grades, and no exercise that nobody is given; under one number, name and title."""
    assert stubs_of(lesson) == [(exercise.name, exercise.number, exercise.title) for exercise in exercises_of(lesson)]


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: f"{e.number}-{e.name}")
def test_messages_call_the_arguments_as_the_stub_does(exercise):
    names = parameters(exercise, len(exercise.case(np.random.default_rng(0))))
    assert names == list(inspect.signature(stub(exercise)).parameters)[:len(names)]


def test_files_of_stubs_and_lessons_are_the_same():
    assert sorted(file.name[2:4] for file in FOLDER.glob("ex*.py")) == sorted(LESSONS)


@pytest.mark.sampled(12)
@pytest.mark.parametrize(("exercise", "mistake"), PLANTED, ids=lambda x: getattr(x, "name", "") or x.story[:40])
def test_every_mistake_is_named(exercise, mistake):
    said = first_message(exercise.number, mistake.story)
    assert (mistake.says or mistake.story) in said, said
    assert 2 <= len(said.splitlines()) <= 7, said  # with its title and the command that repeats it: at most eight and a title


@pytest.mark.sampled(12)
@pytest.mark.parametrize("exercise", ALL, ids=lambda e: f"{e.number}-{e.name}")
def test_the_same_failure_twice_gives_the_same_message(exercise):
    mistake = exercise.mistakes[-1]
    assert message(exercise, mistake.answer) == first_message(exercise.number, mistake.story)


@pytest.mark.slow
def test_at_least_95_percent_of_mistakes_are_named_by_cause():
    """Not only located: a message that lists entries names no cause."""
    located = [mistake.story for exercise, mistake in MISTAKES
               if "entries wrong" in first_message(exercise.number, mistake.story)]
    assert len(located) <= 0.05 * len(MISTAKES), located


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: f"{e.number}-{e.name}")
def test_the_form_of_an_exercise(exercise):
    assert re.fullmatch(r"\d\d\.\d", exercise.number) and 3 <= len(exercise.mistakes) and 2 <= len(exercise.hints)
    function = stub(exercise)
    assert function.__doc__ and "->" in function.__doc__, "the docstring gives the shapes: (N, d) -> (N, k)"
    file, = FOLDER.glob(f"ex{exercise.number[:2]}_*.py")
    raised = [ast.unparse(node) for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Raise)]
    assert any(f"Exercise {exercise.number}: " in text for text in raised)


def test_lessons_have_three_to_six_exercises():
    count = Counter(exercise.number[:2] for exercise in ALL)
    assert set(count) == set(LESSONS) and all(3 <= n <= 6 for n in count.values()), count


@pytest.mark.parametrize("cases", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_right_answers_are_never_accused(cases):
    """Random shapes and seeds, spread over all exercises but those that train."""
    quick = [exercise for exercise in ALL if exercise.cases > 1]
    each = -(-cases // len(quick))
    for exercise in quick:
        assert grade(exercise, exercise.solution, seeds=range(100, 100 + each)) == (), exercise.number


def test_a_chance_of_one_may_be_a_whole_number():
    """min(1, ...), as a hint has it, is the int 1 where nobody wins; a chance of 1 where somebody does is wrong all the same."""
    exercise = next(e for e in ALL if e.number == "13.4")
    whole = returns(exercise, lambda result: (*result[:2], int(result[2]) if result[2] == 1 else result[2]))
    assert any(exercise.solution(*exercise.case(np.random.default_rng(seed)))[2] == 1 for seed in range(exercise.cases))
    assert grade(exercise, whole) == ()
    assert "(more and fewer are right)" in message(exercise, returns(exercise, lambda result: (*result[:2], 1)))


def test_a_wrong_factor_is_named_with_its_story():
    """dx / m in the place of dx: the factor says little, and the story beside it says why."""
    exercise = next(e for e in ALL if e.number == "13.2")
    said = first_message("13.2", next(m.story for m in exercise.mistakes if "N/m of them" in m.story))
    assert "times the truth" in said and "N/m of them, not N" in said and "was left out" not in said


def test_scores_in_a_list_are_said_to_be_a_list():
    exercise = next(e for e in ALL if e.number == "11.4")
    said = message(exercise, returns(exercise, lambda result: tuple(scores.tolist() for scores in result)))
    assert "f_x must be an array of shape (6,), one score for each point; it is a list" in said


@pytest.mark.parametrize("number", ["05.4", "11.5"])
def test_theta_may_be_assigned(number):
    """D.theta = ... copies the numbers to where the layers look for them, so it is as right as D.theta -= ..."""
    exercise = next(e for e in ALL if e.number == number)

    def answer(*args):
        networks = [arg for arg in args if hasattr(arg, "theta")]
        moved = [net.copy() for net in networks]
        exercise.solution(*moved, *args[len(networks):])
        for net, there in zip(networks, moved, strict=True):
            net.theta = there.theta.copy()

    assert grade(exercise, answer) == ()


@pytest.mark.parametrize("number", ["05.4", "11.5"])
def test_theta_of_another_shape_is_named(number):
    exercise = next(e for e in ALL if e.number == number)

    def answer(*args):
        D = next(arg for arg in reversed(args) if hasattr(arg, "theta"))
        D.theta = D.theta[:, None]

    assert "it stops with ValueError: theta of Sequential has shape" in message(exercise, answer)


def returns(exercise, change):
    """The library's answer with its result changed."""
    return lambda *args: change(exercise.solution(*args))


def everything(result, change):
    return tuple(map(change, result)) if isinstance(result, tuple) else change(result)


def hard_coded(exercise):
    result = exercise.solution(*exercise.case(np.random.default_rng(0)))
    return lambda *args: result


def modifies_its_input(exercise):
    def answer(*args):
        result = exercise.solution(*args)
        next(arg for arg in args if isinstance(arg, np.ndarray))[...] += 1
        return result

    return answer


def loops(*args):
    while True:
        pass


def stops(*args):
    return np.linalg.inv(np.zeros((2, 2)))


BEHAVIOUR = {
    "None": (lambda e: lambda *args: None, "None|returns nothing"),
    "lists": (lambda e: returns(e, lambda r: everything(r, lambda a: np.asarray(a).tolist())), "is a list|must be"),
    "float32": (lambda e: returns(e, lambda r: everything(r, np.float32)), "float32"),
    "hard-coded": (hard_coded, "whatever it is given"),
    "modifies its input": (modifies_its_input, "changes its argument"),
    "loops for ever": (lambda e: loops, "still running"),
    "stops with an error": (lambda e: stops, "LinAlgError"),
    "not a function": (lambda e: 3, "must be a function"),
}


@pytest.mark.parametrize("kind", BEHAVIOUR)
@pytest.mark.parametrize("number", ["02.2", "02.3"])
def test_answers_that_misbehave_get_their_own_sentence(kind, number):
    exercise = next(e for e in ALL if e.number == number)
    exercise = exercise._replace(seconds=0.3 if kind == "loops for ever" else exercise.seconds)
    answer, sentence = BEHAVIOUR[kind]
    assert re.search(sentence, message(exercise, answer(exercise)))


def test_a_time_limit_that_is_not_reached_leaves_nothing_behind():
    """Ctrl-C must not arrive later, when the answer has long returned."""
    exercise = ALL[0]._replace(seconds=5.0)
    for _ in range(3):
        assert grade(exercise, exercise.solution) == ()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "tinygan time limit"])
