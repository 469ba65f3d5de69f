require "reject";
reject "I don't want it";
