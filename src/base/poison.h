/*
 * poison: what no file of helpd may call, because it writes through a bare pointer, keeps hidden state, or depends on the
 * locale. Included before every file by the build, after the system headers that declare these names.
 */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __GNUC__
#pragma GCC poison gets strcpy strcat strncpy strncat sprintf vsprintf strtok
#pragma GCC poison tmpnam mktemp atoi atol atoll
#pragma GCC poison gmtime localtime ctime asctime
#pragma GCC poison system popen
#endif

#endif
