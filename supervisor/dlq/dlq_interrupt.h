/* SPDX-License-Identifier: MIT */
/*
 * dlq_interrupt.h - Ctrl-C and TERM end a verb between two letters.
 */
#ifndef SUPERVISOR_DLQ_DLQ_INTERRUPT_H
#define SUPERVISOR_DLQ_DLQ_INTERRUPT_H

#include <stdbool.h>

/* From now on the two signals are only noted. */
void dlq_interrupt_catch(void);

/* Did one come? */
bool dlq_interrupt_seen(void);

#endif
