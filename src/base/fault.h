/*
 * fault: places where a test kills the program, to see that nothing is lost.
 *
 * Built with --enable-fault-points, every commit, acknowledgement, rename, note in a journal, mail taken in, send and answer received is numbered as it is
 * passed, in the daemon and in each verb:
 *
 *   HELPD_FAULT_COUNT=FILE   appends a line "NUMBER name" for each to FILE
 *   HELPD_FAULT_AT=N         the process ends there by SIGKILL, as if the power had failed at the N-th
 *   HELPD_FAULT_GROUP=1      with it, all of its process group: its parsers and the process that starts programs, too
 *
 * Without the switch nothing of it is compiled. Names end in "-before" or "-after" what they are about. tests/e2e/test_crash.py counts once,
 * then kills at each in turn and compares what came of it.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#ifdef WITH_FAULT_POINTS
/* Thread-safe; numbered in the order in which the process passes them, from 1. */
void fault_point(const char *name);
#else
#define fault_point(name) ((void)0)
#endif

#endif
