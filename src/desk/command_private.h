/* What checking and carrying out of commands share. */
#ifndef DESK_COMMAND_PRIVATE_H
#define DESK_COMMAND_PRIVATE_H

#include "desk/command.h"
#include "store/outbox.h"

#define SAY(r, english) transcript_say((r)->told, english)
#define REFUSE(r, c, english, ...) transcript_add((r)->told, TOLD_REFUSED, (c)->line, SAY(r, english), ##__VA_ARGS__)
#define DONE(r, c, english, ...) transcript_add((r)->told, TOLD_DONE, (c)->line, SAY(r, english), ##__VA_ARGS__)

/* Arguments as they are looked at: full-width signs, letters and digits as ASCII, quotes of all kinds as ", blanks of all kinds as one space. */
struct str command_plain(struct arena *a, struct str args);
/* "1042", "#1042", "[Acme #1042]" behind whatever words: the number; false when there is none. */
bool command_number(struct str args, uint64_t *out);
/* The first word, or what stands in quotes, off *args (plain). Empty at the end. */
struct str command_word(struct str *args);
/* "force", or its Chinese word. */
bool command_force(struct str args);
/* "add x@y", "remove x@y", "+x@y", "-x@y": what, and the rest in *args. False when it begins with none of these. */
bool command_add(struct str *args, bool *add);
bool command_priority(struct str word, enum priority *out); /* in either language */
/* The queue to which "#assign team" goes: this one if it is the team's, else the team's first; NULL when it has none. */
const struct queue *command_team_queue(const struct settings *s, struct str queue, const struct team *team);

/* "until 2d reroute": what stands between the two words, which may both be missing. */
struct str command_away(struct str args, bool *reroute);
bool command_nobody(struct str word); /* "#assign nobody" */
bool command_is_status(enum command_id id); /* sets the ticket's status, and with it what an answer says */
/* "+refund -spam", "+refund,-spam": with commas, as change_tags() wants it. */
struct str command_tags(struct arena *a, struct str args);
/* "name=value", as written; the value may be empty. */
bool command_field(struct str args, struct str *name, struct str *value);
/* save "Title": then true and the title, which may be empty. */
bool command_kb_save(struct arena *a, struct str args, struct str *title);
/* An article's number within the ticket; without one, the customer's last (0: there is none). False for anything else. */
bool command_article(const struct command_run *r, struct str args, uint64_t *seq);
/* The mail of that article; without a number, of the newest answer that failed: 1, 0, -1. */
int command_failed_mail(const struct command_run *r, struct str args, struct outbox *out, struct err *err);

/* What the mail's identity, or the confirmation, amounts to. */
enum level command_level(const struct command_run *r);
/* The least level of this command in this mail. */
enum level command_least(const struct command_run *r, const struct command_line *c);

/* The words of commands that only read, for mails: at most 78 columns wide (command_tell.c). */
int command_tell_history(struct command_run *r, const struct ticket *k, struct str *out, struct err *err);
int command_tell_why(struct command_run *r, const struct ticket *k, struct str *out, struct err *err);
int command_tell_list(struct command_run *r, struct str args, struct str *out, struct err *err);
struct str command_time(const struct command_run *r, int64_t at); /* "2026-01-05 09:00" in the site's zone */

#endif
