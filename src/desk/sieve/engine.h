/*
 * engine: what the files of the Sieve engine share, and what adds commands of its own to it (app/svtest.c).
 *
 * A script is a tree of nodes; each node has a definition, a row of the tables in desk/sieve/table.c that says how it is written
 * and which function does it. Tags are rows of one table too: a definition names the families of tags that it takes.
 */
#ifndef DESK_SIEVE_ENGINE_H
#define DESK_SIEVE_ENGINE_H

#include <unicode/uregex.h>

#include "base/mem.h"
#include "base/must.h"
#include "desk/sieve.h"

enum sieve_ext {
	EXT_NONE,
	EXT_FILEINTO, EXT_REJECT, EXT_EREJECT, EXT_ENVELOPE, EXT_ENCODED_CHARACTER, EXT_VARIABLES, EXT_RELATIONAL, EXT_SUBADDRESS,
	EXT_OCTET, EXT_CASEMAP, EXT_NUMERIC, EXT_UNICODE, EXT_DATE, EXT_INDEX, EXT_BODY, EXT_ENVIRONMENT, EXT_INCLUDE, EXT_DUPLICATE,
	EXT_SPAMTEST, EXT_SPAMTESTPLUS, EXT_VIRUSTEST, EXT_IHAVE, EXT_REGEX, EXT_VACATION, EXT_VACATION_SECONDS, EXT_ENOTIFY,
	EXT_IMAP4FLAGS, EXT_MAILBOX, EXT_MBOXMETADATA, EXT_SERVERMETADATA, EXT_COPY, EXT_EDITHEADER, EXT_FOREVERYPART, EXT_MIME,
	EXT_EXTRACTTEXT, EXT_IMAPFLAGS, EXT_SPECIALUSE, EXT_FCC, EXT_ENV, EXT_HELPD, EXT_DEBUG, EXT_TESTSUITE,
	EXT_COUNT,
};

enum sieve_arg { ARG_NONE, ARG_STRING, ARG_LIST, ARG_NUMBER };

/* Tags. The value of a tag's parameter is found by these. */
enum sieve_tag_id {
	TAG_IS, TAG_CONTAINS, TAG_MATCHES, TAG_REGEX, TAG_VALUE, TAG_COUNT, TAG_COMPARATOR, TAG_ALL, TAG_LOCALPART, TAG_DOMAIN,
	TAG_USER, TAG_DETAIL, TAG_OVER, TAG_UNDER, TAG_INDEX, TAG_LAST, TAG_RAW, TAG_CONTENT, TAG_TEXT, TAG_ZONE, TAG_ORIGINALZONE,
	TAG_COPY, TAG_CREATE, TAG_FLAGS, TAG_LOWER, TAG_UPPER, TAG_LOWERFIRST, TAG_UPPERFIRST, TAG_QUOTEWILDCARD, TAG_QUOTEREGEX,
	TAG_ENCODEURL, TAG_LENGTH, TAG_DAYS, TAG_SECONDS, TAG_SUBJECT, TAG_FROM, TAG_ADDRESSES, TAG_MIME, TAG_HANDLE, TAG_IMPORTANCE,
	TAG_OPTIONS, TAG_MESSAGE, TAG_PERSONAL, TAG_GLOBAL, TAG_ONCE, TAG_OPTIONAL, TAG_HEADER, TAG_UNIQUEID, TAG_PERCENT,
	TAG_AGENT, TAG_TEAM, TAG_SKILL, TAG_STRATEGY, TAG_RAISE, TAG_LOWERBY, TAG_ANYCHILD, TAG_TYPE, TAG_SUBTYPE, TAG_CONTENTTYPE,
	TAG_PARAM, TAG_NAME, TAG_FIRST, TAG_SPECIALUSE, TAG_FCC, TAG_FOLDER, TAG_SMTP, TAG_APPEND, TAG_EXTENSION,
	TAG_IDS,
};
enum { /* families */
	F_MATCH = 1 << 0, F_COMPARATOR = 1 << 1, F_PART = 1 << 2, F_SIZE = 1 << 3, F_INDEX = 1 << 4, F_BODY = 1 << 5, F_ZONE = 1 << 6,
	F_ORIGINAL = 1 << 7, F_COPY = 1 << 8, F_CREATE = 1 << 9, F_FLAGS = 1 << 10, F_SET = 1 << 11, F_VACATION = 1 << 12, F_NOTIFY = 1 << 13,
	F_INCLUDE = 1 << 14, F_DUPLICATE = 1 << 15, F_LAST = 1 << 16, F_PERCENT = 1 << 17, F_ASSIGN = 1 << 18, F_PRIORITY = 1 << 19,
	F_MIME = 1 << 20, F_NAME = 1 << 21, F_FIRST = 1 << 22, F_MESSAGE = 1 << 23, F_APPEND = 1 << 24, F_EXTENSION = 1 << 25, F_MAILBOX = 1 << 26,
	F_NTH = 1 << 27, F_FCC = 1 << 28,
};

struct sieve_tag {
	const char *name;
	uint8_t id, group;  /* of a group other than 0 there may be one only */
	uint8_t arg, ext;
	uint32_t families;
};
extern const struct sieve_tag sieve_tags[]; /* ends with name NULL */

enum sieve_type { SIEVE_COMMAND, SIEVE_TEST, SIEVE_HYBRID };
enum { BLOCK_NONE, BLOCK_REQUIRED };
enum { TESTS_NONE, TESTS_ONE, TESTS_LIST };

struct sieve_node;
struct sieve_run;
struct sieve_compiler;
/* Tests: 1, 0; commands: one of RUN_*; both: -1 after sieve_fail(). */
typedef int sieve_fn(struct sieve_run *r, const struct sieve_node *n);
/* Further checks; false when it complained. */
typedef bool sieve_check_fn(struct sieve_compiler *c, struct sieve_node *n);
enum { RUN_OK, RUN_STOP, RUN_RETURN, RUN_BREAK };

struct sieve_def {
	const char *name;
	uint8_t ext, type;
	const char *args;    /* a letter each: s string, l list, n number; upper case: it may hold no variables; after '?' they may be left out */
	uint8_t tests, block;
	uint32_t families;
	sieve_check_fn *check;
	sieve_fn *run;
	int extra;           /* the function's own: one function does several names */
};
extern const struct sieve_def sieve_defs[]; /* ends with name NULL */

enum { SIEVE_WORK = 64 }; /* bytes looked at the slow way that count as a step */

/* --- values ------------------------------------------------------------ */

struct sieve_piece {
	enum { PIECE_TEXT, PIECE_LOCAL, PIECE_GLOBAL, PIECE_MATCH, PIECE_ENVIRONMENT } kind;
	struct str text;
	unsigned slot;
};
struct sieve_string {
	struct str s;                /* when npieces is 0 */
	struct sieve_piece *pieces;
	size_t npieces;
	struct place at;
};
struct sieve_value {
	enum sieve_arg type;
	struct place at;
	struct sieve_string *v;
	size_t n;
	uint64_t number;
	bool literal;                /* no variables in any */
};
struct sieve_tagged {
	uint8_t id;
	struct place at;
	struct sieve_value value;
};

/* A text that is looked at, with what was worked out about it already. */
struct sieve_text {
	struct str s, folded;        /* folded.p NULL: not yet */
	struct sieve_grams *grams;   /* where each three bytes in a row stand; NULL: not yet */
	const UChar *wide;           /* UTF-16, for regular expressions */
	int32_t nwide;
};

struct sieve_regex {
	URegularExpression *re;
	int32_t groups;
	struct str needs;            /* lower case: no match without it; may be empty */
	struct sieve_regex *next;
};
struct sieve_key {
	struct str s, folded;
	struct sieve_regex *re;
	bool plain;                  /* a :matches pattern without wildcards */
};

enum sieve_match { MATCH_IS, MATCH_CONTAINS, MATCH_MATCHES, MATCH_REGEX, MATCH_VALUE, MATCH_COUNT };
enum sieve_relation { REL_GT, REL_GE, REL_LT, REL_LE, REL_EQ, REL_NE };
enum sieve_comparator { COMPARE_CASEMAP, COMPARE_OCTET, COMPARE_NUMERIC, COMPARE_UNICODE };
enum sieve_addr_part { PART_ALL, PART_LOCAL, PART_DOMAIN, PART_USER, PART_DETAIL, PARTS_N };

struct sieve_node {
	const struct sieve_def *def;
	struct place at;
	uint64_t tags[2];            /* which are there */
	struct sieve_tagged *tagged;
	size_t ntagged;
	struct sieve_value args[3];
	size_t nargs;
	enum sieve_match match;
	enum sieve_relation relation;
	enum sieve_comparator comparator;
	enum sieve_addr_part part;
	struct sieve_key *keys;      /* of the last argument, where it is literal and is matched with */
	struct sieve_node *tests, *block;
	size_t ntests, nblock;
	int *headers;                /* ids of the header names of args[0], where literal */
	int constant;                /* a test: 1, 0, or -1 when only running tells */
	bool dead;                   /* can never be reached */
	void *data;                  /* the definition's own */
};

static inline bool
sieve_has(const struct sieve_node *n, enum sieve_tag_id id)
{
	return n->tags[id / 64] >> (id % 64) & 1;
}
/* The parameter of a tag, or NULL. */
const struct sieve_value *sieve_tagged(const struct sieve_node *n, enum sieve_tag_id id);

/* --- the program ------------------------------------------------------- */

struct sieve_scope {             /* one script file */
	const char *file;
	struct strs names;           /* of local variables */
	struct strs globals;         /* names that are global here */
	struct sieve_node *block;
	size_t nblock;
	uint64_t exts;
	bool global;                 /* included with :global */
	struct str name;             /* as included; empty: the main script */
	struct sieve_scope *next;
	unsigned index;
	bool failed;
};

struct sieve {
	struct arena a;
	struct sieve_scope *main, *scopes;
	unsigned nscopes;
	struct strs globals;
	struct str *headers;         /* names, lower case, by id */
	size_t nheaders, capheaders;
	struct sieve_regex *regexes;
	uint64_t exts;
	/* settings, read when it was compiled */
	uint64_t max_actions, max_redirects, header_max;
	struct sieve_spam *spam, *virus;
	uint64_t duplicate_default, duplicate_max;
	int64_t vacation_min, vacation_max, vacation_default;
	struct str delimiters;       /* of user+detail */
	struct str protected_fields, no_add, no_delete;
};

struct sieve_compiler {
	struct sieve *s;
	struct arena *a;             /* &s->a */
	struct arena *bad_arena;
	struct complaints *bad;
	const struct sieve_options *o;
	struct sieve_scope *scope;
	struct sieve_scope *chain[16]; /* files being compiled, for circles */
	unsigned depth, includes;
	struct strs unknown;         /* names complained of already */
	bool require_over;
	const struct sieve_node *prev; /* the command before this one in its block */
	unsigned loops;              /* foreverypart around this */
	struct str loop_names[34];   /* their names; empty: none */
	unsigned nesting;
	unsigned size;               /* nodes so far */
};

void sieve_bad(struct sieve_compiler *c, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool sieve_literal(const struct sieve_value *v, size_t i, struct str *out);
/* A string of the script, with its variables found; *bad when it complained. constant: taken as it is. */
bool sieve_string(struct sieve_compiler *c, const struct node *n, bool constant, struct sieve_string *out);
bool sieve_name_ok(struct str s);            /* an identifier */
int sieve_header_id(struct sieve_compiler *c, struct str name);
bool sieve_header_name_ok(struct str s);
/* Could a mailbox have this name? UTF-8 without control characters, 1 to 1,000 bytes. */
bool sieve_mailbox_name_ok(struct str s);
/* In s->a it is closed with the program; else by uregex_close() of its maker. */
struct sieve_regex *sieve_regex_new(struct sieve *s, struct arena *a, struct str pattern, bool fold, struct err *err);
bool sieve_prepare_key(struct sieve *s, struct arena *a, const struct sieve_node *n, struct str text, struct sieve_key *out, struct err *err);
bool sieve_check_names(struct sieve_compiler *c, struct sieve_node *n, const struct sieve_value *v, bool ids);
const struct sieve_def *sieve_find_def(struct sieve_compiler *c, struct place at, struct str name, bool is_test);
/* NULL when it is not there; *without: the one that is there but for its require. */
const struct sieve_def *sieve_find_in(const struct sieve_compiler *c, const struct sieve_def *d, struct str name, const struct sieve_def **without);
const struct sieve_tag *sieve_find_tag(const struct sieve_compiler *c, const struct sieve_def *d, struct str name, unsigned *needs);
bool sieve_take_arguments(struct sieve_compiler *c, struct sieve_node *n, const struct node *args, size_t nargs);
void sieve_read_settings(struct sieve_compiler *c);
enum sieve_ext sieve_ext_find(struct str name);
uint64_t sieve_ext_bit(enum sieve_ext e);
struct str sieve_setting(const struct sieve_options *o, const char *name);
bool sieve_setting_number(const struct sieve_options *o, const char *name, uint64_t *out);
bool sieve_setting_seconds(const struct sieve_options *o, const char *name, uint64_t *out);
/* Reads the settings again, for a program that changes them itself (app/svtest.c). */
void sieve_settings_again(struct sieve *s, const struct sieve_options *o);
void sieve_spam_read(struct sieve_compiler *c);
void sieve_spam_free(struct sieve *s);

/* checks of table.c's rows */
sieve_check_fn check_require, check_chain, check_matched, check_header, check_address, check_exists, check_envelope, check_size,
    check_redirect, check_set, check_date, check_currentdate, check_body, check_index, check_include, check_global, check_ihave, check_string,
    check_duplicate, check_vacation, check_notify, check_method, check_flags, check_editheader, check_spam, check_return, check_fileinto, check_keep,
    check_error, check_assign, check_priority, check_break, check_mime_header, check_extract, check_hours, check_event;
sieve_fn run_if, run_stop, run_fileinto, run_keep, run_discard, run_redirect, run_require, run_allof, run_anyof, run_not, run_true,
    run_false, run_header, run_address, run_exists, run_envelope, run_size, run_set, run_string, run_date, run_currentdate, run_body, run_environment,
    run_include, run_global, run_return, run_ihave, run_error, run_duplicate, run_vacation, run_notify, run_valid_method, run_method_capability,
    run_setflag, run_hasflag, run_addheader, run_deleteheader, run_spamtest, run_reject, run_mailboxexists, run_metadata, run_metadataexists,
    run_specialuse, run_mark, run_values, run_desk_action, run_assign, run_priority, run_foreverypart, run_break, run_extracttext, run_debug;

/* --- a run ------------------------------------------------------------- */

struct sieve_addr {
	struct str all, local, domain;
	bool valid;
};
struct sieve_texts {
	struct sieve_text *v;
	size_t n;
};
struct sieve_part_loop {
	size_t at, to;
};

struct sieve_run {
	struct sieve *s;
	const struct sieve_context *c;
	struct arena *a;
	struct sieve_result *result;
	const struct sieve_mail *mail;      /* as edited so far */
	struct sieve_scope *scope;
	struct str *locals, *globals;       /* values */
	struct str matched[33];             /* ${0} … */
	unsigned nmatched;
	bool no_capture;                    /* body does not set them (RFC 5173 §6) */
	struct strs flags;                  /* imap4flags' internal variable */
	bool flags_read;
	struct {
		bool known;
		struct sieve_texts t;
	} *headers;                         /* by header id */
	struct {
		bool known;
		struct sieve_texts t;
	} *parts;                           /* by header id and address part */
	struct sieve_texts body_raw, body_text;
	bool body_raw_known, body_text_known;
	uint64_t steps, work;
	unsigned depth;
	bool *once;                         /* by scope index: has run */
	bool keep_cancelled;
	struct sieve_part_loop *loop;       /* innermost foreverypart */
	struct str break_name;
	void *test;                         /* of app/svtest.c */
	struct sieve *subject;              /* the same */
};

int sieve_fail(struct sieve_run *r, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void sieve_warn(struct sieve_run *r, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct str sieve_expand(struct sieve_run *r, const struct sieve_string *s);
struct strs sieve_expand_list(struct sieve_run *r, const struct sieve_value *v);
/* Where the variable's value is. */
struct str *sieve_slot(struct sieve_run *r, const struct sieve_piece *p);
struct str sieve_tag_string(struct sieve_run *r, const struct sieve_node *n, enum sieve_tag_id id);
int sieve_exec_block(struct sieve_run *r, const struct sieve_node *v, size_t n);
int sieve_exec_test(struct sieve_run *r, const struct sieve_node *n);
/* The values against the node's keys (its last argument, or the one given). */
int sieve_match_texts(struct sieve_run *r, const struct sieve_node *n, struct sieve_texts t, const struct sieve_value *keys);
struct sieve_texts sieve_texts_of(struct sieve_run *r, const struct strs *l);
void sieve_set_variable(struct sieve_run *r, const struct sieve_string *name_slot, struct str value);
bool sieve_regex_find(struct sieve_run *r, struct sieve_regex *re, struct sieve_text *t, struct place at);
struct str sieve_fold(struct arena *a, struct str s);
struct str sieve_unicode_fold(struct arena *a, struct str s);
struct str sieve_clip_variable(struct str s);
bool sieve_find(struct sieve_run *r, struct sieve_text *t, struct str needle);

/* the mail */
struct sieve_texts sieve_header_values(struct sieve_run *r, const struct sieve_node *n, const struct sieve_value *names);
void sieve_mail_changed(struct sieve_run *r);
struct sieve_texts sieve_address_values(struct sieve_run *r, const struct sieve_node *n, const struct sieve_value *names);
struct str sieve_addr_part_of(const struct sieve *s, const struct sieve_addr *x, enum sieve_addr_part part, bool *has);
/* RFC 5322 lists; strict: exactly one addr-spec, nothing else. */
size_t sieve_addresses(struct arena *a, struct str value, struct sieve_addr **out);
bool sieve_address_ok(struct arena *a, struct str s, struct sieve_addr *out);
bool sieve_mailto(struct arena *a, struct str uri, struct strs *to, struct sieve_field **fields, size_t *nfields, struct str *body);

bool sieve_environment(const struct sieve_run *r, struct str name, struct str *value);

/* results */
struct sieve_action *sieve_act(struct sieve_run *r, const struct sieve_node *n, enum sieve_action_kind kind);
int sieve_result_add(struct sieve_run *r, const struct sieve_action *x);
void sieve_begin(struct sieve_run *r, struct sieve *s, const struct sieve_context *c, struct arena *a, struct sieve_result *out);
void sieve_finish(struct sieve_run *r);
void sieve_flags_for(struct sieve_run *r, const struct sieve_node *n, struct sieve_action *x);
void sieve_flags_split(struct arena *a, struct strs *out, struct str s);

#endif
