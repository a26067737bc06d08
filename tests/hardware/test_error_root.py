"""One root, one exit code for each kind of error, texts that carry what the user needs."""

import pickle

import pytest

from accelsim import errors
from accelsim.errors import AccelsimError, ConfigurationError, DoesNotFitError


def test_every_kind_has_the_exit_code_of_the_manual() -> None:
    codes = {name: getattr(errors, name).exit_code for name in errors.__all__}
    assert codes == {
        "AccelsimError": 1,
        "ConfigurationError": 2,
        "ModelUnsupportedError": 3,
        "DoesNotFitError": 4,
        "GoalMissedError": 4,
        "VerificationError": 5,
    }
    assert all(issubclass(getattr(errors, name), AccelsimError) for name in errors.__all__)


def test_several_problems_stand_on_lines_of_their_own() -> None:
    error = ConfigurationError("a: wrong", "b: wrong too")
    assert str(error) == "a: wrong\nb: wrong too"
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_what_does_not_fit_says_need_have_gap_and_what_helps() -> None:
    error = DoesNotFitError("conv1", 3000, 1000, remedies=["a larger scratchpad", "restructuring"])
    assert str(error) == (
        "conv1: must fit the scratchpad, needs 3,000 B, has 1,000 B, 2,000 B too few; "
        "what would help: a larger scratchpad; restructuring"
    )
    assert error.gap == 2000


@pytest.mark.parametrize("remedies", [(), ("smaller tiles",)])
def test_what_does_not_fit_survives_a_process_boundary(remedies: tuple[str, ...]) -> None:
    error = DoesNotFitError("conv1", 3000, 1000, memory="accumulator", remedies=remedies)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.memory, copy.remedies) == (str(error), "accumulator", remedies)
