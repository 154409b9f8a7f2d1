"""What a run leaves behind: its history, and, when it fails, where and why.

`History` holds a few arrays of numbers; `Guard` watches that they stay numbers of a size that can be learned from.
"""

import copy

import numpy as np

ROWS = 1000  # a run of any length keeps at most this many rows ...
LOOKS = 50  # ... and counts its modes about this often

# Adam bounds every step, so a rate much too large seldom reaches infinity. It throws the scores beyond a million within
# a few steps, and no run comes back from there: a loss beyond this counts as diverged too.
LOSS_LIMIT = 1e6


class History:
    """The numbers of a training run, one row for each recorded step. With replicas each column has shape (rows, R).

    step              (rows,)   steps completed, from 1: every step in runs of up to 1000, evenly spaced ones in longer runs,
                      and in any case the last
    d_loss, g_loss    losses before that step's updates
    d_real, d_fake    after that step, D's mean verdict on real and fake points: a probability where the loss is
                      made of probabilities, otherwise the score
    modes_step, modes the step of each look, and how many modes had a high-quality sample among 1000
                      (empty unless the data are a mixture)
    G_ema             the generator with averaged parameters, or None
    diverged          the step at which the run, or each replica, diverged (see `Diverged`); 0 where that never happened
    """

    columns = ("d_loss", "g_loss", "d_real", "d_fake")

    def __init__(self, steps, replicas=(), G_ema=None, count_modes=False):
        self.steps, self.G_ema = steps, G_ema
        self.every = -(-steps // ROWS)
        self.look_every = -(-steps // LOOKS) if count_modes else steps + 1
        rows, looks = -(-steps // self.every) + 1, -(-steps // self.look_every) if count_modes else 0
        self._step, self._modes_step = np.zeros(rows, int), np.zeros(looks, int)
        self._table = np.full((len(self.columns), rows, *replicas), np.nan)
        self._modes = np.zeros((looks, *replicas), int)
        self._rows = self._looks = 0
        self.diverged = np.zeros(replicas, int)

    def wants(self, step):
        """Whether this step (from 1) is recorded: every so often, and the last one."""
        return step % self.every == 0 or step == self.steps

    def wants_modes(self, step):
        """Whether modes are counted at this step (from 1)."""
        return self.look_every <= self.steps and (step % self.look_every == 0 or step == self.steps)

    def record(self, step, **values):
        """Copy one row: a number, or an array (R,), for each column. A step is recorded once."""
        if self._rows and self._step[self._rows - 1] == step:
            return
        self._step[self._rows] = step
        for column, value in zip(self._table, map(values.pop, self.columns), strict=True):
            column[self._rows] = value
        self._rows += 1

    def record_modes(self, step, modes):
        """Copy one count of modes: a number, or an array (R,). A step is recorded once."""
        if self._looks and self._modes_step[self._looks - 1] == step:
            return
        self._modes_step[self._looks], self._modes[self._looks] = step, modes
        self._looks += 1

    step = property(lambda self: self._step[:self._rows])
    modes_step = property(lambda self: self._modes_step[:self._looks])
    modes = property(lambda self: self._modes[:self._looks])
    d_loss, g_loss, d_real, d_fake = (property(lambda self, i=i: self._table[i, :self._rows]) for i in range(4))

    def replica(self, r):
        """The history of replica r alone."""
        twin = copy.copy(self)
        twin._table, twin._modes, twin.diverged = self._table[..., r], self._modes[..., r], self.diverged[..., r]
        twin.G_ema = self.G_ema and self.G_ema.replica(r)
        return twin

    def arrays(self):
        """Everything recorded, as a dict of arrays: what a file keeps. `from_arrays` is the way back."""
        names = ("step", *self.columns, "modes_step", "modes", "diverged")
        return {name: np.asarray(getattr(self, name)) for name in names}

    @classmethod
    def from_arrays(cls, steps, arrays, G_ema=None):
        """The history of a run planned for `steps` steps, from what `arrays` gave."""
        history = cls(steps, G_ema=G_ema)
        history._step, history._modes_step, history._modes = (arrays[name] for name in ("step", "modes_step", "modes"))
        history._table, history.diverged = np.stack([arrays[name] for name in cls.columns]), arrays["diverged"]
        history._rows, history._looks = history._step.size, history._modes_step.size
        return history

    def describe(self):
        """The last row as one line for a progress bar: modes, both losses, D's verdicts; medians, where there are replicas."""
        if not self._rows:
            return ""
        d_loss, g_loss, d_real, d_fake = (np.median(column[self._rows - 1]) for column in self._table)
        modes = f"modes {np.median(self.modes[-1]):g}  " if self._looks else ""
        return f"{modes}loss D {d_loss:.2f} G {g_loss:.2f}  D(real) {d_real:.2f} D(fake) {d_fake:.2f}"

    def __repr__(self):
        done = self.step[-1] if self._rows else 0
        return f"History({done} of {self.steps} steps: {self.describe()})"


class Diverged(FloatingPointError):
    """A loss, gradient or parameter is no longer finite, or a loss is beyond 1e6. `history` holds the run so far."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


class Guard:
    """Notices the step in which a run diverges, and puts the parameters from before that step back."""

    def __init__(self, G, D, history):
        self.players, self.history = {"D": D, "G": G}, history
        self.before = {name: net.theta.copy() for name, net in self.players.items()}
        self.some_lost = False

    def check(self, step, **losses):
        """The `Diverged` to raise when the run, or its last replica, is lost, else None; lost replicas are held still."""
        # One sum tells whether all of theta is finite: a gradient that is not would have reached it by now.
        fine = np.isfinite(sum(net.theta.sum(axis=-1) for net in self.players.values()))
        for loss in losses.values():
            fine = fine & (np.abs(loss) <= LOSS_LIMIT)
        if np.all(fine) and not self.some_lost:
            return self._keep()
        lost = ~fine
        new = lost & (self.history.diverged == 0)
        message = self.diagnose(step, losses) if np.any(new) else ""
        self.history.diverged[new] = step
        lost = self.history.diverged > 0
        if np.any(lost):
            for name, net in self.players.items():
                net.theta[lost] = self.before[name][lost]
        if np.any(new) and np.all(lost):
            return Diverged(message, self.history)
        self.some_lost = True
        return self._keep()

    def _keep(self):
        for name, net in self.players.items():
            self.before[name][...] = net.theta

    def diagnose(self, step, losses):
        """Where the first number that is not finite stands: player, then loss, gradient or parameter, then layer."""
        place = "a sum overflowed"
        for name, net in self.players.items():
            found = []
            loss = np.max(np.abs(losses[name]))
            if not loss <= LOSS_LIMIT:
                size = f"{loss:.3g} in size (limit {LOSS_LIMIT:.0e})" if np.isfinite(loss) else f"{loss}"
                found.append(f"the loss of {name} is {size}")
            for what, flat in (("gradient", net.grad), ("parameter", net.theta)):
                for layer, parameter, view in net.views(flat):
                    bad = view.size - np.count_nonzero(np.isfinite(view))
                    if bad:
                        index = net.layers.index(layer)
                        found.append(f"{bad} of {view.size} entries of the {what} {parameter} are not finite "
                                     f"in layer {index} of {name}, {layer}")
            if found:
                place = found[0] if len(found) == 1 else f"{found[0]}; {found[1]}"
                break
        return (f"training diverged at step {step}: {place}. The parameters from before this step are kept. "
                "Try a learning rate ten times smaller")
