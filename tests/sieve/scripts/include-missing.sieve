require "include"; include "is-not-there";
