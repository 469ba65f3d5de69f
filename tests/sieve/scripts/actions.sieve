require "fileinto";
if header "subject" "keep" { keep; keep; }
elsif header "subject" "file" { fileinto "Folder"; fileinto "Folder"; redirect "acm@example.edu"; }
elsif header "subject" "stop" { discard; stop; }
if header "subject" "stop" { keep; }
