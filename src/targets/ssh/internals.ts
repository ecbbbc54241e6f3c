import type { Client, ClientChannel } from 'ssh2';

/**
 * What the gateway needs of ssh2 (1.17.0, pinned) that its surface does not give. All of it stands here, and is tried against a real
 * server: a signal to a program whose input has ended, and a login with a certificate.
 */
type Protocol = {
  signal(channel: number, name: string): void;
  /** Tries to log in with nothing, as the client does where it is told to. */
  authNone(user: string): void;
  _kex: { sessionID: Uint8Array };
  _cipher: { encrypt(packet: Uint8Array): void };
  _packetRW: {
    write: { allocStart: number; alloc(size: number): Uint8Array; finalize(packet: Uint8Array): Uint8Array };
  };
  /** How many logins are on their way, and of which kind, to read the answers by. */
  _authsQueue: string[];
};

function protocolOf(client: Client): Protocol {
  const { _protocol: protocol } = client as unknown as { _protocol?: Protocol };
  if (protocol === undefined) throw new Error('The client has not begun to connect.');
  return protocol;
}

/** As `channel.signal`, which does nothing once the input has ended. */
export function sendSignal(client: Client, channel: ClientChannel, name: 'TERM' | 'KILL') {
  const { outgoing } = channel as unknown as { outgoing: { id: number; state: string } };
  if (outgoing.state === 'open' || outgoing.state === 'eof') protocolOf(client).signal(outgoing.id, name);
}

/**
 * Lets a client that has just begun to connect log in with a certificate where it was told to log in with `none`. The library writes one
 * name for both the key and its signature, and they differ here (PROTOCOL.certkeys): so the request is written and signed as a whole.
 */
export function logInWith(client: Client, { certificate, sign }: Certified) {
  const protocol = protocolOf(client);
  protocol.authNone = (user) => {
    const request = Buffer.concat([
      Buffer.of(USERAUTH_REQUEST),
      ...[user, 'ssh-connection', 'publickey'].map(string),
      Buffer.of(1),
      string(CERTIFIED),
      string(certificate),
    ]);
    const signature = sign(Buffer.concat([string(protocol._kex.sessionID), request]));
    const signed = Buffer.concat([request, string(Buffer.concat([string('ssh-ed25519'), string(signature)]))]);
    const { write } = protocol._packetRW;
    const packet = write.alloc(signed.byteLength);
    packet.set(signed, write.allocStart);
    protocol._authsQueue.push('publickey');
    protocol._cipher.encrypt(write.finalize(packet));
  };
}

/** A certificate, and what signs with the key that it is for. */
export type Certified = { certificate: Uint8Array; sign: (data: Uint8Array) => Uint8Array };

const USERAUTH_REQUEST = 50;
export const CERTIFIED = 'ssh-ed25519-cert-v01@openssh.com';

/** RFC 4251, 5. */
export function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
