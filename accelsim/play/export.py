"""The description that the controls make, as a YAML file that `accelsim run --hw` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accelsim.hardware import Hardware

__all__ = ["command", "file_name", "yaml_text"]


def yaml_text(base: Hardware, overrides: tuple[str, ...]) -> str:
    """The whole file: what the description gives, with the fields that were set on top, and a word on which those are.

    Raises:
        ConfigurationError: a field that was set breaks a rule.
    """
    import yaml

    from accelsim.hardware import override

    described = override(base, overrides).model_dump(by_alias=True, exclude_unset=True)
    if overrides:
        described["name"] = _name(base)
        fields = ", ".join(setting.partition("=")[0] for setting in overrides)
        described["sources"] = [
            *described.get("sources", ()),
            f"{fields}: set in the playground, on top of {base.name}",
        ]
    body = yaml.safe_dump(_plain(described), sort_keys=False, allow_unicode=True, width=110)
    return f"# Made in the playground of accelsim. accelsim run --hw {file_name(base)} --model NETWORK\n{body}"


def file_name(base: Hardware) -> str:
    """What the browser saves it as."""
    return f"{_name(base)}.yaml"


def command(hardware: str, overrides: tuple[str, ...], model: str, restructure: str) -> str:
    """The command line that gives the same numbers."""
    verb, last = ("run", "") if restructure == "off" else ("compare", f" --restructure {restructure}")
    settings = "".join(f" --set {setting}" for setting in overrides)
    return f"accelsim {verb} --hw {hardware}{settings} --model {model}{last}"


def _name(base: Hardware) -> str:
    return f"{base.name[:50]}_playground"


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
