#include "desk/transcript.h"

const char *
transcript_say(const struct transcript *x, const char *english)
{
	(void)x;
	return english;
}
