/*
 * A TNEF stream is a run of attributes (level, number, length, bytes, checksum); two of them hold a list of MAPI properties, which is where long
 * names, Unicode and the body in HTML or RTF are.
 *
 * The stream is walked here rather than by TNEFParseMemory() of libytnef 2.0: that refuses a mail whose subject has more than 100
 * bytes, prints to standard output, and loses every file when one property is strange. What it is used for is the RTF decompression,
 * with the sizes checked before: it trusts them.
 */
#include "mail/tnef.h"
#include "mail/charset.h"
#include "mail/rtf.h"
#include "base/must.h"

#include <stdlib.h>
#include <ytnef.h>

enum {
	LEVEL_FILE = 2,
	ATT_BODY = 0x800c,
	ATT_FILE_DATA = 0x800f,
	ATT_FILE_TITLE = 0x8010,
	ATT_FILE_START = 0x9002,
	ATT_PROPS = 0x9003,
	ATT_FILE_PROPS = 0x9005,
	ATT_CODEPAGE = 0x9007,

	PROP_BODY = 0x1000,
	PROP_RTF = 0x1009,
	PROP_HTML = 0x1013,
	PROP_FILE_DATA = 0x3701,
	PROP_FILE_NAME = 0x3704,
	PROP_FILE_LONG_NAME = 0x3707,
	PROP_FILE_TYPE = 0x370e,
	PROP_FILE_CID = 0x3712,
	PROP_DISPLAY_NAME = 0x3001,
	PROP_CODEPAGE = 0x3fde,

	TYPE_STRING = 0x1e,
	TYPE_UNICODE = 0x1f,
	TYPE_OBJECT = 0x0d,
	TYPE_BINARY = 0x102,
	TYPE_MANY = 0x1000,

	PROPS_MAX = 5000,
	VALUES_MAX = 5000,
	RTF_MAX = 16 << 20,
	OUT_MAX =
	    64
	    << 20, /* of all files together: nothing is compressed, this is only for overlapping hostile copies */
};

static const char signature[] = "\x78\x9f\x3e\x22";

struct reader {
	struct arena *arena;
	struct tnef *out;
	struct str codepage; /* "cp1252" */
	struct str body;     /* raw, until the codepage is known */
	struct str html, rtf;
	struct str html_label;
	struct tnef_file
	    *file; /* the one being described; NULL: none or too many */
	bool have_long_name;
};

/* ---- little-endian numbers, from the front of a str ---- */

static bool
take(struct str *s, size_t n, struct str *out)
{
	if (n > s->n)
		return false;
	*out = str_sub(*s, 0, n);
	*s = str_from(*s, n);
	return true;
}

static bool
take_u32(struct str *s, uint32_t *v)
{
	struct str b;
	const unsigned char *p;

	if (!take(s, 4, &b))
		return false;
	p = (const unsigned char *)b.p;
	*v = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	     (uint32_t)p[3] << 24;
	return true;
}

/* A counted value, filled up to a multiple of four. */
static bool
take_counted(struct str *s, struct str *out)
{
	uint32_t n;
	size_t pad;

	if (!take_u32(s, &n) || !take(s, n, out))
		return false;
	pad = (4 - n % 4) % 4;
	*s = str_from(*s, pad);
	return true;
}

/* ---- text ---- */

static struct str
until_nul(struct str s)
{
	const char *nul = s.n ? memchr(s.p, '\0', s.n) : NULL;

	return nul ? str_sub(s, 0, (size_t)(nul - s.p)) : s;
}

static struct str
text_of(struct reader *r, struct str label, struct str bytes)
{
	struct charset_text t;

	charset_decode(r->arena, label, bytes, &t);
	return charset_lines(r->arena, until_nul(t.text));
}

static struct str
value_text(struct reader *r, unsigned type, struct str v)
{
	if (type == TYPE_UNICODE)
		return arena_dup(r->arena, text_of(r, S("utf-16le"), v));
	return arena_dup(r->arena, text_of(r, r->codepage, until_nul(v)));
}

/* ---- properties ---- */

static bool
fixed_size(unsigned type, size_t *n)
{
	switch (type) {
	case 0x00:
	case 0x01:
		*n = 0;
		return true;
	case 0x02:
	case 0x03:
	case 0x04:
	case 0x0a:
	case 0x0b:
		*n = 4;
		return true;
	case 0x05:
	case 0x06:
	case 0x07:
	case 0x14:
	case 0x40:
		*n = 8;
		return true;
	case 0x48:
		*n = 16;
		return true;
	}
	return false;
}

static void
file_prop(struct reader *r, unsigned id, unsigned type, struct str v)
{
	struct tnef_file *f = r->file;

	if (!f)
		return;
	switch (id) {
	case PROP_FILE_LONG_NAME:
		f->name = value_text(r, type, v);
		r->have_long_name = f->name.n > 0;
		break;
	case PROP_FILE_NAME:
	case PROP_DISPLAY_NAME:
		if (!f->name.n)
			f->name = value_text(r, type, v);
		break;
	case PROP_FILE_TYPE:
		f->type =
		    arena_lower(r->arena, str_trim(value_text(r, type, v)));
		break;
	case PROP_FILE_CID:
		f->content_id = str_trim(value_text(r, type, v));
		break;
	case PROP_FILE_DATA:
		/* An object begins with the identifier of its interface. */
		if (type == TYPE_OBJECT)
			v = str_from(v, 16);
		if (!f->content.n)
			f->content = v;
		break;
	}
}

static void
mail_prop(struct reader *r, unsigned id, unsigned type, struct str v)
{
	switch (id) {
	case PROP_BODY:
		if (!r->out->text.n)
			r->out->text = value_text(r, type, v);
		break;
	case PROP_HTML:
		r->html = v;
		if (type == TYPE_UNICODE)
			r->html_label = S("utf-16le");
		break;
	case PROP_RTF:
		r->rtf = v;
		break;
	}
}

/* Behind the tag of a named property: a GUID, and a number or a name. Nobody here asks for one. */
static bool
skip_name(struct str *s)
{
	struct str guid, name;
	uint32_t kind, id;

	if (!take(s, 16, &guid) || !take_u32(s, &kind))
		return false;
	return kind == 0 ? take_u32(s, &id) : take_counted(s, &name);
}

static bool
read_values(
    struct reader *r, struct str *s, unsigned tag, unsigned id, bool of_file)
{
	unsigned type = tag & ~(unsigned)TYPE_MANY;
	bool counted = type == TYPE_STRING || type == TYPE_UNICODE ||
		       type == TYPE_OBJECT || type == TYPE_BINARY;
	uint32_t count = 1;
	size_t size = 0;
	struct str v;

	if (!counted && !fixed_size(type, &size))
		return false;
	if ((counted || (tag & TYPE_MANY)) && !take_u32(s, &count))
		return false;
	if (count > VALUES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (counted ? !take_counted(s, &v) : !take(s, size, &v))
			return false;
		if (i || !counted)
			continue;
		if (of_file)
			file_prop(r, id, type, v);
		else
			mail_prop(r, id, type, v);
	}
	return true;
}

static bool
read_props(struct reader *r, struct str s, bool of_file)
{
	uint32_t count, head;

	if (!take_u32(&s, &count) || count > PROPS_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		unsigned id;

		if (!take_u32(&s, &head))
			return false;
		id = head >> 16;
		if (id >= 0x8000 && !skip_name(&s))
			return false;
		if (!read_values(r, &s, head & 0xffff, id, of_file))
			return false;
	}
	return true;
}

/* ---- attributes ---- */

static void
new_file(struct reader *r)
{
	struct tnef *t = r->out;

	r->file = NULL;
	r->have_long_name = false;
	if (t->n == TNEF_FILES_MAX) {
		t->damaged = true;
		return;
	}
	if (t->n == 0 || (t->n & (t->n - 1)) == 0) {
		struct tnef_file *v = arena_array(
		    r->arena, struct tnef_file, t->n ? t->n * 2 : 1);

		if (t->n)
			memcpy(v, t->v, t->n * sizeof *v);
		t->v = v;
	}
	r->file = &t->v[t->n++];
}

static void
read_attribute(struct reader *r, unsigned level, unsigned id, struct str data)
{
	uint32_t v;
	struct str s = data;

	if (level == LEVEL_FILE && (id == ATT_FILE_START || !r->out->n))
		new_file(r);
	switch (id) {
	case ATT_CODEPAGE:
		if (take_u32(&s, &v) && v >= 37 && v < 65536)
			r->codepage = arena_printf(r->arena, "cp%u", v);
		break;
	case ATT_BODY:
		r->body = data;
		break;
	case ATT_PROPS:
		r->out->damaged |= !read_props(r, data, false);
		break;
	case ATT_FILE_TITLE:
		if (r->file && !r->have_long_name)
			r->file->name = value_text(r, TYPE_STRING, data);
		break;
	case ATT_FILE_DATA:
		if (r->file)
			r->file->content = data;
		break;
	case ATT_FILE_PROPS:
		r->out->damaged |= !read_props(r, data, true);
		break;
	}
}

/* ---- the body in RTF ---- */

/* [MS-OXRTFCP]: sizes, magic and checksum, then what libytnef can unpack. */
static struct str
unpack_rtf(struct reader *r, struct str packed)
{
	struct str s = packed, out = {NULL, 0};
	uint32_t size, raw_size, magic, crc;
	variableLength in = {0};
	BYTE *rtf;
	int n = 0;

	if (!take_u32(&s, &size) || !take_u32(&s, &raw_size) ||
	    !take_u32(&s, &magic) || !take_u32(&s, &crc))
		return out;
	if (magic == 0x414c454d) /* not compressed */
		return str_sub(s, 0, raw_size);
	if (magic != 0x75465a4c || raw_size > RTF_MAX || packed.n > RTF_MAX ||
	    size != packed.n - 4 || packed.n < 20)
		return out;
	/* It reads up to two bytes behind the end. */
	in.data = calloc(packed.n + 8, 1);
	if (!in.data)
		return out;
	memcpy(in.data, packed.p, packed.n);
	in.size = (int)packed.n;
	rtf = DecompressRTF(&in, &n);
	if (rtf && n > 0)
		out = arena_dup(r->arena, str_n((const char *)rtf, (size_t)n));
	free(rtf);
	free(in.data);
	return out;
}

static void
finish(struct reader *r)
{
	struct tnef *t = r->out;

	if (!t->text.n && r->body.n)
		t->text = value_text(r, TYPE_STRING, r->body);
	if (r->html.n)
		t->html =
		    arena_dup(r->arena, text_of(r, r->html_label, r->html));
	if (r->rtf.n && !t->text.n && !t->html.n) {
		bool html = false;
		struct str rtf = unpack_rtf(r, r->rtf), text;

		text = rtf_text(r->arena, rtf, r->codepage, &html);
		if (html)
			t->html = text;
		else
			t->text = text;
	}
}

bool
tnef_is(struct str bytes)
{
	return bytes.n >= 6 && !memcmp(bytes.p, signature, 4);
}

void
tnef_read(struct arena *a, struct str bytes, struct tnef *out)
{
	struct reader r = {
	    .arena = a, .out = out, .codepage = S("windows-1252")};
	struct str s = str_from(bytes, 6), level, data, sum;
	uint32_t id, n;
	uint64_t total = 0;

	*out = (struct tnef){0};
	if (!tnef_is(bytes)) {
		out->damaged = true;
		return;
	}
	while (s.n) {
		if (!take(&s, 1, &level) || !take_u32(&s, &id) ||
		    !take_u32(&s, &n) || level.p[0] < 1 || level.p[0] > 2) {
			out->damaged |= s.n > 0;
			break;
		}
		/* Cut off: what is there of a file is better than nothing. */
		if (!take(&s, n, &data)) {
			out->damaged = true;
			data = s;
			s = (struct str){NULL, 0};
		}
		total += data.n;
		if (total > OUT_MAX)
			break;
		read_attribute(
		    &r, (unsigned char)level.p[0], id & 0xffff, data);
		if (!s.p || !take(&s, 2, &sum))
			break;
	}
	finish(&r);
	for (size_t i = 0; i < out->n; i++)
		out->v[i].content = arena_dup(a, out->v[i].content);
}
