"""What a run leaves behind: its history, and, when it fails, where and why.

`History` holds a few arrays of numbers; `Guard` watches that all of them stay finite.
"""

import numpy as np

ROWS = 1000  # a run of any length keeps at most this many rows ...
LOOKS = 50  # ... and counts its modes about this often


class History:
    """The numbers of a training run, one row for each recorded step. With replicas each column has shape (rows, R).

    step              (rows,)   steps completed, from 1; every step for runs of up to 1000, evenly spaced for longer ones
    d_loss, g_loss    losses before that step's updates
    d_real, d_fake    D's mean verdict on the step's real and fake batch: a probability where the loss is made of
                      probabilities, otherwise the score
    modes_step, modes the step of each look, and how many modes had a high-quality sample among 1000
                      (empty unless the data are a mixture)
    G_ema             the generator with averaged parameters, or None
    diverged          the step at which a run, or each replica, stopped being finite; 0 where that never happened
    """

    columns = ("d_loss", "g_loss", "d_real", "d_fake")

    def __init__(self, steps, replicas=(), G_ema=None, count_modes=False):
        self.steps, self.G_ema = steps, G_ema
        self.every = -(-steps // ROWS)
        self.look_every = -(-steps // LOOKS) if count_modes else steps + 1
        rows, looks = -(-steps // self.every), -(-steps // self.look_every) if count_modes else 0
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
        """Copy one row: a number, or an array (R,), for each column."""
        self._step[self._rows] = step
        for column, value in zip(self._table, map(values.pop, self.columns), strict=True):
            column[self._rows] = value
        self._rows += 1

    def record_modes(self, step, modes):
        """Copy one count of modes: a number, or an array (R,)."""
        self._modes_step[self._looks], self._modes[self._looks] = step, modes
        self._looks += 1

    step = property(lambda self: self._step[:self._rows])
    modes_step = property(lambda self: self._modes_step[:self._looks])
    modes = property(lambda self: self._modes[:self._looks])
    d_loss, g_loss, d_real, d_fake = (property(lambda self, i=i: self._table[i, :self._rows]) for i in range(4))

    def describe(self):
        """The last row as one line for a progress bar; the median over replicas, where there are any."""
        if not self._rows:
            return ""
        d_loss, g_loss, d_real, d_fake = (np.median(column[self._rows - 1]) for column in self._table)
        modes = f"  modes {np.median(self.modes[-1]):g}" if self._looks else ""
        return f"D loss {d_loss:.3f}  G loss {g_loss:.3f}  D(real) {d_real:.2f}  D(fake) {d_fake:.2f}{modes}"

    def __repr__(self):
        done = self.step[-1] if self._rows else 0
        return f"History({done} of {self.steps} steps: {self.describe()})"


class Diverged(FloatingPointError):
    """A loss, gradient or parameter is no longer a finite number. `history` holds the run so far."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


class Guard:
    """Notices the step in which a number stops being finite, and puts the parameters from before that step back."""

    def __init__(self, G, D, history):
        self.players, self.history = {"D": D, "G": G}, history
        self.before = {name: net.theta.copy() for name, net in self.players.items()}

    def check(self, step, **losses):
        """Raises `Diverged` when the run, or its last replica, is lost; a lost replica is noted and held still."""
        # One sum tells whether all of theta is finite: a gradient that is not would have reached it by now.
        total = sum(losses.values()) + sum(net.theta.sum(axis=-1) for net in self.players.values())
        lost = ~np.isfinite(total)
        if np.any(lost):
            message = self.diagnose(step, losses)
            self.history.diverged[lost & (self.history.diverged == 0)] = step
            for name, net in self.players.items():
                net.theta[lost] = self.before[name][lost]
            if np.all(self.history.diverged):
                raise Diverged(message, self.history)
        for name, net in self.players.items():
            self.before[name][...] = net.theta

    def diagnose(self, step, losses):
        """Where the first number that is not finite stands: player, then loss, gradient or parameter, then layer."""
        place = "a sum overflowed"
        for name, net in self.players.items():
            found = []
            if not np.all(np.isfinite(losses[name])):
                found.append(f"the loss of {name} is {losses[name]}")
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
