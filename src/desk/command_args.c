/* What stands behind a command, read. */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/command_private.h"
#include "desk/extra.h"
#include "mail/command_line.h"

static uint32_t
plain_char(uint32_t c)
{
	switch (c) {
	case 0x201c: /* what phones and word processors make of " */
	case 0x201d:
	case 0x201e:
	case 0x201f:
	case 0xab:
	case 0xbb:
	case 0x300c:
	case 0x300d:
	case 0x300e:
	case 0x300f:
		return '"';
	case 0x2018:
	case 0x2019:
		return '\'';
	case 0x2010: /* and of - */
	case 0x2011:
	case 0x2012:
	case 0x2013:
	case 0x2014:
	case 0x2212:
		return '-';
	case 0xa0:
	case 0x2002:
	case 0x2003:
	case 0x2009:
	case 0x202f:
	case 0x3000:
	case '\t':
		return ' ';
	default:
		return c >= 0xff01 && c <= 0xff5e ? c - 0xff01 + '!' : c;
	}
}

struct str
command_plain(struct arena *a, struct str args)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	uint32_t c;
	size_t n;

	for (; (n = utf8_next(args, &c)) > 0; args = str_from(args, n)) {
		c = plain_char(c);
		if (c == ' ' && (!b.n || b.p[b.n - 1] == ' '))
			continue;
		utf8_put(&b, c);
	}
	return arena_dup(a, str_trim(buf_str(&b)));
}

bool
command_number(struct str args, uint64_t *out)
{
	ptrdiff_t hash = str_rchr(args, '#');

	if (str_starts(args, S("[")) && str_ends(args, S("]")))
		args = str_sub(args, 1, args.n - 1);
	if (hash >= 0)
		args = str_from(args, (size_t)str_rchr(args, '#') + 1);
	return str_u64(str_trim(args), out) && *out > 0;
}

struct str
command_word(struct str *args)
{
	struct str s = str_ltrim(*args), word;
	ptrdiff_t end;

	if (str_starts(s, S("\""))) {
		end = str_chr(s, '"', 1);
		if (end < 0)
			end = (ptrdiff_t)s.n;
		*args = str_from(s, MIN((size_t)end + 1, s.n));
		return str_trim(str_sub(s, 1, (size_t)end));
	}
	end = str_chr(s, ' ', 0);
	if (end < 0)
		end = (ptrdiff_t)s.n;
	word = str_sub(s, 0, (size_t)end);
	*args = str_from(s, (size_t)end);
	return word;
}

static bool
one_of(struct str word, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(word, str_c(names[i])))
			return true;
	return false;
}

bool
command_force(struct str args)
{
	static const char *const names[] = {"force", "强制"};

	return one_of(args, names, ARRAY_LEN(names));
}

bool
command_nobody(struct str word)
{
	static const char *const names[] = {
	    "nobody", "none", "-", "无", "无人"};

	return one_of(word, names, ARRAY_LEN(names));
}

struct str
command_away(struct str args, bool *reroute)
{
	static const char *const untils[] = {
	    "until", "till", "直到", "到", "至"};
	static const char *const reroutes[] = {"reroute", "转交"};
	ptrdiff_t at = str_rchr(args, ' ');
	struct str rest = args, last = str_from(args, (size_t)(at + 1));

	*reroute = one_of(last, reroutes, ARRAY_LEN(reroutes));
	if (*reroute)
		args = rest = str_trim(str_sub(args, 0, args.n - last.n));
	if (one_of(command_word(&rest), untils, ARRAY_LEN(untils)))
		return str_trim(rest);
	for (size_t i = 2; i < ARRAY_LEN(untils); i++)
		if (str_starts(args, str_c(untils[i])))
			return str_trim(str_from(args, strlen(untils[i])));
	return args;
}

bool
command_add(struct str *args, bool *add)
{
	static const char *const adds[] = {"add", "添加", "增加"};
	static const char *const removes[] = {"remove", "删除", "移除"};
	struct str s = *args, word;

	if (str_starts(s, S("+")) || str_starts(s, S("-"))) {
		*add = s.p[0] == '+';
		*args = str_trim(str_from(s, 1));
		return args->n > 0;
	}
	word = command_word(&s);
	*add = one_of(word, adds, ARRAY_LEN(adds));
	if (!*add && !one_of(word, removes, ARRAY_LEN(removes)))
		return false;
	*args = str_trim(s);
	return args->n > 0;
}

bool
command_priority(struct str word, enum priority *out)
{
	static const struct {
		const char *name;
		enum priority p;
	} names[] = {
	    {"低", PRIORITY_LOW},
	    {"普通", PRIORITY_NORMAL},
	    {"正常", PRIORITY_NORMAL},
	    {"中", PRIORITY_NORMAL},
	    {"高", PRIORITY_HIGH},
	    {"紧急", PRIORITY_URGENT},
	};

	if (priority_parse(word, out))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(word, str_c(names[i].name))) {
			*out = names[i].p;
			return true;
		}
	return false;
}

const struct queue *
command_team_queue(
    const struct settings *s, struct str queue, const struct team *team)
{
	const struct queue *q = settings_queue(s, queue);

	if (q && str_ieq(q->team, team->name))
		return q;
	for (size_t i = 0; i < s->nqueues; i++)
		if (str_ieq(s->queues[i].team, team->name))
			return &s->queues[i];
	return NULL;
}

bool
command_is_status(enum command_id id)
{
	return id == CMD_OPEN_ || id == CMD_PENDING_ || id == CMD_HOLD_ ||
	       id == CMD_RESOLVE_ || id == CMD_CLOSE_ || id == CMD_SPAM_ ||
	       id == CMD_SNOOZE_;
}

struct str
command_tags(struct arena *a, struct str args)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str word;
	char sign = '+';

	/* "+ refund" is one tag, "+refund vip" two. */
	for (size_t i = 0; i < args.n; i++)
		buf_putc(&b, args.p[i] == ',' ? ' ' : args.p[i]);
	args = arena_dup(a, buf_str(&b));
	buf_reset(&b);
	while (str_word(&args, &word)) {
		if (str_eq(word, S("+")) || str_eq(word, S("-"))) {
			sign = word.p[0];
			continue;
		}
		if (b.n)
			buf_putc(&b, ',');
		if (word.p[0] != '+' && word.p[0] != '-')
			buf_putc(&b, sign);
		buf_put(&b, word);
		sign = '+';
	}
	return arena_dup(a, buf_str(&b));
}

bool
command_field(struct str args, struct str *name, struct str *value)
{
	static const struct str wide = {"\xef\xbc\x9d", 3}; /* ＝ */
	ptrdiff_t at = str_chr(args, '=', 0), far = str_find(args, wide, 0);
	size_t n = 1;

	if (far >= 0 && (at < 0 || far < at)) {
		at = far;
		n = wide.n;
	}
	if (at < 0)
		return false;
	*name = command_line_trim(str_sub(args, 0, (size_t)at));
	*value = command_line_trim(str_from(args, (size_t)at + n));
	return name->n > 0;
}

bool
command_kb_save(struct arena *a, struct str args, struct str *title)
{
	static const char *const names[] = {"save", "保存"};
	struct str s = command_plain(a, args), word = command_word(&s);

	if (!one_of(word, names, ARRAY_LEN(names)))
		return false;
	s = str_trim(s);
	*title = str_starts(s, S("\"")) ? command_word(&s) : s;
	return true;
}

bool
command_article(const struct command_run *r, struct str args, uint64_t *seq)
{
	struct extra x;

	if (args.n)
		return command_number(args, seq) && *seq <= r->k->articles;
	extra_read(r->a, r->k->extra, &x);
	*seq = x.last_in;
	return true;
}

int
command_failed_mail(const struct command_run *r, struct str args,
    struct outbox *out, struct err *err)
{
	struct article art;
	uint64_t seq = 0;
	int found;

	if (args.n && !command_article(r, args, &seq))
		return 0;
	for (uint32_t i = r->k->articles; i > 0; i--) {
		if (seq && i != seq)
			continue;
		found = article_get(r->t, r->a, r->k->id, i, &art);
		if (found == 1 && art.outbox)
			found = outbox_get(r->t, r->a, art.outbox, out);
		else if (found == 1)
			continue;
		if (found < 0)
			return txn_error(r->t, err);
		if (found && str_eq(out->kind, S("answer")) &&
		    out->state == OUTBOX_FAILED)
			return 1;
	}
	return 0;
}

/* --- rights ------------------------------------------------------------ */

enum level
command_level(const struct command_run *r)
{
	enum level l = r->identity->level;

	if (r->confirmed)
		return l >= LEVEL_GOOD ? LEVEL_STRONG : LEVEL_GOOD;
	/* A one-time token confirms what it was made for, nothing else. */
	if (r->identity->confirmed && r->identity->row != 4)
		return MIN(l, LEVEL_GOOD);
	return l;
}

enum level
command_least(const struct command_run *r, const struct command_line *c)
{
	enum level l = c->row->level;

	if (r->opens)
		switch (c->id) {
		case CMD_QUEUE_:
		case CMD_PRIORITY_:
		case CMD_TAG_:
		case CMD_FIELD_:
		case CMD_ASSIGN_:
		case CMD_SUBJECT_:
			return LEVEL_MEDIUM;
		default:
			break;
		}
	if (r->asked && c->id == CMD_REQUESTER_)
		return LEVEL_GOOD;
	return l;
}
