/*
 * log: one line an event, to standard error (journald adds the time).
 *
 *   warning imap mailbox=support folder=INBOX connection lost, next try in 8 s
 *
 * Only net/ and app/ log. The message is key=value words, then plain text; control characters and what
 * is not UTF-8 in it become \\xNN, so hostile text cannot forge a line. Thread-safe: one write(2) a line. Never pass a secret.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ALERT = -1 /* somebody has to act, and cannot be told otherwise */, LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level);
enum log_level log_get_level(void);
/* Prefix each line with <1>, <3>, <4>, <6>, <7> (sd-daemon(3)) when standard error is the journal. */
void log_set_journal(bool on);

void log_line(enum log_level, const char *subsystem, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#define log_alert(sub, ...) log_line(LOG_LEVEL_ALERT, (sub), __VA_ARGS__)
#define log_error(sub, ...) log_line(LOG_LEVEL_ERROR, (sub), __VA_ARGS__)
#define log_warning(sub, ...) log_line(LOG_LEVEL_WARNING, (sub), __VA_ARGS__)
#define log_info(sub, ...) log_line(LOG_LEVEL_INFO, (sub), __VA_ARGS__)
#define log_debug(sub, ...) log_line(LOG_LEVEL_DEBUG, (sub), __VA_ARGS__)

#endif
