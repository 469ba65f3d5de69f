require ["vacation", "fcc", "imap4flags", "mailbox"];
vacation :fcc "Sent" :create :flags ["\\Seen"] "I am away.";
