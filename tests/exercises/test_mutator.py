"""No small mistake passes: right answers are changed in one place at a time, and each of these mutants must be graded wrong.

The library's own answers mostly call the library, where there is no formula to spoil. So all exercises of the lessons are
answered by hand, in `right_answers`, and those of the museum are their repaired files. What still passes is written down in
EQUIVALENT with the reason why it computes the same, or may be either way.
"""

import re
import time
from pathlib import Path

import numpy as np
import pytest
import right_answers
from mutator import Source
from test_museum import repaired
from waiting import PATIENCE

from tinygan.exercises import LESSONS, exercises_of
from tinygan.exercises.grading import ToDo, Wrong, copies, grade

SAMPLE = 32  # by default one mutant in so many is tried
COMPUTED = 1.5  # seconds of computing after which a mutant runs without end; the longest right answer takes half a second
OTHER_ARRAY = "the other array is as long"
SAME_AXIS = "the array has two axes"
SYMMETRIC = "the distances do not depend on the order"
EQUIVALENT = (  # exercise, a mutant's label as a regular expression, why it is right
    ("01.4", r"\(x - mean\)\.T (@ \(x - mean\) )?-> ", "the other factor is centred, and that is enough"),
    ("02.5", r"6e-06.* -> .*1.2e-05", "twice the step is as good: the error is far below the limit"),
    ("03.1", r"s >= 0.* -> .*s > 0", "at 0 both formulas give 1/2"),
    ("03.4", r"s\.shape -> y\.shape", OTHER_ARRAY),
    ("05.4|05.5|14.2|14.4", r"return \(r, f\) -> return \(f, r\)", "nobody uses the scores there"),
    ("05.4|05.5|06.6", r"(grads=False\)(, tape_G\))?) -> .*tape_D(, grads=True)?\)", "D.grad may be left in any state"),
    ("06.4", r"[rf] (<|>) -?1\) -> .*[rf] (<=|>=) -?1\)", "on the corner any number between both slopes is right"),
    ("06.4", r"1\.0 \* \(f > -1\) / n -> \(f > -1\) / n", "a mask over n is an array of numbers already"),
    ("06.4|14.1|14.3|14.4|16.4|16.6|18.1|M.03|M.05|M.10|M.20|M.21", r"\w+\.shape -> \w+\.shape", OTHER_ARRAY),
    ("06.6", r"-sigmoid\(-?f\) -> sigmoid\(-?f\)", "a length has no sign"),
    ("06.6", r"D\.backward\(ds .* -> D\.backward\(-\(ds", "a length has no sign"),
    ("07.4", r"thetas\[1:\] -> thetas(\[0:\])?", "the average of the first row with itself is the first row"),
    ("07.4", r"thetas\[0\]\.copy\(\) -> average = thetas\[0\]", "the row is not written to"),
    ("08.6", r"\+ 0j\) -> .*- 0j\)", "the two roots change places"),
    ("09.1", r"np\.sqrt\(.* -> distance = (np\.sqrt)?\(.*sum\(axis=-1\)( \*\* 2| \+ 1e-06\))?", "the nearest mean is the same"),
    ("09.1", r"sum\(axis=-1\)\) -> .*mean\(axis=-1\)\)", "the nearest mean is the same"),
    ("09.4", r"-\(", "reshape takes any negative number for the one that it computes itself"),
    ("10.1", r"np\.all\(.* -> .*np\.any\(", "an infinite distance is no good one"),
    ("10.3", r"n\.sum\(\) == 0 -> n\.(mean|max)\(\) == 0", "counts are never negative"),
    ("10.5", r"real, real.*real, real|axis=1\)\[:, k\] -> .*\)\[:, k\]", SYMMETRIC),
    ("10.6", r"u, u\).* -> .*u, u\)|kernel\(y, x\)|cdist\(v, u\)", SYMMETRIC),
    ("10.6", r"np\.exp\(.* -> .*np\.expm1\(", "1 is taken from all three means, and cancels"),
    ("11.3", r"return -\(np\.searchsorted", "the gap between both staircases has no sign"),
    ("11.5", r"np\.clip\(D\.theta, -c, c\) -> D\.theta = np\.clip\(-c, D\.theta, c\)", "min(max(-c, theta), c) is the same"),
    ("12.6|M.12", r"1e-(24|12) -> .*2e-(24|12)", "anything so small will do"),
    ("13.1", r"a\.sum\(axis=1\) -> a\.sum\(axis=0\)", SYMMETRIC),
    ("13.2", r"-1 -> -2", "reshape takes any negative number for the one that it computes itself"),
    ("14.3|14.4", r"D\.zero_grad\(\) -> pass", "the gradient of a fresh copy is 0"),
    ("14.4", r"ahead\.zero_grad\(\) -> pass", "the gradient of a fresh copy is 0"),
    ("14.3|14.4", r"D = D\.copy\(\) -> D = D", "D.grad and D.theta_dot may be left in any state; in 14.4 it is a copy already"),
    ("14.3|14.4", r"\(D\.grad\.copy\(\), m\) -> .*\(D\.grad, m\)", "nobody writes to D.grad afterwards"),
    ("14.4", r"ahead\.grad\.copy\(\) -> velocity = ahead\.grad", "nobody writes to ahead.grad afterwards"),
    ("14.3|14.4", r"zeros_like\(x_(real|fake)\) -> np\.zeros_like\(x_(real|fake)\)", OTHER_ARRAY),
    ("18.5", r"cdist\(back, x\)", "the diagonal and the sum are the same"), ("18.5", r"len\(back\)", OTHER_ARRAY),
    ("M.01|M.04|M.12|M.21", r"axis=-1.* -> .*axis=1", SAME_AXIS),
    ("M.04", r"error\.sum\(.* -> 2 \* error\.(mean|max)\(", "there is one column"),
    ("M.06", r"\[?:?2\]?|2 \* i", "what is cut off, or cut out too much, is not read"),
    ("M.07", r"< tolerance -> .*<= tolerance", "nothing is promised for a value that is off by the tolerance exactly"),
    ("M.08", r"x\.var\(axis=0, keepdims=True\) -> .*x\.var\(axis=0(, keepdims=False)?\)", "(d,) broadcasts like (1, d)"),
    ("M.08", r"x\.mean\(axis=0\)\) / std.* -> .*(-|mean\(axis=0\) - x)", "x^ stands there twice, and a sign cancels"),
    ("M.13", r"1 - u \* u", "the slope stands in v and beside it, and a sign cancels"),
    ("M.14", r"strict=(False|True)|\(zip\(self", "here the three lists are equally long"),
    ("M.17", r"Dense\((W|a), lr\)", "the repaired layer does not use lr"),
    ("M.20", r"-|self\.v @ \(self\.u @ self\.W\)", "u and v may change their signs together, and tanh' is even"),
    ("M.21", r"x = -\(alpha", "tanh' is even"),
    ("M.26", r"zip\(pairs", "the three are equally long"),
    ("M.27", r"x\.size -> \w+\.size", OTHER_ARRAY),
    ("M.28", r"MOMENTUM|self\.(mean|var) -> z\.", "the repair takes the batch's statistics: nobody reads the running ones"),
    ("M.28", r"training=True\) -> (pass|G\.forward\(z, training=False\))", "that forward only moves the running statistics"),
    ("M.28", r"training -> self", "the repaired code has one forward whose result is used, and it is in training"),
    ("M.28", r"strict=True\) -> zip\(", "the lists have one length"),
    ("M.28", r"parameter\.copy\(\)", "the first average is not written to"),
    ("M.29", r"m = -\(h\.shape\[1\] // 2\)", "counted from the end, the middle of the row is at the same place"),
    ("M.29", r"len\(phi\) -> len\(\w+\)", OTHER_ARRAY),
    ("21.2", r"return \(dc\.copy\(\), .* -> return \(dc, ", "the gradient by mu is dc, copied or not"),
    ("21.3", r"len\(mu\) -> len\(log_var\)", OTHER_ARRAY),
    ("21.4", r"len\(s_real\) -> len\(s_(fake|wrong)\)", OTHER_ARRAY),
    ("21.4", r"logaddexp\(0, s\).* -> .*logaddexp\(s, 0\)", "it is the same from both sides"),
    ("22.2", r"x\.shape -> dy\.shape", OTHER_ARRAY),
    ("21.5", r"shift = \(phi\.copy\(\), 1\) -> .*0\)", "the row itself says the same, so it is passed over"),
)


class Subject:
    """A right answer as text, in which mistakes can be made."""

    def __init__(self, exercise, source, pick):
        self.exercise, self.source, self.pick = exercise, source, pick
        # No stories and no look at other cases: only the verdict matters here.
        self.bare, self.seeds = exercise._replace(mistakes=(), cases=0), range(exercise.cases)

    def grade(self, namespace, seconds=PATIENCE):
        grade(self.bare._replace(seconds=seconds), self.pick(namespace), seeds=self.seeds)

    def passes(self, mutant, seconds=2.0):
        """Whether nothing is said against a mutant. One that cannot even be loaded is noticed as well.

        One that has come to no end on a busy machine, before it could compute, gets twice the time.
        """
        start = time.process_time()
        try:
            self.grade(mutant.namespace(), seconds)
        except ToDo:
            return False
        except Wrong as wrong:
            busy = "is still running" in str(wrong) and time.process_time() - start < COMPUTED
            return busy and self.passes(mutant, 2 * seconds)
        return True

    def reasons(self, mutant):
        return [row for row in EQUIVALENT if re.fullmatch(row[0].replace(".", r"\."), self.exercise.number)
                and re.search(row[1], mutant.label)]


def subjects():
    by_hand = Source(Path(right_answers.__file__).read_text("utf-8"))
    for lesson in LESSONS:
        for exercise in [one for one in exercises_of(lesson) if one.number in right_answers.ANSWERS]:
            yield Subject(exercise, by_hand, lambda namespace, number=exercise.number: namespace["ANSWERS"][number])
    for exhibit in exercises_of("museum"):
        yield Subject(exhibit, Source(repaired(exhibit)), lambda namespace, name=exhibit.name: namespace[name])


SUBJECTS = list(subjects())
every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: f"{s.exercise.number}-{s.exercise.name}")


@pytest.mark.sampled(6)
@every_subject
def test_no_mutant_passes(subject):
    """A few mutants of each answer, spread over all of it."""
    mutants = list(subject.source.mutants(subject.grade))
    for mutant in mutants[len(subject.exercise.name) % SAMPLE::SAMPLE]:
        assert not subject.passes(mutant) or subject.reasons(mutant), mutant.label


@pytest.mark.slow
@every_subject
def test_no_mutant_of_all_passes(subject):
    """Every mutant, of an answer in which there is something to change."""
    mutants = list(subject.source.mutants(subject.grade))
    assert len(mutants) >= 4
    assert [mutant.label for mutant in mutants if subject.passes(mutant) and not subject.reasons(mutant)] == []


@pytest.mark.slow
def test_everything_that_is_called_equivalent_is_a_mutant_that_passes():
    used = set()
    for subject in SUBJECTS:
        rows = [row for row in EQUIVALENT if re.fullmatch(row[0].replace(".", r"\."), subject.exercise.number)]
        if rows:
            named = [mutant for mutant in subject.source.mutants(subject.grade) if subject.reasons(mutant)]
            used |= {row for mutant in named if subject.passes(mutant) for row in subject.reasons(mutant)}
    assert [row for row in EQUIVALENT if row not in used] == []


@pytest.mark.slow
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: s.exercise.number)
def test_answers_that_may_have_both_signs_have_them(subject):
    """Else an answer whose sign is taken off, or that is cut off at 0, would pass."""
    few, many = (_signs(subject.exercise, seeds) for seeds in (subject.seeds, range(100, 115)))
    assert few == many


def _signs(exercise, seeds):
    """{(output, sign)} of all truths; a training takes too long, and has one outcome."""
    found = set()
    for seed in seeds if exercise.number != "05.5" else ():
        args = exercise.case(np.random.default_rng(seed))
        for name, truth in exercise.truth(*copies(args)).items():
            numbers = truth.looks()[0] if hasattr(truth, "looks") else np.asarray(truth)
            found |= {(name, sign) for sign in (-1, 1) if (sign * numbers > 1e-6).any()}
    return found


# ---------------------------------------------------------------- the mutator itself


def labels(text, name="f", *args):
    """The mutants of a function, and the values that they give."""
    source = Source(text)

    def value(namespace):
        try:
            return namespace[name](*args)
        except Exception as error:
            return type(error).__name__

    return {mutant.label: value(mutant.namespace()) for mutant in source.mutants(value)}


def test_what_is_changed():
    made = labels("import numpy as np\n"
                  "def f(x, y):\n"
                  "    total = np.maximum(x - y, 0).sum(axis=-1, keepdims=True)\n"
                  "    return -total, 2 * x\n", "f", np.array([[5.0, 1.0]]), np.array([[1.0, 2.0]]))
    assert np.array_equal(made["np.maximum(x - y, 0) -> np.maximum(x + y, 0)"][0], [[-9.0]])
    assert np.array_equal(made["np.maximum(x - y, 0) -> np.maximum(y - x, 0)"][0], [[-1.0]])
    assert np.array_equal(made["return (-total, 2 * x) -> return (total, 2 * x)"][0], [[4.0]])
    assert np.array_equal(made["return (-total, 2 * x) -> return (2 * x, -total)"][0], [[10.0, 2.0]])
    assert {"np.maximum(x - y, 0).sum -> np.minimum(x - y, 0).sum", "np.maximum(x - y, 0).sum -> (x - y).sum",
            "2 * x -> 4 * x", "2 * x -> 0 * x", "2 * x -> 2 * y", "-total -> 2 * x"} - set(made) == {"-total -> 2 * x"}
    dropped, = (value for label, value in made.items() if label.endswith("np.maximum(x - y, 0).sum(axis=-1)"))
    assert dropped[0].shape == (1,)


def test_only_what_is_evaluated_is_changed():
    text = "def g(x):\n    return x + 7\n\n\ndef f(x, also=False):\n    return g(x) if also else x * 3\n"
    assert not any("7" in label for label in labels(text, "f", 2))
    assert any("7" in label for label in labels(text, "f", 2, True))


def test_the_original_is_left_alone():
    source = Source("def f(x):\n    return x - 1\n")
    run = lambda namespace: namespace["f"](5)  # noqa: E731
    first = [mutant.label for mutant in source.mutants(run)]
    assert first == [mutant.label for mutant in source.mutants(run)] and "return x - 1 -> return x + 1" in first
