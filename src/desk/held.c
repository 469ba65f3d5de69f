#include "desk/held.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/ingest.h"

int
held_mail(struct desk *d, struct txn *t, struct arena *a,
    const struct identity *who, const struct grant *g, const struct message *m,
    uint64_t quarantine, int64_t now, struct err *err)
{
	(void)d, (void)a, (void)who, (void)g, (void)m, (void)quarantine;
	(void)now;
	return txn_error(t, err);
}

int
held_release(struct desk *d, struct txn *t, struct arena *a, struct grant *g,
    int64_t now, struct err *err)
{
	(void)d, (void)t, (void)a, (void)g, (void)now;
	return err_set(err, ERR_PERM, "not yet");
}

/* --- what waits for #send ---------------------------------------------- */

enum {
	TAG_SEQ = 1,
	TAG_OUTBOX,
	TAG_COMMANDS,
	TAG_TEXT,
	TAG_WHY,
};

struct str
waiting_encode(struct arena *a, const struct waiting *w)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	rec_u64_opt(&b, TAG_SEQ, w->seq);
	rec_u64_opt(&b, TAG_OUTBOX, w->outbox);
	rec_str_opt(&b, TAG_COMMANDS, w->commands);
	rec_str_opt(&b, TAG_TEXT, w->text);
	rec_str_opt(&b, TAG_WHY, w->why);
	return arena_dup(a, buf_str(&b));
}

int
waiting_decode(
    struct arena *a, struct str rec, struct waiting *out, struct err *err)
{
	struct recr r = recr_open(arena_dup(a, rec));

	*out = (struct waiting){0};
	while (recr_next(&r)) {
		bool text = r.tag >= TAG_COMMANDS && r.tag <= TAG_WHY;

		if (r.tag <= TAG_WHY && r.is_str != text)
			r.bad = true;
		else if (r.tag == TAG_SEQ && r.u <= UINT32_MAX)
			out->seq = (uint32_t)r.u;
		else if (r.tag == TAG_SEQ)
			r.bad = true;
		else if (r.tag == TAG_OUTBOX)
			out->outbox = r.u;
		else if (r.tag == TAG_COMMANDS)
			out->commands = r.s;
		else if (r.tag == TAG_TEXT)
			out->text = r.s;
		else if (r.tag == TAG_WHY)
			out->why = r.s;
		if (r.bad)
			break;
	}
	if (r.bad)
		return err_set(err, ERR_CORRUPT,
		    "what waits for an agent's word cannot be read");
	return 0;
}
