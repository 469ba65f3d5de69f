/* kb_clean: an answer's text without what belongs to one customer only. */
#ifndef DESK_KB_CLEAN_H
#define DESK_KB_CLEAN_H

#include "desk/settings.h"
#include "store/ticket.h"

/* What is taken out: see kb_save(). text: UTF-8. In the arena. */
struct str kb_clean(struct arena *a, const struct settings *s, const struct ticket *k, struct str text);

#endif
