/* SPDX-License-Identifier: MIT */
/*
 * crash_at_start.c - LD_PRELOAD shim: the program named by SHIM_CRASH_PROGRAM dies of SIGSEGV
 * before main() as long as the file SHIM_CRASH_FILE exists.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void
crash(void)
{
	const char *program = getenv("SHIM_CRASH_PROGRAM"), *path = getenv("SHIM_CRASH_FILE");

	if (program != NULL && path != NULL &&
	    strcmp(program, program_invocation_short_name) == 0 && access(path, F_OK) == 0)
		raise(SIGSEGV);
}
