/* SPDX-License-Identifier: MIT */
/*
 * dlq_editor.c - one line in the editor of whoever sits at the terminal, for `sluicectl dlq edit`.
 */
#include "supervisor/dlq/dlq_editor.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 64 << 20, CHUNK = 65536 };

static const char *
variable(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : fallback;
}

char *
dlq_editor_write(struct span line)
{
	char *path = xasprintf("%s/sluice-letter-XXXXXX", variable("TMPDIR", "/tmp"));
	int fd = mkstemp(path); /* mode 0600 */
	FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
	bool written = file != NULL && fwrite(line.ptr, 1, line.len, file) == line.len &&
		       fputc('\n', file) != EOF;

	if (file != NULL && fclose(file) != 0)
		written = false;
	if (written)
		return path;
	log_error("%s: %s; nothing was changed (TMPDIR names another folder)", path,
		  strerror(errno));
	if (fd >= 0)
		unlink(path);
	free(path);
	return NULL;
}

/* As system(3) does it: the terminal's signals are for the editor, not for who waits for it. */
static int
run_in_shell(const char *command, const char *path)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before_int, before_quit;
	pid_t pid, ended;
	int status = 0;

	sigaction(SIGINT, &ignore, &before_int);
	sigaction(SIGQUIT, &ignore, &before_quit);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &before_int, NULL);
		sigaction(SIGQUIT, &before_quit, NULL);
		execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);
		_exit(127);
	}
	do
		ended = pid > 0 ? waitpid(pid, &status, 0) : -1;
	while (pid > 0 && ended < 0 && errno == EINTR);
	sigaction(SIGINT, &before_int, NULL);
	sigaction(SIGQUIT, &before_quit, NULL);
	return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* The shell outlives Ctrl-C, too; ignoring it there would hide it from the editor. */
int
dlq_editor_run(const char *path)
{
	const char *editor = variable("VISUAL", variable("EDITOR", "vi"));
	char *command = xasprintf("trap : INT QUIT; %s \"$1\"", editor);
	int result = run_in_shell(command, path);

	free(command);
	if (result != 0)
		log_error("editor \"%s\" failed; nothing was changed", editor);
	return result;
}

int
dlq_editor_read(const char *path, char **text, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	size_t size = 0, got;

	*text = NULL;
	*len = 0;
	while (file != NULL && *len <= LINE_BYTES_MAX) {
		size = *len + CHUNK;
		bytes = xreallocarray(bytes, size + 1, 1);
		got = fread(bytes + *len, 1, CHUNK, file);
		*len += got;
		if (got == 0)
			break;
	}
	if (file == NULL || ferror(file) || *len > LINE_BYTES_MAX) {
		log_error("%s: %s; nothing was changed", path,
			  *len > LINE_BYTES_MAX ? "too long for a line" : strerror(errno));
		free(bytes);
		if (file != NULL)
			fclose(file);
		return -1;
	}
	fclose(file);
	if (*len > 0 && bytes[*len - 1] == '\n')
		(*len)--;
	bytes[*len] = '\0';
	*text = bytes;
	return 0;
}
