# In the manner of the examples of the RFCs: everything here compiles.
require ["fileinto", "envelope", "vacation", "vacation-seconds", "enotify", "variables", "include", "duplicate", "editheader",
    "relational", "comparator-i;ascii-numeric", "index", "date", "body", "imap4flags", "subaddress", "copy", "mailbox",
    "spamtest", "spamtestplus", "virustest", "reject", "ereject", "environment", "ihave", "regex", "foreverypart", "mime", "extracttext",
    "mboxmetadata", "servermetadata", "special-use", "encoded-character", "comparator-i;octet", "comparator-i;ascii-casemap"];

if header :is "Sender" "owner-ietf-mta-filters@imc.example" { fileinto "filter"; }
elsif address :DOMAIN :is ["From", "To"] "example.com" { keep; }
elsif anyof (NOT address :all :contains ["To", "Cc", "Bcc"] "me@example.com",
             header :matches "subject" ["*make*money*fast*", "*university*dipl*mas*"]) { fileinto "spam"; }
else { fileinto :copy :create "personal"; }
if size :over 500K { redirect "field@example.edu"; }
if not size :under 1000k { stop; }
if address :comparator "i;octet" :user "to" "postmaster" { redirect :copy "postmaster@example.org"; }
elsif envelope :all :is "from" "" { discard; }
if header :count "ge" :comparator "i;ascii-numeric" ["received"] ["3"] { discard; }
vacation :days 23 :addresses ["tjs@example.edu", "ts4z@landru.example.edu"] "I'm away until October 19. If it's an emergency, call 911, I guess.";
vacation :handle "ran-away" :from "Me <me@example.org>" :subject "Gone" :mime text:
Content-Type: text/plain; charset=utf-8

Gone.
.
;
if header :contains "from" "boss@example.org" {
    notify :importance "3" :message "This is probably not important" "mailto:alm@example.com";
}
notify :from "me@example.org" :options ["a=b"] "mailto:alm@example.com,b@example.com?subject=x%20y";
if header :matches "Subject" "*" { set :encodeurl "s" "${1}"; notify "https://hook.example/?s=${s}"; }
if duplicate { discard; stop; }
if duplicate :header "X-Event-ID" :handle "notifier" :seconds 900 { discard; }
if duplicate :seconds 1800 :last :uniqueid "${s}" { setflag "\\seen"; }
addheader "X-Hello" "World";
addheader :last "X-Hello" "World, too";
deleteheader :index 1 "Delivered-To" "bob@example.com";
deleteheader :index 2 :last :contains "Delivered-To" "bob@example.com";
deleteheader "X-None";
if date :value "ge" :originalzone "date" "hour" "09" { fileinto "daytime"; }
if allof (header :is "from" "boss@example.com", date :zone "-0800" :value "lt" "date" "hour" "17") { keep; }
if date :index 1 :last :is "received" "zone" "+0000" { keep; }
if anyof (currentdate :is "weekday" "0", currentdate :is "weekday" "6") { stop; }
if body :raw :contains "MAKE MONEY FAST" { discard; }
if body :content ["text", "message/rfc822"] :contains ["missile", "coordinates"] { fileinto "secrets"; }
if not body :text :contains "project schedule" { fileinto :flags ["\\Flagged", "$x"] "work"; }
addflag "\\Deleted";
addflag ["\\Flagged", "\\Deleted"];
setflag "flagvar" ["\\Flagged", "\\Deleted"];
removeflag "flagvar" "\\Deleted";
if hasflag :contains "flagvar" "Flag" { keep :flags "${flagvar}"; }
if hasflag :count "ge" :comparator "i;ascii-numeric" ["flagvar", "other"] "2" { keep; }
if envelope :detail "to" "spam" { fileinto "spam"; }
if spamtest :value "ge" :comparator "i;ascii-numeric" "3" { fileinto "SPAM"; }
if spamtest :percent :value "eq" :comparator "i;ascii-numeric" "0" { fileinto "unclassified"; }
if virustest :value "eq" :comparator "i;ascii-numeric" "5" { discard; }
if environment :matches "name" "*" { set "name" "${1}"; }
if mailboxexists ["a", "b"] { keep; }
if metadata :contains "INBOX" "/private/vendor/x" "on" { keep; }
if servermetadata "/shared/x" "on" { keep; }
if allof (metadataexists "INBOX" ["/a", "/b"], servermetadataexists "/c", specialuse_exists "\\Sent") { fileinto :specialuse "\\Sent" "Sent"; }
if header :regex :comparator "i;ascii-casemap" "subject" ["^(re|fw): .*$", "[[:alnum:]]+"] { keep; }
set :upperfirst :lower :quotewildcard :length "n" "juMBlEd";
if string :matches ["${n}", "${s}"] ["*", "?"] { keep; }
foreverypart :name "outer" {
    if header :mime :contenttype "Content-Type" ["text/html", "text/plain"] { extracttext :first 100 :lower "msg"; }
    if header :mime :param ["filename", "name"] :matches ["Content-Type", "Content-Disposition"] ["*.com", "*.exe"] { break :name "outer"; }
    foreverypart { if exists :mime "content-id" { break; } }
}
if ihave "imaginary" { imaginary_action :frop "x" [ "y" ]; if imaginary_test { keep; } }
else { if not true { error "cannot be"; } }
if false { reject "never"; ereject "never"; }
if allof (true, anyof (false, not true)) { keep; }
