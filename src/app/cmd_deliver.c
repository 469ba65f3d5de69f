/* deliver: for an MTA's pipe, fetchmail, a web form. Durable in the spool, then
 * exit 0; anything else is 75, and the MTA keeps it. */
#include "app/session.h"
#include "app/spool.h"
#include "base/file.h"
#include "base/must.h"
#include "mail/address.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static bool
is_word(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!ch_is_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return n > 0 && n <= 40;
}

/* An envelope address as an MTA gives it: "<>" and "" are the null sender; what
 * is no address is left out rather than refused. */
static bool
envelope(struct arena *a, const char *s, struct str *out)
{
	struct str v = str_trim(str_c(s));
	struct address x;

	if (v.n >= 2 && v.p[0] == '<' && v.p[v.n - 1] == '>')
		v = str_sub(v, 1, v.n - 1);
	*out = str_n(NULL, 0);
	if (v.n == 0)
		return true;
	if (!address_parse_one(a, v, &x))
		return false;
	*out = x.addr;
	return true;
}

static int
put(struct verb_context *c, struct spooled *s)
{
	struct session ses;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	int status = session_open(&ses, c, SESSION_CONFIG);

	if (status == EX_OK && geteuid() == 0)
		status = session_own(&ses, c);
	/* A configuration with an error is no reason to lose or bounce a mail.
	 */
	if (status != EX_OK) {
		session_close(&ses);
		return EX_TEMPFAIL;
	}
	if (access(session_path(&ses, "spool"), F_OK) < 0 &&
	    spool_make(session_path(&ses, "spool"), &err) < 0)
		status = verb_fail(c, EX_TEMPFAIL, "%s", err.msg);
	if (status == EX_OK && spool_put_from(&a, session_path(&ses, "spool"),
				   s, STDIN_FILENO, &err) < 0)
		status = verb_fail(c,
		    err.code == ERR_INVAL ? EX_DATAERR : EX_TEMPFAIL, "%s",
		    err.msg);
	session_close(&ses);
	return status;
}

int
cmd_deliver(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"channel", required_argument, NULL, 'c'},
	    {"sender", required_argument, NULL, 's'},
	    {"recipient", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0},
	};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct spooled s = {0};
	int opt;

	umask(007);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			if (!is_word(optarg))
				return verb_fail(c, EX_USAGE,
				    "a channel is a word of letters, digits, "
				    "\"-\", \"_\", \".\"");
			s.channel = str_c(optarg);
			break;
		case 's':
			s.has_sender = envelope(&a, optarg, &s.sender);
			break;
		case 'r':
			envelope(&a, optarg, &s.recipient);
			break;
		default:
			return verb_usage(c);
		}
	}
	if (optind != argc)
		return verb_usage(c);
	return put(c, &s);
}
