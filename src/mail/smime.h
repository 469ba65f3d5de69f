/*
 * smime: S/MIME signatures (RFC 8551 over CMS, RFC 5652), judged by mathematics alone.
 *
 * A signature that is right says that whoever holds the key of the certificate inside it wrote exactly these bytes. Whose certificate that is, whether it has
 * expired, and who issued it is not asked: the caller compares its fingerprint with one he has pinned. Runs in the jail.
 *
 * Only what every S/MIME client of today writes is taken: one signer whose certificate is there, signed attributes, SHA-256 or longer, RSA or an
 * elliptic curve. The header of the mail is not signed: From, Subject and References of a right signature may be anybody's.
 */
#ifndef MAIL_SMIME_H
#define MAIL_SMIME_H

#include "mail/message.h"
#include "mail/mime.h"

enum {
	SMIME_SIGNATURE_MAX = 256 << 10, /* bytes of the DER of a detached signature: certificates and all */
	SMIME_OPAQUE_MAX = 8 << 20,      /* bytes of the DER of signed-data that holds its content; without the content, as above */
	SMIME_CERTIFICATES_MAX = 20,
	SMIME_OPENED_MAX = 4,            /* signed-data that are opened in one mail */
};

/* Once a process, before the jail closes: OpenSSL made ready, without its configuration file. */
void smime_init(void);

/*
 * multipart/signed (RFC 8551 §3.5.3): content as it stood in the mail, header and all, up to the line break before the boundary; it is read with CRLF line ends.
 * der: the signature, decoded. True: right, and *out filled but for `whole`. False: *why says in a few words what is wrong with it.
 */
bool smime_detached(struct str content, struct str der, struct smime *out, const char **why);
/* The same for application/pkcs7-mime; smime-type=signed-data (§3.5.2): *content is the MIME entity inside, in the arena, even where the signature is not right
 * (empty when there is none to be had). */
bool smime_opaque(struct arena *a, struct str der, struct str *content, struct smime *out, const char **why);

/* The fingerprint of the certificate in a PEM file's text, the first where there are several: SHA-256 of its DER form. ERR_INVAL says what it is instead. */
int smime_certificate(struct str pem, unsigned char sha256[SHA256_SIZE], struct err *err);

/* --- in a mail (mail/smime_part.c) --- */

/* Is this leaf signed-data that holds its content? For mime.c, which reads that content as the part's only child. */
bool smime_part_is_opaque(const struct part *p);
/* That content; the first one's signature goes into m->smime. Empty when it cannot be had. */
struct str smime_part_open(struct mime *m, const struct part *p);
/* The outermost signature of a mail, when it is right; NULL. What is wrong with one goes to the warnings. */
struct smime *smime_find(struct arena *a, const struct mime *m);

#endif
