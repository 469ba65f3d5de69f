require ["enotify", "variables"];
if header :matches "from" "*" { set "from" "${1}"; }
notify :importance "1" :message "there is mail from ${from}" "mailto:stephan@d.example?cc=other@d.example";
