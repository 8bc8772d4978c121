"""A public server: it starts with a login or by an explicit word, shows nothing before the login, and knows its users by it."""

import hashlib
import os
from pathlib import Path

import pytest
import streamlit as st
from pages import bench, finish
from streamlit.testing.v1 import AppTest

import swing
from ui.runs import kept
from ui.sets.ask import Own, is_local
from ui.sets.kept import Asked, Kept
from ui.sets.run import _go_on as go_on
from ui.shell import access, account
from ui.shell.bench import Bench
from ui.shell.model_slot import ModelSlot
from ui.shell.visitor import visitor

AUTH = {
    "redirect_uri": "https://swing.example.org/oauth2callback",
    "cookie_secret": "s" * 32,
    "client_id": "swing",
    "client_secret": "secret",
    "server_metadata_url": "https://login.example.org/.well-known/openid-configuration",
}
TWO = {name: AUTH[name] for name in access.OF_ALL} | {
    "okta": {name: AUTH[name] for name in access.OF_EACH},
    "client_kwargs": {"prompt": "login"},
    "<b>": {name: AUTH[name] for name in access.OF_EACH},
}
ANNA = {"is_logged_in": True, "iss": "https://login.example.org", "sub": "1", "name": "Anna <b>*A*</b>"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """As before, whatever a test or `swing.main` says of it."""
    for name in (access.VARIABLE, "SWING_MODELS"):
        monkeypatch.setenv(name, "")


@pytest.fixture()
def configured(monkeypatch):
    """A function that gives Streamlit's secrets a section [auth]."""
    monkeypatch.setattr(access, "find_spec", lambda name: True)

    def configure(auth):
        for module in (access, account):
            monkeypatch.setattr(module, "auth_section", lambda: auth)

    return configure


@pytest.fixture()
def as_user(monkeypatch, configured):
    """A function that says who is logged in, on a server with a login."""
    monkeypatch.setenv(access.VARIABLE, access.LOGIN)
    configured(AUTH)
    return lambda claims: monkeypatch.setattr(type(st.user), "to_dict", lambda self: claims)


def open_app(**query):
    page = AppTest.from_file(str(swing.APP), default_timeout=60)
    page.query_params.update(query)
    return page.run()


@pytest.mark.parametrize(
    ("auth", "fault"),
    [
        ({}, "no login is configured: write a section"),
        (AUTH | {"redirect_uri": ""}, "[auth] of the secrets has no redirect_uri"),
        (AUTH | {"redirect_uri": "https://h/"}, "must end with /oauth2callback; got 'https://h/'"),
        (AUTH | {"cookie_secret": "s" * 31}, "cookie_secret in the section [auth] of the secrets is too short"),
        (AUTH | {"client_id": ""}, "[auth] of the secrets has no client_id"),
        (TWO | {"okta": {"client_id": "a", "client_secret": "b"}}, "[auth.okta] of the secrets has no server_metadata_url"),
        (AUTH, ""),
        (TWO, ""),
    ],
)
def test_a_login_that_cannot_work_is_one_sentence(configured, auth, fault):
    configured(auth)
    found = access.login_fault()
    assert (fault in found) if fault else found == ""


def test_a_login_needs_its_packages(configured, monkeypatch):
    configured(AUTH)
    monkeypatch.setattr(access, "find_spec", lambda name: None if name == "httpx" else True)
    assert access.login_fault() == "the login needs the package httpx: pip install -r requirements.txt"


def test_a_server_is_public_with_a_login_or_by_an_explicit_word(configured, monkeypatch):
    started = []
    monkeypatch.setattr("streamlit.web.cli.main", started.append)
    configured({})
    with pytest.raises(SystemExit, match="^swing: no login is configured.*or add --anonymous"):
        swing.main(["--public"])
    assert started == []
    swing.main(["--public", "--anonymous"])
    assert os.environ[access.VARIABLE] == access.ANONYMOUS and access.public() and not access.login_needed()
    configured(AUTH)
    swing.main(["--public", "--host", "127.0.0.1"])
    assert access.login_needed() and "--server.address=0.0.0.0" in started[0] and "--server.address=127.0.0.1" in started[1]
    assert set(swing.PUBLIC) <= set(started[0]) & set(started[1])
    swing.main([])
    assert "--server.address=localhost" in started[2] and not set(swing.PUBLIC) & set(started[2])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_other_machines_are_let_in_by_public_alone(host, capsys):
    if not host:
        with pytest.raises(SystemExit):
            swing.main(["--anonymous"])
        assert "--anonymous needs --public" in capsys.readouterr().err
        return
    with pytest.raises(SystemExit):
        swing.main(["--host", host])
    assert f"--host {host} lets other machines in: add --public" in capsys.readouterr().err


def test_nothing_is_shown_before_the_login(slot, as_user, configured):
    as_user({})
    page = open_app(run="any")
    assert [button.key for button in page.button] == ["login-"] and page.title[0].value == "Swing" and not page.exception
    assert page.markdown[0].value.endswith("Then open your link again: the login forgets it.")  # a browser without a cookie
    assert not page.sidebar.children and not page.text_area and "run" in page.query_params
    with pytest.raises(ValueError, match="You are not logged in"):
        visitor()
    for claims in ({"is_logged_in": False, **{k: ANNA[k] for k in ("iss", "sub")}}, ANNA | {"sub": ""}, {"is_logged_in": True}):
        as_user(claims)
        assert not access.admitted()
    configured(TWO)
    assert [(button.key, button.label) for button in open_app().button] == [
        ("login-okta", "Log in with okta"),
        ("login-<b>", "Log in with \\<b\\>"),
    ]


@pytest.mark.slow
def test_a_user_is_known_by_issuer_and_subject_in_every_browser(ready, as_user):
    as_user(ANNA)
    ready.fixed = True
    page = finish(open_app(), "text")
    page.button(key="explain").click().run()
    run = bench(finish(page, "text"), "text").run
    said = " ".join(caption.value for caption in page.sidebar.caption)
    assert said.startswith("Model: ") and ready.served in said.replace("\\", "")
    assert "Logged in as Anna \\<b\\>\\*A\\*\\</b\\>" in said and page.button(key="logout") and not page.exception
    hashed = hashlib.sha256(b'["https://login.example.org", "1"]').hexdigest()
    assert [one.id for one in kept.store().runs(f"user {hashed}")] == [run]
    other_browser = open_app(run=run)
    assert bench(other_browser, "text").run == run and other_browser.button(key=f"delete-{run}")
    for stranger in (ANNA | {"sub": "2"}, ANNA | {"iss": "https://other.example.org"}):
        as_user(stranger)
        assert visitor() != f"user {hashed}" and kept.store().runs(visitor()) == []
    as_user(ANNA | {"name": "married", "email": "a@b.c"})
    assert visitor() == f"user {hashed}"


@pytest.fixture()
def roles(monkeypatch):
    """A function that gives Streamlit's secrets a section [roles]."""

    def give(**found):
        monkeypatch.setattr(access, "section", lambda name: found if name == access.ROLES else {})

    return give


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ({"operators": ["anna"]}, "'anna' among the operators of the secrets is no e-mail address, and no issuer"),
        ({"operators": ["https://login.example.org"]}, "no issuer (https://…) with a space and a subject behind it"),
        ({"operators": ["anna@example.org", ""]}, "'' among the operators"),
        ({"operators": "anna@example.org"}, "must be a list of texts; got 'anna@example.org'"),
        ({"operators": [1]}, "must be a list of texts; got [1]"),
        ({"operator": ["anna@example.org"]}, "has 'operator', and operators is all that it may have"),
        ({"operators": ["anna@example.org", "https://login.example.org 1"]}, ""),
        ({"operators": []}, ""),
        ({}, ""),
    ],
)
def test_roles_that_cannot_be_meant_are_one_sentence(as_user, roles, found, fault):
    as_user(ANNA)
    roles(**found)
    told = access.roles_fault()
    assert (fault in told and told.count(". ") == 0) if fault else told == ""


def test_a_server_with_wrong_roles_does_not_start(configured, roles, monkeypatch):
    started = []
    monkeypatch.setattr("streamlit.web.cli.main", started.append)
    configured(AUTH)
    roles(operators=["anna"])
    with pytest.raises(SystemExit, match="^swing: 'anna' among the operators"):
        swing.main(["--public"])
    roles(operators=["anna@example.org"])
    with pytest.raises(SystemExit, match=r"^swing: the section \[roles\] of the secrets is of users who log in"):
        swing.main(["--public", "--anonymous"])
    assert started == []
    swing.main(["--public"])
    assert len(started) == 1


def test_sections_are_read_from_the_secrets(monkeypatch, tmp_path):
    from streamlit import config
    from streamlit.runtime.secrets import Secrets

    file = tmp_path / "secrets.toml"
    file.write_text('other = 1\nflat = "x"\n[roles]\noperators = ["anna@example.org"]\n[auth.okta]\nclient_id = "a"\n')
    usual = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: [str(file)] if name == "secrets.files" else usual(name))
    monkeypatch.setattr("streamlit.runtime.secrets.secrets_singleton", Secrets())
    assert access.section("roles") == {"operators": ["anna@example.org"]} and access.auth_section() == {
        "okta": {"client_id": "a"}
    }
    assert access.section("none") == {} and access.section("flat") == {"flat": "x"}


VERIFIED = ANNA | {"email": "Anna@Example.org", "email_verified": True}


@pytest.mark.parametrize(
    ("claims", "is_one"),
    [
        (VERIFIED, True),
        (VERIFIED | {"email_verified": False}, False),
        (VERIFIED | {"email_verified": "true"}, False),
        (ANNA | {"email": "anna@example.org"}, False),  # whoever writes it into a profile of his own has not shown it
        (VERIFIED | {"email": "bob@example.org"}, False),
        (VERIFIED | {"is_logged_in": False}, False),
        ({"email": "anna@example.org", "email_verified": True}, False),
        ({}, False),
        (ANNA | {"sub": "7"}, True),
        (ANNA | {"sub": "7", "iss": "https://other.example.org"}, False),
        (ANNA | {"sub": "8"}, False),
    ],
)
def test_an_operator_is_named_by_subject_or_by_an_address_that_was_verified(as_user, roles, claims, is_one):
    as_user(claims)
    roles(operators=["anna@example.org", "https://login.example.org 7"])
    assert access.is_operator() is is_one
    roles()
    assert not access.is_operator()


def test_only_an_operator_may_ask_for_another_model_and_sees_the_load(ready, as_user, roles, monkeypatch):
    monkeypatch.setenv("SWING_MODELS", "fixed")
    as_user(VERIFIED)
    roles(operators=["anna@example.org"])
    ready.fixed = True
    page = open_app()
    said = " ".join(caption.value for caption in page.sidebar.caption)
    assert not page.exception and "an operator" in said and "Runs: 0 at work, 0 waiting" in said and "Model: " not in said
    ModelSlot("my/own").check("another/one")
    as_user(VERIFIED | {"email": "bob@example.org"})
    said = " ".join(caption.value for caption in open_app().sidebar.caption)
    assert "operator" not in said and "at work" not in said and "Model: " in said
    with pytest.raises(ValueError, match="^This server explains my/own alone"):
        ModelSlot("my/own").check("another/one")


def test_without_a_login_nobody_is_an_operator_but_who_sits_at_the_machine(monkeypatch, roles):
    roles(operators=["anna@example.org"])
    assert access.is_operator()
    monkeypatch.setenv("SWING_MODELS", "fixed")
    slot = ModelSlot("my/own")
    assert slot.fixed  # who says so at his own machine means it
    monkeypatch.setenv(access.VARIABLE, access.ANONYMOUS)
    monkeypatch.setattr(type(st.user), "to_dict", lambda self: VERIFIED)
    assert not access.is_operator() and slot.fixed


@pytest.mark.slow
def test_a_link_is_opened_after_the_login_in_the_browser_that_came_by_it(ready, as_user, monkeypatch):
    account.links.clear()
    here = ["one"]
    monkeypatch.setattr(account, "browser", lambda: here[0])
    as_user(ANNA)
    page = finish(open_app(), "text")
    page.button(key="explain").click().run()
    run = bench(finish(page, "text"), "text").run
    as_user({})
    assert open_app(run=run).markdown[0].value.endswith("Then your link opens.")
    as_user(ANNA)
    here[0] = "other"
    assert "run" not in open_app().query_params
    here[0] = "one"
    page = open_app()
    assert page.query_params["run"] == run and bench(page, "text").run == run and not page.exception
    assert "run" not in open_app().query_params  # it is told once


def test_links_are_kept_for_a_while_and_not_without_end(monkeypatch):
    now = [0.0]
    links = account.Links(lambda: now[0])
    link = ("image", {"run": "x"})
    assert links.keep("a", link) and not links.keep("b", ("", {"x": "y" * account.LONGEST}))
    now[0] = account.PATIENCE
    assert links.take("a") == link and links.take("a") is None
    assert links.keep("a", link)
    now[0] += account.PATIENCE + 1
    assert links.take("a") is None
    monkeypatch.setattr(account, "MOST", 2)
    for who in "abac":
        links.keep(who, link)
    assert [links.take(who) for who in "abc"] == [link, None, link]


def test_a_public_server_has_one_model_and_no_files_of_its_own(monkeypatch, ready, tmp_path):
    monkeypatch.setattr(st, "get_option", lambda name: "localhost")
    monkeypatch.setattr(type(st.context), "headers", {"Host": "localhost:8501"})
    assert is_local()
    monkeypatch.setenv(access.VARIABLE, access.ANONYMOUS)
    assert not is_local()
    monkeypatch.setenv("SWING_MODELS", "fixed")
    slot = ModelSlot("my/own")
    slot.check("my/own")
    for other in (None, "another/one"):
        with pytest.raises(ValueError, match="^This server explains my/own alone: ask its operator for another model.$"):
            slot.check(other)
    assert ModelSlot().served == "the bundled Gemma 3 270M" and ModelSlot(str(tmp_path / "mine")).served == "mine"
    (tmp_path / "mine").mkdir()
    assert ModelSlot(str(tmp_path / "mine")).served == "mine"
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    state, settings = Bench(Own()), {"kind": "text", "model": "another/one"}
    go_on(state, Kept("id", Path("folder"), 0.0, Asked("reviews.csv", "reviews.csv", settings)))  # begun on an earlier server
    assert state.job is None and state.outcome is not None and state.outcome[1].startswith("This server explains my/own alone")
    monkeypatch.setenv("SWING_MODELS", "")
    ModelSlot("my/own").check("another/one")
