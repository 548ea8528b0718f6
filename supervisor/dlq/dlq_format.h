/* SPDX-License-Identifier: MIT */
/*
 * dlq_format.h - the log format that a letter's file has by the settings of now.
 */
#ifndef SUPERVISOR_DLQ_DLQ_FORMAT_H
#define SUPERVISOR_DLQ_DLQ_FORMAT_H

#include "common/message/message.h"
#include "common/settings/settings.h"

/*
 * The format of the input that a file belongs to now, by its path or, rotated, by the path it had
 * ("access.log.1", "access.log-20261123"); NULL when it is nobody's.
 */
const char *dlq_format_of_input(const struct settings *settings, struct span path);

/* The format to send a letter with; NULL = as it is. */
const char *dlq_format_choose(const struct settings *settings, const char *format, bool keep_format,
			      const struct message *message);

#endif
