#include "app/config_table.h"
#include "base/clock.h"
#include "base/must.h"

#include <stddef.h>

#define TOP(m) offsetof(struct config, m)
#define SITE(m) offsetof(struct settings, m)
#define LIMIT(m) offsetof(struct settings, m)
#define BOX(m) offsetof(struct mailbox, m)
#define WAY(m) offsetof(struct transport, m)
#define QUEUE(m) offsetof(struct queue, m)
#define AGENT(m) offsetof(struct agent_values, m)
#define TEAM(m) offsetof(struct team_values, m)

#define IMAP (1u << MAILBOX_IMAP)
#define MAILDIR (1u << MAILBOX_MAILDIR)
#define SPOOL (1u << MAILBOX_SPOOL)
#define SMTP (1u << TRANSPORT_SMTP)
#define SENDMAIL (1u << TRANSPORT_SENDMAIL)
#define OUTDIR (1u << TRANSPORT_MAILDIR)

#define YEAR (365 * CLOCK_DAY)

/* clang-format off */
const struct setting settings_table[] = {
{"", "data", SETTING_PATH, TOP(data), "/var/lib/helpd", .about = "where tickets are kept"},
{"", "user", SETTING_NAME, TOP(user), "helpd", .about = "the user the daemon becomes when started as root"},
{"", "group", SETTING_NAME, TOP(group), "helpd", .about = "and its group, which may hand in mail with helpd deliver"},
{"", "workers", SETTING_COUNT, TOP(workers), "one a core, 4 at most", "2", .least = 1, .most = 16,
    .about = "processes that parse mail"},
{"", "map_size", SETTING_SIZE, TOP(map_size), "1024G", "1024G", .least = 16 << 20, .most = INT64_C(1) << 46,
    .about = "the most the store may grow to; address space, not disk"},
{"", "templates", SETTING_PATH, TOP(templates), "templates", .about = "a directory whose LANG/NAME.mustache replace the installed ones"},
{"", "site", SETTING_BLOCK, 0, .required = true, .once = true, .about = "who answers here"},
{"", "mailbox", SETTING_BLOCK, 0, .required = true, .about = "where mail comes from: an IMAP account, a Maildir, or a spool; any number"},
{"", "transport", SETTING_BLOCK, 0, .required = true, .about = "how mail leaves: a server, a program, or a Maildir; the first is the default"},
{"", "queue", SETTING_BLOCK, 0, "one queue, support, with the site's address", .about = "where tickets wait, each with an address of its own"},
{"", "limits", SETTING_BLOCK, 0, .once = true, .about = "against mail loops, floods and giants"},

{"site", "address", SETTING_ADDRESS, SITE(address), .example = "support@example.org", .required = true,
    .about = "the support address customers write to"},
{"site", "tag", SETTING_TAG, SITE(site), "the site's name", "Acme", .about = "in subjects: [Acme #1042]"},
{"site", "old_tags", SETTING_TAGS, SITE(old_tags), NULL, "OldName", .about = "tags of former days, still recognised"},
{"site", "timezone", SETTING_ZONE, SITE(timezone), "UTC", "Europe/Berlin", .about = "for times in mails"},
{"site", "languages", SETTING_LANGUAGES, SITE(languages), "en", .about = "of templates; the first is the default"},
{"site", "domain", SETTING_DOMAIN, SITE(domain), "the address's", "example.org", .about = "behind the @ of Message-IDs"},
{"site", "plus_address", SETTING_BOOL, SITE(plus_address), "yes",
    .about = "answers come back to support+1042.TOKEN@…; \"no\" where +details do not arrive"},
{"site", "own_addresses", SETTING_ADDRESSES, SITE(own_addresses), "those of site, queues and mailboxes", "info@example.org",
    .about = "further addresses of the desk: never a customer, never written to"},
{"site", "own_lists", SETTING_ADDRESSES, SITE(own_lists), NULL, "support-list@example.org",
    .about = "lists that bring customers' mail; their List-* headers do not make it automatic"},
{"site", "forms", SETTING_ADDRESSES, SITE(forms), NULL, "web@example.org",
    .about = "senders of form mail, whose Reply-To is the customer"},
{"site", "trust_authserv", SETTING_DOMAINS, SITE(trust_authserv), NULL, "mx.example.org",
    .about = "whose Authentication-Results are believed"},
{"site", "trust", SETTING_WORD, SITE(trust), "dmarc", .words = "dmarc token",
    .about = "what an agent's mail must show: \"dmarc\", or \"token\" where the mail system adds no results"},
{"site", "acknowledge_within", SETTING_DURATION, SITE(acknowledge_within), "48h", .most = 10 * YEAR,
    .about = "older mail is never acknowledged; \"0\": no limit"},
{"site", "fields", SETTING_LABELS, SITE(fields), "any", "order", .about = "names that the fields of tickets may have"},
{"site", "tags", SETTING_LABELS, SITE(tags), "any", "refund", .about = "tags that agents may set"},

{"limits", "message_size", SETTING_SIZE, LIMIT(message_size), "50M", .least = 64 << 10, .most = INT64_C(2) << 30,
    .about = "larger mail becomes a stub and stays where it is"},
{"limits", "auto_per_hour", SETTING_COUNT, LIMIT(auto_per_hour), "3", .least = 1, .most = 1000,
    .about = "automatic mails to one address"},
{"limits", "auto_per_day", SETTING_COUNT, LIMIT(auto_per_day), "10", .least = 1, .most = 10000,
    .about = "automatic mails to one address"},
{"limits", "site_per_hour", SETTING_COUNT, LIMIT(site_per_hour), "1000", .least = 1, .most = 10000000,
    .about = "automatic mails of the whole site, below which the breaker never trips"},
{"limits", "send_for", SETTING_DAYS, LIMIT(send_days), "5d", .least = CLOCK_DAY, .most = 60 * CLOCK_DAY,
    .about = "how long a mail that nobody takes is tried again"},
{"limits", "notices_per_hour", SETTING_COUNT, LIMIT(notices_per_hour), "120", .least = 1, .most = 100000,
    .about = "notices to one agent; what is over comes in one digest"},
{"limits", "notice_attachments", SETTING_SIZE, LIMIT(notice_attachments), "5M", .most = INT64_C(1) << 30,
    .about = "of a customer's files carried along in a notice; larger ones are listed"},
{"limits", "notice_within", SETTING_DURATION, LIMIT(notice_within), "90d", .least = CLOCK_HOUR, .most = 10 * YEAR,
    .about = "how long a notice can be answered"},
{"limits", "confirm_within", SETTING_DURATION, LIMIT(confirm_within), "3d", .least = 10 * CLOCK_MINUTE, .most = 60 * CLOCK_DAY,
    .about = "how long something waits for an agent's #send"},

{"mailbox", "imap", SETTING_IMAP_URL, 0, .example = "imaps://mail.example.org", .kind = IMAP,
    .about = "imaps://HOST, or imap://HOST, where STARTTLS is required"},
{"mailbox", "user", SETTING_STRING, BOX(user), .example = "support@example.org", .kinds = IMAP, .about = "to log in as"},
{"mailbox", "password_file", SETTING_PATH, BOX(secret.file), .example = "secret/support", .kinds = IMAP,
    .about = "holds the password; nobody else may read it"},
{"mailbox", "password_command", SETTING_COMMAND, BOX(secret.command), .example = "/usr/bin/pass show mail/support", .kinds = IMAP,
    .about = "or prints it"},
{"mailbox", "credential", SETTING_NAME, BOX(secret.credential), .example = "support", .kinds = IMAP,
    .about = "or a credential of the systemd service (LoadCredential=)"},
{"mailbox", "oauth2_token_command", SETTING_COMMAND, BOX(secret.command), .example = "/usr/local/bin/token support", .kinds = IMAP,
    .about = "or prints an OAuth2 access token"},
{"mailbox", "ca_file", SETTING_PATH, BOX(ca_file), "the system's", "/etc/ssl/certs/example.pem", .kinds = IMAP,
    .about = "further certificates to trust"},
{"mailbox", "folders", SETTING_STRINGS, BOX(folders), "INBOX", .kinds = IMAP,
    .about = "to read; \"none\": only its sent_folders"},
{"mailbox", "sent_folders", SETTING_STRINGS, BOX(sent_folders), .example = "Sent", .kinds = IMAP,
    .about = "folders of sent mail: what the desk wrote there to customers is recorded as answers"},
{"mailbox", "copy", SETTING_STRING, BOX(copy), .example = "Sent", .kinds = IMAP,
    .about = "a folder into which what was sent to customers is copied"},
{"mailbox", "poll", SETTING_DURATION, BOX(poll), "60s", .least = 5 * CLOCK_SECOND, .most = CLOCK_DAY, .kinds = IMAP,
    .about = "between looks, where the server has no IDLE"},
{"mailbox", "timeout", SETTING_DURATION, BOX(timeout), "60s", .least = CLOCK_SECOND, .most = CLOCK_HOUR, .kinds = IMAP,
    .about = "for the server's answer to a command"},
{"mailbox", "maildir", SETTING_PATH, BOX(path), .example = "/var/mail/support", .kind = MAILDIR, .about = "a Maildir on this machine"},
{"mailbox", "sent", SETTING_PATH, BOX(sent), .example = "/var/mail/support/.Sent", .kinds = MAILDIR,
    .about = "a Maildir of sent mail: what the desk wrote there to customers is recorded as answers"},
{"mailbox", "spool", SETTING_PATH, BOX(path), .example = "/var/spool/helpd", .kind = SPOOL,
    .about = "a directory that helpd deliver fills; one is always there"},
{"mailbox", "begin", SETTING_WORD, BOX(begin), "unseen", .words = "unseen all now", .kinds = IMAP | MAILDIR,
    .about = "the first reading takes \"unseen\" mail, \"all\", or only what comes from \"now\" on"},
{"mailbox", "after", SETTING_AFTER, 0, "seen (Maildir: cur)", "seen", .kinds = IMAP | MAILDIR,
    .about = "what is done to a mail that is safe: \"seen\", \"keyword:NAME\", \"move:FOLDER\", \"delete\""},
{"mailbox", "queue", SETTING_NAME, BOX(queue), "the first queue", "support", .about = "for mail that names no queue's address"},
{"mailbox", "channel", SETTING_NAME, BOX(channel), "mail", .about = "what tickets from here are said to come by"},

{"transport", "smtp", SETTING_SMTP_URL, 0, .example = "submission://smtp.example.org", .kind = SMTP,
    .about = "submission://HOST or smtp://HOST, where STARTTLS is required; submissions://HOST or smtps://HOST"},
{"transport", "user", SETTING_STRING, WAY(user), .example = "support@example.org", .kinds = SMTP, .about = "to log in as; none: no login"},
{"transport", "password_file", SETTING_PATH, WAY(secret.file), .example = "secret/smtp", .kinds = SMTP,
    .about = "holds the password; nobody else may read it"},
{"transport", "password_command", SETTING_COMMAND, WAY(secret.command), .example = "/usr/bin/pass show mail/smtp", .kinds = SMTP,
    .about = "or prints it"},
{"transport", "credential", SETTING_NAME, WAY(secret.credential), .example = "smtp", .kinds = SMTP,
    .about = "or a credential of the systemd service (LoadCredential=)"},
{"transport", "oauth2_token_command", SETTING_COMMAND, WAY(secret.command), .example = "/usr/local/bin/token smtp", .kinds = SMTP,
    .about = "or prints an OAuth2 access token"},
{"transport", "ca_file", SETTING_PATH, WAY(ca_file), "the system's", "/etc/ssl/certs/example.pem", .kinds = SMTP,
    .about = "further certificates to trust"},
{"transport", "helo", SETTING_DOMAIN, WAY(helo), "this machine's name", "desk.example.org", .kinds = SMTP, .about = "our name to the server"},
{"transport", "timeout", SETTING_DURATION, WAY(timeout), "120s", .least = CLOCK_SECOND, .most = CLOCK_HOUR, .kinds = SMTP,
    .about = "for one mail"},
{"transport", "sendmail", SETTING_PATH, WAY(path), .example = "/usr/sbin/sendmail", .kind = SENDMAIL, .about = "a program that takes mail as sendmail does"},
{"transport", "maildir", SETTING_PATH, WAY(path), .example = "/var/spool/helpd/out", .kind = OUTDIR, .about = "a Maildir: to try things out"},

{"queue", "address", SETTING_ADDRESS, QUEUE(address), "the site's", "support@example.org", .about = "mail to it goes into this queue; answers come from it"},
{"queue", "tag", SETTING_TAG, QUEUE(tag), "the site's", "Acme", .about = "in subjects"},
{"queue", "team", SETTING_NAME, QUEUE(team), NULL, "first-line", .about = "who looks after it"},
{"queue", "sla", SETTING_NAME, QUEUE(sla), NULL, "standard", .about = "the agreement its tickets fall under"},
{"queue", "reopen_within", SETTING_DURATION, QUEUE(reopen_within), "14d", .most = 10 * YEAR,
    .about = "a reply to a resolved ticket reopens it; later ones open a new ticket"},
{"queue", "templates", SETTING_NAME, QUEUE(templates), NULL, "support", .about = "a directory in templates/LANG/ to look into first"},
{"queue", "transport", SETTING_NAME, QUEUE(transport), "the first transport", "default", .about = "how its mail leaves"},
{"queue", "signature", SETTING_TEXT, QUEUE(signature), NULL, "Your Acme team", .about = "under answers; text: for several lines"},
{"queue", "acknowledge", SETTING_BOOL, QUEUE(acknowledge), "yes", .about = "tell customers that their mail has arrived"},

{"agents.conf", "agent", SETTING_BLOCK, 0, .about = "who works here; the name is what is written behind #assign and @"},
{"agents.conf", "team", SETTING_BLOCK, 0, .about = "agents who look after the same queues (queue \"…\" { team \"…\"; } in helpd.conf)"},

{"agent", "name", SETTING_STRING, AGENT(agent.full_name), "the agent's name", "Anna Berg", .about = "what customers read under an answer"},
{"agent", "address", SETTING_ADDRESSES, AGENT(agent.addresses), .example = "anna@example.org", .required = true,
    .about = "where the agent writes from; notices go to the first"},
{"agent", "teams", SETTING_HANDLES, AGENT(agent.teams), NULL, "first-line", .about = "whose queues are the agent's to work"},
{"agent", "role", SETTING_WORD, AGENT(role), "agent", .words = "agent lead admin",
    .about = "an \"agent\" sees and works the queues of the own teams; a \"lead\" sees all; an \"admin\" may everything"},
{"agent", "languages", SETTING_LANGUAGES, AGENT(agent.languages), "the site's first", "en",
    .about = "that the agent reads; the first is that of notices"},
{"agent", "skills", SETTING_LABELS, AGENT(agent.skills), NULL, "printers", .about = "for rules that look for one who can"},
{"agent", "capacity", SETTING_COUNT, AGENT(agent.capacity), "no limit", "20", .most = 1000000, .about = "open tickets at a time"},
{"agent", "hours", SETTING_NAME, AGENT(agent.hours), "always", "office", .about = "a calendar of sla.conf: when the agent is there"},
{"agent", "signature", SETTING_TEXT, AGENT(agent.signature), "the queue's", "Anna Berg, Acme", .about = "under answers; text: for several lines"},
{"agent", "certificate", SETTING_PATH, AGENT(certificate), .example = "certificates/anna.pem",
    .about = "of the agent's S/MIME signatures; with one, a signed mail needs no other proof"},
{"agent", "see", SETTING_QUEUES, AGENT(agent.see), "those of the teams", "billing", .about = "further queues to read; \"*\": all"},
{"agent", "work", SETTING_QUEUES, AGENT(agent.work), "those of the teams", "billing", .about = "further queues to work; \"*\": all"},
{"agent", "notices", SETTING_BOOL, AGENT(agent.notices), "yes", .about = "mails about what happens to tickets"},

{"team", "name", SETTING_STRING, TEAM(team.full_name), "the team's name", "First line", .about = "for people"},
{"team", "members", SETTING_HANDLES, TEAM(members), "agents with it in their teams", "anna", .about = "agents"},
{"team", "see", SETTING_QUEUES, TEAM(team.see), "those that name the team", "billing", .about = "further queues to read; \"*\": all"},
{"team", "work", SETTING_QUEUES, TEAM(team.work), "those that name the team", "billing", .about = "further queues to work; \"*\": all"},
};
/* clang-format on */
const size_t settings_count = ARRAY_LEN(settings_table);

const char *
setting_file(const char *block)
{
	static const char agents[] = "agents.conf";

	return strcmp(block, agents) == 0 || strcmp(block, "agent") == 0 ||
		       strcmp(block, "team") == 0
		   ? agents
		   : "helpd.conf";
}

const char *
setting_top(const char *file)
{
	return strcmp(file, "helpd.conf") == 0 ? "" : file;
}

const struct setting *
settings_of(const char *block, size_t *n)
{
	size_t i = 0, from;

	while (
	    i < settings_count && strcmp(settings_table[i].block, block) != 0)
		i++;
	from = i;
	while (
	    i < settings_count && strcmp(settings_table[i].block, block) == 0)
		i++;
	*n = i - from;
	return &settings_table[from];
}

const char *
setting_kind_name(const char *block, unsigned kind)
{
	size_t n;
	const struct setting *s = settings_of(block, &n);

	for (size_t i = 0; i < n; i++)
		if (s[i].kind == kind)
			return s[i].name;
	return "";
}
