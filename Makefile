# Papertap's two commands are `make run` and `make test`; both install what the machine lacks.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := .setup
# Many short processes start here: what they import is compiled once.
unexport PYTHONDONTWRITEBYTECODE
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# What serving needs: the jail, its system-call filter, raster formats for printers without PDF, LibreOffice with fonts
# as wide as those that office documents name, Pango for sheets of stickers, and what the LDAP client is compiled with.
RUN_PACKAGES := python3 python3-venv bubblewrap libseccomp2 ghostscript poppler-utils fonts-dejavu \
	mupdf-tools librsvg2-bin \
	libreoffice-writer libreoffice-calc libreoffice-impress python3-uno \
	fonts-liberation2 fonts-crosextra-carlito fonts-crosextra-caladea fonts-noto-core \
	fonts-droid-fallback \
	libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
	gcc python3-dev libldap2-dev libsasl2-dev libsasl2-modules
# The strangers that the tests print with, browse with and deliver to.
TEST_PACKAGES := cups cups-client cups-bsd cups-ipp-utils cups-filters avahi-daemon avahi-utils dbus \
	postgresql chromium wrk curl openssl strace xfsprogs e2fsprogs procps iproute2 postfix util-linux \
	slapd ldap-utils snmp snmpd swaks dovecot-imapd dovecot-pop3d bind9 bind9-dnsutils bind9-utils unbound dnsperf \
	mosquitto coturn zbar-tools freeradius rlpr pebble

.PHONY: help run setup setup-test test lint unit bench faults lock clean

help:
	@echo "make run     install what is missing and start the demo"
	@echo "make test    install what is missing and run all checks and tests"
	@echo "make setup   only install;  make bench  measure;  make faults  the long fault runs"

run: setup
	@exec $(BIN)/papertap demo

setup: $(STAMP)/run-packages $(STAMP)/python
setup-test: setup $(STAMP)/test-packages $(STAMP)/node

define install_packages
	@mkdir -p $(STAMP)
	@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "Installing from Debian:" $$missing; \
		$(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing >$(STAMP)/apt.log 2>&1 \
			|| { tail -20 $(STAMP)/apt.log; echo "apt-get failed; the log is $(STAMP)/apt.log"; exit 1; }; \
	fi
	@touch $@
endef

$(STAMP)/run-packages: Makefile
	$(call install_packages,$(RUN_PACKAGES))

$(STAMP)/test-packages: Makefile
	$(call install_packages,$(TEST_PACKAGES))

# Node's packages that tests use: locked and hashed like Python's.
$(STAMP)/node: tests/peers/node/package-lock.json $(STAMP)/test-packages
	@command -v node >/dev/null && command -v npm >/dev/null || { $(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >$(STAMP)/apt.log 2>&1; } \
		|| { tail -20 $(STAMP)/apt.log; exit 1; }
	@cd tests/peers/node && npm ci --silent --no-audit --no-fund
	@touch $@

# Hashed and complete: nothing is installed that the lock does not name.
$(STAMP)/python: requirements.lock pyproject.toml $(STAMP)/run-packages
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q gateway discovery ipp webprint emailprint mobile_api sandbox  # no worker can, in its jail
	@touch $@

test: setup-test lint unit

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pip-audit --requirement requirements.lock --disable-pip --progress-spinner off

# One process more than there are processors: many tests wait for other programs. 1: tests failed.
unit:
	$(BIN)/pytest -n $$(($$(nproc) + 1)) --dist loadgroup || { [ $$? = 1 ] && $(BIN)/python -m tests.again; }

bench: setup-test
	$(BIN)/python -m tests.benchmarks

faults: setup-test
	$(BIN)/pytest tests/faults --long

# Resolves anew; the result is reviewed and committed.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev --extra remote --extra radius --extra traces pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(STAMP) .mypy_cache .ruff_cache .pytest_cache .hypothesis
