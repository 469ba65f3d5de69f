/*
 * sealing: from the block encryption of helpd.conf to a store that keeps its mail sealed (store/vault.h).
 *
 * Nothing is ever stored in clear because a key was not there: without the key, or with another one, no store is opened.
 */
#ifndef APP_SEALING_H
#define APP_SEALING_H

#include "app/config.h"
#include "store/store.h"
#include "store/vault.h"

/* The file of the keys; in the arena. */
const char *sealing_path(struct arena *a, const struct config *c, const char *data);
/* The master key: 64 hexadecimal digits. Wipe it afterwards. */
int sealing_key(const struct secret *s, unsigned char key[SEAL_KEY_SIZE], struct err *err);
/*
 * Opens the vault and gives it to the store, as the configuration says. Makes the file when there is none and nothing was sealed in this store yet. An error when
 * the store's mail is sealed and the configuration says nothing of a key, or another one.
 */
int sealing_begin(struct store *s, const struct config *c, const char *data, struct err *err);/* Do both say the same? What the daemon was started with stays. */
bool sealing_same(const struct encryption *a, const struct encryption *b);

#endif
