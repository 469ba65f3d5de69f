#include "mail/bounce_reason.h"
#include "base/must.h"

#include <pthread.h>

static const struct {
	const char *name, *status;
	bool hard, temporary;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"not delivered", "5.0.0", false, false},
    [REASON_USER] = {"the mailbox does not exist", "5.1.1", true, false},
    [REASON_HOST] = {"the domain or host does not exist", "5.1.2", true, false},
    [REASON_MOVED] = {"the recipient has moved", "5.1.6", true, false},
    [REASON_NOT_ACCEPT] = {"the host takes no mail", "5.3.2", true, false},
    [REASON_FULL] = {"the mailbox is full", "5.2.2", false, false},
    [REASON_TOO_BIG] = {"the mail is too large", "5.3.4", false, false},
    [REASON_SUSPENDED] = {"the mailbox is disabled", "5.2.1", false, false},
    [REASON_EXPIRED] = {"it could not be delivered in time", "4.4.7", false,
	true},
    [REASON_AUTH] = {"the sender is not authenticated", "5.7.1", false, false},
    [REASON_PTR] = {"the sending host has no reverse name", "5.7.25", false,
	false},
    [REASON_BLOCKED] = {"the sending host is blocked", "5.7.1", false, false},
    [REASON_RATE] = {"too many mails or connections", "4.7.1", false, true},
    [REASON_SPAM] = {"taken for spam", "5.7.1", false, false},
    [REASON_VIRUS] = {"taken for a virus", "5.7.1", false, false},
    [REASON_RELAY] = {"relaying denied", "5.7.1", false, false},
    [REASON_SENDER] = {"the sender is refused", "5.1.8", false, false},
    [REASON_POLICY] = {"against the recipient's policy", "5.7.1", false, false},
    [REASON_FILTERED] = {"refused by the recipient", "5.7.1", false, false},
    [REASON_CONTENT] = {"the content is refused", "5.6.0", false, false},
    [REASON_NETWORK] = {"the network failed", "4.4.0", false, true},
    [REASON_SYSTEM] = {"the server failed", "5.3.0", false, false},
    [REASON_SYNTAX] = {"a protocol error", "5.5.0", false, false},
    [REASON_FEEDBACK] = {"a complaint", "", false, false},
};

bool
phrase_at(struct str s, size_t at, const char *phrase)
{
	for (; *phrase; phrase++) {
		if (*phrase == ' ') {
			size_t from = at;

			while (at < s.n && ch_is_space(s.p[at]))
				at++;
			if (at == from)
				return false;
		} else if (at >= s.n || ch_lower(s.p[at]) != *phrase) {
			return false;
		} else {
			at++;
		}
	}
	return true;
}

/* Phrases by their first byte, so that a text is gone through once. */
static uint16_t first[256], following[1024];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
index_phrases(void)
{
	must(reason_phrases_n < ARRAY_LEN(following));
	for (size_t i = reason_phrases_n; i-- > 0;) {
		unsigned char c = (unsigned char)reason_phrases[i].phrase[0];

		following[i + 1] = first[c];
		first[c] = (uint16_t)(i + 1);
	}
}

enum bounce_reason
reason_by_words(struct str text)
{
	size_t best = reason_phrases_n + 1;

	pthread_once(&once, index_phrases);
	for (size_t at = 0; at < text.n; at++) {
		unsigned char c = (unsigned char)ch_lower(text.p[at]);

		/* Chains run upward: what is not better ends the search. */
		for (size_t i = first[c]; i && i < best; i = following[i])
			if (phrase_at(text, at, reason_phrases[i - 1].phrase))
				best = i;
	}
	return best <= reason_phrases_n ? reason_phrases[best - 1].reason
					: REASON_NONE;
}

bool
reason_is_plain(struct str text)
{
	static const struct {
		const char *phrase;
		char first;
	} plain[] = {{"user unknown", 'u'}, {"unknown user", 'u'},
	    {"no such user", 'n'}, {"no such mailbox", 'n'},
	    {"no such recipient", 'n'}, {"no mail box", 'n'},
	    {"mail-box not found", 'm'}, {"mailbox not found", 'm'},
	    {"does not exist", 'd'}, {"doesn't exist", 'd'}, {"not exist", 'n'},
	    {"not a known user", 'n'}, {"not a valid user", 'n'},
	    {"not an active address", 'n'}, {"user not found", 'u'},
	    {"mailbox unavailable", 'm'}};

	for (size_t at = 0; at < text.n; at++)
		for (size_t i = 0; i < ARRAY_LEN(plain); i++)
			if (ch_lower(text.p[at]) == plain[i].first &&
			    phrase_at(text, at, plain[i].phrase))
				return true;
	return false;
}

enum bounce_reason
reason_by_status(struct str status, struct str code)
{
	/* RFC 3463 §3, without the class; and what the large ones add to it. */
	static const struct {
		const char *detail;
		enum bounce_reason reason;
	} details[] = {{"1.1", REASON_USER}, {"1.2", REASON_HOST},
	    {"1.3", REASON_USER}, {"1.4", REASON_USER}, {"1.0", REASON_USER},
	    {"1.6", REASON_MOVED}, {"1.7", REASON_SENDER},
	    {"1.8", REASON_SENDER}, {"1.9", REASON_RELAY},
	    {"1.10", REASON_USER}, {"2.0", REASON_FILTERED},
	    {"2.1", REASON_SUSPENDED}, {"2.2", REASON_FULL},
	    {"2.3", REASON_TOO_BIG}, {"2.4", REASON_SYSTEM},
	    {"3.1", REASON_SYSTEM}, {"3.2", REASON_NOT_ACCEPT},
	    {"3.4", REASON_TOO_BIG}, {"4.1", REASON_EXPIRED},
	    {"4.2", REASON_EXPIRED}, {"4.3", REASON_SYSTEM},
	    {"4.4", REASON_HOST}, {"4.6", REASON_NETWORK},
	    {"4.7", REASON_EXPIRED}, {"5.3", REASON_RATE}, {"7.25", REASON_PTR},
	    {"7.26", REASON_AUTH}, {"7.23", REASON_AUTH},
	    {"7.20", REASON_AUTH}};
	struct str detail = str_from(status, 2);

	for (size_t i = 0; i < ARRAY_LEN(details) && status.n > 2; i++)
		if (str_eq(detail, str_c(details[i].detail)))
			return details[i].reason;
	if (status.n > 2)
		switch (status.p[2]) {
		case '3':
			return REASON_SYSTEM;
		case '4':
			return REASON_NETWORK;
		case '6':
			return REASON_CONTENT;
		case '7':
			return REASON_POLICY;
		default:
			break;
		}
	if (str_eq(code, S("552")) || str_eq(code, S("452")))
		return REASON_FULL;
	return REASON_NONE;
}

struct str
reason_name(enum bounce_reason r)
{
	return str_c(reasons[r].name);
}

struct str
reason_status(enum bounce_reason r, bool soft)
{
	static const char *const soft_status[REASON_COUNT] = {
	    [REASON_NONE] = "4.0.0",
	    [REASON_FULL] = "4.2.2",
	    [REASON_SYSTEM] = "4.3.0",
	    [REASON_HOST] = "4.1.2",
	    [REASON_BLOCKED] = "4.7.1",
	    [REASON_POLICY] = "4.7.1",
	};

	if (soft && soft_status[r])
		return str_c(soft_status[r]);
	return str_c(reasons[r].status);
}

bool
reason_is_hard(enum bounce_reason r)
{
	return reasons[r].hard;
}

/* --- numbers ----------------------------------------------------------- */

/* [245].N.N at the start of s: its length, or 0. */
static size_t
status_at(struct str s)
{
	size_t i = 1, from;

	if (s.n < 5 || (s.p[0] != '5' && s.p[0] != '4' && s.p[0] != '2'))
		return 0;
	for (int part = 0; part < 2; part++) {
		if (i >= s.n || s.p[i] != '.')
			return 0;
		from = ++i;
		while (i < s.n && ch_is_digit(s.p[i]))
			i++;
		if (i == from || i - from > 3)
			return 0;
	}
	/* A fourth number: an address; a letter: a version. */
	if (i < s.n && s.p[i] == '.' && i + 1 < s.n && ch_is_digit(s.p[i + 1]))
		return 0;
	if (i < s.n && (ch_is_alnum(s.p[i]) || s.p[i] == '/'))
		return 0;
	return i;
}

bool
status_valid(struct str s)
{
	return s.n && status_at(s) == s.n;
}

static bool
starts_word(struct str s, size_t at)
{
	char c;

	if (at == 0)
		return true;
	c = s.p[at - 1];
	return !ch_is_alnum(c) && c != '.' && c != '/' && c != '_' &&
	       (c != '-' || (at > 1 && ch_is_digit(s.p[at - 2])));
}

struct str
status_find(struct str text)
{
	struct str best = {0};
	int best_score = 0;

	for (size_t i = 0; i < text.n; i++) {
		size_t n, back = i;
		struct str s;
		int score = 1;

		if (text.p[i] < '2' || text.p[i] > '5' || !starts_word(text, i))
			continue;
		n = status_at(str_from(text, i));
		if (!n)
			continue;
		s = str_sub(text, i, i + n);
		while (back &&
		       (ch_is_space(text.p[back - 1]) ||
			   text.p[back - 1] == '-' || text.p[back - 1] == '#' ||
			   text.p[back - 1] == '(' || text.p[back - 1] == '\''))
			back--;
		/* After its reply code, or marked with '#' (qmail). */
		if (back >= 3 && back < i && text.p[back - 3] == s.p[0] &&
		    ch_is_digit(text.p[back - 2]) &&
		    ch_is_digit(text.p[back - 1]))
			score += 2;
		else if (i && text.p[i - 1] == '#')
			score += 2;
		if (!str_ends(s, S(".0.0")))
			score += 4;
		if (s.p[0] == '2')
			score = 1;
		if (score > best_score) {
			best_score = score;
			best = s;
		}
	}
	return best;
}

struct str
code_find(struct str text)
{
	for (size_t i = 0; i + 3 <= text.n; i++) {
		const char *p = text.p + i;
		char next = i + 3 < text.n ? p[3] : '\n';

		if ((p[0] != '4' && p[0] != '5') || p[1] > '5' ||
		    !ch_is_digit(p[1]) || !ch_is_digit(p[2]) ||
		    !starts_word(text, i))
			continue;
		if (i &&
		    (text.p[i - 1] == '+' || (text.p[i - 1] == ':' && i > 1 &&
						 ch_is_digit(text.p[i - 2]))))
			continue; /* the minutes of a time, a zone */
		if (next == '-' || next == ' ' || next == '\n' || next == ')' ||
		    next == ':' || next == '#' || next == '"' || next == ',')
			return str_sub(text, i, i + 3);
	}
	return (struct str){0};
}
