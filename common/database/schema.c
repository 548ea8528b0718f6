/* SPDX-License-Identifier: MIT */
/*
 * schema.c - what the programs know about the embedded migrations.
 */
#include "common/database/schema.h"

int
schema_latest(void)
{
	int latest = 0;

	for (const struct schema_migration *m = schema_migrations; m->version != 0; m++)
		latest = m->version;
	return latest;
}
