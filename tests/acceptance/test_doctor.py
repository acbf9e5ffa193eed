"""`doctor` as its user meets it: one screen, and an exit code for scripts."""

import json
from pathlib import Path

from .service import Service
from .user import User

SCREEN = 24


def test_where_all_is_well_it_says_so_in_one_screen_and_changes_nothing(user: User, service: Service) -> None:
    user.writes("a")
    before = sorted(user.folder.rglob("*"))

    said = user.types("doctor", "shots.yaml")

    assert said.code == 0, said.text
    assert len(said.out.splitlines()) < SCREEN
    assert f"{user.url} answers" in said.out
    assert user.key not in said.out
    assert {asked.path for asked in service.asked} == {"/api/v1/apikey/validate", "/api/v1/team/balance"}
    assert sorted(user.folder.rglob("*")) == before


def test_a_refused_key_ends_with_1_and_says_what_helps(user: User) -> None:
    user.key = "another"
    said = user.types("doctor", "-o", "json")
    assert said.code == 1, said.text
    whole = json.loads(said.out)
    assert whole["ok"] is False
    (wrong,) = (each for each in whole["checks"] if each["state"] == "wrong")
    assert (wrong["name"], wrong["help"]) == ("key", "copy it again from the service's web console")


def test_offline_and_in_the_sandbox_nobody_is_asked(user: User, service: Service) -> None:
    user.writes("a")
    assert user.types("doctor", "--offline").code == 0
    user.key = ""
    assert user.types("doctor", "shots.yaml", "--sandbox").code == 0
    assert user.types("doctor").code == 1
    assert service.asked == ()
    assert not (user.folder / "sandbox-run").exists()


def test_an_address_where_nobody_is_ends_with_1(user: User, tmp_path: Path) -> None:
    user.url = "http://127.0.0.1:9"
    said = user.types("doctor")
    assert said.code == 1, said.text
    assert "wrong    address   http://127.0.0.1:9 does not answer" in said.out
