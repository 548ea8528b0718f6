/* SPDX-License-Identifier: MIT */
/*
 * dlq_validator.c - dead letters through the workers' own batch.
 */
#include "supervisor/dlq/dlq_validator.h"
#include "common/worker/batch.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/stage_ops.h"
#include "supervisor/dlq/dlq_format.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 256 };

struct dlq_validator {
	const struct settings *settings;
	enum stage_id queue;
	const char *format;
	bool keep_format;
	const struct worker_ops *ops; /* of the stage */
	void *state;
	struct batch *batch;
};

struct dlq_validator *
dlq_validator_new(const struct settings *settings, enum stage_id queue, const char *format,
		  bool keep_format)
{
	struct dlq_validator *validator = xcalloc(1, sizeof(*validator));
	struct batch_limits limits = {
		.rows = ROWS,
		.deliveries = 1,
		.max_line_bytes = (size_t)settings->producer.max_line_bytes,
		.position = settings->identity == IDENTITY_POSITION,
		.status = status_private(),
	};

	validator->settings = settings;
	validator->queue = queue;
	validator->format = format;
	validator->keep_format = keep_format;
	validator->ops = stage_ops[queue];
	if (validator->ops->open != NULL)
		validator->state = validator->ops->open(settings);
	validator->batch =
		batch_new(validator->ops->table, &limits, validator->ops->fill, validator->state);
	return validator;
}

void
dlq_validator_free(struct dlq_validator **validator)
{
	if (*validator == NULL)
		return;
	batch_free(&(*validator)->batch);
	if ((*validator)->ops->close != NULL)
		(*validator)->ops->close((*validator)->state);
	free(*validator);
	*validator = NULL;
}

size_t
dlq_validator_check(struct dlq_validator *validator, struct delivery **delivery,
		    const char **reason, char *detail)
{
	const char *format = dlq_format_choose(validator->settings, validator->format,
					       validator->keep_format, &(*delivery)->message);
	size_t failed = 0, rejected;
	bool all;

	if (format != NULL)
		(*delivery)->message.format = span_of(format);
	(*delivery)->message.body = message_lines(&(*delivery)->message);
	batch_add_delivery(validator->batch, *delivery);
	*delivery = NULL;
	do {
		const struct rejected_line *lines;

		all = batch_fill(validator->batch);
		lines = batch_rejected(validator->batch, &rejected);
		if (failed == 0 && rejected > 0) {
			*reason = reason_name(lines[0].reason);
			snprintf(detail, DLQ_DETAIL_SIZE, "%s", lines[0].detail);
		}
		failed += rejected;
		batch_finish(validator->batch);
	} while (!all);
	return failed;
}
