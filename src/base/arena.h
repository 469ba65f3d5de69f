/*
 * arena: memory that dies together. One a message, a request, a tick.
 *
 * Allocation never fails (see base/mem.h) and is zeroed and aligned for any type. arena_reset() keeps
 * one block for reuse, so a loop over messages does not go to malloc each time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include "base/str.h"

struct arena_block;
struct arena {
	struct arena_block *block;
	char *at, *end;
};

#define ARENA_INIT ((struct arena){0})

void arena_fini(struct arena *a);
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
/* The same, not zeroed, aligned to 1: for bytes. */
char *arena_bytes(struct arena *a, size_t n) __attribute__((returns_nonnull));
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc_n((a), (n), sizeof(type)))
void *arena_alloc_n(struct arena *a, size_t n, size_t size) __attribute__((returns_nonnull));

/* Copies; the copy is followed by a NUL that is not counted. */
struct str arena_dup(struct arena *a, struct str s);
char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull(2)));
struct str arena_lower(struct arena *a, struct str s); /* ASCII */
/* Appends s (not copied) to the list, whose array lives in the arena. Amortised O(1). */
void strs_add(struct arena *a, struct strs *l, struct str s);
bool strs_has(const struct strs *l, struct str s);
bool strs_ihas(const struct strs *l, struct str s);

#endif
