"""What cannot be timed."""


class DeadlockError(RuntimeError):
    """The Program's order and its hazards contradict each other: a defect of whoever made them."""
