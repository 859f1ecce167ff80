# A thin front to CMake, CTest and the lab.  `make help` lists the targets.
# PRESET is debug, release, asan, fuzz or coverage: make check PRESET=asan

PRESET ?= release
check check-quick lint interop: PRESET = debug
LAB = lab/lab run --
# A build in the lab and a native one do not mix.
BUILD = build/$(shell lab/lab kind)-$(PRESET)
PREFIX ?= /usr/local
compile = @$(LAB) cmake --preset $(PRESET) -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null && $(LAB) cmake --build $(BUILD)
# Headers are manuals, set by hand.
c_files = git ls-files -- '*.c'
scripts = git grep -lE '^\#!.*bash' -- .

.NOTPARALLEL:
.PHONY: build demo demo-pq check check-quick interop docs/interop.md bench sim soak fuzz mutation coverage lint format install package clean lab lab-clean help

build: ## build everything (the default)
	$(compile)
	@echo "built in $(BUILD)"

demo: ## two gateways, three key exchanges, real packets
	$(compile)
	@$(LAB) demo/demo.sh $(BUILD)

demo-pq: ## the same with nothing a quantum computer breaks: ML-KEM-1024, ML-DSA-87
	$(compile)
	@$(LAB) demo/demo.sh $(BUILD) --post-quantum

check: lab ## every test, interoperability included
	$(compile)
	@$(LAB) tests/run $(BUILD)

check-quick: ## the tests that need no network: unit, vectors, simulation, corpus, checks
	$(compile)
	@$(LAB) tests/run $(BUILD) -LE 'e2e|interop'

interop: lab ## the interoperability tests, with their table of results
	$(compile)
	@$(LAB) lab/box tests/interop/run $(BUILD)
	@$(LAB) lab/box tests/interop/run $(BUILD) --peer braid
	@$(LAB) lab/kernel lab/box tests/interop/run $(BUILD) --peer openiked

docs/interop.md: ## that table as a page, from a fresh run
	@$(MAKE) -s interop >$@.part
	@{ printf '# Interoperability\n\nWritten by `make docs/interop.md`: braid against other implementations, each scenario (tests/interop/scenarios.py)\nin both roles, and against itself where no other can follow. Where SAs are rekeyed: how often, how many of these\nby both sides at the same moment, and how many pings, one every 10 ms, went through the tunnel meanwhile.\n'; \
	   awk '/^# \| peer/ { print "" } sub(/^# \|/, "|")' $@.part; } >$@
	@rm $@.part

bench: ## measure: handshakes, rekeying, ESP, TCP; are the goals met?
	$(compile)
	@$(LAB) tests/bench/run $(BUILD)

SEED ?= 1
sim: ## the simulation with SEED (1); SCENARIO=, CASE=, CHOICES= for one run of it, TRACE=1 to see it
	$(compile)
	@$(LAB) $(BUILD)/tests/braid-sim --seed $(SEED) $(SCENARIO:%=--scenario %) $(CASE:%=--case %) \
	   $(CHOICES:%=--path %) $(TRACE:%=--trace)

SECONDS ?= 60
random_scenarios = soak,soak-deaths,soak-rekeys,soak-reloads,soak-hub,reauth-make,bad-network,shuffled,race,rekeys
soak: ## random lives of the simulation for SECONDS (60), each time others
	$(compile)
	@$(LAB) $(BUILD)/tests/braid-sim --seed $$(date +%s) --seconds $(SECONDS) --scale 2 \
	   --scenario $(random_scenarios)

FUZZ_SECONDS ?= 60
fuzz: PRESET = fuzz
fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	$(compile)
	@$(LAB) tests/fuzz/run $(BUILD) $(FUZZ_SECONDS)

mutation: PRESET = debug
mutation: ## invert every decision of authentication in turn: does a test notice? (some minutes)
	$(compile)
	@$(LAB) tests/mutation/run $(BUILD) $(FILES)

coverage: PRESET = coverage
coverage: ## line coverage of the tests that need no network
	$(compile)
	@$(LAB) tests/coverage $(BUILD)

lint: ## formatting, clang-tidy, shellcheck
	$(compile)
	$(c_files) | $(LAB) xargs clang-format --dry-run --Werror
	$(scripts) | $(LAB) xargs shellcheck
	$(c_files) | $(LAB) xargs -n 4 -P 2 clang-tidy --quiet -p $(BUILD)

format: ## rewrite the sources in the house style
	$(c_files) | $(LAB) xargs clang-format -i

install: ## install into DESTDIR
	$(compile)
	@[ "$$(lab/lab kind)" = native ] || [ -n "$(DESTDIR)" ] || { \
	   echo "this machine has no OpenSSL 3.5 for braid to run with: install it on Debian 13, or name a DESTDIR" >&2; exit 1; }
	$(LAB) env DESTDIR=$(DESTDIR) cmake --install $(BUILD)

package: PREFIX = /usr
package: BUILD = build/$(shell lab/lab kind)-package
package: ## a Debian package for Debian 13, in build/
	$(compile)
	@cd $(BUILD) && ../../$(LAB) cpack -G DEB -B .. | tail -n 1

clean: ## remove all builds
	rm -rf build

lab: ## make the roots to build and test in (once, some minutes)
	lab/lab make

lab-clean: ## remove them
	lab/lab remove

help: ## this list
	@sed -nE 's/^([a-z./-]+):[^#]*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'
