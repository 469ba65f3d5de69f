"""An SMTP server that lies as it is told to.

    with SmtpStub(rcpt={b"b@x": b"550 5.1.1 no such user"}, end=None) as s: ...
    s.mails                    # the data of each mail, as it came between 354 and the dot, stuffing included
    s.clear                    # every byte that came in the clear
"""

from imap_stub import Stub


class SmtpStub(Stub):
    """Replies by command; a value None drops the connection there, b"" says nothing at all and stalls.

    tls: "implicit", "starttls" or None. offer: the lines of EHLO.
    """

    def __init__(self, cert=None, tls=None, banner=b"220 stub", offer=(b"SIZE 1000000", b"8BITMIME"), mail=b"250 ok",
                 rcpt=None, data=b"354 go on", end=b"250 2.0.0 taken", auth=b"235 ok", injected=b"", drop_in_data=False,
                 mails_a_connection=None):
        super().__init__(self._session)
        self.cert, self.tls, self.banner, self.offer = cert, tls, banner, list(offer)
        self.mail, self.rcpt, self.data, self.end, self.auth = mail, rcpt or {}, data, end, auth
        self.injected, self.drop_in_data, self.mails_a_connection = injected, drop_in_data, mails_a_connection
        self.mails, self.commands = [], []

    def _reply(self, talk, reply):
        if reply is None:
            raise EOFError
        if reply == b"":
            talk.stall()
            raise EOFError
        talk.say(reply + b"\r\n")

    def _session(self, talk):
        if self.tls == "implicit":
            talk.tls(self.cert)
        self._reply(talk, self.banner)
        count = 0
        while True:
            line = talk.line()
            self.commands.append(line)
            verb = line.split(b" ")[0].upper()
            if verb in (b"EHLO", b"HELO"):
                offer = self.offer + ([b"STARTTLS"] if self.tls == "starttls" and not talk.secure else [])
                lines = [b"stub"] + offer
                talk.say(b"".join(b"250" + (b" " if i == len(lines) - 1 else b"-") + o + b"\r\n"
                                  for i, o in enumerate(lines)))
            elif verb == b"STARTTLS":
                talk.say(b"220 go\r\n" + self.injected)
                talk.tls(self.cert)
            elif verb == b"AUTH":
                self._reply(talk, self.auth)
            elif verb == b"MAIL":
                if self.mails_a_connection is not None and count >= self.mails_a_connection:
                    talk.say(b"421 4.7.0 too many mails here\r\n")
                    return
                self._reply(talk, self.mail)
            elif verb == b"RCPT":
                address = line[line.index(b"<") + 1:line.rindex(b">")]
                self._reply(talk, self.rcpt.get(address, b"250 ok"))
            elif verb == b"DATA":
                self._reply(talk, self.data)
                if not self.data.startswith(b"354"):
                    continue
                if self.drop_in_data:
                    talk.take(1)
                    return
                data = b""
                while not (data.endswith(b"\r\n.\r\n") or data == b".\r\n"):
                    data += talk.line() + b"\r\n"
                self.mails.append(data[:-3])
                count += 1
                self._reply(talk, self.end)
            elif verb == b"QUIT":
                talk.say(b"221 bye\r\n")
                return
            else:
                talk.say(b"250 ok\r\n")
