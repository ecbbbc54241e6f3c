import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { issueCertificate } from '../../../src/targets/ssh/certificate.ts';
import { proofOf } from '../../../src/targets/ssh/credential.ts';
import { fingerprintOf } from '../../../src/targets/ssh/host-keys.ts';
import { type At, anAgent, problemOf } from './agent.ts';
import { aKey, hasSshd, type Keys, type Sshd, startSshd } from './sshd.ts';

const secretOf = (value: object) => new Secret(JSON.stringify(value), 'v1');

describe('a secret', () => {
  test.each([
    ['{}'],
    ['no JSON'],
    ['{"private_key":"-----BEGIN NONSENSE-----"}'],
    ['{"password":"a","extra":1}'],
    ['{"username":"a","password":"b"}'],
    [JSON.stringify({ private_key: aKey().public })],
    [JSON.stringify({ private_key: aKey('rsa', { bits: 1024 }).private })],
    [JSON.stringify({ private_key: aKey('ed25519', { passphrase: 'right' }).private, passphrase: 'sup3r-wrong' })],
    [JSON.stringify({ private_key: aKey('ed25519', { passphrase: 'right' }).private })],
  ])('that is no credential of a host is told as that, without a word of it: %#', (value) => {
    const read = () => proofOf(new Secret(value, 'v1'));

    expect(read).toThrow(expect.objectContaining({ code: 'credential-unavailable' }));
    try {
      read();
    } catch (thrown) {
      expect(inspect(thrown, { depth: 9 })).not.toMatch(/BEGIN|sup3r|username/);
    }
  });
});

const fingerprintIn = ({ hostKeys }: At) => fingerprintOf(Buffer.from(hostKeys[0]?.split(' ')[1] ?? '', 'base64'));

describe.skipIf(!hasSshd)('logging in at Debian’s own sshd', () => {
  const closing: (() => Promise<void>)[] = [];
  const keys = {
    ed25519: aKey(),
    rsa: aKey('rsa'),
    ecdsa: aKey('ecdsa'),
    locked: aKey('ed25519', { passphrase: 'open sesame' }),
  };
  const authorities = { ed25519: aKey(), rsa: aKey('rsa'), p256: aKey('ecdsa'), p521: aKey('ecdsa', { bits: 521 }) };
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await start({
      authorized: Object.values(keys).map((key) => key.public),
      authorities: Object.values(authorities).map((key) => key.public),
    });
  });
  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function start(given: Parameters<typeof startSshd>[0]) {
    const started = await startSshd(given);
    closing.push(() => started.stop());
    return started;
  }
  function agentAt(at: At, secret: object, settings: object = {}) {
    const agent = anAgent(at, secret, { settings });
    closing.push(() => agent.target.close());
    return agent;
  }
  const says = async (agent: ReturnType<typeof anAgent>) => (await agent.run({ command: 'echo in' })).stdout.toString();

  test.each([['ed25519'], ['rsa'], ['ecdsa']] as const)('works with a key of %s', async (kind) => {
    expect(await says(agentAt(sshd, { private_key: keys[kind].private }))).toBe('in\n');
  });

  test('works with a key that is locked, and its passphrase', async () => {
    const agent = agentAt(sshd, { private_key: keys.locked.private, passphrase: 'open sesame' });

    expect(await says(agent)).toBe('in\n');
  });

  test('with a key that the host does not know is told apart, before anything ran', async () => {
    const failure = await problemOf(agentAt(sshd, { private_key: aKey().private }).run({ command: 'true' }));

    expect(failure.name).toBe('CredentialRejected');
  });

  describe('with a certificate that the gateway makes for the one operation', () => {
    test.each([['ed25519'], ['rsa'], ['p256'], ['p521']] as const)('works with an authority of %s', async (kind) => {
      expect(await says(agentAt(sshd, { ca_key: authorities[kind].private }))).toBe('in\n');
    });

    test('the host’s log names the operation and the identity', async () => {
      await says(agentAt(sshd, { ca_key: authorities.ed25519.private }));

      expect(sshd.log()).toContain('ID op_1 serviceAccount:bot@p.iam.gserviceaccount.com (serial');
    });

    test('each operation has its own', async () => {
      const agent = agentAt(sshd, { ca_key: authorities.ed25519.private });
      const logins = () => new Set(sshd.log().match(/\(serial \d+\)/g)).size;
      const before = logins();

      await says(agent);
      await says(agent);

      expect(logins() - before).toBe(2);
    });

    test('is not accepted where it is for somebody else', async () => {
      const agent = agentAt(sshd, { ca_key: authorities.ed25519.private }, { certificate: { principals: ['deploy'] } });

      expect((await problemOf(agent.run({ command: 'true' }))).name).toBe('CredentialRejected');
    });

    test('is not accepted from an authority that the host does not trust', async () => {
      const agent = agentAt(sshd, { ca_key: aKey().private });

      expect((await problemOf(agent.run({ command: 'true' }))).name).toBe('CredentialRejected');
    });

    test('forwards nothing where a command was asked for', () => {
      const proof = proofOf(secretOf({ ca_key: authorities.ed25519.private }));
      if (proof.kind !== 'authority') throw new Error('It is an authority’s.');
      const request = { id: 'op_1', principals: ['a'], seconds: 300, now: new Date(), extensions: [] };

      const { certificate } = issueCertificate(proof.authority, request);

      expect(Buffer.from(certificate).toString('latin1')).not.toContain('permit-');
    });
  });

  describe('a host that shows another key than those pinned', () => {
    test.each([
      ['of the same kind', [aKey().public]],
      ['of another kind', [aKey('ecdsa').public]],
      ['whatever its kind', ['SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']],
    ])('is sent nothing, and there is an alarm: %s', async (_what, hostKeys) => {
      const agent = agentAt({ ...sshd, hostKeys }, { private_key: keys.ed25519.private });
      const before = sshd.log().length;

      const failure = await problemOf(agent.run({ command: 'true' }));

      expect(failure).toMatchObject({
        code: 'target-unavailable',
        reason: expect.stringMatching(/^host-key-changed:/),
      });
      expect(agent.alarms).toMatchObject([{ host: '127.0.0.1', port: sshd.port }]);
      expect(sshd.log().slice(before)).not.toMatch(/publickey|Starting session/);
    });

    test('is accepted by a fingerprint, too', async () => {
      const agent = agentAt({ ...sshd, hostKeys: [fingerprintIn(sshd)] }, { private_key: keys.ed25519.private });

      expect(await says(agent)).toBe('in\n');
    });
  });

  test('a host with several keys is asked for the one that is pinned', async () => {
    const [one, other] = [aKey(), aKey('rsa')];
    const both = await start({ authorized: [keys.ed25519.public], hostKeys: [one, other] });

    for (const pinned of [one, other]) {
      const agent = agentAt({ ...both, hostKeys: [pinned.public] }, { private_key: keys.ed25519.private });
      expect(await says(agent)).toBe('in\n');
    }
  });

  describe('through other hosts', () => {
    const hop = (of: Sshd) => ({ host: '127.0.0.1', port: of.port, user: of.user, host_keys: of.hostKeys });

    test('reaches the last one; each proves itself', async () => {
      const inner = await start({ authorized: [keys.ed25519.public], authorities: [authorities.ed25519.public] });
      const middle = await start({ authorized: [keys.ed25519.public], authorities: [authorities.ed25519.public] });

      for (const secret of [{ private_key: keys.ed25519.private }, { ca_key: authorities.ed25519.private }])
        expect(await says(agentAt(inner, secret, { jump: [hop(sshd), hop(middle)] }))).toBe('in\n');

      expect(middle.log()).not.toContain('Starting session');
      expect(inner.log()).toContain('Starting session');
    });

    test('stops at one that shows another key', async () => {
      const inner = await start({ authorized: [keys.ed25519.public] });
      const jump = [{ ...hop(sshd), host_keys: [aKey().public] }];
      const agent = agentAt(inner, { private_key: keys.ed25519.private }, { jump });

      const failure = await problemOf(agent.run({ command: 'true' }));

      expect(failure).toMatchObject({
        code: 'target-unavailable',
        reason: expect.stringMatching(/^host-key-changed:/),
      });
      expect(inner.log()).not.toContain('Connection from');
    });

    test('says so where one does not let it pass', async () => {
      const closed = await start({ authorized: [keys.ed25519.public], lines: ['AllowTcpForwarding no'] });
      const agent = agentAt(sshd, { private_key: keys.ed25519.private }, { jump: [hop(closed)] });

      expect(await problemOf(agent.run({ command: 'true' }))).toMatchObject({
        code: 'target-unavailable',
        reason: 'ssh:jump-refused',
      });
    });
  });

  describe('algorithms', () => {
    test.each([
      ['KexAlgorithms curve25519-sha256'],
      ['KexAlgorithms diffie-hellman-group16-sha512'],
      ['Ciphers chacha20-poly1305@openssh.com'],
      ['Ciphers aes256-gcm@openssh.com'],
      ['Ciphers aes256-ctr'],
      ['MACs hmac-sha2-512-etm@openssh.com'],
    ])('%s will do', async (line) => {
      const host = await start({ authorized: [keys.ed25519.public], lines: [line] });

      expect(await says(agentAt(host, { private_key: keys.ed25519.private }))).toBe('in\n');
    });

    test.each([
      ['KexAlgorithms diffie-hellman-group14-sha1'],
      ['Ciphers aes128-cbc'],
      ['Ciphers aes128-ctr\nMACs hmac-sha1'],
    ])('%s is refused', async (lines) => {
      const host = await start({ authorized: [keys.ed25519.public], lines: lines.split('\n') });

      const failure = await problemOf(agentAt(host, { private_key: keys.ed25519.private }).run({ command: 'true' }));

      expect(failure).toMatchObject({ code: 'target-unavailable', reason: 'ssh:no-common-algorithm' });
    });
  });
});

describe('what is no host, or a hostile one', () => {
  const closing: (() => void)[] = [];
  afterAll(() => {
    for (const close of closing.splice(0)) close();
  });
  const at = (port: number): At => ({ port, user: 'a', hostKeys: [aKey().public] });
  const key: Keys = aKey();

  async function listening(answer: (socket: Socket) => void): Promise<At> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      answer(socket);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const address = server.address();
    return at(typeof address === 'object' && address !== null ? address.port : 0);
  }

  test.each<[string, (socket: Socket) => void]>([
    ['that says something else', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['that leaves at once', (socket) => socket.destroy()],
    [
      'that says rubbish after its name',
      (socket) => socket.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(40_000, 0xff)])),
    ],
    ['that speaks an old version', (socket) => socket.write('SSH-1.5-old\r\n')],
    ['that greets with megabytes', (socket) => socket.write('x'.repeat(5_000_000))],
    ['that greets with lines for ever', (socket) => socket.write('hello\r\n'.repeat(500_000))],
  ])('one %s is told as one that cannot be reached', async (_what, answer) => {
    const agent = anAgent(await listening(answer), { private_key: key.private });

    expect(await problemOf(agent.run({ command: 'true' }))).toMatchObject({ code: 'target-unavailable' });
  });

  test('one that says nothing holds a call no longer than its time', async () => {
    const agent = anAgent(await listening(() => {}), { private_key: key.private });

    const failure = await problemOf(agent.run({ command: 'true' }, { limits: { seconds: 1 } }));

    expect(failure).toMatchObject({ code: 'target-timeout' });
  });

  test('nothing listens there', async () => {
    const agent = anAgent(at(1), { private_key: key.private });

    expect(await problemOf(agent.run({ command: 'true' }))).toMatchObject({
      code: 'target-unavailable',
      reason: 'ECONNREFUSED',
    });
  });

  test.each([
    ['169.254.169.254', {}],
    ['metadata.google.internal', {}],
    ['localhost', { jump: [{ host: '169.254.169.254', user: 'a', host_keys: [key.public] }] }],
  ])('%s is never connected to', async (host, more) => {
    const agent = anAgent(at(22), { private_key: key.private }, { settings: { host, ...more } });

    expect(await problemOf(agent.run({ command: 'true' }))).toMatchObject({
      code: 'target-unavailable',
      reason: 'address-refused',
    });
  });
});
