"""The test with one side.

A well-kept library of GANs tests each loss on scores that are all 1, where the right values are known: .3133, 1.6265 and so
on. Seven such lines, all green. They would be green as well for a loss that returned -1000 whatever it was given. (Graders
are no better: a course's quiz on backpropagation passed whatever was sent in; see udacity/sdc-issue-reports, issues 71 and
135.)

Source: kwotsin/mimicry, tests/nets/modules/test_losses.py, at the time of writing.

Promised: whether a value is within the tolerance of what is expected; a NaN or an infinite value never is.
    value, expected, tolerance numbers  ->  True or False
"""


def agrees(value, expected, tolerance):
    return value - expected < tolerance
