/*
 * ack: may this mail be acknowledged? RELIABILITY §4's list, as one decision over values.
 */
#ifndef DESK_ACK_H
#define DESK_ACK_H

#include "desk/authres.h"
#include "desk/people.h"

struct ack_query {
	const struct settings *settings;
	const struct queue *queue;
	const struct message *message;
	const struct writer *writer;
	const struct authres *auth;
	struct str automatic;        /* the sign, as ingest() weighed it */
	struct str flag;
	struct str envelope_sender;  /* "<>": null; empty: not known, Return-Path counts */
	bool begin_old;
	bool suspended;
	int64_t now;
};
/* Empty: yes. Else why not, in words for the history. */
struct str ack_refused(const struct ack_query *q);

#endif
