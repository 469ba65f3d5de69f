keep
;
if true, false { keep; }
if header "subject" ["a", ] { keep; }
else ] ;
stop;
