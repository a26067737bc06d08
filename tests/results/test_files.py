"""Files are written whole or not at all; what cannot be written is one message with a remedy."""

import os
from pathlib import Path

import pytest

from accelsim.errors import ConfigurationError
from accelsim.files import make_directory, read_text, write_bytes, write_csv, write_json, write_text


def test_a_file_is_replaced_and_no_temporary_name_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_text(path, "neu ü\n")
    assert path.read_bytes() == "neu ü\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_new_file_has_the_permissions_that_the_user_s_mask_gives(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_bytes(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_was_there_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ConfigurationError, match=r"a\.txt: must be a writable file, got no space left on device; "):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_text(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "x"


def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/such/a.txt", "got no such file or directory; make its folder first$"),
        (".", "got is a directory; name a file in it$"),
        ("a\0b", "got .*null (byte|character).*; choose another place$"),
    ],
)
def test_an_unwritable_target_is_a_configuration_error(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        write_text(f"{tmp_path}/{name}", "x")
    assert caught.value.exit_code == 2
    assert os.listdir(tmp_path) == []


def test_a_folder_is_made_with_its_parents_and_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    assert make_directory(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ConfigurationError, match=r"must be a folder that can be made, got file exists; name another one$"
    ):
        make_directory(tmp_path / "file")


def test_csv_quotes_what_needs_it(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ("name", "n"), [('a,"b"', 1), (None, 2.5)])
    assert (tmp_path / "a.csv").read_text() == 'name,n\n"a,""b""",1\n,2.5\n'


def test_json_has_no_numbers_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert os.listdir(tmp_path) == []


def test_an_unreadable_file_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(
        ConfigurationError, match=r"binary: must be UTF-8 text, got byte 0 that is not; save it as UTF-8$"
    ):
        read_text(tmp_path / "binary")
    with pytest.raises(ConfigurationError, match="must be a readable file, got no such file or directory"):
        read_text(tmp_path / "missing")
