/* SPDX-License-Identifier: MIT */
/*
 * dlq_editor.h - one line in the editor of whoever sits at the terminal. The file is the caller's
 * to remove: what somebody typed is thrown away by nobody else.
 */
#ifndef SUPERVISOR_DLQ_DLQ_EDITOR_H
#define SUPERVISOR_DLQ_DLQ_EDITOR_H

#include <stddef.h>

#include "common/base/defs.h"
#include "common/base/span.h"

/*
 * A new file of mode 0600 in $TMPDIR or /tmp, with the line, byte for byte, and a line end. Returns
 * its path in new memory, or NULL after a message.
 */
char *dlq_editor_write(struct span line) MUST_CHECK;

/*
 * $VISUAL, $EDITOR or vi on the file, until it ends. Ctrl-C and Ctrl-\ are the editor's meanwhile.
 * Returns 0; or -1 after a message when it cannot be started, fails or is killed.
 */
int dlq_editor_run(const char *path) MUST_CHECK;

/*
 * All bytes of a file but a line end at its end, in new memory with a NUL behind them. Returns 0;
 * or -1 after a message, with *text NULL.
 */
int dlq_editor_read(const char *path, char **text, size_t *len) MUST_CHECK;

#endif
