import { ed25519Keys } from '../../emulators/ssh/keys.ts';
import { type HostContents, startSshHost } from '../../emulators/ssh/ssh.ts';

/** What must not leave in the clear. */
export const planted = {
  email: 'ines.moreau@home.example',
  card: '4111 1111 1111 1111',
  token: 'ghp_0123456789abcdefghijklmnopqrstuvwxyz',
  password: 'n0t-for-bots-7141',
} as const;

const contents: HostContents = {
  name: 'bastion',
  files: {
    '/etc/checkout.conf': `LISTEN=127.0.0.1:8080\nDB_HOST=10.20.0.5\nDB_PASSWORD=${planted.password}\nWORKERS=4\n`,
    '/etc/shadow': 'root:$y$j9T$Q0lQ0lQ0lQ0l$planted.hash.of.nothing:20000:0:99999:7:::\n',
    '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  },
  units: {
    checkout: [
      'Nov 22 09:12:01 bastion checkout[812]: listening on 127.0.0.1:8080',
      `Nov 22 09:14:37 bastion checkout[812]: order 5521 paid by ${planted.email} with ${planted.card}`,
      `Nov 22 09:15:02 bastion checkout[812]: upstream said 401 for Authorization: Bearer ${planted.token}`,
      'Nov 22 09:15:03 bastion checkout[812]: retrying in 2 s',
    ],
    cron: ['Nov 22 09:00:01 bastion CRON[700]: (root) CMD (/usr/local/bin/rotate)'],
  },
};

/** A host on which the gateway logs in as `sallyport`, with a key that nobody else holds. */
export async function startBastion(port: number) {
  const key = ed25519Keys();
  const host = await startSshHost({ port, contents, user: 'sallyport', authorized: [key.public] });
  return { ...host, at: `127.0.0.1:${host.port}`, credential: JSON.stringify({ private_key: key.private }) };
}
