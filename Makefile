# Sluice: `make` builds into build/, `make check` tests, `make demo` shows it running.
# `make help` lists what there is to make.

# The version of everything: programs, packages, archive. CHANGELOG.md has a section of this name.
VERSION := 0.2.0
BUILD   ?= build
# Where `make install` puts things. systemd looks into the lib/ of /usr/local and of /usr by itself.
# SYSCONFDIR is compiled in, too: with another one everything is built again.
PREFIX  ?= /usr/local
SYSCONFDIR ?= /etc
MANDIR  ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
ifneq ($(filter-out /%,$(PREFIX) $(SYSCONFDIR)),)
$(error PREFIX and SYSCONFDIR must begin with a slash: $(filter-out /%,$(PREFIX) $(SYSCONFDIR)))
endif
CC      ?= cc

# --- libraries: pkg-config name and the Debian package that brings it --------------------------------
PKG_CONFIG ?= pkg-config
# The MySQL client library: MYSQL=mysqlclient is Oracle's, MYSQL=libmariadb is MariaDB Connector/C.
ifeq ($(MYSQL),)
MYSQL := $(firstword $(foreach l,libmariadb mysqlclient,$(shell $(PKG_CONFIG) --exists $(l) 2>/dev/null && echo $(l))) libmariadb)
endif
MYSQL_PACKAGE := $(if $(filter mysqlclient,$(MYSQL)),libmysqlclient-dev,libmariadb-dev)
LIBRARIES := librabbitmq:librabbitmq-dev $(MYSQL):$(MYSQL_PACKAGE) libcurl:libcurl4-openssl-dev \
	libcrypto:libssl-dev liblz4:liblz4-dev libconfig:libconfig-dev jansson:libjansson-dev smartcols:libsmartcols-dev
NEEDS_LIBRARIES := $(filter-out clean check-platforms help format format-check layers cppcheck uninstall dist deb check-package,$(or $(MAKECMDGOALS),all))
ifneq ($(NEEDS_LIBRARIES),)
ifeq ($(shell command -v $(PKG_CONFIG)),)
$(error pkg-config is missing: apt-get install pkg-config)
endif
MISSING := $(foreach l,$(LIBRARIES),$(shell $(PKG_CONFIG) --exists $(firstword $(subst :, ,$(l))) || echo $(lastword $(subst :, ,$(l)))))
ifneq ($(strip $(MISSING)),)
$(error libraries are missing: apt-get install $(strip $(MISSING)))
endif
ifneq ($(filter mysqlclient,$(MYSQL)),)
ifneq ($(findstring mariadb,$(shell $(PKG_CONFIG) --libs mysqlclient)),)
$(error MYSQL=mysqlclient: what has this name here is MariaDB's; apt-get install libmysqlclient-dev, or MYSQL=libmariadb)
endif
endif
endif
# ncurses is optional: without it `sluicectl top` prints a snapshot. NCURSES= leaves it out.
NCURSES ?= $(shell $(PKG_CONFIG) --exists ncursesw 2>/dev/null && echo ncursesw)
pc_cflags = $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(1)))
pc_libs   = $(shell $(PKG_CONFIG) --libs $(1))
LIB_CFLAGS := $(foreach l,$(LIBRARIES),$(call pc_cflags,$(firstword $(subst :, ,$(l))))) \
	$(if $(NCURSES),-DWITH_NCURSES $(call pc_cflags,$(NCURSES)))

# --- flags -------------------------------------------------------------------------------------------
# WERROR=1, for who develops and for .ci/run: a warning is an error. Not for a user's newer compiler.
WERROR   ?=
WARNINGS := -Wall -Wextra $(if $(WERROR),-Werror) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wconversion -Wimplicit-fallthrough
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
OPTIMISE ?= -O2 -g
SANITIZE ?=
# FAULTS=1: a test build with the fault points of common/base/fault.h; keep it apart with BUILD=build/faults.
FAULTS  ?=
CPPFLAGS += $(if $(FAULTS),-DSLUICE_FAULTS) -I. -D_GNU_SOURCE -DSLUICE_VERSION='"$(VERSION)"'
ALL_CFLAGS = -std=c17 $(WARNINGS) $(OPTIMISE) $(if $(SANITIZE),$(SANITIZE),$(HARDENING)) -fno-common $(CFLAGS)
ALL_LDFLAGS = $(if $(SANITIZE),$(SANITIZE),-pie -Wl,-z,relro,-z,now) -Wl,--as-needed $(LDFLAGS)

.DEFAULT_GOAL := all

# `make V=1` shows whole commands; otherwise a word and a name.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '%-7s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$@)')

# --- what is built from what -------------------------------------------------------------------------
# A room is a folder of sources; all its files but the mains become one archive, build/<room>.a. What a
# program may link is the list of its archives, lowest last: sluiced gets no archive that knows AMQP or
# SQL, and so cannot. Who may include whom is held by tests/layers.
ROOMS := common/base common/message common/settings common/process common/broker common/database \
	common/worker producer lake_worker clean_worker supervisor/shared supervisor/daemon \
	supervisor/cli supervisor/ctl supervisor/dlq supervisor/audit supervisor
MAINS := producer/main.c lake_worker/main.c clean_worker/main.c supervisor/sluiced.c supervisor/sluicectl.c

objects  = $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
archives = $(foreach room,$(1),$(BUILD)/$(room).a)
mains    = $(patsubst %.c,$(BUILD)/%.o,$(1))

COMMON  := common/process common/settings common/message common/base
BROKER  := common/broker
STORAGE := common/worker common/broker common/database
SLUICECTL_ROOMS := supervisor supervisor/audit supervisor/dlq supervisor/ctl supervisor/cli supervisor/shared \
	producer lake_worker clean_worker $(STORAGE) $(COMMON)
ALL_ROOMS := supervisor/daemon $(SLUICECTL_ROOMS)

# program: its main, its archives, the libraries behind them
$(BUILD)/sluice-producer:     $(call mains,producer/main.c) $(call archives,producer $(BROKER) $(COMMON))
$(BUILD)/sluice-lake-worker:  $(call mains,lake_worker/main.c) $(call archives,lake_worker $(STORAGE) $(COMMON))
$(BUILD)/sluice-clean-worker: $(call mains,clean_worker/main.c) $(call archives,clean_worker $(STORAGE) $(COMMON))
$(BUILD)/sluiced:             $(call mains,supervisor/sluiced.c) $(call archives,supervisor/daemon supervisor/shared $(COMMON))
$(BUILD)/sluicectl:           $(call mains,supervisor/sluicectl.c) $(call archives,$(SLUICECTL_ROOMS))

$(BUILD)/sluice-producer:     LIBS = $(call pc_libs,librabbitmq libconfig jansson libcrypto liblz4)
$(BUILD)/sluice-lake-worker:  LIBS = $(call pc_libs,librabbitmq $(MYSQL) libconfig libcrypto liblz4)
$(BUILD)/sluice-clean-worker: LIBS = $(call pc_libs,librabbitmq $(MYSQL) libconfig libcrypto libcurl liblz4)
$(BUILD)/sluiced:             LIBS = $(call pc_libs,libconfig jansson)
$(BUILD)/sluicectl:           LIBS = $(call pc_libs,librabbitmq $(MYSQL) libconfig jansson smartcols libcrypto libcurl liblz4 $(NCURSES))
PROGRAMS := sluiced sluicectl sluice-producer sluice-lake-worker sluice-clean-worker
ALL_LIBS = $(call pc_libs,$(foreach l,$(LIBRARIES),$(firstword $(subst :, ,$(l)))) $(NCURSES))

.DEFAULT_GOAL := all
all: $(addprefix $(BUILD)/,$(PROGRAMS))

$(addprefix $(BUILD)/,$(PROGRAMS)):
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

define archive_rule
$(BUILD)/$(1).a: $(call objects,$(1))
	$$(call say,AR)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call archive_rule,$(room))))
$(BUILD)/common/database.a: $(BUILD)/common/database/schema_sql.o

$(BUILD)/%.o: %.c $(BUILD)/version
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(LIB_CFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# stamp FILE WHAT - a file that says what was built last: objects that depend on it are built again when that changes.
define stamp
$(BUILD)/$(1): FORCE
	@mkdir -p $$(@D)
	@echo '$(2)' | cmp -s - $$@ || { echo '$(2)' >$$@; printf '%-7s %s\n' WITH '$(2)'; }
endef
$(eval $(call stamp,version,version $(VERSION)))
$(eval $(call stamp,sysconfdir,settings in $(SYSCONFDIR)/sluice))
$(call objects,common/settings): $(BUILD)/sysconfdir
$(call objects,common/settings): CPPFLAGS += -DSLUICE_SYSCONFDIR='"$(SYSCONFDIR)/sluice"'
# Objects of the one client library do not go with those of the other.
MYSQL_VERSION = $(MYSQL) $(shell $(PKG_CONFIG) --modversion $(MYSQL))
$(eval $(call stamp,client-library,MySQL client library $$(MYSQL_VERSION)))
$(call objects,common/database): $(BUILD)/client-library
$(addprefix $(BUILD)/,$(PROGRAMS)): | $(BUILD)/client-library

# The migrations travel inside the programs: every line of etc/schema/*.sql becomes a C string.
SCHEMA_SQL := $(BUILD)/common/database/schema_sql
$(SCHEMA_SQL).c: $(sort $(wildcard etc/schema/*.sql)) etc/embed-schema
	@mkdir -p $(@D)
	$(call say,SQL)
	$(Q)sh etc/embed-schema $(sort $(wildcard etc/schema/*.sql)) > $@.tmp && mv $@.tmp $@
$(SCHEMA_SQL).o: $(SCHEMA_SQL).c
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

help:
	@echo 'make all            every program into $(BUILD)/'
	@echo 'make check          all tests; check-unit, check-e2e, check-house: one kind'
	@echo 'make check-asan     unit and end-to-end tests with sanitizers'
	@echo 'make check-faults   every fault, injected while lines flow'
	@echo 'make check-platforms  Debian 12, 13 and sid, each with its own libraries and servers'
	@echo 'make demo           see it work (LOG=FILE FORMAT=NAME: on a log of your own)'
	@echo 'make bench          measure it against the limits of this machine; bench-quick: in a minute'
	@echo 'make fuzz           libFuzzer targets, each for FUZZ_SECONDS; TARGETS=fuzz_line: that one'
	@echo 'make coverage       what the unit tests run, per folder; COVERAGE=all: end-to-end tests, too'
	@echo 'make format         clang-format; format-check: only look'
	@echo 'make layers         draw who includes whom, and what breaks the rules'
	@echo 'make cppcheck       look for mistakes without running anything'
	@echo 'make compile_commands  compile_commands.json, for clangd and other tools'
	@echo 'MYSQL=libmariadb|mysqlclient, with any of these, chooses the client library; WERROR=1 ends at a warning'
	@echo 'make install        DESTDIR= PREFIX=/usr/local SYSCONFDIR=/etc; make uninstall with the same'
	@echo 'make dist | deb      a source archive with its checksum; packages for the Debian that this is'
	@echo 'make check-package  those packages in clean chroots; PLATFORMS=trixie: in that one'

# --- tests -------------------------------------------------------------------------------------------
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
# A test that calls the broker, the database or the clock gets the fakes: they come first. In a test
# of the real module they come last, for what is below it.
$(eval $(call archive_rule,tests/fakes))
FAKES := $(BUILD)/tests/fakes.a
TESTS_OF_REAL_MODULES := $(addprefix $(BUILD)/tests/unit/,test_process test_db test_db_insert)
UNIT_TEST_ARCHIVES := $(call archives,$(ALL_ROOMS))
$(filter-out $(TESTS_OF_REAL_MODULES),$(UNIT_TESTS)): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(FAKES) $(UNIT_TEST_ARCHIVES)
$(filter $(TESTS_OF_REAL_MODULES),$(UNIT_TESTS)): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_TEST_ARCHIVES) $(FAKES)
$(UNIT_TESTS):
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS) $(call pc_libs,cmocka)
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
TEST_TOOLS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/*.c))
$(TEST_TOOLS): $(BUILD)/tests/%: $(BUILD)/tests/%.o
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^
SHIMS := $(patsubst tests/shims/%.c,$(BUILD)/tests/shims/%.so,$(wildcard tests/shims/*.c))
$(SHIMS): $(BUILD)/tests/shims/%.so: tests/shims/%.c
	@mkdir -p $(@D)
	$(call say,SHIM)
	$(Q)$(CC) $(CPPFLAGS) -std=c17 $(WARNINGS) -O2 -g -fPIC -shared -o $@ $<
TEST_TOOLS += $(SHIMS)

# What `make bench` measures the machine with: each is a main and the helpers of bench.c.
BENCH_TOOLS := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/bench_*.c))
$(BENCH_TOOLS): $(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/tests/bench/bench.o $(call archives,producer lake_worker clean_worker $(STORAGE) $(COMMON))
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

.SECONDARY:

# All of it; the kinds are told in tests/check.
check: all $(UNIT_TESTS) $(TEST_TOOLS) $(BENCH_TOOLS) sanitized
	@BUILD=$(BUILD) exec sh tests/check house unit sanitized fuzz e2e
check-house: all
	@BUILD=$(BUILD) exec sh tests/check house
check-unit: all $(UNIT_TESTS)
	@BUILD=$(BUILD) exec sh tests/check unit
check-e2e: all $(TEST_TOOLS)
	@BUILD=$(BUILD) exec sh tests/check e2e

# Every fault that one machine can produce, while lines flow; PATTERN= runs some rows, see tests/faults/run.py.
JOBS ?= 1
check-faults: all $(TEST_TOOLS)
	$(MAKE) FAULTS=1 BUILD=$(BUILD)/faults all
	BUILD=$(BUILD) python3 tests/faults/run.py --jobs $(JOBS) $(PATTERN)
# Every Debian that Sluice is for, in chroots: PLATFORMS='trixie sid' STEPS=build,unit,e2e PATTERN=..., see
# tests/platforms. Takes an hour or more; needs root.
check-platforms:
	tests/platforms $(if $(STEPS),--steps '$(STEPS)') $(if $(PATTERN),--pattern '$(PATTERN)') $(PLATFORMS)
# 100,000 lines through each kind of worker under valgrind.
check-valgrind: all $(TEST_TOOLS)
	BUILD=$(BUILD) tests/valgrind

tools: all $(TEST_TOOLS)
demo: all $(TEST_TOOLS)
	@BUILD=$(BUILD) exec sh tests/demo

# Everything side by side in one run; the packages for it are installed by `sh etc/bootstrap install bench`.
bench: all $(TEST_TOOLS) $(BENCH_TOOLS)
	BUILD=$(BUILD) python3 tests/bench/run.py
bench-quick: all $(TEST_TOOLS) $(BENCH_TOOLS)
	BUILD=$(BUILD) python3 tests/bench/run.py --quick

# One build by clang with the sanitizers is both for the unit tests and for the fuzz targets.
CLANG ?= clang
SANITIZED = $(MAKE) BUILD=$(BUILD)/sanitized CC='$(CLANG)' OPTIMISE='-O1 -g' \
	SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'
sanitized:
	+$(SANITIZED) sanitized-tests
sanitized-tests: $(UNIT_TESTS) $(FUZZERS)
# Leaks are looked for in the unit tests alone: at the end of a process that gets signals, the leak
# checker's own stop-the-world can wait for ever.
check-asan:
	+$(SANITIZED) check-unit
	+ASAN_OPTIONS=detect_leaks=0 $(SANITIZED) check-e2e

# libFuzzer targets, each for FUZZ_SECONDS; TARGETS= runs some.
FUZZ_SECONDS ?= 60
fuzz: sanitized
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) exec sh tests/fuzz/run $(TARGETS)
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/wire.o $(call archives,$(ALL_ROOMS))
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALL_LIBS)

# --- keeping the house --------------------------------------------------------------------------------
C_FILES = $(shell find common producer lake_worker clean_worker supervisor tests -name '*.[ch]')
# Versions of clang-format disagree; 19 is a package of Debian 12 and of 13.
CLANG_FORMAT ?= clang-format-19
format:
	$(CLANG_FORMAT) -i $(C_FILES)
format-check:
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
layers:
	@tests/layers
# Of ten mistakes planted for a trial it found eight, clang-tidy 14 and gcc's own warnings five each; it
# needs five seconds for everything where clang-tidy needs two minutes, and gives fewer false alarms.
cppcheck:
	@cppcheck -q -j$$(nproc) --std=c11 --enable=warning,portability,performance \
		--library=posix --library=gnu --library=tests/cppcheck.cfg --suppressions-list=tests/cppcheck.suppressions \
		--error-exitcode=1 --template=gcc -I. -D_GNU_SOURCE -DWITH_NCURSES $(filter %.c,$(C_FILES))

# What the tests run, from a build of its own. The programs write their counts when they end, so a
# killed one counts for nothing.
COVERAGE ?= unit
coverage:
	@mkdir -p $(BUILD)/coverage && find $(BUILD)/coverage -name '*.gcda' -delete
	$(MAKE) BUILD=$(BUILD)/coverage OPTIMISE='-O0 -g --coverage' LDFLAGS=--coverage HARDENING= \
		$(if $(filter all,$(COVERAGE)),check-unit check-e2e,check-unit)
	@BUILD=$(BUILD) tests/coverage

# Every compilation as this make would do it.
compile_commands:
	@{ echo '['; $(MAKE) -nB --no-print-directory V=1 all $(UNIT_TESTS) $(TEST_TOOLS) | \
		sed -n '/ -c -o /{s/[\\"]/\\&/g; s|.* \([^ ]*\.c\)$$|{"directory": "$(CURDIR)", "file": "\1", "command": "&"},|p}' | \
		sed '$$s/,$$//'; echo ']'; } > compile_commands.json

# --- installing --------------------------------------------------------------------------------------
INSTALLED_IN_BIN := sluicectl sluice-producer sluice-lake-worker sluice-clean-worker
MAN_PAGES := $(notdir $(wildcard etc/man/*.[158]))
# named in the page of the producer
MAN_LINKS := sluice-lake-worker.8 sluice-clean-worker.8
# The files of etc/ name the default places.
install_text = sed -e 's|/usr/local/|$(PREFIX)/|g' -e 's|/etc/sluice/|$(SYSCONFDIR)/sluice/|g'

# An installed settings file stays as it is.
install: all
	install -d $(addprefix $(DESTDIR),$(PREFIX)/sbin $(PREFIX)/bin $(SYSCONFDIR)/sluice $(UNITDIR) $(SYSUSERSDIR) \
		$(BASHCOMPDIR) $(ZSHCOMPDIR) $(FISHCOMPDIR))
	install -m 755 $(BUILD)/sluiced $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(addprefix $(BUILD)/,$(INSTALLED_IN_BIN)) $(DESTDIR)$(PREFIX)/bin/
	for page in $(MAN_PAGES); do to=$(DESTDIR)$(MANDIR)/man$${page##*.} && install -d $$to && \
		$(install_text) etc/man/$$page > $$to/$$page && chmod 644 $$to/$$page || exit 1; done
	for page in $(MAN_LINKS); do ln -sf sluice-producer.8 $(DESTDIR)$(MANDIR)/man8/$$page || exit 1; done
	$(install_text) etc/sluiced.service > $(DESTDIR)$(UNITDIR)/sluiced.service
	install -m 644 etc/sluice.sysusers $(DESTDIR)$(SYSUSERSDIR)/sluice.conf
	$(BUILD)/sluicectl completion bash > $(DESTDIR)$(BASHCOMPDIR)/sluicectl
	$(BUILD)/sluicectl completion zsh > $(DESTDIR)$(ZSHCOMPDIR)/_sluicectl
	$(BUILD)/sluicectl completion fish > $(DESTDIR)$(FISHCOMPDIR)/sluicectl.fish
	cd $(DESTDIR)/ && chmod 644 .$(UNITDIR)/sluiced.service .$(BASHCOMPDIR)/sluicectl .$(ZSHCOMPDIR)/_sluicectl .$(FISHCOMPDIR)/sluicectl.fish
	to=$(DESTDIR)$(SYSCONFDIR)/sluice/sluice.conf && { test -e $$to || { $(install_text) etc/sluice.conf > $$to.new && \
		chmod 640 $$to.new && mv $$to.new $$to; }; }
	@echo 'Sluice $(VERSION) is installed; its settings: $(SYSCONFDIR)/sluice/sluice.conf. What to do next stands in README.md, "Set it up".'
	@$(if $(filter /usr /usr/local,$(PREFIX)),:,echo 'systemd does not look into $(PREFIX): systemd-sysusers $(SYSUSERSDIR)/sluice.conf; systemctl link $(UNITDIR)/sluiced.service')
	@if test -e $(DESTDIR)/etc/systemd/system/sluiced.service && ! test -L $(DESTDIR)/etc/systemd/system/sluiced.service; then \
		echo '/etc/systemd/system/sluiced.service hides the unit installed here; unless you wrote it, remove it'; fi

# With the same PREFIX as `make install`. Settings, passwords, state and the user stay.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(PREFIX)/sbin/sluiced $(addprefix $(PREFIX)/bin/,$(INSTALLED_IN_BIN)) \
		$(foreach page,$(MAN_PAGES) $(MAN_LINKS),$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(page)) \
		$(UNITDIR)/sluiced.service $(SYSUSERSDIR)/sluice.conf \
		$(BASHCOMPDIR)/sluicectl $(ZSHCOMPDIR)/_sluicectl $(FISHCOMPDIR)/sluicectl.fish)
	@echo 'Sluice is removed from $(PREFIX). Left: $(SYSCONFDIR)/sluice, /var/lib/sluice, and the user sluice.'

# --- releasing ---------------------------------------------------------------------------------------
# The source as git has it (without git: all of it), in an archive that is the same each time.
DIST := $(BUILD)/dist/sluice-$(VERSION).tar.gz
dist:
	@mkdir -p $(dir $(DIST))
	@sh etc/packaging/dist $(VERSION) $(DIST)
# For the Debian that this is: 12 or 13. The packages are in build/deb.
deb: dist
	@mkdir -p $(BUILD)/deb && cp -p $(DIST) $(BUILD)/deb/
	@sh etc/packaging/deb $(BUILD)/deb/$(notdir $(DIST)) $(VERSION)
# Build, look at, install, upgrade, remove and purge them, each in a chroot of its own (as root).
check-package:
	python3 tests/package/run.py $(PLATFORMS)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: FORCE help all check check-house check-unit check-e2e check-asan demo sanitized sanitized-tests fuzz format format-check \
	layers cppcheck coverage compile_commands install uninstall dist deb check-package clean bench bench-quick check-faults \
	check-valgrind check-platforms tools
