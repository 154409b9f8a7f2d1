"""Tables as people have them, and what the commands of a new user do with them: exit codes, messages, scores beside their floors.

    python tests/benchmarks/peoples_tables.py [FOLDER] [NAME ...]      some minutes of processor time for all of them

The tables are made up, always the same, half of the rows in NAME and half in held-out-NAME. Everything is written into FOLDER,
peoples-tables by default. Each line that begins with $ is a command as it is typed. A command that does not end with exit code 0
is followed by its message. After a training stands the C2ST of generated rows and that of true ones, which is the floor; where
values repeat, also that of true rows whose values were moved by less than half of the way to the next one.
"""

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

from tinygan.cli import run_files

ROWS = 1000


def people(rng, n=ROWS):
    """Height in cm and weight in kg, rounded as scales and yardsticks do."""
    height = rng.normal(171, 9, n)
    return height.round(1), (.9 * (height - 100) + rng.normal(0, 9, n)).round(1)


def lines(*columns, mark=",", decimal="."):
    """Cells as lines."""
    return [mark.join(str(cell).replace(".", decimal) if isinstance(cell, float) else str(cell) for cell in row)
            for row in zip(*(column.tolist() if isinstance(column, np.ndarray) else column for column in columns), strict=True)]


def german(rng):
    return ["Größe in cm;Gewicht in kg"], lines(*people(rng), mark=";", decimal=","), "utf-8-sig"


def excel(rng):
    return ["sep=;", "height;weight"], lines(*people(rng), mark=";"), "utf-8"


def unicode_text(rng):
    return ["height\tweight"], lines(*people(rng), mark="\t"), "utf-16"


def pandas(rng):
    return [",height,weight"], lines(range(ROWS), *people(rng)), "utf-8"


def customers(rng):
    """Numbers of customers, dates, ages and what they paid."""
    days = np.datetime64("2024-01-01") + rng.integers(0, 366, ROWS)
    ids = [f"C{k:05d}" for k in rng.permutation(ROWS)]
    age = rng.integers(18, 91, ROWS)
    paid = (20 + age + rng.gamma(2, 10, ROWS)).round(2)
    return ["customer,date,age,paid"], lines(ids, days.astype(str), age, paid), "utf-8"


def penguins(rng):
    """Text categories, and some of their cells say NA."""
    kind = rng.choice(3, ROWS, p=[.45, .35, .2])
    bill = (np.array([38.8, 47.5, 48.8])[kind] + rng.normal(0, 2.6, ROWS)).round(1)
    flipper = (np.array([190., 217, 196])[kind] + rng.normal(0, 6.5, ROWS)).round()
    sex = rng.choice(["female", "male", "NA"], ROWS, p=[.49, .49, .02])
    return ["species,bill,flipper,sex"], lines(np.array(["Adelie", "Gentoo", "Chinstrap"])[kind], bill, flipper, sex), "utf-8"


def sensor(rng):
    """Some cells are empty."""
    temperature = rng.normal(20, 4, ROWS).round(2).astype(str)
    temperature[rng.permutation(ROWS)[:7]] = ""
    return ["temperature,humidity"], lines(temperature, rng.normal(60, 8, ROWS).round(2)), "utf-8"


def whole(rng):
    """Whole numbers with bounds: age, children, and points of 100."""
    age = rng.integers(18, 91, ROWS)
    return ["age,children,points"], lines(age, rng.binomial(6, .1 + age / 300), rng.binomial(100, .9 - age / 200)), "utf-8"


def money(rng):
    """Skewed amounts: incomes and rents."""
    income = rng.lognormal(10.3, .7, ROWS)
    return ["income,rent"], lines(income.round(2), (income**.8 * rng.lognormal(-.2, .2, ROWS)).round(2)), "utf-8"


def machine(rng):
    """One of the columns is constant."""
    speed = rng.normal(1500, 60, ROWS)
    return ["speed,voltage,load"], lines(speed.round(), [230.0] * ROWS, (speed / 30 + rng.normal(0, 2, ROWS)).round(1)), "utf-8"


def survey(rng):
    """Answers from 1 to 5 to six questions that go together."""
    mood = rng.normal(0, 1, ROWS)
    answers = [np.clip(np.rint(3 + mood + rng.normal(0, .8, ROWS)), 1, 5).astype(int) for _ in range(6)]
    return ["q1,q2,q3,q4,q5,q6"], lines(*answers), "utf-8"


QUESTIONS = "q1 q2 q3 q4 q5 q6"
# table -> (its file, the options of each training that a person may try, one after the other)
TABLES = {german: ("german.csv", ["", "--decimal ,"]), excel: ("excel.csv", [""]), unicode_text: ("unicode.txt", [""]),
          pandas: ("pandas.csv", [""]), customers: ("customers.csv", ["", "--columns age paid"]),
          penguins: ("penguins.csv", ["", "--categorical species sex"]), sensor: ("sensor.csv", [""]), whole: ("whole.csv", [""]),
          money: ("money.csv", [""]), machine: ("machine.csv", [""]),
          survey: ("survey.csv", ["", f"--categorical {QUESTIONS}"])}


def written(folder, table, name):
    """Write the two halves of a table."""
    head, rows, encoding = table(np.random.default_rng(0))
    for path, some in {folder / name: rows[::2], folder / f"held-out-{name}": rows[1::2]}.items():
        path.write_text("\n".join([*head, *some, ""]), encoding=encoding)


def typed(folder, words):
    """Run a command in the folder and print it, with its message if it fails, else what it left out; whether it went well."""
    print(f"$ tinygan {words}")
    done = subprocess.run([sys.executable, "-m", "tinygan", *shlex.split(words)], cwd=folder, capture_output=True, text=True)
    if done.returncode or done.stderr:
        print(f"exit code {done.returncode}: {done.stderr.strip()}")
    print("".join(f"{line}\n" for line in done.stdout.splitlines() if " is left out" in line), end="")
    return done.returncode == 0


def tried(folder, name, number, options):
    """Train, sample and score as a new user would."""
    run = f"{Path(name).stem}{number or ''}"
    if not typed(folder, f"train --data {name} {options} --quiet --out {run}".replace("  ", " ")):
        return
    loaded = run_files.load(folder / run)
    print("C2ST:", ", ".join(f"{row} {scores['c2st']:.1%}" for row, scores in loaded.scores["rows"].items()))
    typed(folder, f"sample {run} -n 1000 --like-data --out {run}-new.csv")
    print("\n".join((folder / f"{run}-new.csv").read_text(encoding="utf-8").splitlines()[:4]))
    typed(folder, f"score {run} --data held-out-{name}" + " --decimal ," * ("--decimal" in options))


def main(folder="peoples-tables", *names):
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for table, (name, trials) in TABLES.items():
        if names and table.__name__ not in names:
            continue
        print(f"\n{table.__name__}: {(table.__doc__ or 'Height and weight.').splitlines()[0]}")
        written(folder, table, name)
        for number, options in enumerate(trials):
            tried(folder, name, number, options)


if __name__ == "__main__":
    main(*sys.argv[1:])
