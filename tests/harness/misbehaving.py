"""Methods that go wrong in every way; each that is built writes a line to the file that ``mark`` names."""

import os
import signal
import time
from pathlib import Path

import carla_genre  # noqa: F401  (makes carla importable)

from carla.recourse_methods.api import RecourseMethod


class Stay(RecourseMethod):
    """Answers with the factual itself."""

    def __init__(self, mlmodel, hyperparams=None):
        super().__init__(mlmodel)
        self.hyperparams = dict(hyperparams or {})
        if "mark" in self.hyperparams:
            with Path(self.hyperparams["mark"]).open("a") as file:
                file.write(f"{os.getpid()}\n")

    def get_counterfactuals(self, factuals):
        return factuals.copy()


class Fails(Stay):
    def get_counterfactuals(self, factuals):
        raise ZeroDivisionError("nothing to\n  divide")


class Exits(Stay):
    def get_counterfactuals(self, factuals):
        print("my last words", flush=True)
        os._exit(3)


class Killed(Stay):
    def get_counterfactuals(self, factuals):
        os.kill(os.getpid(), signal.SIGKILL)


class Sleeps(Stay):
    """Longer than any test waits."""

    def get_counterfactuals(self, factuals):
        time.sleep(120)
        return factuals.copy()


class SleepsTwice(Stay):
    """Answers when it is built for the third time."""

    def get_counterfactuals(self, factuals):
        if len(Path(self.hyperparams["mark"]).read_text().splitlines()) < 3:
            time.sleep(120)
        return factuals.copy()


class TellsFolder(Stay):
    """Tells where CARLA's methods would keep what they train."""

    def __init__(self, mlmodel, hyperparams=None):
        super().__init__(mlmodel, {**(hyperparams or {}), "models": os.environ["CF_MODELS"]})


class CountsRows(Stay):
    """Tells how many rows it may learn from: the data's own, and its train rows."""

    def __init__(self, mlmodel, hyperparams=None):
        data = mlmodel.data
        super().__init__(mlmodel, {**(hyperparams or {}), "rows": [len(data.df), len(data.df_train)]})


class NoMethod:
    pass
