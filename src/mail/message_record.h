/* message_record: the numbers of the fields in a message's record; for message.c, which writes it, and message_decode.c, which reads it. */
#ifndef MAIL_MESSAGE_RECORD_H
#define MAIL_MESSAGE_RECORD_H

/* Tags are for ever; a number is never used again for something else. */
enum {
	TAG_FROM = 1,
	TAG_SENDER,
	TAG_REPLY_TO,
	TAG_TO,
	TAG_CC,
	TAG_BCC,
	TAG_DELIVERED_TO,
	TAG_FROM_FIELDS,
	TAG_HAS_RETURN_PATH,
	TAG_RETURN_PATH,
	TAG_SUBJECT,
	TAG_MESSAGE_ID,
	TAG_IN_REPLY_TO,
	TAG_REFERENCES,
	TAG_DATE,
	TAG_AUTH_RESULTS,
	TAG_TEXT,
	TAG_FRESH,
	TAG_HTML,
	TAG_ATTACHMENT,
	TAG_CHARSET,
	TAG_LANGUAGE,
	TAG_AUTOMATIC,
	TAG_IS_LIST,
	TAG_LIST_ADDRESS,
	TAG_SPAM,
	TAG_BOUNCE,
	TAG_HEADER,
	TAG_TERMS,
	TAG_WARNING,
	/* 60 to 69 */
	TAG_FORWARDED = 60,
	TAG_ANSWER_HTML,
	TAG_ANSWER_TEXT,
	/* from 70 */
	TAG_SMIME = 70,
};
/* Inside an address, a header, an attachment, a bounce, a recipient of a bounce, a forward. */
enum {
	TAG_NAME = 1,
	TAG_ADDR
};
enum {
	TAG_VALUE = 2
};
enum {
	TAG_ATT_NAME = 1,
	TAG_ATT_TYPE,
	TAG_ATT_ID,
	TAG_ATT_SIZE,
	TAG_ATT_SHA256,
	TAG_ATT_INLINE,
	TAG_ATT_PART
};
enum {
	TAG_BOUNCED = 1,
	TAG_BOUNCE_ID,
	TAG_BOUNCE_SUBJECT
};
enum {
	TAG_B_ADDRESS = 1,
	TAG_B_STATUS,
	TAG_B_CODE,
	TAG_B_HARD,
	TAG_B_REASON,
	TAG_B_ACTION
};

enum {
	TAG_F_FROM = 1,
	TAG_F_TO,
	TAG_F_CC,
	TAG_F_SUBJECT,
	TAG_F_DATE,
	TAG_F_MESSAGE_ID,
	TAG_F_TEXT_FROM,
	TAG_F_TEXT_TO,
	TAG_F_ATTACHED,
	TAG_F_SURE,
	TAG_F_HEADING
};

enum {
	TAG_S_CERTIFICATE = 1,
	TAG_S_DIGEST,
	TAG_S_AT,
	TAG_S_WHOLE
};

/* Terms go in one field: a byte of length and the bytes each. */
enum { RECORD_TERMS_MAX = 5000, RECORD_TERM_MAX = 64 };

#endif
