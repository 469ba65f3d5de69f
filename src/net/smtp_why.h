/* smtp_why: why TLS with an SMTP server fails, asked again over our own TLS (net/tls.h), whose words an admin understands. */
#ifndef NET_SMTP_WHY_H
#define NET_SMTP_WHY_H

#include "net/smtp.h"

/* Connects as far as the handshake and hangs up; sends no credential. -1 with the reason; 0: here it works. */
int smtp_why(const struct smtp_server *server, const char *host, const char *ca_file, unsigned timeout_s, struct err *err);

#endif
