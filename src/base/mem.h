/*
 * mem: allocation that does not fail. Out of memory ends the process: commits are atomic, restart is
 * recovery. Whatever the network sizes is bounded before it is allocated.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_new(size_t size) __attribute__((malloc, returns_nonnull)); /* zeroed */
void *mem_grow(void *p, size_t size) __attribute__((returns_nonnull));
/* p, an array of *cap elements of size bytes, with room for at least need of them; doubles. */
void *mem_fit(void *p, size_t *cap, size_t need, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));
void mem_free(void *p);

/* Ends the process with a line that says so. */
_Noreturn void mem_out(void);

#endif
