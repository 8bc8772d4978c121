# `make run` starts Swing, `make test` runs every test, `make test-fast` the quick ones that need no browser and no big
# checkpoint, `make fuzz` has every reader of uploads read damaged files for ten minutes. They set up what they need, once.
# `make docs` builds the documentation into build/site, in an environment of its own.
# PYTHON=python3.12 chooses the interpreter of a new .venv; MODEL=dir-or-hub-id another checkpoint; PORT, HOST the address;
# PUBLIC=yes serves others; WORKERS how many processes test. `make lock` writes the locks anew, `make sbom` a bill of
# materials, `make audit` asks for known vulnerabilities.

PYTHON ?= python3
HOST ?=
PORT ?=
PUBLIC ?=
MODEL ?=
PY := .venv/bin/python
WORKERS ?= 2
CHROMIUM := chromium-headless-shell chromium chromium-browser google-chrome # any of them drives the browser tests
TOOLS := .venv/tools/bin
COMPILE := $(TOOLS)/uv pip compile requirements.txt --quiet --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links
PYTEST := $(PY) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

.PHONY: run test whole test-fast fuzz check chromium docs lock sbom audit

run: .venv/installed-run
	$(PY) -m swing $(if $(HOST),--host "$(HOST)") $(if $(PUBLIC),--public) $(if $(PORT),--port "$(PORT)") $(if $(MODEL),--model "$(MODEL)")

# mypy has one core, while the processes that test begin on the other; it fails where either does.
test: .venv/installed-dev chromium
	$(MAKE) --no-print-directory -j2 check whole

whole:
	$(PYTEST)

test-fast: .venv/installed-dev
	$(PYTEST) -m "not browser and not checkpoint and not slow"

fuzz: .venv/installed-dev
	$(PY) -m benchmarks.fuzz

check: .venv/installed-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

docs: .venv/installed-docs
	.venv/docs/bin/mkdocs build --strict

# The CPU build of torch is looked for where UV_FIND_LINKS or UV_EXTRA_INDEX_URL says: the other lock is of PyPI alone.
lock: .venv/installed-tools
	env -u UV_FIND_LINKS -u UV_EXTRA_INDEX_URL $(COMPILE) --universal --python-version 3.11 -o requirements.lock
	$(COMPILE) --python-version 3.11 --python-platform x86_64-manylinux_2_28 -o requirements-cpu.lock

sbom: .venv/installed-tools
	mkdir -p build
	$(TOOLS)/cyclonedx-py requirements requirements.lock --output-reproducible --of JSON -o build/sbom.json

audit: .venv/installed-tools
	$(TOOLS)/python -m docs.audit

.venv/created:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Swing needs Python 3.11 or newer; name one with: make run PYTHON=python3.12"; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	touch $@

.venv/installed-run: requirements.txt .venv/created
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed-run
	$(PY) -m pip install --disable-pip-version-check -r requirements-dev.txt
	touch $@

.venv/installed-tools: requirements-tools.txt .venv/created
	$(PY) -m venv --clear .venv/tools
	$(TOOLS)/python -m pip install --disable-pip-version-check -r requirements-tools.txt
	touch $@

.venv/installed-docs: docs/requirements.txt .venv/created
	$(PY) -m venv --clear .venv/docs
	.venv/docs/bin/python -m pip install --disable-pip-version-check -r docs/requirements.txt
	touch $@

chromium:
	@for name in $(CHROMIUM); do command -v $$name >/dev/null && exit 0; done; \
	if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update && { apt-get install -y chromium-headless-shell || apt-get install -y chromium; }; \
	else \
		echo "The browser tests need Chromium: install it (on Debian: sudo apt-get install chromium), then run make test again."; \
		exit 1; \
	fi
