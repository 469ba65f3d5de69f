/* Terms of a text and of a query: within their limits, and the text is found by itself. Language, over the same bytes. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/language.h"
#include "mail/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
found(const struct strs *terms, struct str q)
{
	if (!str_ends(q, S("*")))
		return strs_has(terms, q);
	q.n--;
	for (size_t i = 0; i < terms->n; i++)
		if (str_starts(terms->v[i], q))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str text = str_n((const char *)data, size);
	struct terms *t = terms_new(&a);
	struct strs all, query;

	terms_add(t, text);
	all = terms_list(t);
	query = terms_query(&a, text);
	must(all.n <= TERMS_MAX);
	for (size_t i = 0; i < all.n; i++)
		must(all.v[i].n >= 1 && all.v[i].n <= TERM_MAX);
	if (utf8_valid(text) && all.n < TERMS_MAX)
		for (size_t i = 0; i < query.n; i++)
			must(found(&all, query.v[i]));
	language_guess(text);
	arena_fini(&a);
	return 0;
}
