require "include";
include "circle2";
