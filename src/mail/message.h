/*
 * message: what helpd reads in a mail, as plain values.
 *
 * Made by message_parse() (mail/parse.h) inside a jailed worker, sent to the daemon as a record, and from
 * there on trusted no more than the mail itself: every string is well-formed UTF-8 without NUL, every
 * number within its stated limit (message_decode() refuses the rest), and that is all that is promised.
 *
 * All strings live in the arena given to message_parse(), or in the record given to message_decode().
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "mail/address.h"

enum {
	MESSAGE_IDS_MAX = 1000,      /* Message-IDs kept of References, the first and the newest 999 */
	MESSAGE_HEADERS_MAX = 1000,  /* header fields kept in `headers` */
	MESSAGE_SUBJECT_MAX = 2000,  /* bytes */
	MESSAGE_TEXT_MAX = 4 << 20,  /* bytes of text and of html kept; the rest is in the raw mail */
	MESSAGE_ATTACHMENTS_MAX = 1000,
};

struct attachment {
	struct str name;             /* decoded; data, never a path; may be empty */
	struct str type;             /* "image/png", lower case */
	struct str content_id;       /* without <>; may be empty */
	uint64_t size;               /* bytes, decoded */
	unsigned char sha256[SHA256_SIZE]; /* of the decoded bytes */
	bool is_inline;              /* Content-Disposition: inline, or referred to by cid: */
	struct str part;             /* "2.1": the IMAP section number; "2/1" for the first file inside a winmail.dat at 2 */
};
struct attachments {
	struct attachment *v;
	size_t n;
};

/* [from, to) in bytes of `text`. */
struct span {
	uint32_t from, to;
};

struct header {
	struct str name;             /* as written */
	struct str value;            /* unfolded, RFC 2047 words decoded, at most 16 KiB */
};

struct bounced {
	struct str address;          /* the recipient that failed; may be empty when the mail does not name it */
	struct str status;           /* "5.1.1" (RFC 3463); may be empty */
	struct str smtp_code;        /* "550"; may be empty */
	bool hard;                   /* will not get better by itself */
	struct str reason;           /* the server's words, one line; or the reason's name */
	struct str action;           /* failed, delayed, delivered, relayed, expanded */
};
struct bounce {
	struct bounced *v;
	size_t n;
	struct str message_id;       /* of the mail that bounced, where it is quoted; without <> */
	struct str subject;          /* the same */
};

/* A mail that was forwarded in this one: whose it was, and what he wrote. */
struct forwarded {
	struct address from;         /* the original sender; addr may be empty where the forward names none */
	struct addresses to, cc;
	struct str subject;
	int64_t date;                /* CLOCK_NONE */
	struct str message_id;       /* without <>; of an attached mail only */
	struct span text;            /* of message.text: the original words, below the heading; with quote marks where the client quoted them */
	uint32_t heading;            /* of message.text: where its heading begins, and the forwarder's words end; an attached mail has none: where its words begin */
	bool attached;               /* message/rfc822, so its header is the original one */
	bool sure;                   /* a client's heading that is known, read whole, with one sender's address */
};
/* An S/MIME signature that is mathematically right (RFC 8551). Whose certificate it is, and whether to trust it, is not judged here. The mail's own header (From,
 * Subject, References) is not under it. */
struct smime {
	unsigned char certificate[SHA256_SIZE]; /* of the signer's certificate, DER */
	unsigned char digest[SHA256_SIZE];      /* of who signed what and when, not of bytes that somebody else could vary: the same one twice is a replay */
	int64_t signed_at;           /* signingTime (RFC 5652 §11.3); CLOCK_NONE */
	bool whole;                  /* all that `text` and `html` come from stands inside what is signed, and nothing is wrapped around it */
};

struct message {
	/* addresses */
	struct addresses from, sender, reply_to, to, cc, bcc;
	struct addresses delivered_to; /* Delivered-To, X-Original-To, Envelope-To, X-Envelope-To, Apparently-To, in order */
	unsigned from_fields;        /* how many From fields there were; 1 in a proper mail */
	bool has_return_path;
	struct str return_path;      /* empty when <> */

	/* identity and threading; Message-IDs without <>, spaces inside removed */
	struct str subject;          /* decoded, one line */
	struct str message_id;       /* empty when there is none */
	struct strs in_reply_to;
	struct strs references;      /* oldest first */
	int64_t date;                /* of the Date field, 1900 to 9999; CLOCK_NONE when absent or unreadable */
	struct strs authentication_results; /* Authentication-Results values, topmost first, at most 10 */

	/* content */
	struct str text;             /* plain text of the whole mail, LF line ends; from HTML when there is no text part; the texts of mails inside it behind */
	struct span *fresh;          /* what the writer newly wrote: `text` without quotes, signature, disclaimers, mails inside */
	size_t nfresh;               /* 0: blank, or a notice of ours that came back without a word (mail/reply_marker.h) */
	struct str answer_html;      /* the newest words as safe HTML, without quotes, signature and lines of commands on top; empty when they cannot be told apart */
	struct str answer_text;      /* what answer_html reads as: to be compared before it is used */
	struct forwarded *forwarded; /* NULL: nothing was forwarded */
	struct smime *smime;         /* NULL: not signed, or not rightly */
	struct str html;             /* the HTML part as it came, decoded to UTF-8; empty when there is none */
	struct attachments attachments;
	struct str charset;          /* of the main text part, as labelled or, where wrong or missing, as found; lower case */
	struct str language;         /* BCP 47 ("en", "de", "zh_CN" → "zh-CN"); empty when not known */

	/* kind */
	struct str automatic;        /* the sign that told ("Auto-Submitted: auto-replied"); empty: written by a person */
	bool is_list;                /* the sign is one of a mailing list only (List-*, Precedence: list, Mailing-List) */
	struct str list_address;     /* of List-Post or List-Id, where there is one: for own_lists */
	bool spam;                   /* X-Spam-Flag: YES */
	struct bounce *bounce;       /* NULL when it is none */

	struct header *headers;      /* all fields in order, for rules */
	size_t nheaders;
	struct strs terms;           /* distinct search terms of subject, people, text and attachment names (mail/terms.h) */
	struct strs warnings;        /* what was odd: "no Date", "charset x-foo not known, read as windows-1252" */
};

/* As a record, appended to *out; and back, rec not copied: it must outlive *out. ERR_CORRUPT when the bytes are not what message_encode() writes. */
void message_encode(const struct message *m, struct buf *out);
int message_decode(struct arena *a, struct str rec, struct message *out, struct err *err);

/* The fresh spans joined, trimmed, in the arena. */
struct str message_new_text(struct arena *a, const struct message *m);
/* The first field of that name (ASCII case ignored), or an empty str. */
struct str message_header(const struct message *m, struct str name);

/*
 * The identity of a mail's content, the same however it came: SHA-256 over the raw mail with line ends as CRLF and without the
 * fields Return-Path, Received, Delivered-To, X-Original-To, Authentication-Results and ARC-* (with their continuation
 * lines). Runs in the daemon, over any bytes.
 */
void message_content_hash(struct str raw, unsigned char out[SHA256_SIZE]);

#endif
