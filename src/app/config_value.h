/* config_value: for the readers of single values; the rest of app/ calls setting_read(). */
#ifndef APP_CONFIG_VALUE_H
#define APP_CONFIG_VALUE_H

#include "app/config_table.h"

/* Complains at the value: "NAME: found …, expected …"; false. */
bool value_expected(struct value_reader *r, const struct setting *s, const struct node *n, const char *what);
/* A string of one line that says something. */
bool value_line(struct value_reader *r, const struct setting *s, const struct node *n, struct str *out);
bool value_is_domain(struct str v);

bool value_name(struct value_reader *r, const struct setting *s, const struct node *n, struct str *out);
bool value_handle(struct value_reader *r, const struct setting *s, const struct node *n, struct str *out);
bool value_queue_name(struct value_reader *r, const struct setting *s, const struct node *n, struct str *out);
bool value_label(struct value_reader *r, const struct setting *s, const struct node *n, struct str *out);
bool value_tag(struct value_reader *r, const struct setting *s, const struct node *n, struct str *out);

bool value_imap_url(struct value_reader *r, const struct setting *s, const struct node *n, struct mailbox *m);
bool value_url(struct value_reader *r, const struct setting *s, const struct node *n, struct str *out);
bool value_smtp_url(struct value_reader *r, const struct setting *s, const struct node *n, struct transport *t);

#endif
