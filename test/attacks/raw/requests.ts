/** A request before it is written out; each part may be bent. */
export type Raw = {
  method: string;
  target: string;
  version: string;
  headers: readonly string[];
  body: string;
  /** Written after the whole. */
  after: string;
  /** Bends the text of the whole. */
  last: (text: string) => string;
};

const configMap = JSON.stringify({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'settings', namespace: 'team-a' },
  data: { colour: 'blue' },
});

const own = '/k8s/cluster/api/v1/namespaces/team-a';
/** What nobody here may touch. */
const foreign = '/k8s/cluster/api/v1/namespaces/team-b/secrets/s1';
const smuggled = `GET ${foreign} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer caller-token\r\nContent-Length: 0\r\n\r\n`;

function aRequest(method: string, target: string, body = '', type = 'application/json'): Raw {
  const headers = ['Host: gateway', 'Authorization: Bearer caller-token', 'Accept: application/json'];
  const framed = body === '' ? [] : [`Content-Type: ${type}`, `Content-Length: ${body.length}`];
  return {
    method,
    target,
    version: 'HTTP/1.1',
    headers: [...headers, ...framed],
    body,
    after: '',
    last: (text) => text,
  };
}

/** All of these are well-formed and allowed. */
export const seeds: readonly Raw[] = [
  aRequest('GET', `${own}/configmaps/settings`),
  aRequest('GET', `${own}/configmaps?limit=5&labelSelector=app%3Dweb`),
  aRequest('GET', '/k8s/cluster/version'),
  aRequest('POST', `${own}/configmaps?fieldManager=kubectl`, configMap),
  aRequest('PUT', `${own}/configmaps/settings`, configMap),
  aRequest('PATCH', `${own}/configmaps/settings`, '{"data":{"colour":"red"}}', 'application/merge-patch+json'),
  aRequest('DELETE', `${own}/configmaps/settings`),
];

export const write = (raw: Raw) =>
  raw.last(`${raw.method} ${raw.target} ${raw.version}\r\n${raw.headers.join('\r\n')}\r\n\r\n${raw.body}`) + raw.after;

/** `a` and `b` choose among ways and places. */
export type Mutation = (raw: Raw, a: number, b: number) => Raw;

const oneOf = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
const insert = (text: string, at: number, what: string) => {
  const place = at % (text.length + 1);
  return text.slice(0, place) + what + text.slice(place);
};
const withHeader = (raw: Raw, line: string, at: number): Raw => ({
  ...raw,
  headers: raw.headers.toSpliced(at % (raw.headers.length + 1), 0, line),
});
const hex = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
const framing = /^(content-length|transfer-encoding)/i;
const reframed = (raw: Raw, lines: readonly string[], body = raw.body): Raw => ({
  ...raw,
  headers: [...raw.headers.filter((line) => !framing.test(line)), ...lines],
  body,
});

const inPaths = [
  '..',
  '/../',
  '/./',
  '//',
  '/',
  '%2f',
  '%2F',
  '%5c',
  '\\',
  '%2e%2e',
  '%2e',
  '%00',
  '\0',
  '%0d%0a',
  '%0a',
  '\t',
  ' ',
  '%20',
  ';',
  ';a=b',
  '%3b',
  '#',
  '%23',
  '?',
  '%3f',
  '&',
  '%',
  '%%',
  '%zz',
  '%c0%af',
  '%c0%ae%c0%ae',
  '%ef%bc%8f',
  '%e0%80%af',
  '%f0%80%80%af',
  '%ed%a0%80',
  '%ef%bb%bf',
  '%e2%80%8b',
  '%u002f',
  '.%2e/',
  '%2e%2e%2f',
  '..;/',
  '...',
  '.',
  '\u00e9',
  '%25',
  '%252f',
  '%252e%252e%252f',
  '/../../team-b/secrets/s1',
  '/..%2f..%2fteam-b%2fsecrets%2fs1',
  '%2f..%2f..%2fteam-b%2fsecrets%2fs1',
  '/../../../../../nodes/n1/proxy/',
  '/proxy/',
  '/log',
  '/status',
  '/token',
] as const;
const inQueries = [
  'watch=1',
  'watch=banana',
  'watch=',
  'watch',
  'watch=0&watch=1',
  'Watch=true',
  'limit=5&limit=9',
  'fieldSelector=metadata.name%3Dother',
  'fieldSelector=metadata.namespace%3Dteam-b',
  'dryRun=All',
  'dryRun=',
  'dryRun=None&dryRun=All',
  'namespace=team-b',
  '%77atch=1',
  'force=true',
  'pretty=1',
  'includeObject=Object',
  'timeoutSeconds=1;watch=1',
  'a=%ff',
  'continue=%00',
  'x=1#y',
  '?watch=1',
  'a[]=1',
  'resourceVersion=0&allowWatchBookmarks=true',
  '=x',
  '&&',
  'as=admin',
  'impersonate-user=admin',
  'gracePeriodSeconds=0',
  'command=id&command=-u',
  'fieldManager=a&fieldManager=b',
  'continue=a&continue=b',
  'limit=5&Limit=9',
  'labelSelector=a&labelSelector=b',
  'propagationPolicy=Orphan&propagationPolicy=Foreground',
  'watch=%30&%77atch=1',
  'fieldSelector=metadata.name%3Dsettings%00',
  'resourceVersion=0&resourceVersion=1',
  'x=1\u00a0y',
] as const;
const besides = [
  'Host: other',
  'Authorization: Bearer other',
  'authorization: Basic YTpi',
  'Content-Length: 0',
  'Content-Length: 7',
  'Content-Length: 99',
  'Content-Length: -1',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length: 0x5',
  'Content-Length : 5',
  'Content-Length:',
  'Content-Length: 5\tx',
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: \u0665',
  'Content-Length: 9999999999999999999999',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding:',
  'Transfer-Encoding: "chunked"',
  'Host: gateway.',
  'Host:',
  'Host: user@gateway:80/x',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding : chunked',
  ' Transfer-Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'X: y\r\n\tImpersonate-User: admin',
  'X: y\nImpersonate-User: admin',
  'X: y\rImpersonate-User: admin',
  'X: y\0z',
  'X\0: y',
  'X y: z',
  ': empty',
  'no colon',
  'X: \u00ff',
  'Impersonate-User: admin',
  'IMPERSONATE-USER: admin',
  'Impersonate_User: admin',
  'Impersonate-Group: system:masters',
  'Impersonate-Extra-Scopes: x',
  'X-Remote-User: admin',
  'X-Remote-Group: system:masters',
  'X-Remote-Extra-Scopes: x',
  'X-Remote-Uid: 0',
  'Impersonate-Uid: 0',
  'X-Forwarded-Host: other',
  'X-Forwarded-Prefix: /api/v1/namespaces/team-b',
  'X-Forwarded-Proto: http',
  'X-HTTP-Method-Override: PATCH',
  'X-Method-Override: PATCH',
  '_method: DELETE',
  'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.eA, v5.channel.k8s.io',
  'Keep-Alive: timeout=5',
  'Max-Forwards: 0',
  'Via: 1.0 x',
  'Content-Encoding: aws-chunked',
  'Content-Range: bytes 0-1/2',
  'X-Forwarded-For: 127.0.0.1',
  'Forwarded: for=1',
  'X-Original-URL: /api/v1/secrets',
  'X-Rewrite-URL: /api/v1/secrets',
  'X-HTTP-Method-Override: DELETE',
  'X-HTTP-Method: DELETE',
  'Cookie: session=1',
  'Connection: close, authorization',
  'Connection: content-type',
  'Connection: keep-alive',
  'Proxy-Connection: keep-alive',
  'Proxy-Authorization: Basic YTpi',
  'TE: trailers',
  'Trailer: Authorization',
  'Expect: 100-continue',
  'Expect: 100-Continue',
  'Expect: 200-ok',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
  'Connection: Upgrade\r\nUpgrade: SPDY/3.1',
  'Connection: Upgrade\r\nUpgrade: TLS/1.0',
  'Upgrade: websocket',
  'Connection: upgrade',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v5.channel.k8s.io',
  'Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Accept: application/vnd.kubernetes.protobuf',
  'Accept: application/json;as=Table;v=v1;g=meta.k8s.io',
  'Accept: */*',
  'Accept:',
  'Content-Type: application/apply-patch+yaml',
  'Content-Type: application/json-patch+json',
  'Content-Type: text/plain',
  'Content-Encoding: gzip',
  'Content-Encoding: identity',
  'Accept-Encoding: gzip',
  'Range: bytes=0-1',
  'If-Match: *',
  'If-None-Match: *',
  'Sallyport-Reason: why',
  'Prefer: wait=0',
  'Prefer: dry-run',
  `X-Long: ${'x'.repeat(40_000)}`,
  'X-Stream-Protocol-Version: v4.channel.k8s.io',
] as const;
const methods = [
  'get',
  'Get',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PUT',
  'POST',
  'PATCH',
  'DELETE',
  'PROPFIND',
  'LINK',
  'WATCH',
  'GET ',
  ' GET',
  'G\0T',
  'QUERY',
  'PRI',
] as const;
const versions = [
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/1.2',
  'http/1.1',
  'HTTP/1.1 x',
  'HTTP/1.1\t',
  'HTTP/11',
  'HTTP/1.10',
  '',
] as const;
const prefixes = [
  'http://gateway',
  'https://gateway',
  'http://other',
  '//other',
  'gateway:80',
  'http://user:pw@gateway',
  'HTTP://GATEWAY',
  'file://',
  '*',
  '?',
  '/..',
  '/.',
  '/x/..',
  '/%2e%2e',
] as const;
const inBodies = [
  smuggled,
  '\r\n\r\n',
  '\0',
  '{}',
  '[CREDENTIAL]',
  '{"kind":"Secret","kind":"ConfigMap"}',
  '\ufeff',
  '0\r\n\r\n',
  `0\r\n\r\n${smuggled}`,
] as const;

/** Chunks of a body, with what a chunked body may hold beside them. */
function chunked(body: string, a: number, b: number): string {
  const middle = b % (body.length + 1);
  const parts = [body.slice(0, middle), body.slice(middle)].filter((part) => part !== '');
  const extension = oneOf(['', ';x=y', ';x="\r\n"', ' ', ';\nx', `;${'x'.repeat(5000)}`], a);
  const sizes = oneOf(
    [
      (n: number) => n.toString(16),
      (n: number) => `0${n.toString(16)}`,
      (n: number) => n.toString(16).toUpperCase(),
      (n: number) => `0x${n.toString(16)}`,
      (n: number) => `${(n + 1).toString(16)}`,
      (n: number) => `fffffffffffffff${n.toString(16)}`,
    ],
    Math.floor(a / 6),
  );
  const end = oneOf(
    [
      '0\r\n\r\n',
      '0\r\nAuthorization: Bearer x\r\nImpersonate-User: admin\r\n\r\n',
      '0\n\n',
      '00000\r\n\r\n',
      '',
      '0\r\n',
      `0\r\n\r\n${smuggled}`,
    ],
    Math.floor(a / 36),
  );
  return parts.map((part) => `${sizes(part.length)}${extension}\r\n${part}\r\n`).join('') + end;
}

export const mutations: readonly Mutation[] = [
  (raw, a, b) => ({ ...raw, target: insert(raw.target, b, oneOf(inPaths, a)) }),
  (raw, a, b) => ({
    ...raw,
    target:
      raw.target.replace(/[^/]+/g, (part, at: number) => (at % 7 === b % 7 ? part.replace(/./, hex) : part)) +
      oneOf(['', '/', '%20'], a),
  }),
  (raw, _a, b) => ({
    ...raw,
    target:
      raw.target.slice(0, b % raw.target.length) +
      raw.target.slice(b % raw.target.length).replace(/[a-z]/, (one) => one.toUpperCase()),
  }),
  (raw, a) => ({ ...raw, target: `${raw.target}${raw.target.includes('?') ? '&' : '?'}${oneOf(inQueries, a)}` }),
  (raw, a, b) => ({
    ...raw,
    target: raw.target.replace(
      oneOf(['team-a', 'configmaps', 'settings', 'v1', 'cluster', 'namespaces'], a),
      oneOf(
        [
          'team-b',
          'secrets',
          '..',
          '.',
          '*',
          '',
          'pods',
          'x'.repeat(300),
          'team%2da',
          'CONFIGMAPS',
          'configmaps.',
          '_',
        ],
        b,
      ),
    ),
  }),
  (raw, a) => ({ ...raw, target: `${oneOf(prefixes, a)}${raw.target}` }),
  (raw, a) => ({
    ...raw,
    target: `${raw.target}${raw.target.includes('?') ? '&' : '?'}x=${'y'.repeat(oneOf([8000, 8192, 16_000, 33_000, 70_000], a))}`,
  }),
  (raw, a) => ({ ...raw, method: oneOf(methods, a) }),
  (raw, a) => ({ ...raw, version: oneOf(versions, a) }),
  (raw, a, b) => withHeader(raw, oneOf(besides, a), b),
  (raw, a, b) => withHeader(raw, oneOf(besides, a), b),
  (raw, a) => ({ ...raw, headers: raw.headers.toSpliced(a % raw.headers.length, 1) }),
  (raw, a) => ({ ...raw, headers: [...raw.headers, raw.headers[a % raw.headers.length] as string] }),
  (raw, a) => ({
    ...raw,
    headers: raw.headers.map((line, at) =>
      at === a % raw.headers.length ? line.replace(': ', oneOf([':', ' : ', ':\t', ':\r\n ', ':  '], a)) : line,
    ),
  }),
  (raw, a) => ({
    ...raw,
    headers: raw.headers.map((line) =>
      line.replace(/^[^:]+/, (name) => (a % 2 === 0 ? name.toUpperCase() : name.toLowerCase())),
    ),
  }),
  (raw, a) => reframed(raw, [`Content-Length: ${Math.max(0, raw.body.length + (a % 9) - 4)}`]),
  (raw, a, b) => reframed(raw, ['Transfer-Encoding: chunked'], chunked(raw.body, a, b)),
  (raw, a, b) =>
    reframed(raw, [`Content-Length: ${raw.body.length}`, 'Transfer-Encoding: chunked'], chunked(raw.body, a, b)),
  (raw, a, b) => {
    const body = insert(raw.body, b, oneOf(inBodies, a));
    return reframed(raw, [`Content-Length: ${Buffer.byteLength(body)}`], body);
  },
  (raw, a, b) => ({ ...raw, body: insert(raw.body, b, oneOf(inBodies, a)) }),
  (raw, a) => ({
    ...raw,
    after: raw.after + oneOf([smuggled, write(oneOf(seeds, a)), '\r\n', '\0', 'GET ', `\r\n\r\n${smuggled}`], a),
  }),
  (raw, a, b) => ({ ...raw, last: (text) => bendLine(raw.last(text), a, b) }),
  (raw, a, b) => ({
    ...raw,
    last: (text) => insert(raw.last(text), b, oneOf(['\0', '\r', '\n', '\r\n', '\x7f', '\x80', ' ', '\t'], a)),
  }),
  (raw, _a, b) => ({ ...raw, last: (text) => raw.last(text).slice(0, -(1 + (b % 40))) }),
];

/** One end of line of the head, written otherwise. */
function bendLine(text: string, a: number, b: number): string {
  const ends = [...text.matchAll(/\r\n/g)].map(({ index }) => index);
  const at = ends[b % Math.max(1, ends.length)];
  return at === undefined
    ? text
    : text.slice(0, at) + oneOf(['\n', '\r', '\r\r\n', '\n\r', '\r\n ', ' \r\n', '\u2028'], a) + text.slice(at + 2);
}
