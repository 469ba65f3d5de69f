#include "desk/agent_mail.h"

int
agent_mail(
    const struct agent_mail *x, struct agent_result *out, struct err *err)
{
	(void)x;
	*out = (struct agent_result){0};
	return err_set(err, ERR_PERM, "mail of agents is not taken yet");
}
