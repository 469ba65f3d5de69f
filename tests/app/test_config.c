#include "base/clock.h"
#include "base/must.h"
#include "config_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct config_file file;

static int
setup(void **state)
{
	(void)state;
	config_file_open(&file);
	/* The agreement that the samples name. */
	config_file_sla(
	    &file, S("calendar \"office\" { weekdays [\"09:00-17:00\"]; }\n"
		     "sla \"s\" { calendar \"office\"; normal { "
		     "first_response \"4h\"; } }\n"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_file_close(&file);
	return 0;
}

/* Loads what must be right. */
static struct config *
load(const char *text)
{
	struct config *c;
	struct complaints bad;
	struct buf told = BUF_INIT;
	int r = config_file_load(&file, str_c(text), &c, &bad, &told);

	assert_string_equal(buf_cstr(&told), "");
	assert_int_equal(r, 0);
	buf_fini(&told);
	return c;
}

#define assert_str(s, lit) assert_true(str_eq((s), S(lit)))

static void
the_least(void **state)
{
	struct config *c = load(CONFIG_SITE CONFIG_BOX CONFIG_WAY);
	const struct settings *s = &c->settings;

	(void)state;
	assert_str(c->data, "/var/lib/helpd");
	assert_str(c->user, "helpd");
	assert_str(c->group, "helpd");
	assert_true(c->workers >= 1 && c->workers <= 4);
	assert_int_equal(c->map_size, UINT64_C(1) << 40);
	assert_str(s->site, "Acme");
	assert_str(s->name, "Acme");
	assert_str(s->address.addr, "support@acme.example");
	assert_str(s->address.name, "Acme");
	assert_str(s->domain, "acme.example");
	assert_string_equal(s->timezone, "UTC");
	assert_int_equal(s->languages.n, 1);
	assert_str(s->languages.v[0], "en");
	assert_true(s->plus_address);
	assert_int_equal(s->trust, TRUST_DMARC);
	assert_int_equal(s->acknowledge_within, 48 * CLOCK_HOUR);
	assert_int_equal(s->auto_per_hour, 3);
	assert_int_equal(s->auto_per_day, 10);
	assert_int_equal(s->site_per_hour, 1000);
	assert_int_equal(s->message_size, 50 << 20);
	assert_int_equal(s->send_days, 5);
	/* A queue of its own making, and the spool of helpd deliver. */
	assert_int_equal(s->nqueues, 1);
	assert_str(s->queues[0].name, "support");
	assert_str(s->queues[0].address.addr, "support@acme.example");
	assert_int_equal(s->queues[0].reopen_within, 14 * CLOCK_DAY);
	assert_true(s->queues[0].acknowledge);
	assert_int_equal(c->nmailboxes, 2);
	assert_int_equal(c->mailboxes[0].kind, MAILBOX_MAILDIR);
	assert_int_equal(c->mailboxes[0].after, AFTER_CUR);
	assert_int_equal(c->mailboxes[0].begin, BEGIN_UNSEEN);
	assert_str(c->mailboxes[0].channel, "mail");
	assert_int_equal(c->mailboxes[1].kind, MAILBOX_SPOOL);
	assert_str(c->mailboxes[1].name, "deliver");
	assert_int_equal(c->mailboxes[1].path.n, 0);
	assert_ptr_equal(config_transport(c, S("")), c->transports);
	assert_ptr_equal(config_transport(c, S("way")), c->transports);
	assert_null(config_transport(c, S("no")));
	config_free(&c);
	assert_null(c);
	config_free(&c);
}

/* Folders of sent mail, and whose mails are copied where. */
static void
sent_mail(void **state)
{
	struct config *c = load(CONFIG_SITE CONFIG_WAY
	    "mailbox \"desk\" { imap \"imaps://x.example\"; user \"d\";\n"
	    "  credential \"d\"; sent_folders [\"Sent\", \"Ö\"];\n"
	    "  copy \"Sent\"; }\n"
	    "mailbox \"anna\" { imap \"imaps://x.example\";\n"
	    "  user \"anna@acme.example\"; credential \"a\";\n"
	    "  folders \"none\"; sent_folders \"Sent\"; begin \"all\"; }\n"
	    "mailbox \"sales\" { imap \"imaps://x.example\";\n"
	    "  user \"sales@acme.example\"; credential \"s\"; copy \"Out\"; }\n"
	    "mailbox \"dir\" { maildir \"/in\"; sent \"/out\"; queue \"c\";\n"
	    "  after \"delete\"; }\n"
	    "queue \"a\" { }\n"
	    "queue \"b\" { address \"sales@acme.example\"; }\n"
	    "queue \"c\" { address \"c@acme.example\"; }\n");
	const struct mailbox *m = c->mailboxes;
	const struct settings *s = &c->settings;

	(void)state;
	assert_int_equal(c->nmailboxes, 6);
	assert_int_equal(m[0].folders.n, 1);
	assert_str(m[0].folders.v[0], "INBOX");
	assert_int_equal(m[0].sent_folders.n, 2);
	assert_int_equal(mailbox_begin(&m[0], false), BEGIN_UNSEEN);
	assert_int_equal(mailbox_begin(&m[0], true), BEGIN_NOW);
	/* Her account is not the desk's. */
	assert_int_equal(m[1].folders.n, 0);
	assert_int_equal(mailbox_begin(&m[1], true), BEGIN_ALL);
	assert_false(settings_is_own(s, S("anna@acme.example")));
	assert_true(settings_is_own(s, S("sales@acme.example")));
	/* A Maildir of sent mail is a source of its own, left as it is. */
	assert_str(m[3].path, "/in");
	assert_false(m[3].sent_only);
	assert_str(m[4].name, "dir/sent");
	assert_str(m[4].path, "/out");
	assert_true(m[4].sent_only);
	assert_int_equal(m[4].after, AFTER_CUR);
	assert_int_equal(c->ncopies, 2);
	assert_str(s->queues[0].copy, "copy:desk");
	assert_str(s->queues[0].copy_name, "desk/Sent");
	assert_str(s->queues[1].copy_name, "sales/Out");
	assert_str(s->queues[2].copy_name, "desk/Sent");
	assert_ptr_equal(config_copy(c, S("copy:sales")), &c->copies[1]);
	assert_null(config_copy(c, S("copy:anna")));
	assert_null(config_transport(c, S("copy:desk")));
	config_free(&c);
}

static const char whole[] =
    "data \"data\"; user \"desk\"; group \"desk\"; workers 3;\n"
    "map_size 64G;\n"
    "site \"Acme Ltd\" {\n"
    "  address \"Acme Desk <Support@ACME.example>\"; tag \"Acme\";\n"
    "  old_tags [\"Old\", \"Older\"]; timezone \"Europe/Berlin\";\n"
    "  languages [\"zh-cn\", \"en\"]; domain \"Desk.Acme.example\";\n"
    "  plus_address \"no\"; own_addresses \"Info@acme.example\";\n"
    "  own_lists [\"list@acme.example\"]; forms [\"Web@acme.example\"];\n"
    "  trust_authserv [\"mx.acme.example\"]; trust \"token\";\n"
    "  acknowledge_within \"0\";\n"
    "}\n"
    "limits { message_size \"25M\"; auto_per_hour 1; auto_per_day 2;\n"
    "  site_per_hour \"50\"; send_for \"36h\"; }\n"
    "mailbox \"a\" { imap \"imaps://mail.example\"; user \"u@acme.example\";\n"
    "  password_file \"secret/a\"; folders [\"INBOX\", \"Ö\"];\n"
    "  after \"move:Done/2026\"; begin \"all\"; queue \"two\"; poll \"30s\";\n"
    "  timeout \"2m\"; ca_file \"/ca.pem\"; channel \"web\"; }\n"
    "mailbox \"b\" { imap \"imap://[::1]:1143/\"; user \"b\";\n"
    "  password_command \"/bin/pw  x\"; after \"keyword:Done\"; }\n"
    "mailbox \"c\" { imap \"imap+plain://localhost:99\"; user \"c\";\n"
    "  credential \"c\"; begin \"now\"; after \"delete\"; }\n"
    "mailbox \"d\" { imap \"IMAPS://oauth.example\"; user \"d\";\n"
    "  oauth2_token_command \"/bin/token\"; }\n"
    "mailbox \"e\" { maildir \"in\"; after \"move:/done\"; }\n"
    "mailbox \"f\" { spool \"/spool\"; channel \"phone\"; }\n"
    "transport \"a\" { smtp \"smtp://mx.example\"; helo \"desk.example\"; }\n"
    "transport \"b\" { smtp \"smtps://mx.example\"; user \"u\";\n"
    "  password_file \"/s\"; timeout \"10s\"; }\n"
    "transport \"c\" { smtp \"smtp+plain://127.0.0.1:2525\"; }\n"
    "transport \"d\" { sendmail \"/usr/sbin/sendmail\"; }\n"
    "transport \"e\" { maildir \"/out\"; }\n"
    "queue \"one\" { team \"t\"; sla \"s\"; templates \"x\"; }\n"
    "queue \"two\" { address \"Two@acme.example\"; tag \"Two\";\n"
    "  reopen_within \"1w\"; transport \"d\"; acknowledge \"no\";\n"
    "  signature text:\nRegards\n..\n.\n; }\n";

static void
everything_at_the_site(void **state)
{
	struct config *c = load(whole);
	const struct settings *s = &c->settings;
	static const char *const own[] = {"info@acme.example",
	    "support@acme.example", "two@acme.example", "u@acme.example"};
	char data[100];

	(void)state;
	snprintf(data, sizeof data, "%s/data", file.dir);
	assert_true(str_eq(c->data, str_c(data)));
	assert_str(c->user, "desk");
	assert_int_equal(c->workers, 3);
	assert_int_equal(c->map_size, UINT64_C(64) << 30);
	assert_str(s->name, "Acme Ltd");
	assert_str(s->site, "Acme");
	assert_str(s->address.addr, "Support@acme.example");
	assert_str(s->address.name, "Acme Desk");
	assert_int_equal(s->old_tags.n, 2);
	assert_string_equal(s->timezone, "Europe/Berlin");
	assert_str(s->languages.v[0], "zh_CN");
	assert_str(s->domain, "desk.acme.example");
	assert_false(s->plus_address);
	assert_int_equal(s->own_addresses.n, ARRAY_LEN(own));
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		assert_true(strs_has(&s->own_addresses, str_c(own[i])));
	assert_str(s->own_lists.v[0], "list@acme.example");
	assert_str(s->forms.v[0], "web@acme.example");
	assert_str(s->trust_authserv.v[0], "mx.acme.example");
	assert_int_equal(s->trust, TRUST_TOKEN);
	assert_int_equal(s->acknowledge_within, 0);
	assert_int_equal(s->message_size, 25 << 20);
	assert_int_equal(s->auto_per_hour, 1);
	assert_int_equal(s->auto_per_day, 2);
	assert_int_equal(s->site_per_hour, 50);
	assert_int_equal(s->send_days, 2);
	assert_int_equal(s->nqueues, 2);
	assert_str(s->queues[0].address.addr, "Support@acme.example");
	assert_str(s->queues[0].team, "t");
	assert_str(s->queues[0].sla, "s");
	assert_str(s->queues[0].templates, "x");
	assert_str(s->queues[1].address.addr, "Two@acme.example");
	assert_str(s->queues[1].tag, "Two");
	assert_str(s->queues[1].transport, "d");
	assert_str(s->queues[1].signature, "Regards\n.\n");
	assert_int_equal(s->queues[1].reopen_within, 7 * CLOCK_DAY);
	assert_false(s->queues[1].acknowledge);
	config_free(&c);
}

static void
everything_of_mailboxes(void **state)
{
	struct config *c = load(whole);
	const struct mailbox *m = c->mailboxes;
	char path[100];

	(void)state;
	assert_int_equal(c->nmailboxes, 6);
	assert_str(m[0].host, "mail.example");
	assert_int_equal(m[0].port, 993);
	assert_true(m[0].implicit_tls && !m[0].plaintext);
	assert_str(m[0].user, "u@acme.example");
	snprintf(path, sizeof path, "%s/secret/a", file.dir);
	assert_true(str_eq(m[0].secret.file, str_c(path)));
	assert_int_equal(m[0].folders.n, 2);
	assert_str(m[0].folders.v[1], "Ö");
	assert_int_equal(m[0].after, AFTER_MOVE);
	assert_str(m[0].after_arg, "Done/2026");
	assert_int_equal(m[0].begin, BEGIN_ALL);
	assert_str(m[0].queue, "two");
	assert_int_equal(m[0].poll, 30 * CLOCK_SECOND);
	assert_int_equal(m[0].timeout, 2 * CLOCK_MINUTE);
	assert_str(m[0].ca_file, "/ca.pem");
	assert_str(m[0].channel, "web");
	assert_true(m[0].at.line == 14 && m[0].at.column == 1);

	assert_str(m[1].host, "::1");
	assert_int_equal(m[1].port, 1143);
	assert_true(!m[1].implicit_tls && !m[1].plaintext);
	assert_str(m[1].secret.command, "/bin/pw  x");
	assert_int_equal(m[1].after, AFTER_KEYWORD);
	assert_str(m[1].after_arg, "Done");
	assert_str(m[1].folders.v[0], "INBOX");
	assert_int_equal(m[1].poll, CLOCK_MINUTE);

	assert_true(m[2].plaintext && !m[2].implicit_tls);
	assert_int_equal(m[2].port, 99);
	assert_str(m[2].secret.credential, "c");
	assert_int_equal(m[2].begin, BEGIN_NOW);
	assert_int_equal(m[2].after, AFTER_DELETE);

	assert_true(m[3].xoauth2 && !m[2].xoauth2);
	assert_str(m[3].secret.command, "/bin/token");
	assert_int_equal(m[3].after, AFTER_SEEN);

	snprintf(path, sizeof path, "%s/in", file.dir);
	assert_true(str_eq(m[4].path, str_c(path)));
	assert_str(m[4].after_arg, "/done");
	assert_int_equal(m[5].kind, MAILBOX_SPOOL);
	assert_str(m[5].path, "/spool");
	config_free(&c);
}

static void
everything_of_transports(void **state)
{
	struct config *c = load(whole);
	const struct transport *t = c->transports;

	(void)state;
	assert_int_equal(c->ntransports, 5);
	assert_int_equal(t[0].kind, TRANSPORT_SMTP);
	assert_int_equal(t[0].security, TRANSPORT_STARTTLS);
	assert_int_equal(t[0].port, 25);
	assert_str(t[0].helo, "desk.example");
	assert_int_equal(t[0].timeout, 2 * CLOCK_MINUTE);
	assert_int_equal(t[1].security, TRANSPORT_IMPLICIT);
	assert_int_equal(t[1].port, 465);
	assert_str(t[1].secret.file, "/s");
	assert_int_equal(t[2].security, TRANSPORT_PLAINTEXT);
	assert_int_equal(t[2].port, 2525);
	assert_int_equal(t[3].kind, TRANSPORT_SENDMAIL);
	assert_str(t[3].path, "/usr/sbin/sendmail");
	assert_int_equal(t[4].kind, TRANSPORT_MAILDIR);
	config_free(&c);
}

/* A whole file is more than one row needs: what a row leaves out comes from here. */
struct row {
	const char *text, *told;
};

static const struct row rows[] = {
    /* names */
    {"dta \"/x\";",
	"1:1: error: dta is not known in helpd.conf: did you mean data?"},
    {"timezone \"UTC\";", "1:1: error: timezone is not known in helpd.conf: "
			  "it belongs into site"},
    {"banana { a; }",
	"1:1: error: banana is not known in helpd.conf: expected site, "
	"mailbox, transport, queue, webhook, classify, tier, limits, "
	"encryption, alarms or heartbeat"},
    {"alarms { to [\"x\", \"support@acme.example\"]; }",
	"1:14: error: to: found \"x\", expected an address such as "
	"\"ops@example.org\", or \"none\"\n"
	"1:19: error: to: support@acme.example is an address of the desk; "
	"alarms go to people who look after it"},
    {"alarms { expiring [\"7d\", \"soon\"]; transport \"wax\"; }",
	"1:26: error: expiring: found \"soon\", expected a duration such as "
	"\"21d\"\n"
	"1:45: error: there is no transport \"wax\": did you mean \"way\"?"},
    {"heartbeat { every \"1m\"; within \"2m\"; mailbox \"bog\"; }",
	"1:32: error: within must not be longer than every\n"
	"1:46: error: there is no mailbox that is read \"bog\": did you mean "
	"\"box\"?"},
    {"queue \"q\" { data \"/x\"; }",
	"1:13: error: data is not known in queue: it belongs outside of any "
	"block"},
    {"mailbox \"m\" { maildir \"/x\"; password \"x\"; }",
	"1:29: error: no secrets in this file: write password_file \"FILE\"; "
	"and the password into FILE"},
    {"DATA \"/x\";", ""}, /* RFC 5228 §2.1: names have no case */
    /* twice, too few, too many */
    {"data \"/x\";\ndata \"/y\";",
	"2:1: error: data is there twice: first at line 1"},
    {"limits {}\nlimits {}",
	"2:1: error: limits is there twice: first at line 1"},
    {"data;", "1:5: error: data: expected a value"},
    {"data \"/x\" \"/y\";",
	"1:11: error: data takes one value: expected ';', or a list [\"…\", "
	"\"…\"]"},
    {"data { }", "1:1: error: data is a setting, not a block: expected data "
		 "VALUE;"},
    {"limits;", "1:7: error: limits: expected '{' and its settings"},
    {"limits \"x\" {}", "1:8: error: limits has no name: expected '{'"},
    {"queue { }", "1:1: error: queue needs a name: expected queue \"NAME\" { "
		  "… }"},
    {"queue \"a\" \"b\" { }",
	"1:11: error: queue takes one name: expected '{'"},
    {"queue \"a\" {} queue \"a\" {}",
	"1:20: error: there is a queue \"a\" already"},
    {"queue \"a b\" { }",
	"1:7: error: queue: found \"a b\", expected a name of letters, digits, "
	"'.', '_' and '-'"},
    {"queue \"../x\" { }", "1:7: error: queue: found \"../x\", expected a name "
			   "of letters, digits, "
			   "'.', '_' and '-'"},
    {"queue \"\" { }", "1:7: error: queue: found \"\", expected something "
		       "between the quotes"},
    /* values */
    {"workers 99;",
	"1:9: error: workers: found 99, expected something from 1 to 16"},
    {"workers 0;",
	"1:9: error: workers: found 0, expected something from 1 to 16"},
    {"workers \"two\";", "1:9: error: workers: found \"two\", expected a "
			 "number"},
    {"workers 99999999999999;", "1:9: error: workers: found 99999999999999, "
				"expected something from 1 to 16"},
    {"workers [\"1\"];", "1:9: error: workers: found a list, expected a "
			 "number"},
    {"map_size 10;", "1:10: error: map_size: found 10, expected something "
		     "from 16M to 65536G"},
    {"map_size \"10X\";", "1:10: error: map_size: found \"10X\", expected a "
			  "size such as 25M"},
    {"map_size \"99999999999G\";",
	"1:10: error: map_size: found \"99999999999G\", expected a size such "
	"as 25M"},
    {"limits { send_for \"0\"; }",
	"1:19: error: send_for: found \"0\", expected something from 1d to "
	"60d"},
    {"queue \"q\" { reopen_within 14; }",
	"1:27: error: reopen_within: found 14, expected a duration with its "
	"unit, such as \"14s\" or \"14d\""},
    {"queue \"q\" { reopen_within 0; }", ""},
    {"queue \"q\" { reopen_within 14d; }",
	"1:27: error: found 14d, expected a string: write \"14d\""},
    {"queue \"q\" { reopen_within \"2 weeks\"; }",
	"1:27: error: reopen_within: found \"2 weeks\", expected a duration "
	"such as \"30s\", \"15m\", \"8h\" or \"14d\""},
    {"queue \"q\" { acknowledge yes; }",
	"1:25: error: found yes, expected a string: write \"yes\""},
    {"queue \"q\" { acknowledge \"maybe\"; }",
	"1:25: error: acknowledge: found \"maybe\", expected \"yes\" or "
	"\"no\""},
    {"queue \"q\" { address \"support\"; }",
	"1:21: error: address: found \"support\", expected an address such as "
	"support@example.org"},
    {"queue \"q\" { address \"a@b.example, c@d.example\"; }",
	"1:21: error: address: found \"a@b.example, c@d.example\", expected an "
	"address such as support@example.org"},
    {"queue \"q\" { tag \"a]b\"; }",
	"1:17: error: tag: found \"a]b\", expected at most 60 bytes without [, "
	"], # or spaces around"},
    {"queue \"q\" { transport \"wya\"; }",
	"1:23: error: there is no transport \"wya\": did you mean \"way\"?"},
    {"data \"a\nb\";", "1:6: error: data: found \"a\\x0ab\", expected one "
		       "line without control characters"},
    {"data \"~/x\";", "1:6: error: data: found \"~/x\", expected a path "
		      "written out, without ~"},
    {"templates \"nowhere\";", NULL},
    /* mailboxes */
    {"mailbox \"m\" { }",
	"1:1: error: mailbox needs one of imap, maildir and spool"},
    {"mailbox \"m\" { imap \"imaps://x\"; user \"u\"; maildir \"/x\"; "
     "credential \"c\"; }",
	"1:43: error: a mailbox is one of its kinds: imap stands at line 1 "
	"already"},
    {"mailbox \"m\" { maildir \"/x\"; user \"u\"; }",
	"1:29: error: user is of no use in a maildir mailbox: it goes with "
	"imap"},
    {"mailbox \"m\" { spool; after \"delete\"; }",
	"1:22: error: after is of no use in a spool mailbox: it goes with "
	"imap"},
    {"mailbox \"m\" { imap \"imaps://x\"; }",
	"1:1: error: an imap mailbox needs a user"},
    {"mailbox \"m\" { imap \"imaps://x\"; user \"u\"; }",
	"1:33: error: a user needs password_file, password_command, credential "
	"or oauth2_token_command"},
    {"mailbox \"m\" { imap \"imaps://x\"; user \"u\"; credential \"c\"; "
     "password_file \"/f\"; }",
	"1:59: error: one password is enough: credential stands at line 1 "
	"already"},
    {"mailbox \"m\" { imap \"imaps://x\"; user \"u\"; password_command "
     "\"pass x\"; }",
	"1:60: error: password_command: found \"pass x\", expected a program "
	"by its whole path (there is no shell)"},
    {"mailbox \"m\" { maildir \"/x\"; queue \"wrong\"; }",
	"1:35: error: there is no queue \"wrong\""},
    {"mailbox \"m\" { maildir \"/m\"; }",
	"2:1: error: mailbox \"box\" reads the same as mailbox \"m\" at line "
	"1"},
    {"mailbox \"m\" { maildir \"/x\"; after \"seen\"; }",
	"1:35: error: after: a maildir has \"cur\", \"move:DIR\" and "
	"\"delete\""},
    {"mailbox \"m\" { maildir \"/x\"; after \"move:y\"; }",
	"1:35: error: after: expected \"move:\" and the whole path of a "
	"Maildir"},
    {"mailbox \"m\" { maildir \"/x\"; after \"move:/x\"; }",
	"1:35: error: after: the mail cannot move to where it is"},
    {"mailbox \"m\" { maildir \"/x\"; after \"mvoe:/y\"; }",
	"1:35: error: after: found \"mvoe:/y\", expected \"seen\", "
	"\"keyword\", \"move\", \"delete\" or \"cur\": did you mean \"move\"?"},
    {"mailbox \"m\" { maildir \"/x\"; after \"move:\"; }",
	"1:35: error: after: found \"move:\", expected \"move:FOLDER\""},
    {"mailbox \"m\" { maildir \"/x\"; after \"delete:now\"; }",
	"1:35: error: after: found \"delete:now\", expected nothing behind "
	"this word"},
    {"mailbox \"m\" { maildir \"/x\"; begin \"unsene\"; }",
	"1:35: error: begin: found \"unsene\", expected \"unseen\", \"all\" or "
	"\"now\": did you mean \"unseen\"?"},
    {"mailbox \"deliver\" { maildir \"/x\"; }",
	"1:9: error: the name deliver is kept for the spool of helpd "
	"deliver"},
    /* transports */
    {"transport \"t\" { }",
	"1:1: error: transport needs one of smtp, sendmail and maildir"},
    {"transport \"t\" { smtp \"smtp://x\"; user \"u\"; }",
	"1:34: error: a user needs password_file, password_command, credential "
	"or oauth2_token_command"},
    {"transport \"t\" { smtp \"smtp://x\"; password_file \"/f\"; }",
	"1:34: error: password_file needs a user to go with it"},
    {"transport \"t\" { sendmail \"/x\"; helo \"y\"; }",
	"1:32: error: helo is of no use in a sendmail transport: it goes with "
	"smtp"},
    /* syntax and settings together */
    {"data \"/x\"\nworkers 99;",
	"1:10: error: found workers, expected ';' after data\n"
	"2:9: error: workers: found 99, expected something from 1 to 16"},
};

static void
complains(void **state)
{
	struct buf told = BUF_INIT, want = BUF_INIT, text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str rest = str_c(rows[i].told), line;
		struct config *c;
		struct complaints bad;
		int r;

		buf_reset(&text);
		buf_printf(&text, "%s\n%s%s%s", rows[i].text, CONFIG_BOX,
		    CONFIG_WAY, CONFIG_SITE);
		buf_reset(&want);
		while (str_line(&rest, &line))
			buf_printf(&want, "helpd.conf:%.*s\n", STR_ARG(line));
		r = config_file_load(&file, buf_str(&text), &c, &bad, &told);
		if (!rows[i].told) { /* holds the directory's name */
			assert_int_equal(bad.errors, 1);
		} else {
			assert_string_equal(buf_cstr(&told), buf_cstr(&want));
			assert_int_equal(r, want.n ? -1 : 0);
		}
		config_free(&c);
	}
	buf_fini(&told);
	buf_fini(&want);
	buf_fini(&text);
}

static const struct row servers[] = {
    {"imaps://x.example", ""},
    {"imaps://x.example:1", ""},
    {"imap://x.example:65535/", ""},
    {"imap+plain://127.0.0.1", ""},
    {"imap+plain://[::1]", ""},
    {"imaps://[2001:db8::1]:993", ""},
    {"imap+plain://x.example",
	"a loopback address: imap+plain sends the password unencrypted; use "
	"imaps://, or imap:// with STARTTLS"},
    {"imap+plain://127.example.org.and.more",
	"a loopback address: imap+plain "
	"sends the password unencrypted; use imaps://, or imap:// with "
	"STARTTLS"},
    {"x.example", "\"imaps://x.example\""},
    {"x.example:993", "\"imaps://HOST\""},
    {"imapx://x.example", "imaps:// or imap://: did you mean imaps://?"},
    {"https://x.example", "imaps:// or imap://: did you mean imaps://?"},
    {"imaps://u@x.example",
	"only the server here: the user and the password have settings of "
	"their own"},
    {"imaps://u:p@x.example",
	"only the server here: the user and the password have settings of "
	"their own"},
    {"imaps://x.example/INBOX", "nothing behind the server"},
    {"imaps://x.example:0", "a port from 1 to 65535"},
    {"imaps://x.example:65536", "a port from 1 to 65535"},
    {"imaps://x.example:", "a port from 1 to 65535"},
    {"imaps://x.example:99x", "a port from 1 to 65535"},
    {"imaps://", "the name of a server"},
    {"imaps://x example", "the name of a server"},
    {"imaps://-x.example", "the name of a server"},
    {"imaps://x..example", "the name of a server"},
    {"imaps://[::1", "']' behind the address"},
    {"imaps://[zz]", "an IPv6 address"},
    {"imaps://[]", "an IPv6 address"},
    {"imaps://[::1]x", "':' and a port behind ']'"},
};

static void
servers_and_ports(void **state)
{
	struct buf told = BUF_INIT, want = BUF_INIT, text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct config *c;
		struct complaints bad;

		buf_reset(&text);
		buf_printf(&text,
		    "mailbox \"m\" { user \"u\"; credential \"c\";\nimap "
		    "\"%s\"; }\n%s%s",
		    servers[i].text, CONFIG_WAY, CONFIG_SITE);
		buf_reset(&want);
		if (*servers[i].told)
			buf_printf(&want,
			    "helpd.conf:2:6: error: imap: found \"%s\", "
			    "expected %s\n",
			    servers[i].text, servers[i].told);
		config_file_load(&file, buf_str(&text), &c, &bad, &told);
		assert_string_equal(buf_cstr(&told), buf_cstr(&want));
		config_free(&c);
	}
	buf_fini(&told);
	buf_fini(&want);
	buf_fini(&text);
}

static const struct row site_rows[] = {
    {"timezone \"Berlin\"", "timezone: found \"Berlin\", expected a time "
			    "zone: did you mean \"Europe/Berlin\"?"},
    {"timezone \"Europe/Berln\"", "timezone: found \"Europe/Berln\", expected "
				  "a time zone: did you mean "
				  "\"Europe/Berlin\"?"},
    {"timezone \"GMT+3\"",
	"timezone: found \"GMT+3\", expected a time zone such as "
	"\"Europe/Berlin\""},
    {"languages [\"xx\"]", "languages: found \"xx\", expected a language such "
			   "as \"en\", \"de\" or \"zh_CN\""},
    {"languages [\"../en\"]",
	"languages: found \"../en\", expected a language such as \"en\", "
	"\"de\" or \"zh_CN\""},
    {"languages [\"en_QQ\"]",
	"languages: found \"en_QQ\", expected a language such as \"en\", "
	"\"de\" or \"zh_CN\""},
    {"trust \"tokn\"", "trust: found \"tokn\", expected \"dmarc\" or "
		       "\"token\": did you mean \"token\"?"},
    {"domain \"a b\"", "domain: found \"a b\", expected a domain such as "
		       "example.org"},
    {"forms [\"web\"]", "forms: found \"web\", expected an address such as "
			"support@example.org"},
    {"adress \"x\"", "adress is not known in site: did you mean address?"},
};

static void
site(void **state)
{
	struct buf told = BUF_INIT, want = BUF_INIT, text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(site_rows); i++) {
		struct config *c;
		struct complaints bad;

		buf_reset(&text);
		buf_printf(&text,
		    "site \"A\" { address \"a@b.example\";\n%s; "
		    "}\n%s%s",
		    site_rows[i].text, CONFIG_BOX, CONFIG_WAY);
		config_file_load(&file, buf_str(&text), &c, &bad, &told);
		buf_reset(&want);
		buf_puts(&want, site_rows[i].told);
		if (!str_has(buf_str(&told), buf_str(&want)))
			assert_string_equal(buf_cstr(&told), buf_cstr(&want));
		assert_int_equal(bad.errors, 1);
		assert_int_equal(bad.v[0].at.line, 2);
		config_free(&c);
	}
	buf_fini(&told);
	buf_fini(&want);
	buf_fini(&text);
}

static void
nothing_there(void **state)
{
	struct config *c;
	struct complaints bad = {0};
	struct buf told = BUF_INIT;

	(void)state;
	assert_int_equal(config_file_load(&file, S(""), &c, &bad, &told), -1);
	assert_string_equal(buf_cstr(&told),
	    "helpd.conf:1:1: error: there is no site: expected site \"NAME\" { "
	    "… }\n"
	    "helpd.conf:1:1: error: there is no mailbox: expected mailbox "
	    "\"NAME\" { … }\n"
	    "helpd.conf:1:1: error: there is no transport: expected transport "
	    "\"NAME\" { … }\n");
	config_free(&c);
	bad = (struct complaints){0};
	assert_int_equal(config_load("/nonexistent", &c, &bad), -1);
	assert_int_equal(bad.errors, 1);
	assert_true(str_has(bad.v[0].msg, S("helpd init writes one")));
	config_free(&c);
	buf_fini(&told);
}

static void
warnings_are_no_errors(void **state)
{
	struct config *c;
	struct complaints bad;
	struct buf told = BUF_INIT;

	(void)state;
	assert_int_equal(config_file_load(&file,
			     S(CONFIG_SITE CONFIG_BOX CONFIG_WAY
				 "queue \"a\" { address \"x@y.example\"; }\n"
				 "queue \"b\" { address \"X@y.example\"; }\n"),
			     &c, &bad, &told),
	    0);
	assert_string_equal(buf_cstr(&told),
	    "helpd.conf:5:21: warning: queue \"a\" has this address too, and "
	    "gets the mail to it\n");
	config_free(&c);
	buf_fini(&told);
}

/* A newer configuration has a greater number, in one process. */
static void
generations(void **state)
{
	struct config *a = load(CONFIG_SITE CONFIG_BOX CONFIG_WAY);
	struct config *b = load(CONFIG_SITE CONFIG_BOX CONFIG_WAY);

	(void)state;
	assert_true(b->settings.generation > a->settings.generation);
	config_free(&a);
	config_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_least),
	    cmocka_unit_test(sent_mail),
	    cmocka_unit_test(everything_at_the_site),
	    cmocka_unit_test(everything_of_mailboxes),
	    cmocka_unit_test(everything_of_transports),
	    cmocka_unit_test(complains),
	    cmocka_unit_test(servers_and_ports),
	    cmocka_unit_test(site),
	    cmocka_unit_test(nothing_there),
	    cmocka_unit_test(warnings_are_no_errors),
	    cmocka_unit_test(generations),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
