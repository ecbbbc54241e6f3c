import type { Algorithms } from 'ssh2';
import { algorithmsOf } from './host-keys.ts';
import type { Hop } from './settings.ts';

/**
 * What may be agreed on with a host: nothing that rests on SHA-1, CBC, RC4 or groups that a server makes up. Compression is off, as it
 * tells lengths (RFC 9142; OpenSSH since 7.2 knows all of these).
 */
export const algorithmsFor = ({ host_keys: pins }: Hop): Algorithms => ({
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  serverHostKey: algorithmsOf(pins),
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
});
