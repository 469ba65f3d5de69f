require "vacation";
vacation :days 7 text:
I am away.
.
;
