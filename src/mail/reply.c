#include "mail/reply.h"

void
reply_split(struct arena *a, struct str text, struct span **fresh, size_t *nfresh)
{
	*fresh = arena_new(a, struct span);
	(*fresh)->to = (uint32_t)text.n;
	*nfresh = str_trim(text).n > 0;
}

bool
reply_is_thanks(struct str new_text)
{
	(void)new_text;
	return false;
}
