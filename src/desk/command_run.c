#include "desk/command.h"

int
command_carry_out(struct command_run *r, struct err *err)
{
	(void)r;
	return err_set(err, ERR_PERM, "commands are not carried out yet");
}

int
command_mentions(
    struct command_run *r, struct str text, uint32_t seq, struct err *err)
{
	(void)r;
	(void)text;
	(void)seq;
	(void)err;
	return 0;
}
