/*
 * Why not libetpan's decoders: mailmime_quoted_printable_body_parse() turns every LF into CRLF and garbage after "=" into
 * other garbage, which changes the digest of an attachment; mailmime_base64_body_parse() costs four times as much a
 * byte and reads on over a padding in the middle. tests/mail/test_mime.c compares with both where they are right.
 */
#include "mail/transfer.h"
#include "base/must.h"

/* The six bits of a base64 character; SKIP: white space or junk; PAD: "=". */
enum {
	SKIP = 64,
	PAD = 65
};
static unsigned char value64[256];
/* The same, moved to the place of the 1st to 4th character of a group; BAD marks all that is not a digit. */
static uint32_t place64[4][256];
#define BAD UINT32_C(0x80000000)
static signed char hex[256];

static void __attribute__((constructor)) tables_init(void)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";

	for (unsigned i = 0; i < 256; i++) {
		value64[i] = i == '=' ? PAD : SKIP;
		hex[i] = -1;
		for (unsigned k = 0; k < 4; k++)
			place64[k][i] = BAD;
	}
	for (unsigned v = 0; v < 64; v++) {
		unsigned char c = (unsigned char)digits[v];

		value64[c] = (unsigned char)v;
		for (unsigned k = 0; k < 4; k++)
			place64[k][c] = v << (18 - 6 * k);
	}
	for (int i = 0; i < 10; i++)
		hex['0' + i] = (signed char)i;
	for (int i = 0; i < 6; i++)
		hex['A' + i] = hex['a' + i] = (signed char)(10 + i);
}

enum transfer
transfer_parse(struct str v)
{
	v = str_trim(v);
	while (v.n && (v.p[0] == '"' || v.p[0] == '\'' || v.p[0] == '('))
		v = str_from(v, 1);
	if (str_istarts(v, S("base64")) || str_istarts(v, S("base-64")) ||
	    str_istarts(v, S("b64")) || str_istarts(v, S("base 64")))
		return TRANSFER_BASE64;
	if (str_istarts(v, S("quoted")) || str_ieq(v, S("qp")) ||
	    str_istarts(v, S("q-p")))
		return TRANSFER_QP;
	if (str_istarts(v, S("x-uu")) || str_istarts(v, S("uu")))
		return TRANSFER_UU;
	return TRANSFER_IDENTITY;
}

size_t
transfer_room(enum transfer t, size_t n)
{
	return t == TRANSFER_BASE64 ? n / 4 * 3 + 6 : n + 4;
}

/*
 * After padding there is normally nothing. Some senders join several encoded runs, some lists append a footer in
 * clear. The first is read on, the second is not: the next line decides.
 */
static bool
looks_base64(const unsigned char *p, const unsigned char *end)
{
	size_t digits = 0;

	while (p < end && ch_is_space((char)*p))
		p++;
	for (; p < end && *p != '\n' && *p != '\r'; p++) {
		if (value64[*p] == SKIP)
			return false;
		digits++;
	}
	return digits >= 4 && digits % 4 == 0;
}

/* What an incomplete group of `have` characters still holds. */
static unsigned char *
base64_rest(unsigned char *o, uint32_t acc, unsigned have)
{
	if (have >= 2)
		*o++ = (unsigned char)(acc >> (have * 6 - 8));
	if (have == 3)
		*o++ = (unsigned char)(acc >> 2);
	return o;
}

size_t
base64_decode(struct str in, char *out)
{
	const unsigned char *p = (const unsigned char *)(in.n ? in.p : "");
	const unsigned char *end = p + in.n;
	unsigned char *o = (unsigned char *)out;
	uint32_t acc = 0;
	unsigned have = 0;

	while (p < end) {
		unsigned char v;

		/* Whole groups, which is nearly all there is. */
		while (have == 0 && end - p >= 4) {
			uint32_t w = place64[0][p[0]] | place64[1][p[1]] |
				     place64[2][p[2]] | place64[3][p[3]];

			if (w & BAD)
				break;
			o[0] = (unsigned char)(w >> 16);
			o[1] = (unsigned char)(w >> 8);
			o[2] = (unsigned char)w;
			o += 3;
			p += 4;
		}
		if (p == end)
			break;
		v = value64[*p++];
		if (v == SKIP)
			continue;
		if (v == PAD) {
			o = base64_rest(o, acc, have);
			have = 0;
			acc = 0;
			while (p < end && (*p == '=' || ch_is_wsp((char)*p)))
				p++;
			if (!looks_base64(p, end))
				break;
			continue;
		}
		acc = (acc << 6 | v) & 0xffffff;
		if (++have == 4) {
			*o++ = (unsigned char)(acc >> 16);
			*o++ = (unsigned char)(acc >> 8);
			*o++ = (unsigned char)acc;
			have = 0;
			acc = 0;
		}
	}
	o = base64_rest(o, acc, have);
	return (size_t)(o - (unsigned char *)out);
}

/* Decodes one line, its end and trailing blanks taken off already. */
static char *
qp_run(const char *p, const char *e, char *o)
{
	while (p < e) {
		const char *eq = memchr(p, '=', (size_t)(e - p));
		size_t run = (size_t)((eq ? eq : e) - p);

		memcpy(o, p, run);
		o += run;
		p += run;
		if (!eq)
			break;
		if (e - p >= 3 && hex[(unsigned char)p[1]] >= 0 &&
		    hex[(unsigned char)p[2]] >= 0) {
			*o++ = (char)(hex[(unsigned char)p[1]] << 4 |
				      hex[(unsigned char)p[2]]);
			p += 3;
		} else {
			*o++ = *p++;
		}
	}
	return o;
}

size_t
qp_decode(struct str in, char *out)
{
	const char *p = in.n ? in.p : "", *end = p + in.n;
	char *o = out;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *e = nl ? nl : end;
		bool cr = nl && e > p && e[-1] == '\r', soft;

		e -= cr;
		while (e > p && ch_is_wsp(e[-1]))
			e--;
		soft = e > p && e[-1] == '=';
		o = qp_run(p, e - soft, o);
		if (!soft && nl) {
			if (cr)
				*o++ = '\r';
			*o++ = '\n';
		}
		p = nl ? nl + 1 : end;
	}
	return (size_t)(o - out);
}

size_t
q_decode(struct str in, char *out)
{
	char *o = out;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '_') {
			*o++ = ' ';
		} else if (c == '=' && in.n - i >= 3 &&
			   hex[(unsigned char)in.p[i + 1]] >= 0 &&
			   hex[(unsigned char)in.p[i + 2]] >= 0) {
			*o++ = (char)(hex[(unsigned char)in.p[i + 1]] << 4 |
				      hex[(unsigned char)in.p[i + 2]]);
			i += 2;
		} else {
			*o++ = c;
		}
	}
	return (size_t)(o - out);
}

/* As str_line(), for lines that end in LF or CRLF only: linear over any number of lone CRs. */
static bool
uu_next(struct str *rest, struct str *line)
{
	if (!rest->n || !str_cut(rest, '\n', line))
		return false;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool
uu_char(char c)
{
	return c >= ' ' && c <= '`';
}

/* Is this a uuencoded line (or the empty one before "end")? *n: the octets it announces. */
static bool
uu_line(struct str line, size_t *n)
{
	*n = 0;
	if (!str_trim(line).n)
		return true;
	if (!uu_char(line.p[0]))
		return false;
	*n = (size_t)(line.p[0] - ' ') & 63;
	/* Trailing spaces may be lost on the way, one or two check characters may follow. */
	return line.n - 1 <= (*n + 2) / 3 * 4 + 2;
}

static char *
uu_decode_line(struct str line, size_t n, char *o)
{
	for (size_t i = 1; n; i += 4) {
		unsigned v = 0;

		for (size_t k = 0; k < 4; k++) {
			char c = i + k < line.n ? line.p[i + k] : ' ';

			v = v << 6 |
			    (uu_char(c) ? (unsigned)(c - ' ') & 63 : 0);
		}
		for (int shift = 16; shift >= 0 && n; shift -= 8, n--)
			*o++ = (char)(v >> shift & 255);
	}
	return o;
}

static size_t
uu_decode(struct str in, char *out)
{
	struct str rest = in, line;
	struct uu_block b;
	char *o = out;

	if (uu_find(in, 0, &b))
		rest = b.data;
	while (uu_next(&rest, &line)) {
		size_t n;

		/* Lost spaces at its end can make a line say more than it has room for: never more than came in. */
		if (uu_line(line, &n) && (size_t)(o - out) + n <= in.n)
			o = uu_decode_line(line, n, o);
	}
	return (size_t)(o - out);
}

/* The name of a "begin 644 name" line; false when it is none. */
static bool
uu_begin(struct str line, struct str *name)
{
	size_t digits = 0;

	line = str_from(line, 6);
	while (digits < line.n && digits < 4 && line.p[digits] >= '0' &&
	       line.p[digits] <= '7')
		digits++;
	*name = str_trim(str_from(line, digits));
	return digits >= 3 && digits < line.n && line.p[digits] == ' ' &&
	       name->n;
}

bool
uu_find(struct str text, size_t from, struct uu_block *out)
{
	ptrdiff_t at;

	while ((at = str_find(text, S("begin "), from)) >= 0) {
		struct str rest = str_from(text, (size_t)at), line;
		size_t data, end = 0, n, octets = 0;

		from = (size_t)at + 6;
		if ((at && text.p[at - 1] != '\n') || !uu_next(&rest, &line) ||
		    !uu_begin(line, &out->name))
			continue;
		data = rest.p ? (size_t)(rest.p - text.p) : text.n;
		while (!end && uu_next(&rest, &line)) {
			if (str_eq(str_rtrim(line), S("end")))
				end = (size_t)(line.p - text.p);
			else if (!uu_line(line, &n))
				break;
			else
				octets += n;
			/* What was looked at and is no block need not be looked at again. */
			from = (size_t)(line.p - text.p);
		}
		if (!end || !octets)
			continue;
		out->from = (size_t)at;
		out->to = rest.p ? (size_t)(rest.p - text.p) : text.n;
		out->data = str_sub(text, data, end);
		return true;
	}
	return false;
}

size_t
transfer_decode(enum transfer t, struct str in, char *out)
{
	switch (t) {
	case TRANSFER_BASE64:
		return base64_decode(in, out);
	case TRANSFER_QP:
		return qp_decode(in, out);
	case TRANSFER_UU:
		return uu_decode(in, out);
	case TRANSFER_IDENTITY:
		break;
	}
	if (in.n)
		memcpy(out, in.p, in.n);
	return in.n;
}
