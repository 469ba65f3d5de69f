/*
 * journal: which rows a sender has begun to hand over, and what came of them, since the last commit.
 *
 * Rows are claimed and their results stored by the dozen, one fsync each; between two commits this journal knows more. It is written
 * with write(2) before the first byte of a mail goes out and after the server's last word, and never synced: so it survives
 * the death of the process, whatever killed it, but not of the machine. After a kill only a mail that was begun and has no end is in
 * doubt: one a transport. After a crash of the machine (another boot) the journal counts for nothing, and every
 * claimed row is in doubt.
 *
 * DATA/sending/boot names the boot; DATA/sending/NAME.TURN are the journals, each a run of records (base/record.h), length first.
 */
#ifndef APP_JOURNAL_H
#define APP_JOURNAL_H

#include "desk/delivery.h"

/* Says that all files are of this boot and this data; the old ones are gone. Before the first journal is opened, after recovery. */
int journal_start(const char *dir, struct err *err);

/* The rows found sending could not be made good: from now on what is not named is not taken for not begun, until the next journal_start(). */
void journal_distrust(const char *dir);

struct journal;
/* Makes or empties the file. name: any; turn: 0 or 1. */
int journal_open(struct journal **out, const char *dir, struct str name, unsigned turn, struct err *err);
void journal_close(struct journal **j);
/* Before a byte goes out. ERR_SPACE and the like: then the mail must not be sent. attempt: of the row, to tell this try from others. */
int journal_begin(struct journal *j, uint64_t id, uint32_t attempt, struct err *err);
/* After the server's last word. A failure is not worth telling: the row then is in doubt should the process die now. */
void journal_end(struct journal *j, uint64_t id, uint32_t attempt, const struct delivery *v, size_t n);
/* What it holds is committed. */
void journal_reset(struct journal *j);

/*
 * What the last process left. *complete: the journals are of this boot, so a row that they do not name was not begun. Unreadable ends are
 * left out; *rows lives in the arena.
 */
int journal_read(struct arena *a, const char *dir, bool *complete, struct delivery_record **rows, size_t *n, struct err *err);

#endif
