#include "app/sealing.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/must.h"

#include <unistd.h>

const char *
sealing_path(struct arena *a, const struct config *c, const char *data)
{
	return c->encryption.vault.n ? arena_cstr(a, c->encryption.vault)
				     : path_join(a, data, "vault");
}

int
sealing_key(
    const struct secret *s, unsigned char key[SEAL_KEY_SIZE], struct err *err)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT;
	int r;

	/* Room at once: growing would leave copies behind. */
	buf_reserve(&text, 8192);
	buf_reserve(&bytes, 8192);
	r = secret_read(s, &text, err);
	if (r < 0)
		err_in(err, "the key that mail is sealed with");
	else if (text.n != 2 * (size_t)SEAL_KEY_SIZE ||
		 !buf_unhex(&bytes, buf_str(&text)))
		r = err_set(err, ERR_INVAL,
		    "the key that mail is sealed with is not %d hexadecimal "
		    "digits (helpd vault init makes one)",
		    2 * SEAL_KEY_SIZE);
	else
		memcpy(key, bytes.p, SEAL_KEY_SIZE);
	secret_wipe(text.p, text.cap);
	secret_wipe(bytes.p, bytes.cap);
	buf_fini(&text);
	buf_fini(&bytes);
	return r;
}

/* Its keys are gone, or it is elsewhere. A new vault would hide that. */
static int
lost(const struct store *s, const char *path, struct err *err)
{
	return err_set(err, ERR_NOENT,
	    "the mail in %s is sealed, and there is no vault %s with its keys: "
	    "put it back from its copy",
	    store_dir(s), path);
}

/* Another process may have made it meanwhile. */
static int
make_vault(
    const char *path, const unsigned char key[SEAL_KEY_SIZE], struct err *err)
{
	struct err e = ERR_INIT;

	if (vault_create(path, key, &e) == 0 || access(path, F_OK) == 0)
		return 0;
	if (err)
		*err = e;
	return -1;
}

static int
open_vault(struct store *s, const struct config *c, const char *path,
    struct vault **v, struct err *err)
{
	unsigned char key[SEAL_KEY_SIZE];
	int sealed = store_is_sealed(s, err), r = 0;

	if (sealed < 0 || sealing_key(&c->encryption.key, key, err) < 0)
		return -1;
	if (access(path, F_OK) < 0)
		r = sealed ? lost(s, path, err) : make_vault(path, key, err);
	if (r == 0)
		r = vault_open(v, path, key, err);
	secret_wipe(key, sizeof key);
	return r;
}

int
sealing_begin(
    struct store *s, const struct config *c, const char *data, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct vault *v;
	int sealed;

	if (c->encryption.on) {
		if (open_vault(s, c, sealing_path(&a, c, data), &v, err) < 0)
			return -1;
		return store_use_vault(s, v, c->encryption.new_mail, err);
	}
	sealed = store_is_sealed(s, err);
	if (sealed > 0)
		return err_set(err, ERR_INVAL,
		    "the mail in %s is sealed: helpd.conf needs encryption { "
		    "key_file \"…\"; } (with new_mail \"no\"; nothing more is "
		    "sealed)",
		    store_dir(s));
	return sealed;
}

bool
sealing_same(const struct encryption *a, const struct encryption *b)
{
	return a->on == b->on && a->new_mail == b->new_mail &&
	       str_eq(a->vault, b->vault) && str_eq(a->key.file, b->key.file) &&
	       str_eq(a->key.command, b->key.command) &&
	       str_eq(a->key.credential, b->key.credential);
}
