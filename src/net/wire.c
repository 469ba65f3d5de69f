/* wire: what mail must look like before it leaves (RFC 5321 §2.3.8, RFC 5322
 * §2.3): one message to lax and strict readers alike. */
#include "net/smtp.h"

enum {
	WIRE_LINE = 998
};

int
wire_check(struct str bytes, struct err *err)
{
	size_t line = 0, number = 1;

	if (!bytes.n)
		return err_set(err, ERR_PERM, "the mail is empty");
	for (size_t i = 0; i < bytes.n; i++) {
		char c = bytes.p[i];

		if (c == 0)
			return err_set(err, ERR_PERM,
			    "line %zu of the mail holds a NUL", number);
		if (c == '\n')
			return err_set(err, ERR_PERM,
			    "line %zu of the mail ends in LF without CR",
			    number);
		if (c == '\r') {
			if (i + 1 == bytes.n || bytes.p[i + 1] != '\n')
				return err_set(err, ERR_PERM,
				    "line %zu of the mail holds a CR without "
				    "LF",
				    number);
			i++;
			line = 0;
			number++;
			continue;
		}
		if (++line > WIRE_LINE)
			return err_set(err, ERR_PERM,
			    "line %zu of the mail is longer than %d bytes",
			    number, WIRE_LINE);
	}
	if (line)
		return err_set(
		    err, ERR_PERM, "the last line of the mail does not end");
	return 0;
}
