/*
 * Times are shown as written, with the name of their zone: converting needs libical's zone files, which a jailed worker cannot
 * open, and the reader knows better what "America/New_York" is than what the server thinks of it.
 */
#include "mail/calendar.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"

#include <libical/ical.h>

enum {
	ICS_MAX = 1 << 20,
	DEPTH_MAX = 32,
	EVENTS_MAX = 20,
	LINE_MAX_BYTES = 1000,
	DESCRIPTION_MAX = 20000
};

/* One value of a line, "Name: value", control characters out. */
static void
put_line(struct buf *b, const char *name, const char *value, size_t max)
{
	struct str s = utf8_clip(str_trim(str_c(value)), max);

	if (!s.n)
		return;
	buf_printf(b, "%s: ", name);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\n')
			buf_puts(b, "\n  ");
		else
			buf_putc(b, (unsigned char)c < ' ' ? ' ' : c);
	}
	buf_putc(b, '\n');
}

/* "2026-03-01 09:30 (Europe/Berlin)", "2026-03-01" for whole days. */
static void
put_time(
    struct buf *b, icalcomponent *c, icalproperty_kind kind, const char *name)
{
	icalproperty *p = icalcomponent_get_first_property(c, kind);
	icalvalue *v = p ? icalproperty_get_value(p) : NULL;
	icalparameter *zone;
	struct icaltimetype t;
	icalvalue_kind is = v ? icalvalue_isa(v) : ICAL_NO_VALUE;

	if (is == ICAL_DATE_VALUE)
		t = icalvalue_get_date(v);
	else if (is == ICAL_DATETIME_VALUE)
		t = icalvalue_get_datetime(v);
	else
		return;
	buf_printf(b, "%s: %04d-%02d-%02d", name, t.year, t.month, t.day);
	if (!t.is_date)
		buf_printf(b, " %02d:%02d", t.hour, t.minute);
	zone = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
	if (zone && icalparameter_get_tzid(zone))
		buf_printf(b, " (%s)", icalparameter_get_tzid(zone));
	else if (!t.is_date && icaltime_is_utc(t))
		buf_puts(b, " UTC");
	buf_putc(b, '\n');
}

static void
put_organizer(struct buf *b, icalcomponent *c)
{
	icalproperty *p =
	    icalcomponent_get_first_property(c, ICAL_ORGANIZER_PROPERTY);
	const char *who = p ? icalproperty_get_organizer(p) : NULL;
	icalparameter *cn;
	struct str addr = str_c(who);

	if (!p)
		return;
	if (str_istarts(addr, S("mailto:")))
		addr = str_from(addr, 7);
	cn = icalproperty_get_first_parameter(p, ICAL_CN_PARAMETER);
	if (cn && icalparameter_get_cn(cn))
		buf_printf(b, "Organizer: %.300s <%.*s>\n",
		    icalparameter_get_cn(cn), STR_ARG(str_sub(addr, 0, 320)));
	else if (addr.n)
		buf_printf(
		    b, "Organizer: %.*s\n", STR_ARG(str_sub(addr, 0, 320)));
}

static void
put_component(struct buf *b, icalcomponent *c, const char *method)
{
	int attendees =
	    icalcomponent_count_properties(c, ICAL_ATTENDEE_PROPERTY);

	if (b->n)
		buf_putc(b, '\n');
	if (method)
		buf_puts(b, method);
	put_line(b, "What", icalcomponent_get_summary(c), LINE_MAX_BYTES);
	put_time(b, c, ICAL_DTSTART_PROPERTY, "When");
	put_time(b, c, ICAL_DTEND_PROPERTY, "Until");
	put_time(b, c, ICAL_DUE_PROPERTY, "Due");
	put_line(b, "Where", icalcomponent_get_location(c), LINE_MAX_BYTES);
	put_organizer(b, c);
	if (attendees > 0)
		buf_printf(b, "Attendees: %d\n", attendees);
	put_line(b, "Description", icalcomponent_get_description(c),
	    DESCRIPTION_MAX);
}

static const char *
method_words(icalcomponent *root)
{
	switch (icalcomponent_get_method(root)) {
	case ICAL_METHOD_REQUEST:
		return "Invitation\n";
	case ICAL_METHOD_REPLY:
		return "Answer to an invitation\n";
	case ICAL_METHOD_CANCEL:
		return "Cancelled\n";
	default:
		return NULL;
	}
}

/* libical goes down one call a level, and frees the same way. */
static bool
too_deep(struct str ics)
{
	struct str line;
	unsigned depth = 0;

	while (str_line(&ics, &line)) {
		line = str_ltrim(line);
		if (str_istarts(line, S("BEGIN:"))) {
			if (++depth > DEPTH_MAX)
				return true;
		} else if (depth && str_istarts(line, S("END:"))) {
			depth--;
		}
	}
	return false;
}

struct str
calendar_text(struct arena *a, struct str ics)
{
	AUTO(buf_fini) struct buf b = buf_max(256 << 10), clean = BUF_INIT;
	icalcomponent *root, *c;
	struct str text;
	unsigned n = 0;

	ics = str_sub(ics, 0, ICS_MAX);
	if (too_deep(ics))
		return (struct str){NULL, 0};
	icalerror_set_errors_are_fatal(false);
	root = icalparser_parse_string(arena_cstr(a, ics));
	if (!root)
		return (struct str){NULL, 0};
	for (c = icalcomponent_get_first_component(root, ICAL_ANY_COMPONENT);
	     c && n < EVENTS_MAX;
	     c = icalcomponent_get_next_component(root, ICAL_ANY_COMPONENT)) {
		icalcomponent_kind kind = icalcomponent_isa(c);

		if (kind == ICAL_VEVENT_COMPONENT ||
		    kind == ICAL_VTODO_COMPONENT ||
		    kind == ICAL_VJOURNAL_COMPONENT)
			put_component(&b, c, n++ ? NULL : method_words(root));
	}
	if (icalcomponent_isa(root) == ICAL_VEVENT_COMPONENT)
		put_component(&b, root, NULL);
	icalcomponent_free(root);
	/* libical cuts lines by bytes; a character may have lost a piece. */
	utf8_put_clean(&clean, buf_str(&b));
	text = arena_dup(a, buf_str(&clean));
	return text;
}
