import { createHmac, createPublicKey, generateKeyPairSync, hash, sign } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Problem } from '../../src/model/problem.ts';
import { audience, identityFor, type LocalIssuer, noon, startLocalIssuer } from '../identity/local-issuer.ts';

/** Whatever is presented here must be refused, with the one answer there is, and nothing else may be thrown. */

const algorithms = ['RS256', 'ES256'];

let issuer: LocalIssuer;
let elsewhere: LocalIssuer;
beforeAll(async () => {
  issuer = await startLocalIssuer();
  elsewhere = await startLocalIssuer();
  await elsewhere.addKey('k1');
  await issuer.addKey('ec', 'ES256');
  await issuer.addKey('unused', 'RS256', { alg: 'RS512' });
});
afterAll(() => Promise.all([issuer.stop(), elsewhere.stop()]));

type Vector = [name: string, token: () => string | Promise<string>];

const base64url = (data: string | Uint8Array) => Buffer.from(data).toString('base64url');
const good = () => issuer.sign(issuer.claims());
const goodParts = async () => (await good()).split('.') as [header: string, payload: string, signature: string];
const withClaims = (claims: Record<string, unknown>) => issuer.sign(issuer.claims(claims));
const header = (changes: Record<string, unknown> = {}) => ({ alg: 'RS256', kid: 'k1', typ: 'JWT', ...changes });

/** The good payload under another header, with the good signature: what was signed is another header. */
async function withHeader(changes: Record<string, unknown>) {
  const [, payload, signature] = await goodParts();
  return `${base64url(JSON.stringify(header(changes)))}.${payload}.${signature}`;
}

/** Truly signed by the issuer's key, whatever stands in it. */
function signRaw(headerText: string | Uint8Array, payloadText: string | Uint8Array) {
  const input = `${base64url(headerText)}.${base64url(payloadText)}`;
  return signInput(input);
}

async function signInput(input: string) {
  const key = issuer.privateKey('k1');
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, Buffer.from(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

const signPayload = (text: string | Uint8Array) => signRaw(JSON.stringify(header()), text);
const signHeader = (changes: Record<string, unknown>) =>
  signRaw(JSON.stringify(header(changes)), JSON.stringify(issuer.claims()));

function hmac(alg: string, secret: string | Uint8Array, changes: Record<string, unknown> = {}) {
  const input = `${base64url(JSON.stringify(header({ alg, ...changes })))}.${base64url(JSON.stringify(issuer.claims()))}`;
  return `${input}.${createHmac(`sha${alg.slice(2)}`, secret)
    .update(input)
    .digest('base64url')}`;
}

function publicPem() {
  const key = createPublicKey({ key: { ...issuer.publicJwk('k1') }, format: 'jwk' });
  return String(key.export({ type: 'spki', format: 'pem' }));
}

/** Signed by a stranger who brings the key along. */
async function withForeignKey(changes: (jwk: object) => Record<string, unknown>, kid = 'k1') {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const protectedHeader = { alg: 'RS256', kid, ...changes(await exportJWK(publicKey)) };
  return new SignJWT(issuer.claims()).setProtectedHeader(protectedHeader).sign(privateKey);
}

/** The good token with its last letter replaced by one that decodes to the same bytes. */
async function withLooseEnd() {
  const token = await good();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}

async function es256With(signature: Uint8Array) {
  const token = await issuer.sign(issuer.claims(), {}, 'ec');
  return `${token.slice(0, token.lastIndexOf('.'))}.${base64url(signature)}`;
}

const payloadText = (changes: Record<string, unknown> = {}) => JSON.stringify(issuer.claims(changes));
const nested = (depth: number) => payloadText().replace(/}$/, `,"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`);
const withMember = (text: string) => payloadText().replace(/}$/, `,${text}}`);

const unsigned: Vector[] = [
  ['alg none without a signature', async () => `${base64url('{"alg":"none"}')}.${(await goodParts())[1]}.`],
  ['alg none with a signature', () => withHeader({ alg: 'none' })],
  ['alg None', () => withHeader({ alg: 'None' })],
  ['alg nOnE', () => withHeader({ alg: 'nOnE' })],
  ['alg NONE, truly signed', () => signHeader({ alg: 'NONE' })],
  ['no alg', () => signHeader({ alg: undefined })],
  ['an empty alg', () => signHeader({ alg: '' })],
  ['alg null', () => signHeader({ alg: null })],
  ['alg as a list', () => signHeader({ alg: ['RS256'] })],
  ['alg in lower case', () => signHeader({ alg: 'rs256' })],
  ['alg with white space', () => signHeader({ alg: 'RS256 ' })],
  ['alg of a prototype', () => signHeader({ alg: '__proto__' })],
  ['alg constructor', () => signHeader({ alg: 'constructor' })],
  ['a signature cut off', async () => (await goodParts()).slice(0, 2).join('.')],
  ['an empty signature', async () => `${(await goodParts()).slice(0, 2).join('.')}.`],
  ['a signature of one zero', async () => `${(await goodParts()).slice(0, 2).join('.')}.AA`],
  ['half a signature', async () => (await good()).slice(0, -171)],
  [
    'a signature that Cloud Run removed',
    async () => `${(await goodParts()).slice(0, 2).join('.')}.SIGNATURE_REMOVED_BY_GOOGLE`,
  ],
  [
    'another token’s signature',
    async () => `${(await goodParts()).slice(0, 2).join('.')}.${(await withClaims({ sub: 'bob' })).split('.')[2]}`,
  ],
  [
    'a changed payload',
    async () => {
      const [head, , signature] = await goodParts();
      return `${head}.${base64url(payloadText({ sub: 'admin' }))}.${signature}`;
    },
  ],
];

const confused: Vector[] = [
  ['HS256 with the public key as PEM', () => hmac('HS256', publicPem())],
  ['HS256 with the public key as trimmed PEM', () => hmac('HS256', publicPem().trim())],
  ['HS256 with the modulus', () => hmac('HS256', String(issuer.publicJwk('k1').n))],
  ['HS256 with the JWK', () => hmac('HS256', JSON.stringify(issuer.publicJwk('k1')))],
  ['HS384 with the public key', () => hmac('HS384', publicPem())],
  ['HS512 with the public key', () => hmac('HS512', publicPem())],
  ['HS256 with an empty secret', () => hmac('HS256', '')],
  [
    'HS256 that says RS256',
    async () => `${(await goodParts()).slice(0, 2).join('.')}.${hmac('HS256', publicPem()).split('.')[2]}`,
  ],
  ['ES256 named for an RSA key', () => withHeader({ alg: 'ES256' })],
  [
    'RS256 named for an EC key',
    async () =>
      (await issuer.sign(issuer.claims(), {}, 'ec')).replace(
        /^[^.]+/,
        base64url(JSON.stringify(header({ kid: 'ec' }))),
      ),
  ],
  [
    'an algorithm the issuer is not configured for, truly signed',
    async () => {
      await issuer.addKey('ps', 'PS256');
      return issuer.sign(issuer.claims(), {}, 'ps');
    },
  ],
  ['RS256 by a key that is for RS512', () => issuer.sign(issuer.claims(), { alg: 'RS256' }, 'unused')],
  ['psychic ES256: r and s are zero', () => es256With(new Uint8Array(64))],
  ['ES256 with r zero', () => es256With(Uint8Array.from({ length: 64 }, (_, index) => (index === 63 ? 1 : 0)))],
  [
    'ES256 with r and s of the group order',
    () => {
      const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
      return es256With(Buffer.concat([order, order]));
    },
  ],
  ['ES256 with a DER signature', () => es256With(Buffer.from('3006020100020100', 'hex'))],
  ['ES256 with an overlong signature', () => es256With(new Uint8Array(128))],
];

const keyed: Vector[] = [
  ['a key brought along as jwk', () => withForeignKey((jwk) => ({ jwk }))],
  ['a key brought along under its own id', () => withForeignKey((jwk) => ({ jwk }), 'mine')],
  ['a jku of the attacker', () => withForeignKey(() => ({ jku: `${elsewhere.url}/jwks` }))],
  ['an x5u of the attacker', () => withForeignKey(() => ({ x5u: `${elsewhere.url}/cert` }))],
  ['an x5c of the attacker', () => withForeignKey(() => ({ x5c: ['MIIB'] }))],
  ['the key of another issuer', () => elsewhere.sign({ ...issuer.claims() })],
  ['no kid', () => signHeader({ kid: undefined })],
  ['an empty kid', () => signHeader({ kid: '' })],
  ['a kid that is a number', () => signHeader({ kid: 1 })],
  ['a kid that is a list', () => signHeader({ kid: ['k1'] })],
  ['a kid of 257 characters', () => signHeader({ kid: 'k'.repeat(257) })],
  ['a kid that is a path', () => signHeader({ kid: '../../../../dev/null' })],
  ['a kid that is an address', () => signHeader({ kid: `${elsewhere.url}/jwks` })],
  ['a kid that is SQL', () => signHeader({ kid: "k1' UNION SELECT 'x" })],
  ['a kid with a null byte', () => signHeader({ kid: 'k1\u0000' })],
  ['a kid of a prototype', () => signHeader({ kid: '__proto__' })],
  ['the kid toString', () => signHeader({ kid: 'toString' })],
  ['crit with a known name', () => signHeader({ crit: ['exp'], exp: noon + 600 })],
  ['crit with an unknown name', () => signHeader({ crit: ['x'], x: 1 })],
  ['crit, empty', () => signHeader({ crit: [] })],
  ['b64 false', () => signHeader({ b64: false, crit: ['b64'] })],
  ['b64 false without crit', () => signHeader({ b64: false })],
  ['zip', () => signHeader({ zip: 'DEF' })],
  ['a nested token', () => signHeader({ cty: 'JWT' })],
  ['the type of a logout token', () => signHeader({ typ: 'logout+jwt' })],
  ['the type of a proof of possession', () => signHeader({ typ: 'dpop+jwt' })],
  ['a type that is a list', () => signHeader({ typ: ['JWT'] })],
  ['encryption', async () => `${await good()}.AAAA.AAAA`],
  ['an encrypted header in three parts', () => signHeader({ enc: 'A256GCM' })],
];

const encoded: Vector[] = [
  ['nothing', () => ''],
  ['dots alone', () => '..'],
  ['a word', () => 'undefined'],
  ['padding', async () => (await goodParts()).map((part) => part + '='.repeat((4 - (part.length % 4)) % 4)).join('.')],
  ['a space before', async () => ` ${await good()}`],
  ['a space after', async () => `${await good()} `],
  ['a line break inside', async () => (await good()).replace(/^(.{20})/, '$1\n')],
  ['a null byte after', async () => `${await good()}\u0000`],
  [
    'standard base64 letters',
    async () => (await goodParts()).join('.').replaceAll('-', '+').replaceAll('_', '/').replace(/$/, '+'),
  ],
  ['a last letter with loose bits', withLooseEnd],
  ['four parts', async () => `${await good()}.AAAA`],
  ['a dot after', async () => `${await good()}.`],
  ['a dot before', async () => `.${await good()}`],
  ['percent encoding', async () => (await good()).replaceAll('.', '%2e')],
  ['look-alike dots', async () => (await good()).replaceAll('.', '․')],
  ['look-alike letters', async () => (await good()).replace('e', 'е')],
  ['a zero-width space inside', async () => (await good()).replace('.', '\u200b.')],
  ['its scheme', async () => `Bearer ${await good()}`],
  ['its scheme in lower case', async () => `bearer ${await good()}`],
  ['two tokens', async () => `${await good()} ${await good()}`],
  ['two tokens, comma between', async () => `${await good()},${await good()}`],
  [
    'JSON serialisation',
    async () => {
      const [head, payload, signature] = await goodParts();
      return JSON.stringify({ protected: head, payload, signature });
    },
  ],
  ['more than 16 KiB', () => withClaims({ pad: 'x'.repeat(16 * 1024) })],
  ['a megabyte of letters', () => 'A'.repeat(2 ** 20)],
  ['a megabyte of dots', () => '.'.repeat(2 ** 20)],
];

const read: Vector[] = [
  ['a payload that is no JSON', () => signPayload('hello')],
  ['an empty payload', () => signInput(`${base64url(JSON.stringify(header()))}.`)],
  ['a payload that is a list', () => signPayload('[]')],
  ['a payload that is null', () => signPayload('null')],
  ['a payload that is a string', () => signPayload('"alice"')],
  ['a header that is a list', () => signRaw('["RS256"]', payloadText())],
  ['a header that is null', () => signRaw('null', payloadText())],
  ['a key twice', () => signPayload(withMember('"sub":"admin"'))],
  ['a key twice, once escaped', () => signPayload(withMember('"s\\u0075b":"admin"'))],
  ['a key twice in the header', () => signRaw('{"alg":"RS256","kid":"k1","alg":"RS256"}', payloadText())],
  ['a key twice, deep inside', () => signPayload(withMember('"a":[{"b":1,"b":2}]'))],
  ['a prototype as a key', () => signPayload(withMember('"__proto__":{"kind":"human"}'))],
  ['a prototype as a key, escaped', () => signPayload(withMember('"\\u005f_proto__":{"sub":"admin"}'))],
  ['a prototype as a key, in the header', () => signRaw('{"alg":"RS256","kid":"k1","__proto__":{}}', payloadText())],
  ['a comment', () => signPayload(`${payloadText()}/* */`)],
  ['a trailing comma', () => signPayload(withMember('').replace(/,}$/, ',}'))],
  ['two objects', () => signPayload(`${payloadText()}${payloadText()}`)],
  ['a byte order mark', () => signPayload(`\ufeff${payloadText()}`)],
  [
    'bytes that are no UTF-8',
    () => signPayload(Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xc0, 0x80]), Buffer.from('"}')])),
  ],
  ['UTF-16', () => signPayload(Buffer.from(payloadText(), 'utf16le'))],
  ['half a surrogate pair', () => signPayload(withMember('"x":"\\ud800"'))],
  ['a number that overflows', () => signPayload(withMember('"x":1e999'))],
  ['seventeen levels', () => signPayload(nested(17))],
  ['four thousand levels', () => signPayload(nested(4000))],
];

const claimed: Vector[] = [
  ...[undefined, null, `${noon + 600}`, [noon + 600], {}, true, -1, 0].map(
    (exp): Vector => [`exp ${JSON.stringify(exp)}`, () => withRawClaims({ exp })],
  ),
  ...[undefined, null, `${noon}`, [noon], true, -1, 0, noon + 86_400].map(
    (iat): Vector => [`iat ${JSON.stringify(iat)}`, () => withRawClaims({ iat })],
  ),
  ...[null, `${noon}`, [noon], true, -1].map(
    (nbf): Vector => [`nbf ${JSON.stringify(nbf)}`, () => withRawClaims({ nbf })],
  ),
  ['exp 1e999', () => signPayload(payloadText({ exp: undefined }).replace(/}$/, ',"exp":1e999}'))],
  ['exp NaN', () => signPayload(payloadText({ exp: undefined }).replace(/}$/, ',"exp":NaN}'))],
  ...[undefined, null, '', ' ', 7, ['alice'], {}, true, 'a\u0000b', 'a\nb', 'älice', 'x'.repeat(256)].map(
    (sub): Vector => [`sub ${JSON.stringify(sub)}`, () => withRawClaims({ sub })],
  ),
  ...['', null, 7, '__proto__', 'https://evil.example'].map(
    (iss): Vector => [`iss ${JSON.stringify(iss)}`, () => withRawClaims({ iss })],
  ),
  ['no iss', () => withRawClaims({ iss: undefined })],
  ['iss as a list', () => withRawClaims({ iss: [issuer.url] })],
  ['iss with a slash after', () => withRawClaims({ iss: `${issuer.url}/` })],
  ['iss in capitals', () => withRawClaims({ iss: issuer.url.toUpperCase() })],
  ['iss with a space', () => withRawClaims({ iss: ` ${issuer.url}` })],
  ['iss with a port added', () => withRawClaims({ iss: `${issuer.url}:80` })],
  ['iss with another name for loopback', () => withRawClaims({ iss: issuer.url.replace('127.0.0.1', 'localhost') })],
  ['the iss of IAP', () => withRawClaims({ iss: 'https://cloud.google.com/iap' })],
  ['another audience', () => withRawClaims({ aud: 'https://other.example' })],
  ['a second audience', () => withRawClaims({ aud: [audience, 'https://other.example'] })],
];

const withRawClaims = (changes: Record<string, unknown>) => signPayload(payloadText(changes));

test('the token that all of these are made from is accepted', async () => {
  const { authenticate } = identityFor(issuer, { algorithms });

  expect(await authenticate(await good())).toMatchObject({ subject: 'alice' });
  expect(await authenticate(await signPayload(nested(10)))).toMatchObject({ subject: 'alice' });
});

describe.each<[string, Vector[]]>([
  ['not signed', unsigned],
  ['signed in another way', confused],
  ['signed by another key', keyed],
  ['not exactly encoded', encoded],
  ['not exactly one JSON object', read],
  ['saying something else', claimed],
])('a token %s is refused', (_, vectors) => {
  test.each(vectors)('%s', async (_, craft) => {
    const { authenticate } = identityFor(issuer, { algorithms });
    const token = await craft();

    const thrown: unknown = await authenticate(token).then(
      ({ subject }) => `accepted as ${subject}`,
      (error: unknown) => error,
    );

    expect(thrown).toBeInstanceOf(Problem);
    expect(thrown).toMatchObject({ code: 'unauthenticated', status: 401, detail: undefined });
    expect(thrown).not.toMatchObject({ reason: 'unexpected' });
  });
});

test('a token that names its own key server makes the gateway ask nobody', async () => {
  const { authenticate } = identityFor(issuer, { algorithms });
  const before = elsewhere.requests.length;

  await authenticate(await withForeignKey(() => ({ jku: `${elsewhere.url}/jwks` }))).catch(() => {});
  await authenticate(await withForeignKey(() => ({ x5u: `${elsewhere.url}/cert` }))).catch(() => {});

  expect(elsewhere.requests).toHaveLength(before);
});

test('a token of 1024-bit RSA is refused, though its issuer publishes the key', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  elsewhere.state.extra = [{ ...publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256', use: 'sig' }];
  const input = `${base64url(JSON.stringify(header({ kid: 'weak' })))}.${base64url(JSON.stringify(elsewhere.claims()))}`;
  const token = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;

  const answer = identityFor(elsewhere).authenticate(token);

  await expect(answer).rejects.toMatchObject({ code: 'unauthenticated', reason: 'unknown-key' });
});

test('a token whose signature is its own message, which RSA with exponent 1 would verify, is refused', async () => {
  const { n } = issuer.publicJwk('k1');
  elsewhere.state.extra = [{ kty: 'RSA', n, e: 'AQ', kid: 'one', alg: 'RS256', use: 'sig' }];
  const input = `${base64url(JSON.stringify(header({ kid: 'one' })))}.${base64url(JSON.stringify(elsewhere.claims()))}`;
  const digestInfo = `3031300d060960864801650304020105000420${hash('sha256', input)}`;
  const padded = Buffer.from(`0001${'ff'.repeat(256 - 3 - digestInfo.length / 2)}00${digestInfo}`, 'hex');

  const answer = identityFor(elsewhere).authenticate(`${input}.${padded.toString('base64url')}`);

  await expect(answer).rejects.toMatchObject({ code: 'unauthenticated', reason: 'unknown-key' });
});
