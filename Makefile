# GaitMOS: `make run` is all it takes. `make help` tells the rest.
# Packages are installed by pip alone: uv resolves `torch==2.13.0` to another build, of several GB, and does not
# read pip's settings, where a site keeps its index, its certificates and its local wheels.

VENV = .venv
BIN = $(VENV)/bin
RUNTIME = $(VENV)/.runtime-installed
DEVELOPMENT = $(VENV)/.development-installed
# Tried in this order, unless `make setup PYTHON=…` names one.
PYTHONS = $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
LEAST_FREE_MB = 3000
PYTEST = $(BIN)/python -m pytest -n auto --maxprocesses=4 --dist loadscope

.DEFAULT_GOAL = help
.PHONY: help setup run demo test check bench clean system-parts
.NOTPARALLEL:

help: ## what can be made
	@echo "make TARGET"
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  \1  \2/' | awk '{t=$$1; $$1=""; printf "  %-7s%s\n", t, $$0}'
	@echo "PORT=8000, GAITMOS_VAR=var and the other variables: docs/guide/operator.md."

setup: $(RUNTIME) ## install into .venv/, and nothing else
	@echo "Everything is installed in $(VENV)/. Next: make run"

run: $(RUNTIME) ## set up, start everything, run the demo, serve on http://127.0.0.1:8000 (Ctrl-C ends it)
	@$(BIN)/python -m config.launcher

demo: $(RUNTIME) ## set up, then run the demo from start to finish in this terminal
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo

test: check system-parts ## the checks, then every test
	@$(PYTEST)

check: $(DEVELOPMENT) ## style, types, imports between packages, templates, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check {} +
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: $(DEVELOPMENT) ## every benchmark, each beside its baseline
	@for file in $(filter-out bench/timing.py,$(wildcard bench/*.py)); do echo "== $$file"; PYTHONPATH=. $(BIN)/python "$$file" || exit 1; done

clean: ## remove .venv/ and caches; with ALL=1 also var/, which holds the data
	rm -rf $(VENV) .ruff_cache .mypy_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
ifeq ($(ALL),1)
	rm -rf var
endif

# --- Installing ------------------------------------------------------------------------------------------------
# pip's own output goes to a log; what went wrong is told in one line.

$(RUNTIME): requirements.txt
	@$(virtual_environment)
	@$(call install,requirements.txt)
	@touch $@

$(DEVELOPMENT): requirements-dev.txt requirements.txt
	@$(virtual_environment)
	@$(call install,requirements-dev.txt)
	@touch $(RUNTIME) $@

# One that was left half-made, or whose Python is gone, is made anew.
$(shell test -x $(BIN)/python || rm -f $(RUNTIME) $(DEVELOPMENT))
define virtual_environment
$(BIN)/python -m pip --version > /dev/null 2>&1 && exit 0; \
free=$$(df -Pm . | awk 'NR == 2 {print $$4}'); \
if [ "$$free" -lt $(LEAST_FREE_MB) ]; then \
	echo "Only $$free MB are free here, and the packages need $(LEAST_FREE_MB): free some space." >&2; exit 1; \
fi; \
reason="No Python 3.11 or newer was found. Install one, or name it: make setup PYTHON=/path/to/python3.11"; \
for python in $(PYTHONS); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue; \
	if ! "$$python" -c 'import ensurepip, venv' 2> /dev/null; then \
		reason="$$python cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv"; continue; \
	fi; \
	"$$python" -m venv --clear $(VENV) && exit 0; \
	reason="$$python could not make $(VENV)/; the lines above say why."; \
done; \
echo "$$reason" >&2; exit 1
endef

define install
echo "Installing $(1) into $(VENV)/ (a minute or two; log: $(VENV)/install.log) ..."; \
$(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off -r $(1) \
	> $(VENV)/install.log 2>&1 && exit 0; \
if [ "$$(df -Pm $(VENV) | awk 'NR == 2 {print $$4}')" -lt 100 ] || grep -q "No space left" $(VENV)/install.log; then \
	echo "The disk is full: free some $(LEAST_FREE_MB) MB and say make setup again." >&2; \
elif grep -qE $(NETWORK_TROUBLE) $(VENV)/install.log; then \
	echo "The package index cannot be reached: look at the network or at pip's settings (log: $(VENV)/install.log)." >&2; \
else \
	echo "Installing failed: $$(grep -iE 'error' $(VENV)/install.log | head -n 1) (log: $(VENV)/install.log)" >&2; \
fi; exit 1
endef
NETWORK_TROUBLE = "NewConnection|Failed to (establish|resolve)|Connection(Error| refused| reset)|timed out|from versions: none|ProxyError|SSLError"

# What the browser and PostgreSQL tests need besides Python packages; a developer's machine is left alone.
system-parts:
	@if [ "$$CI" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		missing=""; \
		command -v chromium > /dev/null || missing="chromium"; \
		command -v initdb > /dev/null || ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || missing="$$missing postgresql"; \
		if [ -n "$$missing" ]; then \
			echo "Installing $$missing ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing > /dev/null; \
		fi; \
	fi
