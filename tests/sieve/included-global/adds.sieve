require ["include", "variables"];
set "global.order" "${global.order}g";
