/* SPDX-License-Identifier: MIT */
/*
 * amqp_library.h - the headers of librabbitmq, wherever this version has them: since 0.12 in a folder of
 * their own, where 0.15 warns about the old places. The files of common/broker/ include it.
 */
#ifndef COMMON_BROKER_AMQP_LIBRARY_H
#define COMMON_BROKER_AMQP_LIBRARY_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#endif

#endif
