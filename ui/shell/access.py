"""Who is let in where Swing is public: whoever logs in by OpenID Connect, or with `--anonymous` whoever comes; and who runs it.

Streamlit does the login (`st.login`), by the section [auth] of its secrets: docs/deploy.md. It keeps a signed cookie for 30 days.
Who is logged in is a user; the section [roles] names those that are operators.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import streamlit as st

VARIABLE, LOGIN, ANONYMOUS = "SWING_PUBLIC", "login", "anonymous"  # set by `swing --public`
CALLBACK = "/oauth2callback"  # Streamlit's
SHORTEST = 32  # characters of the secret that signs cookies
ROLES, OPERATORS = "roles", "operators"
_MAIL, _SUBJECT = re.compile(r"[^\s@]+@[^\s@]+"), re.compile(r"https?://\S+ \S+")
OF_ALL, OF_EACH = ("redirect_uri", "cookie_secret"), ("client_id", "client_secret", "server_metadata_url")


def public() -> bool:
    """Whether this server is for others than its own user."""
    return os.environ.get(VARIABLE) in (LOGIN, ANONYMOUS)


def login_needed() -> bool:
    return os.environ.get(VARIABLE) == LOGIN


def login_fault() -> str:
    """Why nobody could log in, in one sentence; empty where the login is configured."""
    auth = auth_section()
    if not auth:
        return (
            "no login is configured: write a section [auth] into .streamlit/secrets.toml (docs/deploy.md), or add --anonymous "
            "to serve whoever comes"
        )
    if missing := [name for name in OF_ALL if not auth.get(name)]:
        return f"the section [auth] of the secrets has no {missing[0]}: add it (docs/deploy.md)"
    if not str(auth["redirect_uri"]).endswith(CALLBACK):
        return f"redirect_uri in the section [auth] of the secrets must end with {CALLBACK}; got {auth['redirect_uri']!r}"
    if len(str(auth["cookie_secret"])) < SHORTEST:
        return f"cookie_secret in the section [auth] of the secrets is too short: draw one of {SHORTEST} characters or more"
    for name in providers(auth) or {"": ""}:
        one = auth[name] if name else auth
        section = f"auth.{name}" if name else "auth"
        if missing := [key for key in OF_EACH if not one.get(key)]:
            return f"the section [{section}] of the secrets has no {missing[0]}: add it (docs/deploy.md)"
    if missing := [name for name in ("authlib", "httpx") if find_spec(name) is None]:
        return f"the login needs the package {missing[0]}: pip install -r requirements.txt"
    return ""


def roles_fault() -> str:
    """Why the section [roles] of the secrets cannot be meant as it stands, in one sentence; empty where it can, or is none."""
    roles = section(ROLES)
    if roles and not login_needed():
        return "the section [roles] of the secrets is of users who log in: leave it out, or --anonymous"
    if odd := [name for name in roles if name != OPERATORS]:
        return f"the section [roles] of the secrets has {odd[0]!r}, and {OPERATORS} is all that it may have"
    named = roles.get(OPERATORS, [])
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        return f"{OPERATORS} in the section [roles] of the secrets must be a list of texts; got {named!r}"
    if wrong := [one for one in named if not _MAIL.fullmatch(one) and not _SUBJECT.fullmatch(one)]:
        return (
            f"{wrong[0]!r} among the {OPERATORS} of the secrets is no e-mail address, and no issuer (https://…) with a space and "
            "a subject behind it"
        )
    return ""


def providers(auth: Mapping[str, Any]) -> dict[str, str]:
    """Providers of a section [auth] that have a section of their own, as `st.login` names them; none for a single one."""
    return {name: name for name, one in auth.items() if isinstance(one, Mapping) and set(OF_EACH) & set(one)}


def user() -> str | None:
    """Who is logged in, as a hash of issuer and subject, which a provider gives to nobody else; None for nobody."""
    claims = st.user.to_dict()
    who = [claims.get("iss"), claims.get("sub")]
    if not claims.get("is_logged_in") or not all(isinstance(one, str) and one for one in who):
        return None
    return hashlib.sha256(json.dumps(who).encode()).hexdigest()


def identity() -> str:
    """Issuer and subject of who is logged in, as [roles] names them."""
    claims = st.user.to_dict()
    return f"{claims.get('iss')} {claims.get('sub')}"


def is_operator() -> bool:
    """Whether who looks at the page runs this server: on one's own machine whoever sits there; on a public server a user whom
    the section [roles] names, by issuer and subject, or by an e-mail address that the provider says it has verified."""
    if not public():
        return True
    if not login_needed() or user() is None:
        return False
    claims, named = st.user.to_dict(), {one.casefold() for one in section(ROLES).get(OPERATORS, [])}
    mail = str(claims.get("email") or "").casefold() if claims.get("email_verified") is True else ""
    return identity() in section(ROLES).get(OPERATORS, []) or bool(mail) and mail in named


def admitted() -> bool:
    """Whether who looks at the page may see it."""
    return not login_needed() or user() is not None


def auth_section() -> dict[str, Any]:
    """What Streamlit's secrets say of the login."""
    return section("auth")


def section(name: str) -> dict[str, Any]:
    """A section of Streamlit's secrets; empty where there is none."""
    from streamlit.runtime.secrets import secrets_singleton

    found = secrets_singleton.get(name, {}) if secrets_singleton.load_if_toml_exists() else {}
    return dict(found.to_dict() if hasattr(found, "to_dict") else {name: found} if found else {})
