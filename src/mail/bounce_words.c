/* The pieces that a delivery report is made of: an address, the words of a server within those of another, JSON. */
#include "mail/bounce_words.h"

#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "mail/bounce_reason.h"

enum {
	REASON_MAX_BYTES = 500
};

/* "rfc822; a@b", "<a@b>", "a@b (Name)". */
struct str
bounce_plain_address(struct arena *a, struct str s)
{
	ptrdiff_t semicolon = str_chr(s, ';', 0), open, end;

	if (semicolon >= 0)
		s = str_from(s, (size_t)semicolon + 1);
	s = str_trim(s);
	open = str_rchr(s, '<');
	end = str_rchr(s, '>');
	if (open >= 0 && end > open)
		s = str_sub(s, (size_t)open + 1, (size_t)end);
	if (str_istarts(s, S("mailto:")))
		s = str_from(s, 7);
	for (size_t i = 0; i < s.n; i++)
		if (ch_is_space(s.p[i]) || s.p[i] == '(' || s.p[i] == ',')
			s = str_sub(s, 0, i);
	if (s.n > ADDRESS_MAX || str_chr(s, '@', 0) < 0 || str_has(s, S("...")))
		return (struct str){0}; /* "bo...@y.example": made unreadable */
	return arena_dup(a, s);
}

/* White space folded, cut; what a person reads. */
struct str
bounce_one_line(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str word;

	while (b.n < REASON_MAX_BYTES && str_word(&s, &word)) {
		if (b.n)
			buf_putc(&b, ' ');
		utf8_put_clean(&b, word);
	}
	return arena_dup(a, utf8_clip(buf_str(&b), REASON_MAX_BYTES));
}

/* The words of a server within a longer text: the line with its reply code and
 * what continues it. */
struct str
bounce_server_words(struct str words)
{
	struct str code = code_find(words), line;
	size_t at, end;

	if (!code.n)
		return str_trim(words);
	at = (size_t)(code.p - words.p);
	while (at && words.p[at - 1] != '\n')
		at--;
	line = str_from(words, at);
	end = 0;
	while (
	    end < line.n && !(line.p[end] == '\n' &&
				(end + 1 == line.n || line.p[end + 1] == '\n')))
		end++;
	return str_trim(str_sub(line, 0, end));
}

/* Up to the first empty line after the first one. */
struct str
bounce_paragraph(struct str words)
{
	ptrdiff_t end = str_find(words, S("\n\n"), 0);

	return end < 0 ? words : str_sub(words, 0, (size_t)end);
}

/* Google's own advice stands before what the other server said: only that counts. */
struct str
bounce_without_advice(struct str words)
{
	static const char *const leads[] = {"other server returned was:",
	    "response from the remote server was:", "the response was:"};

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		ptrdiff_t at = -1;

		for (size_t from = 0; from < words.n && at < 0; from++)
			if (phrase_at(words, from, leads[i]))
				at = (ptrdiff_t)from;
		if (at >= 0)
			return bounce_paragraph(str_ltrim(
			    str_from(words, (size_t)at + strlen(leads[i]))));
	}
	return words;
}

/* The string behind "key":" at or after from in JSON that a machine wrote; *next is behind it. */
struct str
bounce_json_string(struct str s, const char *key, size_t from, size_t *next)
{
	ptrdiff_t at = str_find(s, str_c(key), from), end;

	if (at < 0)
		return (struct str){0};
	at += (ptrdiff_t)strlen(key);
	while ((size_t)at < s.n && (ch_is_space(s.p[at]) || s.p[at] == ':'))
		at++;
	if ((size_t)at >= s.n || s.p[at] != '"')
		return (struct str){0};
	end = str_chr(s, '"', (size_t)at + 1);
	if (end < 0)
		return (struct str){0};
	*next = (size_t)end + 1;
	return str_sub(s, (size_t)at + 1, (size_t)end);
}
