#include "mail/smime.h"

void
smime_init(void)
{
}

bool
smime_detached(
    struct str content, struct str der, struct smime *out, const char **why)
{
	(void)content;
	(void)der;
	*out = (struct smime){0};
	*why = "not read";
	return false;
}

bool
smime_opaque(struct arena *a, struct str der, struct str *content,
    struct smime *out, const char **why)
{
	(void)a;
	*content = S("");
	return smime_detached(S(""), der, out, why);
}

int
smime_certificate(
    struct str pem, unsigned char sha256[SHA256_SIZE], struct err *err)
{
	(void)pem;
	memset(sha256, 0, SHA256_SIZE);
	return err_set(err, ERR_PERM, "certificates are not read yet");
}
