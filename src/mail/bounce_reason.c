#include "mail/bounce_reason.h"
#include "base/must.h"

static const struct {
	const char *name, *status;
	bool hard, temporary;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"not delivered", "5.0.0", false, false},
    [REASON_USER] = {"the mailbox does not exist", "5.1.1", true, false},
    [REASON_HOST] = {"the domain or host does not exist", "5.1.2", true,
	false},
    [REASON_MOVED] = {"the recipient has moved", "5.1.6", true, false},
    [REASON_NOT_ACCEPT] = {"the host takes no mail", "5.3.2", true, false},
    [REASON_FULL] = {"the mailbox is full", "5.2.2", false, false},
    [REASON_TOO_BIG] = {"the mail is too large", "5.3.4", false, false},
    [REASON_SUSPENDED] = {"the mailbox is disabled", "5.2.1", false, false},
    [REASON_EXPIRED] = {"it could not be delivered in time", "4.4.7", false,
	true},
    [REASON_AUTH] = {"the sender is not authenticated", "5.7.1", false,
	false},
    [REASON_PTR] = {"the sending host has no reverse name", "5.7.25", false,
	false},
    [REASON_BLOCKED] = {"the sending host is blocked", "5.7.1", false, false},
    [REASON_RATE] = {"too many mails or connections", "4.7.1", false, true},
    [REASON_SPAM] = {"taken for spam", "5.7.1", false, false},
    [REASON_VIRUS] = {"taken for a virus", "5.7.1", false, false},
    [REASON_RELAY] = {"relaying denied", "5.7.1", false, false},
    [REASON_SENDER] = {"the sender is refused", "5.1.8", false, false},
    [REASON_POLICY] = {"against the recipient's policy", "5.7.1", false,
	false},
    [REASON_FILTERED] = {"refused by the recipient", "5.7.1", false, false},
    [REASON_CONTENT] = {"the content is refused", "5.6.0", false, false},
    [REASON_NETWORK] = {"the network failed", "4.4.0", false, true},
    [REASON_SYSTEM] = {"the server failed", "5.3.0", false, false},
    [REASON_SYNTAX] = {"a protocol error", "5.5.0", false, false},
    [REASON_FEEDBACK] = {"a complaint", "", false, false},
};

/*
 * Read from the top; the first phrase found decides. So what is special stands above what is general ("mailbox for
 * this user is full" above "user"), and phrases that servers add to any refusal stand last. Lower case; one blank
 * stands for any white space.
 */
static const struct {
	enum bounce_reason reason;
	const char *phrase;
} phrases[] = {
    /* a server asked again later tells nothing about the address */
    {REASON_RATE, "greylist"},
    {REASON_RATE, "grey-list"},
    {REASON_RATE, "graylist"},
    {REASON_RATE, "too many connections"},
    {REASON_RATE, "too many concurrent"},
    {REASON_RATE, "too many simultaneous"},
    {REASON_RATE, "too many messages"},
    {REASON_RATE, "too many recipients"},
    {REASON_RATE, "too many invalid recipients"},
    {REASON_RATE, "too many errors"},
    {REASON_RATE, "too many hops this day"},
    {REASON_RATE, "rate limit"},
    {REASON_RATE, "ratelimit"},
    {REASON_RATE, "throttl"},
    {REASON_RATE, "receiving mail too quickly"},
    {REASON_RATE, "receiving mail at a rate"},
    {REASON_RATE, "sending rate"},
    {REASON_RATE, "exceeded the maximum number of connections"},
    {REASON_RATE, "connection frequency limited"},
    {REASON_RATE, "connection limit"},
    {REASON_RATE, "number of recipients exceeds"},
    {REASON_RATE, "daily limit"},
    {REASON_RATE, "hourly limit"},

    /* full */
    {REASON_FULL, "mailbox full"},
    {REASON_FULL, "mailbox is full"},
    {REASON_FULL, "mailbox was full"},
    {REASON_FULL, "mail box full"},
    {REASON_FULL, "mailfolder is full"},
    {REASON_FULL, "inbox is full"},
    {REASON_FULL, "inbox full"},
    {REASON_FULL, "mailbox_full"},
    {REASON_FULL, "mailboxfull"},
    {REASON_FULL, "over quota"},
    {REASON_FULL, "overquota"},
    {REASON_FULL, "over the quota"},
    {REASON_FULL, "over disk quota"},
    {REASON_FULL, "exceeded quota"},
    {REASON_FULL, "exceeds quota"},
    {REASON_FULL, "exceeded storage"},
    {REASON_FULL, "exceeded the storage"},
    {REASON_FULL, "exceeds allowed quota"},
    {REASON_FULL, "exceeds the local limit"},
    {REASON_FULL, "exceeded the local limit"},
    {REASON_FULL, "exceeded the space limit"},
    {REASON_FULL, "exceeded your maximum mailbox"},
    {REASON_FULL, "exceeded his/her quota"},
    {REASON_FULL, "exceed mailbox quota"},
    {REASON_FULL, "exceeded mailbox"},
    {REASON_FULL, "exceeds mailbox"},
    {REASON_FULL, "mailbox exceeded"},
    {REASON_FULL, "mailbox exceeds"},
    {REASON_FULL, "mailbox quota"},
    {REASON_FULL, "mailbox size limit exceeded"},
    {REASON_FULL, "mailbox would exceed"},
    {REASON_FULL, "quota exceeded"},
    {REASON_FULL, "quota exceed"},
    {REASON_FULL, "quota full"},
    {REASON_FULL, "quota violation"},
    {REASON_FULL, "quota has been exceeded"},
    {REASON_FULL, "out of storage space"},
    {REASON_FULL, "out of quota"},
    {REASON_FULL, "not enough storage space"},
    {REASON_FULL, "insufficient disk quota"},
    {REASON_FULL, "insufficient mailbox"},
    {REASON_FULL, "would be over the allowed quota"},
    {REASON_FULL, "disk quota exceeded"},
    {REASON_FULL, "maildir over"},
    {REASON_FULL, "maildir delivery failed: userdisk quota"},
    {REASON_FULL, "maildir delivery failed: domaindisk quota"},
    {REASON_FULL, "mail file space"},
    {REASON_FULL, "account is over"},
    {REASON_FULL, "user is over"},
    {REASON_FULL, "user overquota"},
    {REASON_FULL, "has reached his quota"},
    {REASON_FULL, "has used all"},
    {REASON_FULL, "no more space"},
    {REASON_FULL, "recipient storage full"},
    {REASON_FULL, "recipient's mailbox is almost full"},
    {REASON_FULL, "recipientthrottled"},
    {REASON_FULL, "has too many messages on the server"},
    {REASON_FULL, "delivery failed: over"},
    {REASON_FULL, "postfach ist voll"},
    {REASON_FULL, "boîte aux lettres pleine"},
    {REASON_FULL, "bo\xc3\xaete de r\xc3\xa9" "ception est pleine"},
    {REASON_FULL, "ящик переполнен"},
    {REASON_FULL, "邮箱已满"},
    {REASON_FULL, "信箱已滿"},
    {REASON_FULL, "空间不足"},
    {REASON_FULL, "空間不足"},

    /* too big */
    {REASON_TOO_BIG, "message too large"},
    {REASON_TOO_BIG, "message too big"},
    {REASON_TOO_BIG, "message is too large"},
    {REASON_TOO_BIG, "message is too big"},
    {REASON_TOO_BIG, "message file too big"},
    {REASON_TOO_BIG, "message length exceeds"},
    {REASON_TOO_BIG, "message size"},
    {REASON_TOO_BIG, "exceeds maximum size"},
    {REASON_TOO_BIG, "exceeds size limit"},
    {REASON_TOO_BIG, "exceeded message size"},
    {REASON_TOO_BIG, "exceeds the maximum message size"},
    {REASON_TOO_BIG, "exceeds a size limit"},
    {REASON_TOO_BIG, "exceeds maximum inbound message size"},
    {REASON_TOO_BIG, "exceed maximum message size"},
    {REASON_TOO_BIG, "size limit"},
    {REASON_TOO_BIG, "larger than the current system limit"},
    {REASON_TOO_BIG, "mail data size"},

    /* who sends: authentication, names, lists */
    {REASON_AUTH, "authentication information"},
    {REASON_AUTH, "fails to pass"},
    {REASON_FILTERED, "group you tried to contact"},
    {REASON_FILTERED, "may not have permission"},
    {REASON_FILTERED, "le groupe que vous avez"},
    {REASON_FILTERED, "群組"},
    {REASON_FILTERED, "resolver.rst.notauthorized"},
    {REASON_SYSTEM, "procmail:"},
    {REASON_SYSTEM, "command died with status"},
    {REASON_SYSTEM, "command output:"},
    {REASON_AUTH, "dmarc"},
    {REASON_AUTH, "spf "},
    {REASON_AUTH, "spf:"},
    {REASON_AUTH, "spf)"},
    {REASON_AUTH, "sender policy framework"},
    {REASON_AUTH, "dkim"},
    {REASON_AUTH, "unauthenticated email"},
    {REASON_AUTH, "openspf.org"},
    {REASON_AUTH, "does not pass authentication"},
    {REASON_AUTH, "sender is unauthenticated"},
    {REASON_PTR, "reverse dns"},
    {REASON_PTR, "reverse hostname"},
    {REASON_PTR, "reverse lookup"},
    {REASON_PTR, "ptr record"},
    {REASON_PTR, "rdns"},
    {REASON_PTR, "no ptr"},
    {REASON_PTR, "without a ptr"},
    {REASON_PTR, "cannot find your hostname"},
    {REASON_PTR, "cannot resolve your address"},
    {REASON_PTR, "client host name not found"},
    {REASON_PTR, "cannot find your reverse"},
    {REASON_PTR, "ip name lookup failed"},
    {REASON_PTR, "fix reverse"},
    {REASON_PTR, "ip name possibly forged"},
    {REASON_BLOCKED, "spamhaus"},
    {REASON_BLOCKED, "spamcop"},
    {REASON_BLOCKED, "sorbs"},
    {REASON_BLOCKED, "dnsbl"},
    {REASON_BLOCKED, "rbl "},
    {REASON_BLOCKED, "blacklist"},
    {REASON_BLOCKED, "black list"},
    {REASON_BLOCKED, "blocklist"},
    {REASON_BLOCKED, "block list"},
    {REASON_BLOCKED, "blocked using"},
    {REASON_BLOCKED, "client host blocked"},
    {REASON_BLOCKED, "client host rejected"},
    {REASON_BLOCKED, "connections not accepted from"},
    {REASON_BLOCKED, "connection refused by policy"},
    {REASON_BLOCKED, "bad reputation"},
    {REASON_BLOCKED, "poor reputation"},
    {REASON_BLOCKED, "low reputation"},
    {REASON_BLOCKED, "reputation of"},
    {REASON_BLOCKED, "your ip"},
    {REASON_BLOCKED, "ip address blocked"},
    {REASON_BLOCKED, "banned sending ip"},
    {REASON_BLOCKED, "dynamic ip"},
    {REASON_BLOCKED, "dynamic/residential"},
    {REASON_BLOCKED, "helo command rejected"},
    {REASON_BLOCKED, "temporarily deferred due to"},
    {REASON_BLOCKED, "weren't sent. please contact your internet service"},
    {REASON_RELAY, "relay access denied"},
    {REASON_RELAY, "relaying denied"},
    {REASON_RELAY, "relay denied"},
    {REASON_RELAY, "relaying not permitted"},
    {REASON_RELAY, "relay not permitted"},
    {REASON_RELAY, "unable to relay"},
    {REASON_RELAY, "no relaying"},
    {REASON_RELAY, "not a relay"},
    {REASON_RELAY, "that domain isn't in my list of allowed rcpthosts"},
    {REASON_RELAY, "we do not relay"},
    {REASON_RELAY, "not permitted to relay"},
    {REASON_RELAY, "relaying mail to"},
    {REASON_SENDER, "sender address rejected"},
    {REASON_SENDER, "sender rejected"},
    {REASON_SENDER, "sender denied"},
    {REASON_SENDER, "sender verify failed"},
    {REASON_SENDER, "sender verification"},
    {REASON_SENDER, "sender domain"},
    {REASON_SENDER, "domain of sender"},
    {REASON_SENDER, "sender address has been"},
    {REASON_SENDER, "invalid sender"},
    {REASON_SENDER, "rejected sender"},
    {REASON_SENDER, "unresolvable sender"},
    {REASON_SENDER, "a valid from"},
    {REASON_SENDER, "from address"},
    {REASON_SENDER, "mail from"},
    {REASON_SENDER, "return-path"},
    {REASON_SENDER, "senders's address"},

    /* who receives: gone */
    {REASON_MOVED, "has moved"},
    {REASON_MOVED, "has been replaced by"},
    {REASON_MOVED, "address changed"},
    {REASON_MOVED, "address has changed"},
    {REASON_MOVED, "new address is"},
    {REASON_MOVED, "user not local; please try"},
    {REASON_MOVED, "recipient has moved"},
    {REASON_MOVED, "mailbox has moved"},
    {REASON_NOT_ACCEPT, "indicated no smtp service"},
    {REASON_NETWORK, "host not found, try again"},
    {REASON_NOT_ACCEPT, "does not accept mail"},
    {REASON_NOT_ACCEPT, "doesn't accept mail"},
    {REASON_NOT_ACCEPT, "does not accept email"},
    {REASON_NOT_ACCEPT, "domain is not accepting"},
    {REASON_NOT_ACCEPT, "host does not receive mail"},
    {REASON_NOT_ACCEPT, "nullmx"},
    {REASON_NOT_ACCEPT, "null mx"},
    {REASON_NOT_ACCEPT, "name server: .: host not found"},
    {REASON_NOT_ACCEPT, "smtp protocol diagnostic-code: 521"},
    {REASON_HOST, "domain is not reachable"},
    {REASON_HOST, "no mx found for"},
    {REASON_HOST, "dns lookup failure"},
    {REASON_HOST, "host not found"},
    {REASON_HOST, "host unknown"},
    {REASON_HOST, "unknown host"},
    {REASON_HOST, "domain not found"},
    {REASON_HOST, "domain does not exist"},
    {REASON_HOST, "domain doesn't exist"},
    {REASON_HOST, "domain unknown"},
    {REASON_HOST, "unknown domain"},
    {REASON_HOST, "no such domain"},
    {REASON_HOST, "domain is not valid"},
    {REASON_HOST, "domain is invalid"},
    {REASON_HOST, "invalid domain"},
    {REASON_HOST, "domain name not found"},
    {REASON_HOST, "domain must exist"},
    {REASON_HOST, "domain must resolve"},
    {REASON_HOST, "not find any host"},
    {REASON_HOST, "couldn't find any host"},
    {REASON_HOST, "couldn't find a host"},
    {REASON_HOST, "no mail exchanger"},
    {REASON_HOST, "no mx"},
    {REASON_HOST, "no mail server"},
    {REASON_HOST, "no route to domain"},
    {REASON_HOST, "illegal host/domain"},
    {REASON_HOST, "host or domain name not found"},
    {REASON_HOST, "host/domain"},
    {REASON_HOST, "name or service not known"},
    {REASON_HOST, "non-existent host"},
    {REASON_HOST, "non-existent domain"},
    {REASON_HOST, "nonexistent domain"},
    {REASON_HOST, "nxdomain"},
    {REASON_HOST, "unrouteable mail domain"},
    {REASON_HOST, "unrouteable domain"},
    {REASON_HOST, "unroutable domain"},
    {REASON_HOST, "unable to resolve"},
    {REASON_HOST, "could not be resolved"},
    {REASON_HOST, "has no mail exchange"},
    {REASON_HOST, "recipient domain"},
    {REASON_HOST, "responsible mail system"},
    {REASON_HOST, "dns error"},
    {REASON_HOST, "all relevant mx records point to non-existent"},
    {REASON_SUSPENDED, "extended inactivity"},
    {REASON_SUSPENDED, "due to inactivity"},
    {REASON_SUSPENDED, "inactive"},
    {REASON_SUSPENDED, "temporary locked"},
    {REASON_SUSPENDED, "temporarily locked"},
    {REASON_SUSPENDED, "suspended"},
    {REASON_SUSPENDED, "disabled"},
    {REASON_SUSPENDED, "deactivated"},
    {REASON_SUSPENDED, "discontinued"},
    {REASON_SUSPENDED, "mailbox currently suspended"},
    {REASON_SUSPENDED, "mailbox is frozen"},
    {REASON_SUSPENDED, "account expired"},
    {REASON_SUSPENDED, "account has expired"},
    {REASON_SUSPENDED, "account is locked"},
    {REASON_SUSPENDED, "account is temporarily"},
    {REASON_SUSPENDED, "mailbox unavailable because user is disabled"},
    {REASON_SUSPENDED, "account closed due to"},
    {REASON_SUSPENDED, "account that you tried to reach is over"},

    /* what is sent */
    {REASON_VIRUS, "virus"},
    {REASON_VIRUS, "malware"},
    {REASON_SPAM, "spam"},
    {REASON_SPAM, "junk mail"},
    {REASON_SPAM, "unsolicited"},
    {REASON_SPAM, "bulk mail"},
    {REASON_SPAM, "looks like"},
    {REASON_SPAM, "considered as"},
    {REASON_SPAM, "message content rejected, ube"},

    /* who receives: never was */
    {REASON_USER, "user unknown"},
    {REASON_USER, "unknown user"},
    {REASON_USER, "usuario desconocido"},
    {REASON_USER, "user not found"},
    {REASON_USER, "user not known"},
    {REASON_USER, "user doesn't"},
    {REASON_USER, "user does not"},
    {REASON_USER, "user not exist"},
    {REASON_USER, "user not listed"},
    {REASON_USER, "user invalid"},
    {REASON_USER, "user not local"},
    {REASON_USER, "not a known user"},
    {REASON_USER, "not a valid user"},
    {REASON_USER, "not a valid mailbox"},
    {REASON_USER, "not a valid recipient"},
    {REASON_USER, "not a user"},
    {REASON_USER, "not our customer"},
    {REASON_USER, "not listed in"},
    {REASON_USER, "not known at this site"},
    {REASON_USER, "is not known"},
    {REASON_USER, "no such user"},
    {REASON_USER, "no such mailbox"},
    {REASON_USER, "no such recipient"},
    {REASON_USER, "no such account"},
    {REASON_USER, "no such address"},
    {REASON_USER, "no such person"},
    {REASON_USER, "no such local user"},
    {REASON_USER, "no such email"},
    {REASON_USER, "no user here"},
    {REASON_USER, "no account by that name"},
    {REASON_USER, "no mailbox"},
    {REASON_USER, "no valid recipient"},
    {REASON_USER, "no valid cert"},
    {REASON_USER, "no existe"},
    {REASON_USER, "does not have an account"},
    {REASON_USER, "doesn't have an account"},
    {REASON_USER, "does not have a"},
    {REASON_USER, "doesn't have a"},
    {REASON_USER, "does not exist"},
    {REASON_USER, "doesn't exist"},
    {REASON_USER, "do not exist"},
    {REASON_USER, "not exist"},
    {REASON_USER, "non-existent user"},
    {REASON_USER, "nonexistent"},
    {REASON_USER, "unknown recipient"},
    {REASON_USER, "unknown address"},
    {REASON_USER, "unknown account"},
    {REASON_USER, "unknown mailbox"},
    {REASON_USER, "unknown local"},
    {REASON_USER, "unknown email"},
    {REASON_USER, "unknown or illegal"},
    {REASON_USER, "unknown or invalid"},
    {REASON_USER, "recipient unknown"},
    {REASON_USER, "recipient not found"},
    {REASON_USER, "recipient invalid"},
    {REASON_USER, "recipient not exist"},
    {REASON_USER, "recipnotfound"},
    {REASON_USER, "recipientnotfound"},
    {REASON_USER, "recipient name is not recognized"},
    {REASON_USER, "recipient is not"},
    {REASON_USER, "recipient address rejected: user"},
    {REASON_USER, "recipient address rejected: undeliverable"},
    {REASON_USER, "recipient address rejected: address"},
    {REASON_USER, "recipient address rejected: invalid"},
    {REASON_USER, "recipient rejected"},
    {REASON_USER, "recipient address unknown"},
    {REASON_USER, "recipient address was not found"},
    {REASON_USER, "invalid recipient"},
    {REASON_USER, "invalid mailbox"},
    {REASON_USER, "invalid user"},
    {REASON_USER, "invalid address"},
    {REASON_USER, "invalid final delivery user"},
    {REASON_USER, "bad destination mailbox"},
    {REASON_USER, "bad mailbox"},
    {REASON_USER, "bad address"},
    {REASON_USER, "address unknown"},
    {REASON_USER, "address invalid"},
    {REASON_USER, "address not found"},
    {REASON_USER, "address wasn't found"},
    {REASON_USER, "address couldn't be found"},
    {REASON_USER, "couldn't be found"},
    {REASON_USER, "wasn't found at"},
    {REASON_USER, "was not found at"},
    {REASON_USER, "addressee unknown"},
    {REASON_USER, "undeliverable address"},
    {REASON_USER, "unrouteable address"},
    {REASON_USER, "unroutable address"},
    {REASON_USER, "mailbox not found"},
    {REASON_USER, "mailbox unknown"},
    {REASON_USER, "mailbox unavailable"},
    {REASON_USER, "mailbox not available"},
    {REASON_USER, "mailbox does not"},
    {REASON_USER, "mailbox not exist"},
    {REASON_USER, "mailbox is not"},
    {REASON_USER, "mailbox isn't"},
    {REASON_USER, "mailbox invalid"},
    {REASON_USER, "account unavailable"},
    {REASON_USER, "account not found"},
    {REASON_USER, "account is unavailable"},
    {REASON_USER, "account has been closed"},
    {REASON_USER, "account that you tried to reach does not"},
    {REASON_USER, "can't find user"},
    {REASON_USER, "can't create user"},
    {REASON_USER, "cannot find user"},
    {REASON_USER, "unable to find user"},
    {REASON_USER, "unable to deliver to that address"},
    {REASON_USER, "unknown: user"},
    {REASON_USER, "is a deactivated mailbox"},
    {REASON_USER, "who does not exist"},
    {REASON_USER, "not deliver mail to this user"},
    {REASON_USER, "not a local user"},
    {REASON_USER, "not a mailbox"},
    {REASON_USER, "not recognized"},
    {REASON_USER, "badly formatted or nonexistent"},
    {REASON_USER, "could not be found"},
    {REASON_USER, "aliased to"},
    {REASON_USER, "no longer available"},
    {REASON_USER, "no longer valid"},
    {REASON_USER, "no longer on server"},
    {REASON_USER, "left the company"},
    {REASON_USER, "unbekannter empf"},
    {REASON_USER, "empfänger unbekannt"},
    {REASON_USER, "existiert nicht"},
    {REASON_USER, "n'existe pas"},
    {REASON_USER, "destinataire inconnu"},
    {REASON_USER, "utilisateur inconnu"},
    {REASON_USER, "adresse d au moins un destinataire invalide"},
    {REASON_USER, "destinatario sconosciuto"},
    {REASON_USER, "недоступен или не существует"},
    {REASON_USER, "не существует"},
    {REASON_USER, "такого пользователя"},
    {REASON_USER, "用户不存在"},
    {REASON_USER, "不存在"},
    {REASON_USER, "找不到"},
    {REASON_USER, "見つかりません"},

    {REASON_USER, "recipient address rejected: access denied"},
    {REASON_USER, "recipient address rejected."},
    {REASON_USER, "recipient address rejected (in reply"},
    {REASON_USER, "not a registered"},

    /* the rest */
    {REASON_EXPIRED, "message expired"},
    {REASON_EXPIRED, "delivery expired"},
    {REASON_EXPIRED, "could not be delivered for"},
    {REASON_EXPIRED, "could not be delivered within"},
    {REASON_EXPIRED, "delivery time expired"},
    {REASON_EXPIRED, "queue too long"},
    {REASON_EXPIRED, "retry timeout exceeded"},
    {REASON_EXPIRED, "retry time not reached"},
    {REASON_EXPIRED, "retry timeout"},
    {REASON_EXPIRED, "unable to deliver message for"},
    {REASON_EXPIRED, "unable to deliver message after"},
    {REASON_EXPIRED, "has been in the queue"},
    {REASON_EXPIRED, "been queued on"},
    {REASON_EXPIRED, "maximum time"},
    {REASON_EXPIRED, "delivery delayed"},
    {REASON_EXPIRED, "delayed mail"},
    {REASON_EXPIRED, "gave up"},
    {REASON_EXPIRED, "giving up"},
    {REASON_EXPIRED, "were unreachable for too long"},
    {REASON_EXPIRED, "could not establish connection"},
    {REASON_EXPIRED, "connection timed out"},
    {REASON_EXPIRED, "operation timed out"},
    {REASON_EXPIRED, "timed out"},
    {REASON_EXPIRED, "connection refused"},
    {REASON_EXPIRED, "lost connection"},
    {REASON_EXPIRED, "no route to host"},
    {REASON_EXPIRED, "connection reset"},
    {REASON_NETWORK, "hop count exceeded"},
    {REASON_NETWORK, "too many hops"},
    {REASON_NETWORK, "loop"},
    {REASON_NETWORK, "network error"},
    {REASON_NETWORK, "network is unreachable"},
    {REASON_NETWORK, "malformed or unexpected name server reply"},
    {REASON_NETWORK, "temporary failure in name resolution"},
    {REASON_FILTERED, "user reject"},
    {REASON_FILTERED, "rejected by recipient"},
    {REASON_FILTERED, "message filtered"},
    {REASON_FILTERED, "message rejected by"},
    {REASON_FILTERED, "recipient refuses"},
    {REASON_FILTERED, "has restricted"},
    {REASON_FILTERED, "not accepting mail"},
    {REASON_FILTERED, "resolver.rst"},
    {REASON_FILTERED, "is not accepting any mail"},
    {REASON_POLICY, "policy"},
    {REASON_POLICY, "security"},
    {REASON_POLICY, "not authorized"},
    {REASON_POLICY, "not permitted"},
    {REASON_POLICY, "not allowed"},
    {REASON_POLICY, "access denied"},
    {REASON_POLICY, "authentication required"},
    {REASON_POLICY, "administrative prohibition"},
    {REASON_POLICY, "prohibited"},
    {REASON_BLOCKED, "blocked"},
    {REASON_CONTENT, "content"},
    {REASON_CONTENT, "attachment"},
    {REASON_CONTENT, "mime"},
    {REASON_CONTENT, "header error"},
    {REASON_SYSTEM, "disk full"},
    {REASON_SYSTEM, "no space left"},
    {REASON_SYSTEM, "insufficient system storage"},
    {REASON_SYSTEM, "insufficient disk space"},
    {REASON_SYSTEM, "local configuration error"},
    {REASON_SYSTEM, "system error"},
    {REASON_SYSTEM, "service unavailable"},
    {REASON_SYSTEM, "local error"},
    {REASON_SYSTEM, "can't create output"},
    {REASON_SYSTEM, "resources temporarily unavailable"},
    {REASON_SYSTEM, "mail for"},
    {REASON_SYSTEM, "not yet been delivered"},
    {REASON_SYNTAX, "syntax error"},
    {REASON_SYNTAX, "command not implemented"},
    {REASON_SYNTAX, "bad sequence"},
    {REASON_SYNTAX, "unrecognized command"},
};

bool
phrase_at(struct str s, size_t at, const char *phrase)
{
	for (; *phrase; phrase++) {
		if (*phrase == ' ') {
			size_t from = at;

			while (at < s.n && ch_is_space(s.p[at]))
				at++;
			if (at == from)
				return false;
		} else if (at >= s.n || ch_lower(s.p[at]) != *phrase) {
			return false;
		} else {
			at++;
		}
	}
	return true;
}

static bool
has_phrase(struct str s, const char *phrase)
{
	for (size_t i = 0; i < s.n; i++)
		if (ch_lower(s.p[i]) == *phrase && phrase_at(s, i, phrase))
			return true;
	return false;
}

enum bounce_reason
reason_by_words(struct str text)
{
	if (!text.n)
		return REASON_NONE;
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (has_phrase(text, phrases[i].phrase))
			return phrases[i].reason;
	return REASON_NONE;
}

enum bounce_reason
reason_by_status(struct str status, struct str code)
{
	/* RFC 3463 §3, without the class; and what the large ones add to it. */
	static const struct {
		const char *detail;
		enum bounce_reason reason;
	} details[] = {{"1.1", REASON_USER}, {"1.2", REASON_HOST},
	    {"1.3", REASON_USER}, {"1.4", REASON_USER}, {"1.0", REASON_USER},
	    {"1.6", REASON_MOVED}, {"1.7", REASON_SENDER},
	    {"1.8", REASON_SENDER}, {"1.9", REASON_RELAY},
	    {"1.10", REASON_USER}, {"2.0", REASON_FILTERED},
	    {"2.1", REASON_SUSPENDED}, {"2.2", REASON_FULL},
	    {"2.3", REASON_TOO_BIG}, {"2.4", REASON_SYSTEM},
	    {"3.1", REASON_SYSTEM}, {"3.2", REASON_NOT_ACCEPT},
	    {"3.4", REASON_TOO_BIG}, {"4.1", REASON_EXPIRED},
	    {"4.2", REASON_EXPIRED}, {"4.3", REASON_SYSTEM},
	    {"4.4", REASON_HOST}, {"4.6", REASON_NETWORK},
	    {"4.7", REASON_EXPIRED}, {"5.3", REASON_RATE},
	    {"7.25", REASON_PTR}, {"7.26", REASON_AUTH},
	    {"7.23", REASON_AUTH}, {"7.20", REASON_AUTH}};
	struct str detail = str_from(status, 2);

	for (size_t i = 0; i < ARRAY_LEN(details) && status.n > 2; i++)
		if (str_eq(detail, str_c(details[i].detail)))
			return details[i].reason;
	if (status.n > 2)
		switch (status.p[2]) {
		case '3':
			return REASON_SYSTEM;
		case '4':
			return REASON_NETWORK;
		case '6':
			return REASON_CONTENT;
		case '7':
			return REASON_POLICY;
		default:
			break;
		}
	if (str_eq(code, S("552")) || str_eq(code, S("452")))
		return REASON_FULL;
	return REASON_NONE;
}

struct str
reason_name(enum bounce_reason r)
{
	return str_c(reasons[r].name);
}

struct str
reason_status(enum bounce_reason r, bool soft)
{
	static const char *const soft_status[REASON_COUNT] = {
	    [REASON_NONE] = "4.0.0",
	    [REASON_FULL] = "4.2.2",
	    [REASON_SYSTEM] = "4.3.0",
	    [REASON_HOST] = "4.1.2",
	    [REASON_BLOCKED] = "4.7.1",
	    [REASON_POLICY] = "4.7.1",
	};

	if (soft && soft_status[r])
		return str_c(soft_status[r]);
	return str_c(reasons[r].status);
}

bool
reason_is_hard(enum bounce_reason r)
{
	return reasons[r].hard;
}

/* --- numbers ----------------------------------------------------------- */

/* [245].N.N at the start of s: its length, or 0. */
static size_t
status_at(struct str s)
{
	size_t i = 1, from;

	if (s.n < 5 || (s.p[0] != '5' && s.p[0] != '4' && s.p[0] != '2'))
		return 0;
	for (int part = 0; part < 2; part++) {
		if (i >= s.n || s.p[i] != '.')
			return 0;
		from = ++i;
		while (i < s.n && ch_is_digit(s.p[i]))
			i++;
		if (i == from || i - from > 3)
			return 0;
	}
	/* A fourth number: an address; a letter: a version. */
	if (i < s.n && s.p[i] == '.' && i + 1 < s.n && ch_is_digit(s.p[i + 1]))
		return 0;
	if (i < s.n && (ch_is_alnum(s.p[i]) || s.p[i] == '/'))
		return 0;
	return i;
}

bool
status_valid(struct str s)
{
	return s.n && status_at(s) == s.n;
}

static bool
starts_word(struct str s, size_t at)
{
	char c;

	if (at == 0)
		return true;
	c = s.p[at - 1];
	return !ch_is_alnum(c) && c != '.' && c != '/' && c != '_' &&
	    (c != '-' || (at > 1 && ch_is_digit(s.p[at - 2])));
}

struct str
status_find(struct str text)
{
	struct str best = {0};
	int best_score = 0;

	for (size_t i = 0; i < text.n; i++) {
		size_t n, back = i;
		struct str s;
		int score = 1;

		if (text.p[i] < '2' || text.p[i] > '5' ||
		    !starts_word(text, i))
			continue;
		n = status_at(str_from(text, i));
		if (!n)
			continue;
		s = str_sub(text, i, i + n);
		while (back && (ch_is_space(text.p[back - 1]) ||
				   text.p[back - 1] == '-' ||
				   text.p[back - 1] == '#' ||
				   text.p[back - 1] == '(' ||
				   text.p[back - 1] == '\''))
			back--;
		/* After its reply code, or marked with '#' (qmail). */
		if (back >= 3 && back < i && text.p[back - 3] == s.p[0] &&
		    ch_is_digit(text.p[back - 2]) &&
		    ch_is_digit(text.p[back - 1]))
			score += 2;
		else if (i && text.p[i - 1] == '#')
			score += 2;
		if (!str_ends(s, S(".0.0")))
			score += 4;
		if (s.p[0] == '2')
			score = 1;
		if (score > best_score) {
			best_score = score;
			best = s;
		}
	}
	return best;
}

struct str
code_find(struct str text)
{
	for (size_t i = 0; i + 3 <= text.n; i++) {
		const char *p = text.p + i;
		char next = i + 3 < text.n ? p[3] : '\n';

		if ((p[0] != '4' && p[0] != '5') || p[1] > '5' ||
		    !ch_is_digit(p[1]) || !ch_is_digit(p[2]) ||
		    !starts_word(text, i))
			continue;
		if (i && (text.p[i - 1] == '+' || (text.p[i - 1] == ':' && i > 1 && ch_is_digit(text.p[i - 2]))))
			continue; /* the minutes of a time, a zone */
		if (next == '-' || next == ' ' || next == '\n' || next == ')' ||
		    next == ':' || next == '#' || next == '"' || next == ',')
			return str_sub(text, i, i + 3);
	}
	return (struct str){0};
}
