"""The base of all parts of a description."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Section"]


class Section(BaseModel):
    """A frozen group of fields; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
