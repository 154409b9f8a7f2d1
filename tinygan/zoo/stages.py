"""Stages: a training whose step changes in the middle of the run."""

from typing import Any

from ..training import Training
from ..updates import Report

STAGES = 2


class InStages(Training):
    """A Training with two stages, one after the other, each with a whole schedule of its own for the learning rates.

    The parameters are those of `Training`; `step` has an attribute `stage`, which is set to 0 and then to 1.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        whole = self.schedule
        self.schedule = lambda fraction: whole(STAGES * fraction % 1.0 if fraction < 1 else 1.0)

    def _one_step(self) -> Report:
        step: Any = self.step
        stage = min(STAGES * self.done // self.steps, STAGES - 1)
        if step.stage != stage:
            step.stage = stage
            self._round.forget()  # the other stage's step was recorded
        return super()._one_step()
