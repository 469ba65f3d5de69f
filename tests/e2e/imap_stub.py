"""An IMAP server that lies as it is told to; loopback only, one thread a connection.

    with ImapStub(behave) as s: ...             # behave(talk) is called for each connection
    s.clear                                     # what arrived before TLS, of all connections
    s.seen                                      # what arrived at all

A behaviour reads with talk.line() and speaks with talk.say(b"..."); talk.tls(cert) secures. session() below is a well-behaved server
up to a point, so that a test need only write its lie.
"""

import contextlib
import socket
import ssl
import threading
import time


class Talk:
    def __init__(self, stub, sock):
        self.stub, self.sock, self.secure, self.buffer = stub, sock, False, b""

    def tls(self, cert):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert.cert, cert.key)
        self.buffer = b""
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.secure = True

    def say(self, data):
        self.sock.sendall(data)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.stub.seen += data
        if not self.secure:
            self.stub.clear += data
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def take(self, n):
        while len(self.buffer) < n:
            self.more()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def command(self):
        """(tag, VERB, the rest)"""
        words = self.line().split(b" ", 2)
        return words[0], words[1].upper() if len(words) > 1 else b"", words[2] if len(words) > 2 else b""

    def stall(self):
        """Until the client goes away."""
        with contextlib.suppress(OSError):
            while self.sock.recv(65536):
                pass


class Stub:
    """Any line protocol: accepts and calls behave(talk)."""

    def __init__(self, behave, host="127.0.0.1"):
        self.behave, self.host = behave, host
        self.clear, self.seen, self.connections, self.talks = b"", b"", 0, []

    def __enter__(self):
        self.listener = socket.create_server((self.host, 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        # close() alone leaves a thread that is in accept() there.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for t in self.talks:
            with contextlib.suppress(OSError):
                t.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)

    def _serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            talk = Talk(self, sock)
            self.talks.append(talk)
            threading.Thread(target=self._one, args=(talk,), daemon=True).start()

    def _one(self, talk):
        with contextlib.suppress(OSError, EOFError, ValueError):
            self.behave(talk)
        with contextlib.suppress(OSError):
            talk.sock.close()


ImapStub = Stub
CAPABILITY = b"IMAP4rev1 SASL-IR IDLE UIDPLUS MOVE AUTH=PLAIN"
MAIL = b"Subject: hello\r\nFrom: a@b.example\r\n\r\nhello\r\n"


def session(talk, cert=None, capability=CAPABILITY, greeting=b"* OK hello\r\n", mails=(1, 2, 3), answers=None):
    """A small mailbox over implicit TLS (with cert) or in the clear. answers: {VERB: function(talk, tag, rest)} lies.

    A function that returns True has answered; else the honest answer follows.
    """
    answers = answers or {}
    if cert:
        talk.tls(cert)
    talk.say(greeting)
    while True:
        tag, verb, rest = talk.command()
        if verb == b"UID":
            verb, _, rest = rest.partition(b" ")
            verb = b"UID " + verb.upper()
        lie = answers.get(verb)
        if lie and lie(talk, tag, rest):
            continue
        if verb == b"CAPABILITY":
            talk.say(b"* CAPABILITY " + capability + b"\r\n")
        elif verb == b"SELECT":
            talk.say(b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 100] x\r\n"
                     b"* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n" % len(mails))
        elif verb == b"UID FETCH":
            for n, uid in enumerate(mails, 1):
                if b"BODY" in rest:
                    talk.say(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (n, uid, len(MAIL), MAIL))
                else:
                    talk.say(b'* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE "01-Jan-2024 10:00:00 +0100")\r\n'
                             % (n, uid, len(MAIL)))
        elif verb == b"LOGOUT":
            talk.say(b"* BYE bye\r\n" + tag + b" OK bye\r\n")
            return
        talk.say(tag + b" OK done\r\n")


def drip(talk, data, seconds=0.2):
    for i in range(len(data)):
        talk.say(data[i:i + 1])
        time.sleep(seconds)
