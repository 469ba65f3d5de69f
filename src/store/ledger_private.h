/* For the check: a row of the ledger from its bytes; *long_key is set when the key in the table is cut. */
#ifndef STORE_LEDGER_PRIVATE_H
#define STORE_LEDGER_PRIVATE_H

#include "store/ledger.h"

bool ledger_decode(struct str rec, struct ledger_row *out, struct str *long_key);

#endif
