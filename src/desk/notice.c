#include "desk/notice.h"
#include "base/must.h"
#include "desk/due.h"

const char *
notice_name(enum notice_kind k)
{
#define X_NAME_NOTICE(id, name, doc) name,
	static const char *const names[] = {NOTICES(X_NAME_NOTICE)};

	must(k < NOTICE_COUNT);
	return names[k];
}

int
notice_send(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct notice *x, int64_t now, size_t *n, struct err *err)
{
	(void)d;
	(void)a;
	(void)k;
	(void)x;
	(void)now;
	if (n)
		*n = 0;
	return txn_error(t, err);
}

int
notice_mail(struct desk *d, struct txn *t, struct arena *a,
    const struct agent_mail_out *x, int64_t now, uint64_t *outbox,
    struct err *err)
{
	(void)d;
	(void)t;
	(void)a;
	(void)x;
	(void)now;
	if (outbox)
		*outbox = 0;
	return err_set(err, ERR_PERM, "mails to agents are not written yet");
}

bool
notice_wants_files(const struct settings *s, const struct message *m)
{
	(void)s;
	(void)m;
	return false;
}

int
due_digest(struct desk *d, struct txn *t, struct arena *a,
    const struct timer *m, int64_t now, struct err *err)
{
	(void)d;
	(void)a;
	(void)m;
	(void)now;
	return txn_error(t, err);
}
