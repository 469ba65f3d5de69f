require ["fileinto", "envelop", "variables", "nonsense"];
require "relational";
frop;
frop "again";
header "subject" "x";
keep "x";
keep :wrong;
keep :wrong;
if header "subject" { keep; }
if header :is :contains "subject" "x" { keep; }
if header :comparator "i;none" "subject" "x" { keep; }
if header is "subject" "x" { keep; }
if header ["subject", "a b"] "x" { keep; }
if address "subject" "x" { keep; }
if size 100 { keep; }
if size :over "x" { keep; }
if true;
elsif true { keep; }
discard
keep;
if anyof true { keep; }
if not (true, false) { keep; }
if keep { stop; }
else { fileinto 5; fileinto ["a", "b"]; }
keep { stop; }
elsif true { keep; }
redirect "not an address";
set "a-b" "x";
set "${a}" "x";
set :lower :upper "a" "x";
if header :value "foo" "subject" "x" { stop; }
if header :contains :comparator "i;ascii-numeric" "subject" "x" { stop; }
if false { whatever "this is"; }
require "body";
