"""Hardware fields to search, by Optuna, which is imported here and nowhere else, when there is something to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from math import prod
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.explore.values import Values, expanded, field_rule, split_list
from accelsim.hardware.units import Refused

__all__ = ["Space", "space_of"]


class Space:
    """Values of some fields, every combination a description to try.

    Args:
        axes: each field once.
    """

    def __init__(self, axes: Sequence[Values]) -> None:
        self.axes = tuple(axes)

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return prod(len(axis.texts) for axis in self.axes)

    def search(
        self,
        objective: Callable[[tuple[str, ...]], float | None],
        trials: int,
        name: str,
        storage: str | None,
        less_is_better: bool = True,
    ) -> None:
        """Let Optuna try combinations: all of them where there are few enough, else what its sampler (TPE) proposes.

        Args:
            objective: settings → value; none where they do not run or miss a condition.
            trials: combinations to try at most; with a storage, those of earlier runs count.
            name: of the study.
            storage: an URL of a database; in memory by default.

        Raises:
            ConfigurationError: Optuna is not installed, or the storage cannot be used.
        """
        optuna = _optuna()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        few = self.size <= trials
        values = {axis.field: list(axis.texts) for axis in self.axes}
        sampler = optuna.samplers.GridSampler(values, seed=0) if few else optuna.samplers.TPESampler(seed=0)
        try:
            study = optuna.create_study(
                study_name=name,
                storage=storage,
                sampler=sampler,
                load_if_exists=True,
                direction="minimize" if less_is_better else "maximize",
            )
        except Exception as error:  # whatever the database's driver raises
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            rule = "must be the URL of a database that can be used"
            raise ConfigurationError(
                f"--storage: {rule}, got {storage!r} ({reason}); write e.g. sqlite:///tune.db"
            ) from None

        def trial_of(trial: Any) -> float:
            settings = tuple(
                f"{axis.field}={trial.suggest_categorical(axis.field, list(axis.texts))}" for axis in self.axes
            )
            value = objective(settings)
            if value is None:
                raise optuna.TrialPruned
            return value

        left = min(self.size, trials) - len([t for t in study.trials if t.state.is_finished()])
        if left > 0:
            study.optimize(trial_of, n_trials=left)
        if any(trial.value is not None for trial in study.trials):
            # Of a study that was gone on with, the best combination may be an earlier one.
            best = study.best_params
            objective(tuple(f"{axis.field}={best[axis.field]}" for axis in self.axes))


def space_of(searched: Iterable[str]) -> Space:
    """The space of options like `scratchpad.capacity=32KiB..1MiB:x2` and `pe_array.rows=8,16,32`.

    Raises:
        ConfigurationError: one is not of that form, or names a field or a value that cannot be.
    """
    axes: dict[str, Values] = {}
    for text in searched:
        field, equals, values = (part.strip() for part in text.partition("="))
        if not equals:
            raise ConfigurationError(f"--search: must be FIELD=VALUES, got {text!r}; write e.g. pe_array.rows=8,16,32")
        try:
            found = expanded(field, field_rule(field), split_list(values))
        except Refused as refused:
            raise ConfigurationError(f"--search: {field}: {refused.rule}, got {values!r}; {refused.remedy}") from None
        if field in axes:
            raise ConfigurationError(f"--search: {field}: must be given once, got it twice; join the values")
        axes[field] = found
    return Space(tuple(axes.values()))


def _optuna() -> Any:
    if find_spec("optuna") is None:
        rule = "searching hardware needs optuna, which is not installed"
        raise ConfigurationError(f"--search: {rule}; pip install 'accelsim[sweep]'")
    import optuna

    return optuna
