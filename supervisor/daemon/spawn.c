/* SPDX-License-Identifier: MIT */
/*
 * spawn.c - make a child process.
 *
 * Between fork and exec the child only makes system calls. What fails there is written to a pipe
 * and read when the child has ended, so that a missing program is one clear line and not a storm of
 * deaths, and sluiced never waits for a disk.
 */
#include "supervisor/daemon/spawn.h"
#include "supervisor/daemon/program.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/process/handover.h"
#include "common/settings/settings_print.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGES_BYTES ((size_t)SLOT_COUNT * STATUS_PAGE_SIZE)

/* What the child was doing when it failed. */
enum spawn_step { STEP_DESCRIPTORS, STEP_SIGNALS, STEP_PARENT, STEP_EXEC };

struct spawn_failure {
	enum spawn_step step;
	int error;
};

void
spawner_init(struct spawner *spawner, const char *settings_path)
{
	size_t size = PAGES_BYTES + INPUT_TABLE_SIZE;
	int ends[2];

	*spawner = (struct spawner){.settings_path = settings_path, .settings_fd = -1};
	for (size_t i = 0; i < SLOT_COUNT; i++)
		spawner->reports[i] = -1;
	spawner->program_folder = program_folder();
	spawner->memfd = memfd_create("sluice-status", MFD_CLOEXEC);
	if (spawner->memfd < 0 || ftruncate(spawner->memfd, (off_t)size) != 0)
		fatal("cannot make the status pages: %s", strerror(errno));
	spawner->pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, spawner->memfd, 0);
	if (spawner->pages == MAP_FAILED)
		fatal("cannot map the status pages: %s", strerror(errno));
	spawner->inputs = (struct input_table *)(void *)((char *)spawner->pages + PAGES_BYTES);
	if (pipe2(ends, O_CLOEXEC) != 0)
		fatal("cannot make a pipe: %s", strerror(errno));
	spawner->life_read = ends[0];
	spawner->life_write = ends[1];
}

/* A sealed memfd with these bytes; -1 (errno set) when there is none to be had. */
static int
make_sealed_copy(const char *text, size_t size)
{
	int fd = memfd_create("sluice-settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error;

	if (fd < 0)
		return -1;
	if (write(fd, text, size) == (ssize_t)size &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
spawner_set_settings(struct spawner *spawner, const struct settings *settings, char *error,
		     size_t error_size)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int fd;

	if (out == NULL)
		fatal("out of memory");
	settings_print(settings, out);
	if (fclose(out) != 0)
		fatal("out of memory");
	fd = make_sealed_copy(text, size);
	free(text);
	if (fd < 0) {
		snprintf(error, error_size,
			 "cannot make the memory file in which children get the settings: %s",
			 strerror(errno));
		return -1;
	}
	if (spawner->settings_fd >= 0)
		close(spawner->settings_fd);
	spawner->settings_fd = fd;
	return 0;
}

static void
close_report(struct spawner *spawner, const struct slot *slot)
{
	if (spawner->reports[slot->number] >= 0)
		close(spawner->reports[slot->number]);
	spawner->reports[slot->number] = -1;
}

void
spawner_close(struct spawner *spawner)
{
	munmap(spawner->pages, PAGES_BYTES + INPUT_TABLE_SIZE);
	for (size_t i = 0; i < SLOT_COUNT; i++)
		if (spawner->reports[i] >= 0)
			close(spawner->reports[i]);
	close(spawner->memfd);
	close(spawner->settings_fd);
	close(spawner->life_read);
	close(spawner->life_write);
	free(spawner->program_folder);
}

/* --- in the child, between fork and exec --- */

static int
reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* KILL, STOP and libc's own refuse */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

NO_RETURN static void
become_program(const struct spawner *spawner, const char *path, const char *slot_text, int report,
	       pid_t supervisor)
{
	struct spawn_failure failure = {.step = STEP_DESCRIPTORS};
	struct handover handover = {.status = spawner->memfd,
				    .life = spawner->life_read,
				    .settings = spawner->settings_fd,
				    .report = report};
	ssize_t written;

	if (handover_give(&handover) != 0)
		goto out;
	failure.step = STEP_SIGNALS;
	if (setpgid(0, 0) != 0 || reset_signals() != 0)
		goto out;
	/*
	 * Last, and then look: sluiced may have died before the kernel knew of the wish. The pipe
	 * is what a child drains by; USR2 is the last resort against one that hangs.
	 */
	failure.step = STEP_PARENT;
	if (prctl(PR_SET_PDEATHSIG, SIGUSR2) != 0 || getppid() != supervisor)
		goto out;
	failure.step = STEP_EXEC;
	execl(path, path, "-c", spawner->settings_path, "--" HANDOVER_SLOT_OPTION, slot_text,
	      (char *)NULL);
out:
	failure.error = errno;
	written = write(handover.report, &failure, sizeof(failure));
	(void)written;
	_exit(EXIT_FAILURE);
}

/* --- in sluiced --- */

static void
spawn_complain(const struct slot *slot, const char *what, const char *which, int error)
{
	char text[STATUS_TEXT_MAX];

	snprintf(text, sizeof(text), "%s %s: %s", what, which, strerror(error));
	log_error("%s: %s", slot->name, text);
	status_set_error(slot->page, text);
}

enum spawn_result
spawner_exec_result(struct spawner *spawner, const struct slot *slot)
{
	static const char *const steps[] = {
		[STEP_DESCRIPTORS] = "cannot place descriptors for",
		[STEP_SIGNALS] = "cannot reset signals for",
		[STEP_PARENT] = "cannot bind to sluiced",
		[STEP_EXEC] = "cannot execute",
	};
	struct spawn_failure failure;
	char *path;
	/* A successful exec has closed the other end; the dead process surely has. */
	ssize_t got = read(spawner->reports[slot->number], &failure, sizeof(failure));

	close_report(spawner, slot);
	if (got != (ssize_t)sizeof(failure))
		return SPAWN_OK;
	path = program_find(spawner->program_folder, role_table[slot->role].program);
	spawn_complain(slot, steps[failure.step], path, failure.error);
	free(path);
	/* Out of memory or of processes passes; a program that is not there does not. */
	if (failure.step != STEP_EXEC || failure.error == EAGAIN || failure.error == ENOMEM ||
	    failure.error == EMFILE || failure.error == ENFILE || failure.error == ETXTBSY)
		return SPAWN_LATER;
	return SPAWN_NEVER;
}

enum spawn_result
spawner_spawn(struct spawner *spawner, const struct slot *slot, pid_t *pid)
{
	char *path = program_find(spawner->program_folder, role_table[slot->role].program);
	char slot_text[HANDOVER_SLOT_MAX];
	enum spawn_result result = SPAWN_LATER;
	pid_t supervisor = getpid();
	int report[2];

	handover_format_slot(slot->number, slot->name, slot_text);
	close_report(spawner, slot);
	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0) {
		spawn_complain(slot, "cannot make a pipe for", path, errno);
	} else {
		*pid = fork();
		if (*pid == 0)
			become_program(spawner, path, slot_text, report[1], supervisor);
		close(report[1]);
		if (*pid < 0)
			spawn_complain(slot, "cannot fork for", path, errno);
		else
			result = SPAWN_OK;
		spawner->reports[slot->number] = report[0];
	}
	free(path);
	return result;
}
