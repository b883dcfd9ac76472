# Two commands matter: `make run` and `make test`. `make help` lists the others.
# Everything runs as `.venv/bin/python -m ...` by a relative path, so that a folder's name may have
# spaces in it, and the virtual environment is never trusted to be where it was made.

SHELL = /bin/sh
.DEFAULT_GOAL = help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PY = .venv/bin/python
PIP = $(PY) -m pip --disable-pip-version-check --no-input
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url

# A Python of version 3.11 or later that can make virtual environments.
define find_python
found=; able=; \
for python in "$${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	found=$$python; \
	"$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && { able=$$python; break; }; \
done; \
if [ -z "$$found" ]; then \
	echo "Python 3.11 or later was not found. Install it (Debian, Ubuntu: apt install python3)," >&2; \
	echo "or name one: PYTHON=/path/to/python3 make $@" >&2; \
	exit 1; \
fi; \
if [ -z "$$able" ]; then \
	echo "$$found cannot make virtual environments, because its modules venv and ensurepip are" >&2; \
	echo "missing. Install them (Debian, Ubuntu: apt install python3-venv), then: make $@" >&2; \
	exit 1; \
fi
endef

# Installs a lock file into .venv, which is made when it is absent or no longer works. A copy of
# what was installed is the stamp: nothing is done while it equals the lock. Packages are compiled by
# all processors at the end, which pip does by one; those for tests as they are imported.
# $(1): the lock file; $(2): the name of its stamp; $(3): what is compiled
define install
@cmp -s $(1) .venv/$(2) && cmp -s setup.cfg .venv/installed-setup && $(PY) -c '' 2>/dev/null && exit 0; \
if ! $(PY) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	$(find_python); \
	echo "Making a virtual environment with $$($$able --version) in .venv"; \
	rm -rf .venv 2>/dev/null || { \
		echo "The folder .venv belongs to another account. Run as that account, or remove it." >&2; \
		exit 1; \
	}; \
	"$$able" -m venv .venv || { rm -rf .venv; exit 1; }; \
fi; \
echo "Installing the packages of $(1); this takes a minute or two, and only once."; \
$(PIP) install --quiet --no-compile --require-hashes -r $(1) || { \
	echo "The packages could not be installed (see above). Is the network reached? If a package" >&2; \
	echo "has none for this Python, name another: rm -r .venv; PYTHON=python3.12 make $@" >&2; \
	exit 1; \
}; \
$(PIP) install --quiet --no-deps --no-build-isolation --editable . || exit 1; \
$(if $(3),$(PY) -m compileall -qq -j 0 $(3) 2>/dev/null;) \
cp setup.cfg .venv/installed-setup && cp $(1) .venv/$(2)
endef

.PHONY: help
help: ## list these targets
	@echo "make TARGET, where TARGET is:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '  %-8s %s\n' "$$name" "$$what"; done

.PHONY: run
run: ## install what is needed and serve on http://127.0.0.1:8000 (PORT=8001, HOST=0.0.0.0)
	$(call install,requirements.txt,installed-run,.venv/lib)
	@exec $(PY) -m efm serve

.PHONY: test
test: dev ## run the tests on a real PostgreSQL (ARGS='-k backup' chooses some, COVER=efm counts lines)
	@exec $(PY) $(if $(COVER),-m slipcover --skip-covered --source $(COVER)) -m pytest $(ARGS)

# Each in an environment of its own, because they need other versions of what the product needs.
.PHONY: foreign
foreign: dev ## install the systems of others that connectors are tried against
	@ls tests/foreign/*.txt | xargs -n 1 -P 3 sh -c ' \
		place=.foreign/$$(basename "$$0" .txt); \
		cmp -s "$$0" "$$place/installed" && exit 0; \
		echo "Installing $$(basename "$$0" .txt) into $$place"; \
		rm -rf "$$place" && $(PY) -m venv "$$place" \
		&& "$$place/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --no-compile \
			--prefer-binary -r "$$0" && cp "$$0" "$$place/installed"'

.PHONY: lint
lint: dev ## look for mistakes, bad form and arrows that point upwards
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -c 'from importlinter.cli import lint_imports_command as run; run()'

.PHONY: types
types: dev ## check the types
	@$(PY) -m mypy

.PHONY: lock
lock: ## renew requirements*.txt after a change to requirements*.in (needs uv)
	@command -v uv >/dev/null || { echo "Install uv first: https://docs.astral.sh/uv/" >&2; exit 1; }
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) requirements-dev.in -o requirements-dev.txt

.PHONY: clean
clean: ## remove .venv and caches; the data in var stay
	@rm -rf .venv .foreign .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: dev
dev:
	$(call install,requirements-dev.txt,installed-dev,)
