/*
 * customers: what the desk knows beforehand of those who write: customers.csv, for service tiers.
 *
 *   address,tier,name,language,contract
 *   ann@example.org,vip,Ann Example,en,C-1042
 *   @bigcorp.example,gold,"BigCorp, Inc.",,C-77
 *
 * RFC 4180: commas, fields in quotes where they hold commas, quotes (doubled) or line breaks; UTF-8, a byte order mark is passed over. The header names the columns in
 * any order; only `address` has to be there; further columns are fields, under their names. An address is matched as people_*() does (case ignored), before
 * the domain of an "@domain", which does not speak for domains below it.
 *
 * Values of one configuration, immutable, in its arena.
 */
#ifndef DESK_CUSTOMERS_H
#define DESK_CUSTOMERS_H

#include "base/syntax.h"
#include "store/ticket.h"

struct settings;

enum { CUSTOMERS_MAX = 1000000, CUSTOMER_COLUMNS = 50, CUSTOMER_VALUE_MAX = 1000 /* bytes */ };

struct customer {
	struct str key;          /* the address in lower case, or "@domain" */
	struct str tier, name, language; /* any may be empty */
	const struct str *more;  /* of customers.fields, in their order; NULL: none */
	unsigned line;
};
struct customers {
	const char *file;
	struct customer *v;
	size_t n;
	struct str *fields;      /* names of the further columns, as in the header */
	size_t nfields;
	uint32_t *slots;         /* a hash table of positions + 1; size mask + 1 */
	size_t mask;
};
/* text stays referred to. What is wrong goes to *bad; at most 20 complaints, then one that says how many more. */
void customers_parse(struct arena *a, const char *file, struct str text, struct customers *out, struct complaints *bad);

/* Whose address this is; NULL: not among them. */
const struct customer *customers_find(const struct customers *c, struct arena *a, struct str addr);
const struct customer *customer_find(const struct settings *s, struct arena *a, struct str addr);
/* By the column's name, ASCII case ignored; address, tier, name and language are columns too. Empty when there is none. */
struct str customer_value(const struct settings *s, const struct customer *x, struct str column);

/* What a tier's new tickets get; helpd.conf: tier "vip" { priority "high"; team "senior"; sla "gold"; } */
struct tier {
	struct str name;
	enum priority priority;  /* at least this one; PRIORITY_NONE: as it is */
	struct str team;         /* its tickets go to one of this team, whatever the queue's `assign` */
	struct str sla;          /* a policy; empty: as the queue has it */
};
/* By name, ASCII case ignored; NULL. */
const struct tier *settings_tier(const struct settings *s, struct str name);
/* The tier of a customer, as customers.csv has it now; empty. */
struct str customer_tier(const struct settings *s, struct arena *a, struct str addr);

#endif
