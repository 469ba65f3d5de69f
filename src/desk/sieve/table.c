/*
 * The vocabulary: extensions, tags, commands and tests. One row each; the
 * checker, "did you mean" and helpd-rules(5) follow from these.
 */
#include "desk/sieve/engine.h"

static const char *const names[EXT_COUNT + 1] = {
    [EXT_NONE] = "",
    [EXT_FILEINTO] = "fileinto",
    [EXT_REJECT] = "reject",
    [EXT_EREJECT] = "ereject",
    [EXT_ENVELOPE] = "envelope",
    [EXT_ENCODED_CHARACTER] = "encoded-character",
    [EXT_VARIABLES] = "variables",
    [EXT_RELATIONAL] = "relational",
    [EXT_SUBADDRESS] = "subaddress",
    [EXT_OCTET] = "comparator-i;octet",
    [EXT_CASEMAP] = "comparator-i;ascii-casemap",
    [EXT_NUMERIC] = "comparator-i;ascii-numeric",
    [EXT_UNICODE] = "comparator-i;unicode-casemap",
    [EXT_DATE] = "date",
    [EXT_INDEX] = "index",
    [EXT_BODY] = "body",
    [EXT_ENVIRONMENT] = "environment",
    [EXT_INCLUDE] = "include",
    [EXT_DUPLICATE] = "duplicate",
    [EXT_SPAMTEST] = "spamtest",
    [EXT_SPAMTESTPLUS] = "spamtestplus",
    [EXT_VIRUSTEST] = "virustest",
    [EXT_IHAVE] = "ihave",
    [EXT_REGEX] = "regex",
    [EXT_VACATION] = "vacation",
    [EXT_VACATION_SECONDS] = "vacation-seconds",
    [EXT_ENOTIFY] = "enotify",
    [EXT_IMAP4FLAGS] = "imap4flags",
    [EXT_MAILBOX] = "mailbox",
    [EXT_MBOXMETADATA] = "mboxmetadata",
    [EXT_SERVERMETADATA] = "servermetadata",
    [EXT_COPY] = "copy",
    [EXT_EDITHEADER] = "editheader",
    [EXT_FOREVERYPART] = "foreverypart",
    [EXT_MIME] = "mime",
    [EXT_EXTRACTTEXT] = "extracttext",
    [EXT_IMAPFLAGS] = "imapflags",
    [EXT_SPECIALUSE] = "special-use",
    [EXT_FCC] = "fcc",
    [EXT_ENV] = "vnd.dovecot.environment",
    [EXT_HELPD] = "vnd.helpd",
    [EXT_DEBUG] = "vnd.dovecot.debug",
    [EXT_TESTSUITE] = "vnd.dovecot.testsuite",
};

const char *const *
sieve_extensions(void)
{
	return names + 1;
}

enum sieve_ext
sieve_ext_find(struct str name)
{
	for (int i = 1; i < EXT_COUNT; i++)
		if (str_eq(str_c(names[i]), name))
			return (enum sieve_ext)i;
	return EXT_NONE;
}

uint64_t
sieve_ext_bit(enum sieve_ext e)
{
	uint64_t more = 0;

	/* What includes another (RFC 6131 §2, 5235 §2, 5703 §5). */
	if (e == EXT_VACATION_SECONDS)
		more = UINT64_C(1) << EXT_VACATION;
	if (e == EXT_ENV)
		more = UINT64_C(1) << EXT_ENVIRONMENT;
	if (e == EXT_SPAMTESTPLUS)
		more = UINT64_C(1) << EXT_SPAMTEST;
	return UINT64_C(1) << e | more;
}

enum { /* of tags; one of a group */
	G_MATCH = 1,
	G_COMPARATOR,
	G_PART,
	G_SIZE,
	G_BODY,
	G_ZONE,
	G_CASE,
	G_FIRST,
	G_QUOTE,
	G_DAYS,
	G_PLACE,
	G_DUPLICATE,
	G_RAISE,
	G_MIME,
	G_SOURCE,
};

const struct sieve_tag sieve_tags[] = {
    {"is", TAG_IS, G_MATCH, ARG_NONE, EXT_NONE, F_MATCH},
    {"contains", TAG_CONTAINS, G_MATCH, ARG_NONE, EXT_NONE, F_MATCH},
    {"matches", TAG_MATCHES, G_MATCH, ARG_NONE, EXT_NONE, F_MATCH},
    {"regex", TAG_REGEX, G_MATCH, ARG_NONE, EXT_REGEX, F_MATCH},
    {"value", TAG_VALUE, G_MATCH, ARG_STRING, EXT_RELATIONAL, F_MATCH},
    {"count", TAG_COUNT, G_MATCH, ARG_STRING, EXT_RELATIONAL, F_MATCH},
    {"comparator", TAG_COMPARATOR, G_COMPARATOR, ARG_STRING, EXT_NONE,
	F_COMPARATOR},
    {"all", TAG_ALL, G_PART, ARG_NONE, EXT_NONE, F_PART},
    {"localpart", TAG_LOCALPART, G_PART, ARG_NONE, EXT_NONE, F_PART},
    {"domain", TAG_DOMAIN, G_PART, ARG_NONE, EXT_NONE, F_PART},
    {"user", TAG_USER, G_PART, ARG_NONE, EXT_SUBADDRESS, F_PART},
    {"detail", TAG_DETAIL, G_PART, ARG_NONE, EXT_SUBADDRESS, F_PART},
    {"over", TAG_OVER, G_SIZE, ARG_NONE, EXT_NONE, F_SIZE},
    {"under", TAG_UNDER, G_SIZE, ARG_NONE, EXT_NONE, F_SIZE},
    {"index", TAG_INDEX, 0, ARG_NUMBER, EXT_INDEX, F_INDEX},
    {"index", TAG_INDEX, 0, ARG_NUMBER, EXT_NONE, F_NTH},
    {"last", TAG_LAST, 0, ARG_NONE, EXT_INDEX, F_INDEX},
    {"last", TAG_LAST, 0, ARG_NONE, EXT_NONE, F_LAST},
    {"raw", TAG_RAW, G_BODY, ARG_NONE, EXT_NONE, F_BODY},
    {"content", TAG_CONTENT, G_BODY, ARG_LIST, EXT_NONE, F_BODY},
    {"text", TAG_TEXT, G_BODY, ARG_NONE, EXT_NONE, F_BODY},
    {"zone", TAG_ZONE, G_ZONE, ARG_STRING, EXT_NONE, F_ZONE},
    {"originalzone", TAG_ORIGINALZONE, G_ZONE, ARG_NONE, EXT_NONE, F_ORIGINAL},
    {"copy", TAG_COPY, 0, ARG_NONE, EXT_COPY, F_COPY},
    {"create", TAG_CREATE, 0, ARG_NONE, EXT_MAILBOX, F_CREATE | F_FCC},
    {"specialuse", TAG_SPECIALUSE, 0, ARG_STRING, EXT_SPECIALUSE,
	F_CREATE | F_FCC},
    {"fcc", TAG_FCC, 0, ARG_STRING, EXT_FCC, F_FCC},
    {"flags", TAG_FLAGS, 0, ARG_LIST, EXT_IMAP4FLAGS, F_FLAGS | F_FCC},
    {"lower", TAG_LOWER, G_CASE, ARG_NONE, EXT_NONE, F_SET},
    {"upper", TAG_UPPER, G_CASE, ARG_NONE, EXT_NONE, F_SET},
    {"lowerfirst", TAG_LOWERFIRST, G_FIRST, ARG_NONE, EXT_NONE, F_SET},
    {"upperfirst", TAG_UPPERFIRST, G_FIRST, ARG_NONE, EXT_NONE, F_SET},
    {"quotewildcard", TAG_QUOTEWILDCARD, G_QUOTE, ARG_NONE, EXT_NONE, F_SET},
    {"quoteregex", TAG_QUOTEREGEX, G_QUOTE, ARG_NONE, EXT_REGEX, F_SET},
    {"encodeurl", TAG_ENCODEURL, 0, ARG_NONE, EXT_ENOTIFY, F_SET},
    {"length", TAG_LENGTH, 0, ARG_NONE, EXT_NONE, F_SET},
    {"days", TAG_DAYS, G_DAYS, ARG_NUMBER, EXT_NONE, F_VACATION},
    {"seconds", TAG_SECONDS, G_DAYS, ARG_NUMBER, EXT_VACATION_SECONDS,
	F_VACATION},
    {"seconds", TAG_SECONDS, 0, ARG_NUMBER, EXT_NONE, F_DUPLICATE},
    {"subject", TAG_SUBJECT, 0, ARG_STRING, EXT_NONE, F_VACATION},
    {"from", TAG_FROM, 0, ARG_STRING, EXT_NONE, F_VACATION | F_NOTIFY},
    {"addresses", TAG_ADDRESSES, 0, ARG_LIST, EXT_NONE, F_VACATION},
    {"mime", TAG_MIME, 0, ARG_NONE, EXT_NONE, F_VACATION},
    {"mime", TAG_MIME, 0, ARG_NONE, EXT_MIME, F_MIME},
    {"handle", TAG_HANDLE, 0, ARG_STRING, EXT_NONE, F_VACATION | F_DUPLICATE},
    {"importance", TAG_IMPORTANCE, 0, ARG_STRING, EXT_NONE, F_NOTIFY},
    {"options", TAG_OPTIONS, 0, ARG_LIST, EXT_NONE, F_NOTIFY},
    {"message", TAG_MESSAGE, 0, ARG_STRING, EXT_NONE, F_NOTIFY},
    {"personal", TAG_PERSONAL, G_PLACE, ARG_NONE, EXT_NONE, F_INCLUDE},
    {"global", TAG_GLOBAL, G_PLACE, ARG_NONE, EXT_NONE, F_INCLUDE},
    {"once", TAG_ONCE, 0, ARG_NONE, EXT_NONE, F_INCLUDE},
    {"optional", TAG_OPTIONAL, 0, ARG_NONE, EXT_NONE, F_INCLUDE},
    {"header", TAG_HEADER, G_DUPLICATE, ARG_STRING, EXT_NONE, F_DUPLICATE},
    {"uniqueid", TAG_UNIQUEID, G_DUPLICATE, ARG_STRING, EXT_NONE, F_DUPLICATE},
    {"percent", TAG_PERCENT, 0, ARG_NONE, EXT_SPAMTESTPLUS, F_PERCENT},
    {"agent", TAG_AGENT, 0, ARG_STRING, EXT_NONE, F_ASSIGN},
    {"team", TAG_TEAM, 0, ARG_STRING, EXT_NONE, F_ASSIGN},
    {"skill", TAG_SKILL, 0, ARG_STRING, EXT_NONE, F_ASSIGN},
    {"strategy", TAG_STRATEGY, 0, ARG_STRING, EXT_NONE, F_ASSIGN},
    {"raise", TAG_RAISE, G_RAISE, ARG_NONE, EXT_NONE, F_PRIORITY},
    {"lower", TAG_LOWERBY, G_RAISE, ARG_NONE, EXT_NONE, F_PRIORITY},
    {"anychild", TAG_ANYCHILD, 0, ARG_NONE, EXT_MIME, F_MIME},
    {"type", TAG_TYPE, G_MIME, ARG_NONE, EXT_MIME, F_MIME},
    {"subtype", TAG_SUBTYPE, G_MIME, ARG_NONE, EXT_MIME, F_MIME},
    {"contenttype", TAG_CONTENTTYPE, G_MIME, ARG_NONE, EXT_MIME, F_MIME},
    {"param", TAG_PARAM, G_MIME, ARG_LIST, EXT_MIME, F_MIME},
    {"name", TAG_NAME, 0, ARG_STRING, EXT_NONE, F_NAME},
    {"first", TAG_FIRST, 0, ARG_NUMBER, EXT_NONE, F_FIRST},
    {"smtp", TAG_SMTP, G_SOURCE, ARG_NONE, EXT_NONE, F_MESSAGE},
    {"folder", TAG_FOLDER, G_SOURCE, ARG_STRING, EXT_NONE, F_MESSAGE},
    {"append_result", TAG_APPEND, 0, ARG_NONE, EXT_NONE, F_APPEND},
    {"extension", TAG_EXTENSION, 0, ARG_STRING, EXT_NONE, F_EXTENSION},
    {"mailbox", TAG_FOLDER, 0, ARG_STRING, EXT_NONE, F_MAILBOX},
    {NULL, 0, 0, 0, 0, 0}};

#define MATCHED (F_MATCH | F_COMPARATOR)
#define CMD(name, ext, args, tags, check, run, extra)                         \
	{                                                                     \
		name, ext, SIEVE_COMMAND, args, TESTS_NONE, BLOCK_NONE, tags, \
		    check, run, extra                                         \
	}
#define TEST(name, ext, args, tags, check, run, extra)                     \
	{                                                                  \
		name, ext, SIEVE_TEST, args, TESTS_NONE, BLOCK_NONE, tags, \
		    check, run, extra                                      \
	}

const struct sieve_def sieve_defs[] = {
    /* RFC 5228 */
    CMD("require", EXT_NONE, "L", 0, check_require, run_require, 0),
    {"if", EXT_NONE, SIEVE_COMMAND, "", TESTS_ONE, BLOCK_REQUIRED, 0,
	check_chain, run_if, 0},
    {"elsif", EXT_NONE, SIEVE_COMMAND, "", TESTS_ONE, BLOCK_REQUIRED, 0,
	check_chain, run_if, 1},
    {"else", EXT_NONE, SIEVE_COMMAND, "", TESTS_NONE, BLOCK_REQUIRED, 0,
	check_chain, run_if, 2},
    CMD("stop", EXT_NONE, "", 0, NULL, run_stop, 0),
    CMD("keep", EXT_NONE, "", F_FLAGS, check_keep, run_keep, 0),
    CMD("discard", EXT_NONE, "", 0, NULL, run_discard, 0),
    CMD("redirect", EXT_NONE, "s", F_COPY, check_redirect, run_redirect, 0),
    CMD("fileinto", EXT_FILEINTO, "s", F_COPY | F_CREATE | F_FLAGS,
	check_fileinto, run_fileinto, 0),
    {"allof", EXT_NONE, SIEVE_TEST, "", TESTS_LIST, BLOCK_NONE, 0, NULL,
	run_allof, 0},
    {"anyof", EXT_NONE, SIEVE_TEST, "", TESTS_LIST, BLOCK_NONE, 0, NULL,
	run_anyof, 0},
    {"not", EXT_NONE, SIEVE_TEST, "", TESTS_ONE, BLOCK_NONE, 0, NULL, run_not,
	0},
    TEST("true", EXT_NONE, "", 0, NULL, run_true, 0),
    TEST("false", EXT_NONE, "", 0, NULL, run_false, 0),
    TEST("header", EXT_NONE, "ll", MATCHED | F_INDEX | F_MIME, check_header,
	run_header, 0),
    TEST("address", EXT_NONE, "ll", MATCHED | F_PART | F_INDEX | F_MIME,
	check_address, run_address, 0),
    TEST("exists", EXT_NONE, "l", F_MIME, check_exists, run_exists, 0),
    TEST("envelope", EXT_ENVELOPE, "ll", MATCHED | F_PART, check_envelope,
	run_envelope, 0),
    TEST("size", EXT_NONE, "n", F_SIZE, check_size, run_size, 0),
    /* RFC 5229 */
    CMD("set", EXT_VARIABLES, "Ss", F_SET, check_set, run_set, 0),
    TEST("string", EXT_VARIABLES, "ll", MATCHED, check_string, run_string, 0),
    /* RFC 5260 */
    TEST("date", EXT_DATE, "ssl", MATCHED | F_ZONE | F_ORIGINAL | F_INDEX,
	check_date, run_date, 0),
    TEST("currentdate", EXT_DATE, "sl", MATCHED | F_ZONE, check_currentdate,
	run_currentdate, 0),
    /* RFC 5173, 5183 */
    TEST("body", EXT_BODY, "l", MATCHED | F_BODY, check_body, run_body, 0),
    TEST("environment", EXT_ENVIRONMENT, "sl", MATCHED, check_matched,
	run_environment, 0),
    /* RFC 6609 */
    CMD("include", EXT_INCLUDE, "S", F_INCLUDE, check_include, run_include, 0),
    CMD("return", EXT_INCLUDE, "", 0, check_return, run_return, 0),
    CMD("global", EXT_INCLUDE, "L", 0, check_global, run_global, 0),
    /* RFC 5463 */
    TEST("ihave", EXT_IHAVE, "L", 0, check_ihave, run_ihave, 0),
    CMD("error", EXT_IHAVE, "s", 0, NULL, run_error, 0),
    /* RFC 7352 */
    TEST("duplicate", EXT_DUPLICATE, "", F_DUPLICATE | F_LAST, check_duplicate,
	run_duplicate, 0),
    /* RFC 5235 */
    TEST("spamtest", EXT_SPAMTEST, "s", MATCHED | F_PERCENT, check_spam,
	run_spamtest, 0),
    TEST("virustest", EXT_VIRUSTEST, "s", MATCHED, check_spam, run_spamtest, 1),
    /* RFC 5230, 6131 */
    CMD("vacation", EXT_VACATION, "s", F_VACATION | F_FCC, check_vacation,
	run_vacation, 0),
    /* RFC 5435 */
    CMD("notify", EXT_ENOTIFY, "s", F_NOTIFY | F_FCC, check_notify, run_notify,
	0),
    TEST("valid_notify_method", EXT_ENOTIFY, "l", 0, NULL, run_valid_method, 0),
    TEST("notify_method_capability", EXT_ENOTIFY, "ssl", MATCHED, check_matched,
	run_method_capability, 0),
    /* RFC 5429 */
    CMD("reject", EXT_REJECT, "s", 0, NULL, run_reject, SIEVE_REJECT),
    CMD("ereject", EXT_EREJECT, "s", 0, NULL, run_reject, SIEVE_EREJECT),
    /* RFC 5232 */
    CMD("setflag", EXT_IMAP4FLAGS, "?Sl", 0, check_flags, run_setflag, 0),
    CMD("addflag", EXT_IMAP4FLAGS, "?Sl", 0, check_flags, run_setflag, 1),
    CMD("removeflag", EXT_IMAP4FLAGS, "?Sl", 0, check_flags, run_setflag, 2),
    TEST(
	"hasflag", EXT_IMAP4FLAGS, "?Ll", MATCHED, check_flags, run_hasflag, 0),
    /* its older form, draft-melnikov-sieve-imapflags */
    CMD("setflag", EXT_IMAPFLAGS, "l", 0, NULL, run_mark, 0),
    CMD("addflag", EXT_IMAPFLAGS, "l", 0, NULL, run_mark, 1),
    CMD("removeflag", EXT_IMAPFLAGS, "l", 0, NULL, run_mark, 2),
    CMD("mark", EXT_IMAPFLAGS, "", 0, NULL, run_mark, 1),
    CMD("unmark", EXT_IMAPFLAGS, "", 0, NULL, run_mark, 2),
    /* RFC 8579 */
    TEST(
	"specialuse_exists", EXT_SPECIALUSE, "?sl", 0, NULL, run_specialuse, 0),
    /* RFC 5490 */
    TEST("mailboxexists", EXT_MAILBOX, "l", 0, NULL, run_mailboxexists, 0),
    TEST("metadata", EXT_MBOXMETADATA, "ssl", MATCHED, check_matched,
	run_metadata, 0),
    TEST("metadataexists", EXT_MBOXMETADATA, "sl", 0, NULL, run_metadataexists,
	0),
    TEST("servermetadata", EXT_SERVERMETADATA, "sl", MATCHED, check_matched,
	run_metadata, 1),
    TEST("servermetadataexists", EXT_SERVERMETADATA, "l", 0, NULL,
	run_metadataexists, 1),
    /* RFC 5293 */
    CMD("addheader", EXT_EDITHEADER, "ss", F_LAST, check_editheader,
	run_addheader, 0),
    CMD("deleteheader", EXT_EDITHEADER, "s?l", MATCHED | F_INDEX | F_LAST,
	check_editheader, run_deleteheader, 1),
    /* RFC 5703 */
    {"foreverypart", EXT_FOREVERYPART, SIEVE_COMMAND, "", TESTS_NONE,
	BLOCK_REQUIRED, F_NAME, NULL, run_foreverypart, 0},
    CMD("break", EXT_FOREVERYPART, "", F_NAME, check_break, run_break, 0),
    CMD("extracttext", EXT_EXTRACTTEXT, "S", F_SET | F_FIRST, check_extract,
	run_extracttext, 0),
    CMD("debug_log", EXT_DEBUG, "s", 0, NULL, run_debug, 0),
    /* vnd.helpd */
    TEST(
	"event", EXT_HELPD, "l", MATCHED, check_event, run_values, SIEVE_EVENT),
    TEST("ticket", EXT_HELPD, "sl", MATCHED, check_matched, run_values,
	SIEVE_TICKET),
    TEST("customer", EXT_HELPD, "sl", MATCHED, check_matched, run_values,
	SIEVE_CUSTOMER),
    TEST("channel", EXT_HELPD, "l", MATCHED, check_matched, run_values,
	SIEVE_CHANNEL),
    TEST("language", EXT_HELPD, "l", MATCHED, check_matched, run_values,
	SIEVE_LANGUAGE),
    TEST("hours", EXT_HELPD, "s", 0, NULL, run_values, SIEVE_HOURS),
    TEST("load", EXT_HELPD, "sl", MATCHED, check_matched, run_values,
	SIEVE_LOAD),
    CMD("queue", EXT_HELPD, "s", 0, NULL, run_desk_action, SIEVE_QUEUE),
    CMD("priority", EXT_HELPD, "?s", F_PRIORITY, check_priority, run_priority,
	SIEVE_PRIORITY),
    CMD("tag", EXT_HELPD, "l", 0, NULL, run_desk_action, SIEVE_TAG),
    CMD("untag", EXT_HELPD, "l", 0, NULL, run_desk_action, SIEVE_UNTAG),
    CMD("field", EXT_HELPD, "ss", 0, NULL, run_desk_action, SIEVE_FIELD),
    CMD("assign", EXT_HELPD, "", F_ASSIGN, check_assign, run_assign,
	SIEVE_ASSIGN),
    CMD("sla", EXT_HELPD, "s", 0, NULL, run_desk_action, SIEVE_SLA),
    CMD("status", EXT_HELPD, "s", 0, NULL, run_desk_action, SIEVE_STATUS),
    CMD("note", EXT_HELPD, "s", 0, NULL, run_desk_action, SIEVE_NOTE),
    CMD("answer", EXT_HELPD, "s", 0, NULL, run_desk_action, SIEVE_ANSWER),
    CMD("escalate", EXT_HELPD, "?s", 0, NULL, run_desk_action, SIEVE_ESCALATE),
    CMD("webhook", EXT_HELPD, "s", 0, NULL, run_desk_action, SIEVE_WEBHOOK),
    CMD("spam", EXT_HELPD, "", 0, NULL, run_desk_action, SIEVE_SPAM),
    {NULL, 0, 0, NULL, 0, 0, 0, NULL, NULL, 0}};
