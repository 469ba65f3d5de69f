require ["include", "variables"];
include "adds";
set "global.order" "${global.order}n";
