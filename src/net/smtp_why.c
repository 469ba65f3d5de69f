#include "net/smtp_why.h"
#include "net/stream.h"
#include "base/must.h"

/* One reply, its last line's first digit; 0 on any error. */
static char
reply(struct stream *s)
{
	char code[4] = "";
	size_t column = 0;

	for (size_t total = 0; total < 65536; total++) {
		char c;

		if (stream_read(s, &c, 1) < 0)
			return 0;
		if (c == '\n') {
			if (column >= 3 && code[3] != '-')
				return code[0];
			column = 0;
			continue;
		}
		if (column < 4)
			code[column] = c;
		column++;
	}
	return 0;
}

static bool
ask(struct stream *s, struct str line, char want)
{
	return stream_write(s, line) == 0 && reply(s) == want;
}

int
smtp_why(const struct smtp_server *server, const char *host,
    const char *ca_file, unsigned timeout_s, struct err *err)
{
	AUTO(stream_close) struct stream s = {.fd = -1, .wake = -1};
	struct err ignored = ERR_INIT;

	if (server->security == SMTP_PLAINTEXT ||
	    stream_init(&s, &ignored) < 0 ||
	    stream_connect(&s, str_c(host), server->port, false,
		MIN(timeout_s, 30), &ignored) < 0)
		return 0;
	if (server->security == SMTP_STARTTLS &&
	    (reply(&s) != '2' || !ask(&s, S("EHLO localhost\r\n"), '2') ||
		!ask(&s, S("STARTTLS\r\n"), '2')))
		return 0;
	return stream_tls(&s, str_c(host), ca_file, err);
}
