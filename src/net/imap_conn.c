/*
 * Commands and answers: libetpan's buffered stream over ours, a command put together as text sent with libetpan's tag, its answer
 * through the guard (net/imap_guard.h) into libetpan's parser, which leaves what it found in session->imap_selection_info
 * and imap_response_info.
 */
#include "net/imap_conn.h"
#include "base/mem.h"

#include <libetpan/libetpan.h>
#include <stdlib.h>

enum {
	WIRE_BUFFER = 32 * 1024
};

/* --- libetpan's stream over ours --- */

static ssize_t
low_read(mailstream_low *low, void *to, size_t n)
{
	struct imap *i = low->data;

	return guard_read(&i->guard, to, n);
}

static ssize_t
low_write(mailstream_low *low, const void *from, size_t n)
{
	struct imap *i = low->data;

	if (stream_write(&i->stream, str_n(from, n)) < 0)
		return -1;
	return (ssize_t)n;
}

static int
low_close(mailstream_low *low)
{
	(void)low;
	return 0; /* the stream is struct imap's */
}

static int
low_fd(mailstream_low *low)
{
	struct imap *i = low->data;

	return i->stream.fd;
}

static void
low_free(mailstream_low *low)
{
	free(low);
}

static void
low_cancel(mailstream_low *low)
{
	(void)low;
}

static struct mailstream_cancel *
low_get_cancel(mailstream_low *low)
{
	(void)low;
	return NULL;
}

static mailstream_low_driver driver = {
    .mailstream_read = low_read,
    .mailstream_write = low_write,
    .mailstream_close = low_close,
    .mailstream_get_fd = low_fd,
    .mailstream_free = low_free,
    .mailstream_cancel = low_cancel,
    .mailstream_get_cancel = low_get_cancel,
};

void
imap_attach(struct imap *i)
{
	mailstream_low *low;

	i->session = mailimap_new(0, NULL);
	low = mailstream_low_new(i, &driver);
	i->wire = low ? mailstream_new(low, WIRE_BUFFER) : NULL;
	if (!i->session || !i->wire)
		mem_out();
}

/* --- commands and answers --- */

int
imap_lost(struct imap *i, struct err *err)
{
	if (i->stream.err.code == ERR_NONE)
		stream_fail(&i->stream, ERR_TEMP,
		    "%s sent something that is no IMAP", i->stream.peer);
	if (err)
		*err = i->stream.err;
	return -1;
}

/* The server said NO or BAD. Some codes (RFC 5530) say that it will pass. */
static int
refused(struct imap *i, const char *what, struct err *err)
{
	static const char *const passing[] = {"UNAVAILABLE", "INUSE", "LIMIT",
	    "SERVERBUG", "CORRUPTION", "THROTTLED"};
	const char *code = buf_cstr(&i->guard.code);
	enum err_code kind = ERR_PERM;

	for (size_t k = 0; k < ARRAY_LEN(passing); k++)
		if (str_starts(buf_str(&i->guard.code), str_c(passing[k])))
			kind = ERR_TEMP;
	if (!strcmp(code, "NONEXISTENT") || !strcmp(code, "TRYCREATE"))
		kind = ERR_NOENT;
	return err_set(err, kind, "%s: %s", what,
	    i->guard.text.n ? buf_cstr(&i->guard.text)
			    : "the server refused without a reason");
}

int
imap_send(struct imap *i, unsigned expect, size_t literal_max, uint64_t answer,
    struct err *err)
{
	stream_begin(&i->stream, i->timeout_s);
	if (i->stream.err.code != ERR_NONE ||
	    mailimap_send_current_tag(i->session) != MAILIMAP_NO_ERROR)
		return imap_lost(i, err);
	guard_begin(&i->guard, (unsigned)i->session->imap_tag, expect,
	    literal_max, answer);
	if (mailstream_write(i->wire, i->command.p, i->command.n) < 0 ||
	    mailstream_write(i->wire, "\r\n", 2) < 0 ||
	    mailstream_flush(i->wire) < 0)
		return imap_lost(i, err);
	return 0;
}

int
imap_send_more(struct imap *i, struct str bytes, struct err *err)
{
	if (stream_write(&i->stream, bytes) < 0)
		return imap_lost(i, err);
	return 0;
}

int
imap_answer(struct imap *i, const char *what, struct err *err)
{
	struct mailimap_response *response = NULL;
	int r = MAILIMAP_ERROR_STREAM;

	if (mailimap_read_line(i->session))
		r = mailimap_parse_response(i->session, &response);
	if (r == MAILIMAP_NO_ERROR)
		mailimap_response_free(response);
	if (i->stream.err.code == ERR_NONE && i->guard.tagged == GUARD_BAD)
		return refused(i, what, err);
	if (r != MAILIMAP_NO_ERROR || i->guard.tagged == GUARD_NONE)
		return imap_lost(i, err);
	if (i->guard.tagged != GUARD_OK)
		return refused(i, what, err);
	return 0;
}

int
imap_command(struct imap *i, const char *what, unsigned expect,
    size_t literal_max, uint64_t answer, struct err *err)
{
	if (imap_send(i, expect, literal_max, answer, err) < 0)
		return -1;
	return imap_answer(i, what, err);
}

int
imap_simple(struct imap *i, const char *what, struct err *err)
{
	return imap_command(i, what, 0, 65536, IMAP_SMALL_ANSWER, err);
}
