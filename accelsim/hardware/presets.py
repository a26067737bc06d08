"""The descriptions that come with the package, and how a name or path finds its file."""

from dataclasses import dataclass
from pathlib import Path

from accelsim.errors import ConfigurationError
from accelsim.hardware.guess import closest
from accelsim.hardware.problems import Problem, failure, quote

__all__ = ["Found", "find", "preset_names"]

_LARGEST_FILE_BYTES = 1024 * 1024
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Found:
    """The text of a description.

    Attributes:
        text: its content.
        origin: what messages call it.
        preset: the preset's name, None for a file of the user.
        notices: what the user should know about how it was found.
    """

    text: str
    origin: str
    preset: str | None
    notices: tuple[str, ...] = ()


def _folder() -> Path:
    installed = Path(__file__).parents[1] / "hw_configs"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "hw_configs"


def preset_names() -> tuple[str, ...]:
    """The names of all presets, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def find(name_or_path: str | Path) -> Found:
    """Read the description that a preset's name or a path means.

    A file on disk comes first where a path is given; a path that does not exist but whose file name is that of a preset
    means the preset, with a notice.

    Raises:
        ConfigurationError: there is no such file or preset, or it cannot be read.
    """
    text, path = str(name_or_path), Path(name_or_path)
    if text in preset_names():
        return Found(_read(_folder() / f"{text}.yaml", text), text, text)
    if text and _exists(path):
        return Found(_read(path, text), text, None)
    if path.suffix in _ENDINGS and path.stem in preset_names():
        notice = f"{text}: there is no such file here; the preset {path.stem} that comes with accelsim is used"
        return Found(_read(_folder() / f"{path.stem}.yaml", text), path.stem, path.stem, (notice,))
    raise _unknown(text)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _unknown(text: str) -> ConfigurationError:
    names = preset_names()
    guess = closest(Path(text.replace("\0", "")).stem, names)
    remedy = f"did you mean {guess}?" if guess else f"presets are {', '.join(names)}"
    rule = "must be a readable file or the name of a preset"
    return failure(Problem(quote(text), (), rule, "neither", remedy))


def _read(path: Path, origin: str) -> str:
    rule, got, remedy = "must be a readable file", "", "check the path and its permissions"
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE_BYTES + 1)
        if len(content) <= _LARGEST_FILE_BYTES:
            return content.decode("utf-8-sig")
        rule, got, remedy = "must be at most 1 MiB", "more", "is it a hardware description?"
    except UnicodeDecodeError as error:
        rule, got, remedy = "must be UTF-8 text", f"byte {error.start} that is not", "save it as UTF-8"
    except IsADirectoryError:
        got, remedy = "a folder", "name a file in it"
    except OSError as error:
        got = (error.strerror or "an error").lower()
    raise failure(Problem(quote(origin), (), rule, got, remedy))
