/*
 * Where in a mail a signature stands, and whether all that is read of the mail stands inside it.
 *
 *     multipart/signed                            application/pkcs7-mime; smime-type=signed-data
 *       1 text/plain, multipart/mixed, …            1 text/plain, multipart/mixed, …  (out of the DER)
 *       2 application/pkcs7-signature
 *
 * A list that adds its footer puts a multipart/mixed around either: then the signature may be right, but not over the whole.
 */
#include "mail/smime.h"

enum {
	DER_LINES = 2
}; /* base64 and its line ends take at most twice the bytes */

static void
tell(const struct mime *m, const char *why)
{
	if (m->warnings)
		strs_add(m->arena, m->warnings,
		    arena_printf(m->arena,
			"the S/MIME signature does not count: %s", why));
}

static bool
is_signature(const struct part *p)
{
	return p->kind == PART_LEAF &&
	       (str_eq(p->type, S("application/pkcs7-signature")) ||
		   str_eq(p->type, S("application/x-pkcs7-signature")));
}

bool
smime_part_is_opaque(const struct part *p)
{
	struct str type = params_get(&p->type_params, S("smime-type"));

	if (p->kind != PART_LEAF || p->embedded ||
	    (!str_eq(p->type, S("application/pkcs7-mime")) &&
		!str_eq(p->type, S("application/x-pkcs7-mime"))))
		return false;
	/* Where nothing is said, the DER tells. */
	return !type.n || str_ieq(type, S("signed-data"));
}

struct str
smime_part_open(struct mime *m, const struct part *p)
{
	struct smime *found = arena_new(m->arena, struct smime);
	bool said = params_get(&p->type_params, S("smime-type")).n > 0;
	struct str content = {NULL, 0};
	const char *why = "";

	if (m->opened >= SMIME_OPENED_MAX ||
	    p->body.n > (size_t)SMIME_OPAQUE_MAX * DER_LINES)
		return content;
	m->opened++;
	if (smime_opaque(
		m->arena, part_content(m->arena, p), &content, found, &why)) {
		found->whole = !p->parent;
		if (m->opened == 1)
			m->smime = found;
	} else if (said || content.n) {
		tell(m, why);
	}
	return content;
}

/* m->v[i] is a multipart/signed of S/MIME: its content, and the part behind that. */
static bool
signed_parts(const struct mime *m, size_t i, const struct part **content,
    const struct part **signature, bool *more)
{
	size_t end = m->v[i]->next, second;

	if (!str_eq(m->v[i]->type, S("multipart/signed")) || i + 1 >= end)
		return false;
	second = m->v[i + 1]->next;
	if (second >= end || !is_signature(m->v[second]))
		return false;
	*content = m->v[i + 1];
	*signature = m->v[second];
	*more = m->v[second]->next != end;
	return true;
}

static struct smime *
find_detached(struct arena *a, const struct mime *m)
{
	const struct part *content, *signature;
	const char *why = "it is too large";
	bool more;

	for (size_t i = 0; i < m->n; i++) {
		struct smime *found;

		if (m->v[i]->embedded ||
		    !signed_parts(m, i, &content, &signature, &more))
			continue;
		found = arena_new(a, struct smime);
		if (signature->body.n <=
			(size_t)SMIME_SIGNATURE_MAX * DER_LINES &&
		    smime_detached(content->raw, part_content(a, signature),
			found, &why)) {
			found->whole = i == 0 && !more;
			return found;
		}
		tell(m, why);
		return NULL;
	}
	return NULL;
}

struct smime *
smime_find(struct arena *a, const struct mime *m)
{
	struct smime *found = m->smime;

	/* One around everything counts before one inside it. */
	if (!found || !found->whole)
		found = find_detached(a, m);
	return found ? found : m->smime;
}
