import ssh2 from 'ssh2';

type Encryption = { passphrase: string; cipher: string; rounds: number };

/**
 * A pair of Ed25519 keys in OpenSSH's own format. Of some 250 pairs ssh2 writes one that neither it nor OpenSSH can read, so what it made is read
 * before it is given out.
 */
export function ed25519Keys(encryption?: Encryption): { private: string; public: string } {
  for (;;) {
    const keys = ssh2.utils.generateKeyPairSync('ed25519', encryption);
    if (!(ssh2.utils.parseKey(keys.private, encryption?.passphrase) instanceof Error)) return keys;
  }
}
