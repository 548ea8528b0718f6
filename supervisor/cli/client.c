/* SPDX-License-Identifier: MIT */
/*
 * client.c - the settings, and requests to sluiced.
 */
#include "supervisor/cli/client.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"
#include "supervisor/cli/member.h"
#include "supervisor/shared/lock_holder.h"
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
client_settings(struct client *client)
{
	if (client->settings == NULL &&
	    settings_load(client->settings_path, &client->settings) != 0)
		fatal_exit(EX_CONFIG, "settings %s: not accepted", client->settings_path);
	return client->settings;
}

static const char *
client_default_socket(void)
{
	size_t i = 0;

	while (setting_table[i].offset != offsetof(struct settings, supervisor.socket))
		i++;
	return setting_table[i].default_text;
}

/* Somebody may be editing the settings: that must not blind those who want to look. */
static const char *
client_socket_path(struct client *client)
{
	if (client->socket_path != NULL)
		return client->socket_path;
	if (client->settings != NULL ||
	    settings_load_or_socket(client->settings_path, &client->settings,
				    &client->read_socket) == 0) {
		client->socket_path = client->settings->supervisor.socket;
		return client->socket_path;
	}
	client->file_refused = true;
	client->socket_path =
		client->read_socket != NULL ? client->read_socket : client_default_socket();
	log_warning("settings %s: not accepted; asking the sluiced at %s, %s (-s SOCKET asks "
		    "another)",
		    client->settings_path, client->socket_path,
		    client->read_socket != NULL ? "the supervisor.socket of that file"
						: "the default");
	return client->socket_path;
}

static void
client_disconnect(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

/* errno says what went wrong. */
static int
client_say_unreachable(const struct client *client, const char *path)
{
	int error = errno;
	pid_t holder;

	if (client->quiet)
		return error == EACCES || error == EPERM ? EX_NOPERM : EX_UNAVAILABLE;
	if (error == EACCES || error == EPERM) {
		log_error("no permission to use %s: it takes root, sluiced's user or the socket's "
			  "group",
			  path);
		return EX_NOPERM;
	}
	holder = client->settings != NULL ? lock_holder(client->settings->supervisor.state_dir) : 0;
	if (holder > 0 && (error == ENOENT || error == ECONNREFUSED))
		log_error("sluiced runs (pid %ld holds the lock in %s), but its socket %s is %s: "
			  "it makes it again within seconds, or at kill -HUP %ld",
			  (long)holder, client->settings->supervisor.state_dir, path,
			  error == ENOENT ? "gone" : "not its own any more", (long)holder);
	else
		log_error("sluiced does not answer on %s: is it running? (%s)", path,
			  error == EAGAIN ? "no answer in time" : strerror(error));
	return EX_UNAVAILABLE;
}

static int
client_connect(struct client *client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = ANSWER_TIMEOUT_S};
	const char *path = client_socket_path(client);

	if (client->fd >= 0)
		return 0;
	if (strlen(path) >= sizeof(address.sun_path)) {
		log_error("the name of the socket is longer than %zu bytes: %s",
			  sizeof(address.sun_path) - 1, path);
		return EX_CONFIG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		fatal("cannot make a socket: %s", strerror(errno));
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int exit_code = client_say_unreachable(client, path);

		client_disconnect(client);
		/* The file is what has to be mended first. */
		return client->file_refused ? EX_CONFIG : exit_code;
	}
	return 0;
}

static int
client_send_all(int fd, const char *text)
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
client_receive_line(int fd)
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
client_exchange(struct client *client, const char *command, json_t *arguments)
{
	json_t *request = json_pack("{s:i, s:s, s:o}", "v", REQUEST_VERSION, "command", command,
				    "arguments", arguments != NULL ? arguments : json_object());
	char *text = json_dumps(request, JSON_COMPACT);
	char *line = xasprintf("%s\n", text), *answer = NULL;
	json_t *root = NULL;

	if (client_send_all(client->fd, line) == 0)
		answer = client_receive_line(client->fd);
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
client_say_error(struct client *client, const char *error)
{
	snprintf(client->refusal, sizeof(client->refusal), "%.*s", (int)strcspn(error, "\n"),
		 error);
	while (!client->on_screen && *error != '\0') {
		size_t len = strcspn(error, "\n");

		log_error("%.*s", (int)len, error);
		error += len + (error[len] == '\n' ? 1 : 0);
	}
}

/* The text of settings_print(), as settings; NULL when it is not accepted here. */
static struct settings *
client_read_settings(const char *text, const char *path)
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
client_running_settings(struct client *client)
{
	bool was_quiet = client->quiet;
	json_t *data;
	int exit_code;

	if (client->settings != NULL)
		return client->settings;
	client->quiet = true;
	data = client_ask(client, "settings", NULL, &exit_code);
	client->quiet = was_quiet;
	if (data != NULL && client->settings == NULL)
		client->settings =
			client_read_settings(member_text(data, "text", ""),
					     member_text(data, "path", client->settings_path));
	json_decref(data);
	return client_settings(client);
}

json_t *
client_ask(struct client *client, const char *command, json_t *arguments, int *exit_code)
{
	json_t *answer, *data;

	*exit_code = client_connect(client);
	if (*exit_code != 0) {
		json_decref(arguments);
		return NULL;
	}
	answer = client_exchange(client, command, arguments);
	if (answer == NULL) {
		*exit_code = client_say_unreachable(client, client->socket_path);
		client_disconnect(client);
		return NULL;
	}
	data = json_object_get(answer, "data");
	if (json_is_true(json_object_get(answer, "ok")) && json_is_object(data)) {
		json_incref(data);
	} else {
		data = NULL;
		*exit_code = (int)member_number(answer, "exit_code", 1);
		client_say_error(client, member_text(answer, "error", "sluiced gave no reason"));
	}
	json_decref(answer);
	return data;
}

void
client_close(struct client *client)
{
	client_disconnect(client);
	free(client->read_socket);
	client->read_socket = NULL;
	settings_free(&client->settings);
}
