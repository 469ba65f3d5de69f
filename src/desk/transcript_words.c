/*
 * One table: what is said in English, and in Chinese. The conversions of printf stand in the same order in both: where Chinese would have them
 * otherwise, the sentence is made another one.
 */
#include "desk/transcript.h"
#include "base/must.h"
#include "desk/transcript_words.h"

#define X_WORDS(en, zh) {en, zh},
const struct transcript_words transcript_words[] = {TRANSCRIPT_WORDS(X_WORDS)};
const size_t transcript_nwords = ARRAY_LEN(transcript_words);

const char *
transcript_say(const struct transcript *x, const char *english)
{
	if (!str_starts(x->language, S("zh")))
		return english;
	for (size_t i = 0; i < ARRAY_LEN(transcript_words); i++)
		if (!strcmp(transcript_words[i].en, english))
			return transcript_words[i].zh;
	return english;
}
