"""Names that nobody has yet."""

__all__ = ["fresh"]


def fresh(name: str, taken: set[str]) -> str:
    """Return `name` itself, or with a number if it is among those taken; it is taken from then on."""
    candidate, number = name, 1
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate
