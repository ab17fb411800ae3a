# `make help` lists the targets. The owner's need nothing but Python; the developers' make .venv.

PYTHONS := python3.13 python3.12 python3.11 python3
NO_PYTHON := Python 3.11 or newer is missing; on Debian or Ubuntu: sudo apt install python3 python3-venv

# The first Python that is new enough, found when a target first needs it.
PYTHON = $(eval PYTHON := $$(shell for p in $(PYTHONS); do \
  "$$$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$$$p" && break; \
  done))$(or $(PYTHON),$(error $(NO_PYTHON)))

CLONE = PYTHONPATH=src $(PYTHON) -m picoclaw_watchdog
INSTALLED := $(HOME)/.local/share/picoclaw/venv/bin/picoclaw-watchdog
WATCHDOG = $(if $(wildcard $(INSTALLED)),"$(INSTALLED)",$(CLONE))

SEEN_TOKEN = warning: other users can read a token on the command line; write TOKEN=... make watchdog-kick ...

.PHONY: help demo test init-watchdog watchdog-doctor install-watchdog enable-watchdog disable-watchdog uninstall-watchdog \
	watchdog-status watchdog-run-once watchdog-kick test-watchdog-mock \
	lint types contracts spelling format proof snapshots picture fuzz soak bench ci

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 22

demo: ## a host in a box: breaks it, recovers it, shows what its owner gets; needs only Python
	@$(CLONE) demo

init-watchdog: ## set this host up: asks, writes .env, installs, sends a test message
	@$(CLONE) init

watchdog-doctor: ## is everything in place for the watchdog to work? what fixes what is not?
	@$(WATCHDOG) doctor

install-watchdog: ## install for this user; again after an update
	@$(CLONE) install

enable-watchdog: ## begin to watch
	@$(CLONE) enable

disable-watchdog: ## stop watching
	@$(CLONE) disable

uninstall-watchdog: ## remove all of it; settings, state and logs stay
	@$(CLONE) uninstall

watchdog-status: ## what is healthy, what is not, when the next cycle is
	@$(WATCHDOG) status; code=$$?; \
	systemctl --user --no-pager list-timers picoclaw-watchdog.timer 2>/dev/null; exit $$code

watchdog-run-once: ## one cycle now
	@$(WATCHDOG) once --attended

# A token goes through the environment, as in TOKEN=... make watchdog-kick ...: behind make, as
# everywhere on a command line, other users can read it with ps.
watchdog-kick: ## ask for a recovery: [TOKEN=...] make watchdog-kick ACTION=... [SOURCE=...] [WAIT=1]
	@$(if $(filter command,$(firstword $(origin TOKEN))),echo "$(SEEN_TOKEN)" >&2;) \
	if [ -n "$$TOKEN" ]; then export PICOCLAW_WATCHDOG_KICK_TOKEN="$$TOKEN"; fi; \
	unset TOKEN MAKEFLAGS MFLAGS MAKEOVERRIDES; \
	$(WATCHDOG) kick "$$ACTION" --source "$${SOURCE:-make}" $${WAIT:+--wait}

# Most of their time they wait, for systemd and for deadlines: so more of them than there are cores.
test: .venv/made ## all tests, JOBS=4 at a time
	@.venv/bin/python -m pytest -n $${JOBS:-4} --dist loadfile --no-loadscope-reorder $(PYTEST)

test-watchdog-mock: .venv/made ## healthy, failing, Ollama, kick: without systemd, network or root
	@.venv/bin/python -m pytest tests/mock --ignore=tests/mock/test_kick_storm.py \
	  --ignore=tests/mock/test_channels.py --ignore=tests/mock/test_drill.py

bench: .venv/made ## measure it all, against others too, and write docs/performance.md: 13 minutes
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@.venv/bin/python -m benchmarks $(BENCH)

# Each form in turn, so it takes twice as long; as root. SEED= another night, FIGURES= a file.
soak: .venv/made ## random faults for MINUTES=30 on a real systemd, with the loop and with the timer
	@SOAK_MINUTES="$${MINUTES:-30}" SOAK_SEED="$${SEED:-}" SOAK_FIGURES="$${FIGURES:-}" CI=true \
	  .venv/bin/python -m pytest tests/lab/test_soak.py

.venv/made: pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'The venv module of $(PYTHON) is missing; on Debian or Ubuntu: sudo apt install python3-venv' >&2; \
	  exit 1; }
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || { \
	  echo 'The developers'\'' tools could not be installed: is the network there?' >&2; exit 1; }
	@touch $@

lint: .venv/made ## ruff
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check

types: .venv/made ## mypy
	@.venv/bin/mypy

contracts: .venv/made ## which layer may import which
	@.venv/bin/lint-imports

spelling: .venv/made ## codespell
	@.venv/bin/codespell .

format: .venv/made ## let ruff tidy up
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

snapshots: .venv/made ## keep what the commands show now: look at the difference before you commit it
	@UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/screens -q

fuzz: .venv/made ## search for inputs that break a promise: TARGET=http MINUTES=10
	@.venv/bin/python -c 'import atheris' 2>/dev/null || \
	  .venv/bin/python -m pip install --quiet --disable-pip-version-check atheris
	@PYTHONPATH=src .venv/bin/python -m tests.fuzz $(TARGET) --minutes $${MINUTES:-10}

SEEDS := 10000
proof: .venv/made ## the long run: SEEDS=10000 simulated weeks, every crash point, planted bugs
	@.venv/bin/python -m picoclaw_watchdog.sim.proof --seeds $(SEEDS) --stories
	@.venv/bin/python -m tests.sim.mutants

picture: .venv/made ## record the demo again, as the READMEs show it
	@TITLE="make demo" .venv/bin/python scripts/picture.py docs/demo.svg $(MAKE) -s demo
	@TITLE="make demo" .venv/bin/python scripts/picture.py docs/demo.ja.svg \
	  env PICOCLAW_WATCHDOG_LANGUAGE=ja $(MAKE) -s demo

ci: ## all that CI runs
	@.ci/run
