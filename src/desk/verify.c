#include "desk/verify.h"
