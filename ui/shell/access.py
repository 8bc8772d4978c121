"""Who is let in where Swing is public: whoever logs in by OpenID Connect, or with `--anonymous` whoever comes.

Streamlit does the login (`st.login`), by the section [auth] of its secrets: docs/deploy.md. It keeps a signed cookie for 30 days.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import streamlit as st

VARIABLE, LOGIN, ANONYMOUS = "SWING_PUBLIC", "login", "anonymous"  # set by `swing --public`
CALLBACK = "/oauth2callback"  # Streamlit's
SHORTEST = 32  # characters of the secret that signs cookies
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


def admitted() -> bool:
    """Whether who looks at the page may see it."""
    return not login_needed() or user() is not None


def auth_section() -> dict[str, Any]:
    """What Streamlit's secrets say of the login."""
    from streamlit.auth_util import get_secrets_auth_section

    return dict(get_secrets_auth_section().to_dict())
