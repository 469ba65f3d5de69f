/* model: rows of what was learned: for each field of tickets some hundred thousand places of bytes. desk/classify.h knows what they mean. */
#ifndef STORE_MODEL_H
#define STORE_MODEL_H

#include "base/buf.h"
#include "store/store.h"

enum { MODEL_FIELD_MAX = 40 /* bytes of a field's name */, MODEL_HEAD = UINT32_MAX /* the place of what holds for the whole field */ };

/* The value is appended to *out: 1, 0, -1. */
int model_get(struct txn *t, struct str field, uint32_t place, struct buf *out);
void model_put(struct txn *t, struct str field, uint32_t place, struct str value);
/* Removes all rows of a field: how many, -1. */
int64_t model_drop(struct txn *t, struct str field);
/* Every row, in order; false from fn stops. */
int model_each(struct txn *t, bool (*fn)(void *ctx, struct str field, uint32_t place, struct str value), void *ctx);

#endif
