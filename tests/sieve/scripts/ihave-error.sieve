require "ihave";
if ihave "fileinto" { error "stopped here"; }
