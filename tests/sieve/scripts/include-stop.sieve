require ["include", "fileinto"];
include "stops";
fileinto "X";
