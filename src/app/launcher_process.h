/* launcher_process: the other side of app/launcher.h. Private to app/launcher*.c. */
#ifndef APP_LAUNCHER_PROCESS_H
#define APP_LAUNCHER_PROCESS_H

#include "app/config.h"

/*
 * A request is one octet with descriptors (SCM_RIGHTS): 'r' run: status, argv (a memfd, each word with its NUL), standard input, standard
 * output. 'c' read the configuration again: status. The answer comes by the status socket, once: struct launched. A byte from the
 * daemon there, or its end, kills the program.
 */
enum { LAUNCHER_FDS = 4, LAUNCHER_ARGV_MAX = 1 << 20 };
enum launched_kind { LAUNCHED_ENDED = 1, LAUNCHED_ERRNO, LAUNCHED_UNKNOWN };
struct launched {
	int kind;  /* enum launched_kind; UNKNOWN: the configuration does not name it */
	int value; /* of waitpid(2), or errno */
};

/* Never returns; ends when fd does. c: may be NULL: whatever is asked for. */
_Noreturn void launcher_process(int fd, const struct config *c);

#endif
