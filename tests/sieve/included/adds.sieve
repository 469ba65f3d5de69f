require ["include", "variables"];
global ["seen", "order"];
set "local" "its own";
set "seen" "yes";
set "order" "${order}a";
if true { return; }
set "order" "${order}!";
