# make run, make test and the rest set up everything they need in .venv; no other tool is required.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
WORKERS ?= auto
PORT ?= 8000
SANDBOX_PORT ?= 9900
RACES_MYSQL_URL ?= mysql://root@127.0.0.1:3306/banxin_races
RACES_POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/banxin_races
export PORT SANDBOX_PORT RACES_MYSQL_URL RACES_POSTGRES_URL

py := .venv/bin/python
stamps := .venv/stamps
base := $(stamps)/base
dev := $(base) $(stamps)/dev

# The driver of the database server in use, beside the base.
driver :=
ifneq (,$(filter mysql:%,$(DATABASE_URL)))
driver := $(stamps)/mysql
endif
ifneq (,$(filter postgres:% postgresql:%,$(DATABASE_URL)))
driver := $(stamps)/production
endif

.PHONY: help run test races check bench journey nemesis format schema clean

help: ## what there is to make
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: $(base) $(driver) ## web server, worker, beat and sandbox with demo data; Ctrl-C stops them
	@exec $(py) manage.py stack

test: $(dev) $(driver) ## the suite on all cores, on SQLite (or DATABASE_URL); ARGS="-k slots" chooses
	@$(py) -m pytest -n $(WORKERS) $(ARGS)

races: $(dev) $(stamps)/mysql $(stamps)/production ## the race tests on MariaDB and PostgreSQL
	@$(py) .ci/races.py $(ARGS)

check: $(dev) ## format, lint, layers, production settings, migrations, API schema
	$(py) -m ruff format --check .
	$(py) -m ruff check .
	$(py) -c "from importlinter.cli import lint_imports_command as main; main()"
	$(py) -m tests.config.production check --deploy --fail-level WARNING
	$(py) -m tests.config.production makemigrations --check --dry-run
	$(py) -m tests.config.production spectacular --validate --fail-on-warn --file /dev/null

bench: $(dev) $(driver) ## CPU and statements of the hot paths against a bare floor
	@$(py) manage.py bench $(ARGS)

journey: $(dev) $(driver) ## stories over HTTP, on a stack of its own or at BASE_URL; ARGS="shop farm" chooses
	@$(py) -m tests.journeys $(ARGS)

nemesis: $(dev) $(driver) ## five minutes of buying while web, worker and beat are killed; then the books must agree
	@$(py) -m tests.journeys.nemesis $(ARGS)

format: $(dev) ## let ruff format and fix
	@$(py) -m ruff format .
	@$(py) -m ruff check --fix .

schema: $(base) ## write the OpenAPI document to var/openapi.yaml
	@mkdir -p var && $(py) manage.py spectacular --file var/openapi.yaml

clean: ## forget the virtual environment, the database, keys and logs
	rm -rf .venv var

# -- what the above stands on: one stamp per requirements file, made again when the file changes

$(stamps)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(py) && $(py) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "No virtual environment could be made. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@mkdir -p $(stamps) && touch $@

$(stamps)/%: requirements/%.txt | $(stamps)/venv
	@echo "Installing $< ..."
	@$(py) -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(stamps)/mysql: requirements/mysql.txt | $(stamps)/venv
	@echo "Installing $< ..."
	@$(py) -m pip install -qq --disable-pip-version-check --require-hashes -r $< \
	  >$(stamps)/mysql.log 2>&1 || { tail -n 5 $(stamps)/mysql.log; \
	  echo "mysqlclient could not be built (all of it: $(stamps)/mysql.log). It needs a compiler and headers:" >&2; \
	  echo "  apt-get install default-libmysqlclient-dev pkg-config gcc python3-dev" >&2; exit 1; }
	@touch $@
