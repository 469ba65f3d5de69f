/*
 * What lies in the quarantine was refused by the parser, or bears an agent's
 * name: nothing but the fields of its head is read here.
 */
#include "base/must.h"
#include "desk/erase_private.h"
#include "desk/tidy.h"
#include "mail/header.h"
#include "store/blob.h"

enum {
	RAW_MAX = 1 << 30,
	HEAD_MAX = 256 << 10
};

bool
privacy_wrote(struct arena *a, struct str raw, struct str addr)
{
	static const char *const names[] = {"From", "Sender", "Reply-To",
	    "Return-Path", "Resent-From", "Resent-Sender", "X-Original-From"};
	struct fields f;

	fields_scan(a, str_sub(raw, 0, HEAD_MAX), &f);
	for (size_t i = 0; i < f.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			struct addresses l;

			if (!str_ieq(f.v[i].name, str_c(names[k])))
				continue;
			addresses_parse(a, f.v[i].raw, &l);
			if (addresses_has(&l, addr))
				return true;
		}
	return false;
}

int
erase_quarantined(struct txn *t, struct arena *a, struct erasure *e,
    uint64_t id, const struct erase_tell *tell, int64_t now)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct intake in = {0};
	struct quarantined q;
	int found = quarantine_get(t, a, id, &q);

	if (found > 0 && q.blob)
		found = blob_get(t, q.blob, RAW_MAX, &raw);
	if (found <= 0)
		return found;
	intake_decode(a, q.intake, &in, NULL);
	if (address_eq(in.envelope_sender, e->addr) ||
	    privacy_wrote(a, buf_str(&raw), e->addr)) {
		quarantine_remove(t, a, &q, now);
		e->n.removed++;
	} else if (privacy_names(buf_str(&raw), e->addr)) {
		e->n.quarantined++;
		erase_say(tell,
		    "mail %llu in the quarantine is of others and names the "
		    "address: helpd quarantine",
		    (unsigned long long)id);
	}
	return 0;
}
