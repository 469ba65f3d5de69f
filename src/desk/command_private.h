/* command_private: what reading, checking and carrying out of commands share. */
#ifndef DESK_COMMAND_PRIVATE_H
#define DESK_COMMAND_PRIVATE_H

#include "desk/command.h"

#endif
