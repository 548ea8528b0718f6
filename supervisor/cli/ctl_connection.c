/* SPDX-License-Identifier: MIT */
/*
 * ctl_connection.c - the settings, and requests to sluiced. One connection serves all requests of a
 * run.
 */
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"
#include "supervisor/cli/ctl.h"
#include "supervisor/shared/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { ANSWER_TIMEOUT_S = 10, ANSWER_CHUNK = 65536, ANSWER_MAX = 16 << 20 };

const struct settings *
ctl_settings(struct ctl *ctl)
{
	if (ctl->settings == NULL && settings_load(ctl->settings_path, &ctl->settings) != 0)
		fatal_exit(EX_CONFIG, "settings %s: not accepted", ctl->settings_path);
	return ctl->settings;
}

static const char *
default_socket(void)
{
	size_t i = 0;

	while (setting_table[i].offset != offsetof(struct settings, supervisor.socket))
		i++;
	return setting_table[i].default_text;
}

/* Somebody may be editing the settings: that must not blind those who want to look. */
static const char *
socket_path(struct ctl *ctl)
{
	if (ctl->socket_path != NULL)
		return ctl->socket_path;
	if (ctl->settings != NULL ||
	    settings_load_or_socket(ctl->settings_path, &ctl->settings, &ctl->read_socket) == 0) {
		ctl->socket_path = ctl->settings->supervisor.socket;
		return ctl->socket_path;
	}
	ctl->file_refused = true;
	ctl->socket_path = ctl->read_socket != NULL ? ctl->read_socket : default_socket();
	log_warning("settings %s: not accepted; asking the sluiced at %s, %s (-s SOCKET asks "
		    "another)",
		    ctl->settings_path, ctl->socket_path,
		    ctl->read_socket != NULL ? "the supervisor.socket of that file"
					     : "the default");
	return ctl->socket_path;
}

/* errno says what went wrong. */
static int
say_unreachable(const struct ctl *ctl, const char *path)
{
	int error = errno;

	if (ctl->quiet)
		return error == EACCES || error == EPERM ? EX_NOPERM : EX_UNAVAILABLE;
	if (error == EACCES || error == EPERM) {
		log_error("no permission to use %s: it takes root, sluiced's user or the socket's "
			  "group",
			  path);
		return EX_NOPERM;
	}
	log_error("sluiced does not answer on %s: is it running? (%s)", path,
		  error == EAGAIN ? "no answer in time" : strerror(error));
	return EX_UNAVAILABLE;
}

static int
connect_to(struct ctl *ctl)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = ANSWER_TIMEOUT_S};
	const char *path = socket_path(ctl);

	if (ctl->fd >= 0)
		return 0;
	if (strlen(path) >= sizeof(address.sun_path)) {
		log_error("the name of the socket is longer than %zu bytes: %s",
			  sizeof(address.sun_path) - 1, path);
		return EX_CONFIG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	ctl->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ctl->fd < 0)
		fatal("cannot make a socket: %s", strerror(errno));
	setsockopt(ctl->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(ctl->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(ctl->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int exit_code = say_unreachable(ctl, path);

		ctl_disconnect(ctl);
		/* The file is what has to be mended first. */
		return ctl->file_refused ? EX_CONFIG : exit_code;
	}
	return 0;
}

void
ctl_disconnect(struct ctl *ctl)
{
	if (ctl->fd >= 0)
		close(ctl->fd);
	ctl->fd = -1;
}

static int
send_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent < 0)
			return -1;
		text += sent;
		len -= (size_t)sent;
	}
	return 0;
}

/* One line, in new memory, without its line end; NULL (errno set) when it does not come. */
static char *
receive_line(int fd)
{
	char *line = NULL;
	size_t used = 0, size = 0;

	for (;;) {
		ssize_t got;

		if (used + 1 >= size) {
			size += ANSWER_CHUNK;
			line = xreallocarray(line, size, 1);
		}
		got = recv(fd, line + used, size - used - 1, 0);
		if (got <= 0 || used > ANSWER_MAX) {
			int error = got == 0 ? ECONNRESET : errno;

			free(line);
			errno = got > 0 ? EMSGSIZE : error;
			return NULL;
		}
		used += (size_t)got;
		if (line[used - 1] == '\n') {
			line[used - 1] = '\0';
			return line;
		}
	}
}

static json_t *
exchange(struct ctl *ctl, const char *command, json_t *arguments)
{
	json_t *request = json_pack("{s:i, s:s, s:o}", "v", REQUEST_VERSION, "command", command,
				    "arguments", arguments != NULL ? arguments : json_object());
	char *text = json_dumps(request, JSON_COMPACT);
	char *line = xasprintf("%s\n", text), *answer = NULL;
	json_t *root = NULL;

	if (send_all(ctl->fd, line) == 0)
		answer = receive_line(ctl->fd);
	if (answer != NULL) {
		root = json_loads(answer, JSON_REJECT_DUPLICATES, NULL);
		if (root == NULL)
			errno = EPROTO;
	}
	free(answer);
	free(line);
	free(text);
	json_decref(request);
	return root;
}

/* One message per line of the error. */
static void
say_error(struct ctl *ctl, const char *error)
{
	snprintf(ctl->refusal, sizeof(ctl->refusal), "%.*s", (int)strcspn(error, "\n"), error);
	while (!ctl->on_screen && *error != '\0') {
		size_t len = strcspn(error, "\n");
		char *line = xstrndup(error, len), *visible = ctl_visible(line);

		log_error("%s", visible);
		free(visible);
		free(line);
		error += len + (error[len] == '\n' ? 1 : 0);
	}
}

/* The text of settings_print(), as settings; NULL when it is not accepted here. */
static struct settings *
settings_of(const char *text, const char *path)
{
	struct settings *settings = NULL;
	int fd = memfd_create("settings", MFD_CLOEXEC);
	char copy[32];

	if (fd < 0)
		fatal("cannot make a memory file: %s", strerror(errno));
	snprintf(copy, sizeof(copy), "/proc/self/fd/%d", fd);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    settings_load_copy(copy, path, &settings) != 0)
		settings = NULL;
	close(fd);
	return settings;
}

const struct settings *
ctl_running_settings(struct ctl *ctl)
{
	bool was_quiet = ctl->quiet;
	json_t *data;
	int exit_code;

	if (ctl->settings != NULL)
		return ctl->settings;
	ctl->quiet = true;
	data = ctl_ask(ctl, "settings", NULL, &exit_code);
	ctl->quiet = was_quiet;
	if (data != NULL && ctl->settings == NULL)
		ctl->settings = settings_of(ctl_text(data, "text", ""),
					    ctl_text(data, "path", ctl->settings_path));
	json_decref(data);
	return ctl_settings(ctl);
}

json_t *
ctl_ask(struct ctl *ctl, const char *command, json_t *arguments, int *exit_code)
{
	json_t *answer, *data;

	*exit_code = connect_to(ctl);
	if (*exit_code != 0) {
		json_decref(arguments);
		return NULL;
	}
	answer = exchange(ctl, command, arguments);
	if (answer == NULL) {
		*exit_code = say_unreachable(ctl, ctl->socket_path);
		ctl_disconnect(ctl);
		return NULL;
	}
	data = json_object_get(answer, "data");
	if (json_is_true(json_object_get(answer, "ok")) && json_is_object(data)) {
		json_incref(data);
	} else {
		data = NULL;
		*exit_code = (int)ctl_number(answer, "exit_code", CTL_FAILED);
		say_error(ctl, ctl_text(answer, "error", "sluiced gave no reason"));
	}
	json_decref(answer);
	return data;
}
