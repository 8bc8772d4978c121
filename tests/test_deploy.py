"""What cannot be built here is held against what it names: files that are copied, the port, the health check, sizes."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from streamlit.config import get_option as streamlit_option

import swing
from docs.policy import policy
from ui.shell import access

ROOT = Path(__file__).parents[1]
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
HEALTH, USER, DATA, HERE = "/_stcore/health", 10001, "/data", "/srv/swing"


def steps():
    """(instruction, its words) of the Dockerfile, in order."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.split("\n") if line.strip()]


def given(name):
    return [words for step, words in steps() if step == name]


def block(kind):
    """The first block of a kind in docs/deploy.md."""
    return re.search(rf"```{kind}\n(.*?)```", DEPLOY, re.S).group(1)


def copied():
    """What the Dockerfile takes of the checkout."""
    whole = [words.split()[:-1] for words in given("COPY") if not words.startswith("--from")]
    return {name for names in whole for name in names if name != "checkpoin[t]"}


def test_what_is_copied_is_there_and_is_all_that_the_wheel_holds():
    assert all((ROOT / name).exists() for name in copied())
    assert {"xai", "model", "batch", "ui", "assets", ".streamlit", "app.py", "swing.py", "setup.py", "pyproject.toml"} <= copied()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert {settings["project"]["readme"], *(f"{name}.py" for name in settings["tool"]["setuptools"]["py-modules"])} <= copied()
    locks = [words.split("=")[1] for words in given("ARG") if words.startswith("LOCK=")]
    assert locks == ["requirements.lock"] and set(locks) <= copied()


def test_what_is_copied_is_not_ignored():
    lines = [line for line in (ROOT / ".dockerignore").read_text().split("\n") if line and not line.startswith("#")]
    assert lines[0] == "*"  # the rest is left out, secrets among it
    let_in = [line[1:] for line in lines if line.startswith("!")]
    for name in copied():
        assert any(Path(name).match(one) or one.startswith(f"{name}/") for one in let_in), name
    assert not any("secrets" in one or one.startswith(("tests", ".git")) for one in let_in)


def test_the_container_starts_the_command_on_the_port_that_it_shows_and_asks():
    (entry,) = given("ENTRYPOINT")
    command = ast.literal_eval(entry)
    options = swing.asked(command[1:])
    assert command[0] == "swing" and options.public and not options.anonymous and options.host is None
    assert given("EXPOSE") == [str(options.port)]
    (check,) = given("HEALTHCHECK")
    assert f"http://127.0.0.1:{options.port}{HEALTH}" in check
    assert [int(one) for one in given("USER")[-1].split(":")] == [USER, USER]
    assert given("VOLUME") == [DATA] and given("WORKDIR")[-1] == HERE
    (environment,) = given("ENV")
    assert f"SWING_HOME={DATA}/" in environment and f"HOME={DATA}" in environment.split()


def test_compose_and_kubernetes_run_it_without_rights_and_write_where_it_may():
    (service,) = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].values()
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["ports"] == ["127.0.0.1:8501:8501"]
    assert {one.split(":")[1] for one in service["volumes"]} == {DATA, f"{HERE}/.streamlit/secrets.toml"}
    assert service["tmpfs"][0].startswith("/tmp")
    deployment, claim, front = yaml.safe_load_all(block("yaml"))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsUser"] == USER and pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"] and deployment["spec"]["replicas"] == 1
    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": HEALTH, "port": 8501}
    assert {one["mountPath"] for one in container["volumeMounts"]} == {DATA, "/tmp", f"{HERE}/.streamlit"}
    assert {one["name"] for one in pod["volumes"]} == {one["name"] for one in container["volumeMounts"]}
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert front["spec"]["ports"] == [{"port": 8501}]


def test_proxies_take_what_the_pages_take_and_pass_the_socket_on():
    most = CONFIG["server"]["maxUploadSize"]
    nginx, caddy = block("nginx"), block("caddy")
    assert f"client_max_body_size {most + 1}m;" in nginx and f"max_size {most + 1}MiB" in caddy
    assert "proxy_pass http://127.0.0.1:8501;" in nginx and "reverse_proxy 127.0.0.1:8501" in caddy
    for header in ("Host $host", "Upgrade $http_upgrade", "Connection $connection_upgrade"):
        assert f"proxy_set_header {header};" in nginx


def test_proxies_send_the_policy_of_this_swing_and_this_streamlit():
    assert block("nginx").count(f'Content-Security-Policy "{policy()}" always;') == 1
    assert block("caddy").count(f'Content-Security-Policy "{policy()}"\n') == 1
    assert len(re.findall(r"'sha256-[\w+/]{43}='", policy())) == 4 and "script-src 'self' 'sha256-" in policy()
    assert "unsafe" not in policy().replace("style-src 'self' 'unsafe-inline'", "")


def test_the_roles_that_are_shown_are_ones_that_can_be_meant(monkeypatch):
    monkeypatch.setenv(access.VARIABLE, access.LOGIN)
    (shown,) = [found for found in re.findall(r"```toml\n(.*?)```", DEPLOY, re.S) if "[roles]" in found]
    monkeypatch.setattr(access, "section", lambda name: tomllib.loads(shown).get(name, {}))
    assert access.roles_fault() == "" and len(access.section("roles")["operators"]) == 2


def test_the_login_that_is_shown_is_one_that_works(monkeypatch):
    monkeypatch.setattr(access, "find_spec", lambda name: True)
    monkeypatch.setattr(access, "auth_section", lambda: tomllib.loads(block("toml"))["auth"])
    assert access.login_fault() == ""


@pytest.mark.parametrize("python", re.findall(r"ARG PYTHON=(\S+)", (ROOT / "Dockerfile").read_text()))
def test_the_containers_python_is_that_of_the_cpu_lock(python):
    assert python == "3.11" and f"--python-version {python}" in (ROOT / "Makefile").read_text()


def test_forged_requests_are_kept_out_also_where_a_users_own_configuration_would_not():
    for name in ("server.enableXsrfProtection", "server.enableCORS"):
        assert streamlit_option(name) and f"--{name}=true" in swing.PUBLIC
