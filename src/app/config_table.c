#include "app/config_table.h"
#include "app/config_outward.h"
#include "app/config_sla.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/customers.h"

#include <stddef.h>

#define TOP(m) offsetof(struct config, m)
#define SITE(m) offsetof(struct settings, m)
#define LIMIT(m) offsetof(struct settings, m)
#define BOX(m) offsetof(struct mailbox, m)
#define WAY(m) offsetof(struct transport, m)
#define QUEUE(m) offsetof(struct queue, m)
#define AGENT(m) offsetof(struct agent_values, m)
#define CAL(m) offsetof(struct calendar_values, m)
#define SLA(m) offsetof(struct sla_values, m)
#define RUNG(m) offsetof(struct escalate_values, m)
#define GOAL(m) offsetof(struct target_values, m)
#define HOOK(m) offsetof(struct webhook_values, m)
#define GUESS(m) offsetof(struct classified, m)
#define TEAM(m) offsetof(struct team_values, m)
#define TIER(m) offsetof(struct tier, m)
#define SEAL(m) offsetof(struct encryption, m)
#define WATCH(m) offsetof(struct watching, m)

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
{"", "status_file", SETTING_PATH, TOP(status_file), "status.json in data", "/var/lib/helpd/status.json",
    .about = "the daemon's health as JSON, written every minute and at each change: for a monitor"},
{"", "site", SETTING_BLOCK, 0, .required = true, .once = true, .about = "who answers here"},
{"", "mailbox", SETTING_BLOCK, 0, .required = true, .about = "where mail comes from: an IMAP account, a Maildir, or a spool; any number"},
{"", "transport", SETTING_BLOCK, 0, .required = true, .about = "how mail leaves: a server, a program, or a Maildir; the first is the default"},
{"", "queue", SETTING_BLOCK, 0, "one queue, support, with the site's address", .about = "where tickets wait, each with an address of its own"},
{"", "webhook", SETTING_BLOCK, 0, .about = "who is told what happens, by JSON posted to a URL; helpd.conf(5) says what goes out"},
{"", "classify", SETTING_BLOCK, 0, .about = "what of new tickets is guessed from earlier ones: \"queue\", \"priority\", or a field"},
{"", "tier", SETTING_BLOCK, 0, .about = "what new tickets of customers get who are of it by customers.csv"},
{"", "limits", SETTING_BLOCK, 0, .once = true, .about = "against mail loops, floods and giants"},
{"", "encryption", SETTING_BLOCK, 0, .once = true, .about = "stored mail is kept sealed, with a key for each person; helpd-vault(7)"},
{"", "alarms", SETTING_BLOCK, 0, .once = true, .about = "who is told by mail when helpd is in trouble, and from when on"},
{"", "heartbeat", SETTING_BLOCK, 0, .once = true, .about = "a probe mail goes out again and again, and has to come back"},

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
{"site", "reroute", SETTING_BOOL, SITE(reroute), "yes",
    .about = "when an agent goes away, tickets that nobody has answered yet get somebody else"},
{"site", "purge_after", SETTING_DURATION, SITE(purge_after), "never", "1095d", .most = 100 * YEAR,
    .about = "of queues that do not say it: how long a closed ticket is kept until it is purged"},
{"site", "spam_purge_after", SETTING_DURATION, SITE(spam_purge_after), "as purge_after", "30d", .most = 100 * YEAR,
    .about = "and one that is spam"},
{"site", "quarantine_after", SETTING_DURATION, SITE(quarantine_after), "never", "90d", .most = 100 * YEAR,
    .about = "how long a mail lies in the quarantine until it is removed"},
{"site", "keep_tags", SETTING_LABELS, SITE(keep_tags), NULL, "legal-hold",
    .about = "tickets with one of these tags are never purged, and erased only by helpd erase --force"},

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

{"alarms", "to", SETTING_STRINGS, WATCH(to), "the admins of agents.conf", "ops@example.org",
    .about = "addresses that are told; \"none\": nobody, alarms are only logged"},
{"alarms", "transport", SETTING_NAME, WATCH(transport), "the first that works", "default", .about = "how these mails leave"},
{"alarms", "unread_after", SETTING_DURATION, WATCH(unread_after), "15m", .least = CLOCK_SECOND, .most = 30 * CLOCK_DAY,
    .about = "a mailbox that could not be read for so long"},
{"alarms", "unreachable_after", SETTING_DURATION, WATCH(unreachable_after), "15m", .least = CLOCK_SECOND, .most = 30 * CLOCK_DAY,
    .about = "a transport that could not be reached for so long"},
{"alarms", "unsent_after", SETTING_DURATION, WATCH(unsent_after), "4h", .least = CLOCK_SECOND, .most = 60 * CLOCK_DAY,
    .about = "a mail that nobody has taken for so long"},
{"alarms", "disk", SETTING_PERCENT, WATCH(disk), "90%", .about = "so much of the disk or of map_size is used"},
{"alarms", "quarantined", SETTING_COUNT, WATCH(quarantined), "20", .least = 1, .most = 1000000,
    .about = "so many mails came into the quarantine within an hour"},
{"alarms", "expiring", SETTING_STRINGS, WATCH(expiring), "21d, 7d and 1d", "21d",
    .about = "so long before a certificate or password expires, one mail each"},

{"heartbeat", "every", SETTING_DURATION, WATCH(every), "15m", .least = CLOCK_SECOND, .most = 7 * CLOCK_DAY, .about = "a probe"},
{"heartbeat", "within", SETTING_DURATION, WATCH(within), "5m", .least = CLOCK_SECOND, .most = 7 * CLOCK_DAY,
    .about = "which has to be back within"},
{"heartbeat", "mailbox", SETTING_NAME, WATCH(probe_mailbox), "the first imap or maildir", "support", .about = "where it comes back"},
{"heartbeat", "transport", SETTING_NAME, WATCH(probe_transport), "the first", "default", .about = "how it leaves"},
{"heartbeat", "to", SETTING_ADDRESS, WATCH(probe_to), "the mailbox's user, or its queue's address", "support@example.org",
    .about = "the address that brings mail into that mailbox"},

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
{"mailbox", "password_expires", SETTING_DATE, BOX(secret.expires), NULL, "2030-01-31", .kinds = IMAP,
    .about = "when the password or token stops working: alarms warn before"},
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
{"transport", "password_expires", SETTING_DATE, WAY(secret.expires), NULL, "2030-01-31", .kinds = SMTP,
    .about = "when the password or token stops working: alarms warn before"},
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
{"queue", "remind_after", SETTING_DURATION, QUEUE(remind_after), "never", "2d", .most = YEAR,
    .about = "remind the agents of a ticket that waits so long for an answer"},
{"queue", "escalate_after", SETTING_DURATION, QUEUE(escalate_after), "never", "7d", .most = YEAR,
    .about = "tell the leads of a ticket to which nothing happened for so long"},
{"queue", "resolve_after", SETTING_DURATION, QUEUE(resolve_after), "never", "7d", .most = 10 * YEAR,
    .about = "resolve a pending ticket after so long a silence of the customer"},
{"queue", "warn_before", SETTING_DURATION, QUEUE(warn_before), "2d, at most half of resolve_after", "2d", .most = YEAR,
    .about = "and tell the customer so long before; \"0\": never"},
{"queue", "close_after", SETTING_DURATION, QUEUE(close_after), "never", "30d", .most = 10 * YEAR,
    .about = "close a resolved ticket after so long"},
{"queue", "purge_after", SETTING_DURATION, QUEUE(purge_after), "the site's", "1095d", .most = 100 * YEAR,
    .about = "purge a closed ticket after so long: all but a stub goes; \"0\": never"},
{"queue", "spam_purge_after", SETTING_DURATION, QUEUE(spam_purge_after), "the site's", "30d", .most = 100 * YEAR,
    .about = "and one that is spam; \"0\": as purge_after"},
{"queue", "acknowledge", SETTING_BOOL, QUEUE(acknowledge), "yes", .about = "tell customers that their mail has arrived"},
{"queue", "assign", SETTING_WORD, QUEUE(assign), "none", "least-loaded", .words = "none round-robin least-loaded sticky weighted",
    .about = "who gets a new ticket that no rule gave to anybody; \"sticky\": the customer's last agent"},

{"webhook", "url", SETTING_URL, HOOK(t.path), .example = "https://ops.example.org/helpd", .required = true,
    .about = "where it is posted to; http:// only to this machine"},
{"webhook", "secret_file", SETTING_PATH, HOOK(t.secret.file), .example = "secret/ops", .about = "holds the secret that signs it; nobody else may read it"},
{"webhook", "secret_command", SETTING_COMMAND, HOOK(t.secret.command), .example = "/usr/bin/pass show hooks/ops", .about = "or prints it"},
{"webhook", "credential", SETTING_NAME, HOOK(t.secret.credential), .example = "ops", .about = "or a credential of the systemd service (LoadCredential=)"},
{"webhook", "ca_file", SETTING_PATH, HOOK(t.ca_file), "the system's", "/etc/ssl/certs/example.pem", .about = "further certificates to trust"},
{"webhook", "allow_private", SETTING_BOOL, HOOK(t.allow_private), "no", .about = "follow a redirect into a private network"},
{"webhook", "timeout", SETTING_DURATION, HOOK(t.timeout), "30s", .least = CLOCK_SECOND, .most = 5 * CLOCK_MINUTE, .about = "for one post"},
{"webhook", "events", SETTING_STRINGS, HOOK(events), NULL, "new", .about = "at which it is posted to without a rule"},
{"webhook", "text", SETTING_BOOL, HOOK(text), "yes", .about = "with subject and words; \"no\": only what the ticket is, and whose"},

{"classify", "suggest", SETTING_PERCENT, GUESS(suggest), "50%", .about = "a guess of at least this probability is told"},
{"classify", "act", SETTING_PERCENT, GUESS(act), "never", "90%", .about = "and one of at least this is set, where nobody and no rule decided"},

{"encryption", "key_file", SETTING_PATH, SEAL(key.file), .example = "secret/mail.key", .about = "holds the master key; helpd vault init makes it"},
{"encryption", "key_command", SETTING_COMMAND, SEAL(key.command), .example = "/usr/bin/pass show helpd/mail", .about = "or prints it"},
{"encryption", "credential", SETTING_NAME, SEAL(key.credential), .example = "mail.key", .about = "or a credential of the systemd service (LoadCredential=)"},
{"encryption", "vault", SETTING_PATH, SEAL(vault), "vault in the data directory", "/var/lib/helpd-vault/vault",
    .about = "the file of all keys, in no backup of the store"},
{"encryption", "new_mail", SETTING_BOOL, SEAL(new_mail), "yes", .about = "\"no\": what is sealed can be read, what comes is not sealed any more"},

{"tier", "priority", SETTING_WORD, TIER(priority), "none", "high", .words = "none low normal high urgent",
    .about = "at least"},
{"tier", "team", SETTING_NAME, TIER(team), NULL, "first-line", .about = "a ticket goes to whom of this team is there, whatever the queue assigns"},
{"tier", "sla", SETTING_NAME, TIER(sla), "the queue's", "standard", .about = "the agreement its tickets fall under"},

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

{"sla.conf", "calendar", SETTING_BLOCK, 0, .about = "working time"},
{"sla.conf", "sla", SETTING_BLOCK, 0, .about = "what is promised: a queue names it (queue \"…\" { sla \"…\"; } in helpd.conf)"},

{"calendar", "timezone", SETTING_ZONE, CAL(zone), "the site's", "Europe/Berlin", .about = "of its hours and days"},
{"calendar", "weekdays", SETTING_STRINGS, CAL(weekdays), "none", "09:00-17:00",
    .about = "hours from monday to friday, for the days that have none of their own"},
{"calendar", "monday", SETTING_STRINGS, CAL(day[0]), "weekdays", "09:00-13:00", .about = "hours of this day; a span may pass midnight: \"22:00-06:00\""},
{"calendar", "tuesday", SETTING_STRINGS, CAL(day[1]), "weekdays", "09:00-13:00", .about = "hours of this day"},
{"calendar", "wednesday", SETTING_STRINGS, CAL(day[2]), "weekdays", "09:00-13:00", .about = "hours of this day"},
{"calendar", "thursday", SETTING_STRINGS, CAL(day[3]), "weekdays", "09:00-13:00", .about = "hours of this day"},
{"calendar", "friday", SETTING_STRINGS, CAL(day[4]), "weekdays", "09:00-13:00", .about = "hours of this day"},
{"calendar", "saturday", SETTING_STRINGS, CAL(day[5]), "none", "09:00-13:00", .about = "hours of this day"},
{"calendar", "sunday", SETTING_STRINGS, CAL(day[6]), "none", "09:00-13:00", .about = "hours of this day"},
{"calendar", "holidays", SETTING_STRINGS, CAL(holidays), NULL, "2026-12-25",
    .about = "dates, \"2026-12-25 Christmas\", and .ics files: \"holidays/de.ics\""},

{"sla", "calendar", SETTING_NAME, SLA(calendar), "around the clock", "office", .about = "whose time counts"},
{"sla", "warn", SETTING_STRING, SLA(warn), "80%", .about = "warn when so much of a target's time is used; \"no\": never"},
{"sla", "pause", SETTING_STRINGS, SLA(pause), "pending", .about = "statuses in which clocks stand still: \"pending\", \"hold\", \"open\"; \"none\""},
{"sla", "pauses", SETTING_STRINGS, SLA(pauses), "resolution", .about = "and which clocks: \"first-response\", \"next-response\", \"resolution\""},
{"sla", "urgent", SETTING_BLOCK, 0, .once = true, .about = "targets of urgent tickets"},
{"sla", "high", SETTING_BLOCK, 0, .once = true, .about = "of high ones"},
{"sla", "normal", SETTING_BLOCK, 0, .once = true, .about = "of normal ones"},
{"sla", "low", SETTING_BLOCK, 0, .once = true, .about = "of low ones"},
{"sla", "escalate", SETTING_BLOCK, 0,
    .about = "what is done at a share of a target, \"100%\", or so long after it, \"+30m\"; any number, each once"},

{"priority", "first_response", SETTING_DURATION, GOAL(first_response), "none", "4h", .least = CLOCK_MINUTE, .most = YEAR,
    .about = "until somebody answers"},
{"priority", "next_response", SETTING_DURATION, GOAL(next_response), "none", "8h", .least = CLOCK_MINUTE, .most = YEAR,
    .about = "from the customer's next word until the next answer"},
{"priority", "resolution", SETTING_DURATION, GOAL(resolution), "none", "24h", .least = CLOCK_MINUTE, .most = YEAR,
    .about = "until the ticket is resolved"},

{"escalate", "notify", SETTING_STRINGS, RUNG(notify), NULL, "lead", .about = "\"assignee\", \"team\", \"lead\", an agent, a team"},
{"escalate", "priority", SETTING_WORD, RUNG(priority), NULL, "raise", .words = "raise low normal high urgent",
    .about = "raise it by one, or to this; never lower"},
{"escalate", "assign", SETTING_HANDLE, RUNG(assign), NULL, "anna", .about = "an agent"},
{"escalate", "queue", SETTING_NAME, RUNG(queue), NULL, "support", .about = "move it there"},
{"escalate", "tag", SETTING_LABELS, RUNG(tag), NULL, "late", .about = "tags to add"},
{"escalate", "webhook", SETTING_HANDLES, RUNG(webhook), NULL, "ops", .about = "webhooks to post to"},
{"escalate", "targets", SETTING_STRINGS, RUNG(targets), "all", "resolution", .about = "only for these clocks"},
};
/* clang-format on */
const size_t settings_count = ARRAY_LEN(settings_table);

const char *
setting_file(const char *block)
{
	static const char agents[] = "agents.conf", sla[] = "sla.conf";
	static const char *const of_sla[] = {
	    sla, "calendar", "sla", "priority", "escalate"};

	for (size_t i = 0; i < ARRAY_LEN(of_sla); i++)
		if (strcmp(block, of_sla[i]) == 0)
			return sla;
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
