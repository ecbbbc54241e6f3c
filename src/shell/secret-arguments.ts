/** Where a secret stands in a text: start, and end (excluded). */
export type Span = { start: number; end: number };

const suspicious =
  '[\\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|bearer|api[-_]?key|access[-_]?key|private[-_]?key|account[-_]?key|_key|credential|auth(?!or(?!i))|cookie|session[-_]?id|signature)[\\w.-]*';
/** Names that speak of a secret and hold none. */
const harmless =
  /(file|path|stdin|prompt|type|expir\w*|ttl|length|name|url|uri|endpoint|policy|policies)$|^--?no-|^pwd$/i;

const named = new RegExp(`^(-{0,2}${suspicious})([=:]\\s*)(.+)$`, 'is');
const option = new RegExp(`^--?${suspicious}$`, 'i');
const inline = new RegExp(`(?<![\\w.-])(-{0,2}${suspicious})(\\\\?["']?\\s*[=:]\\s*)(\\\\?["'])?`, 'gi');

/** Patterns that need no name of an option: the first group is what goes before the secret, the second the secret. */
const patterns = [
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@"']*:)([^\s/@"']+)(?=@)/gi,
  /(\b[a-z][a-z0-9+.-]*:\/\/)([^\s/?#:@"']{12,})(?=@)/gi,
  /(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?)([^"'\r\n]+)/gi,
  /(\b(?:bearer|basic|digest|negotiate)\s+)([\w+/=.~-]{6,})/gi,
  /(\bpass:)([^\s"']+)/gi,
  /((?<![\w$-])(?:password|identified\s+by)\s+["'])([^"']+)/gi,
];

/** Secrets anywhere in a text, told by what goes before them. */
export function secretsInText(text: string): Span[] {
  const spans: Span[] = [];
  for (const pattern of patterns) {
    for (const { index, 1: before = '', 2: secret = '' } of text.matchAll(pattern))
      spans.push(spanAt(index + before.length, secret));
  }
  for (const { index, 0: whole, 1: name = '', 3: quote } of text.matchAll(inline)) {
    const start = index + whole.length;
    const end = quote === undefined ? /[\s"'&,;}|)]|$/ : new RegExp(`${quote.replace('\\', '\\\\')}|$`);
    const value = text.slice(start).split(end, 1)[0] ?? '';
    if (!harmless.test(name) && isValue(value)) spans.push(spanAt(start, value));
  }
  return spans;
}

const spanAt = (start: number, text: string): Span => ({ start, end: start + text.length });

/** What the shell puts in for a variable is not here. */
const isValue = (text: string) => text !== '' && !/^\$[{(]?\w+[)}]?$/.test(text);

type Words = readonly string[];

/** Arguments that are secrets by their place: of each program, the indexes and the letters before the secret. */
const places: Record<string, (words: Words) => readonly (readonly [index: number, from: number])[]> = {
  mysql: (words) => glued(words, /^-p(?=.)/),
  mariadb: (words) => glued(words, /^-p(?=.)/),
  curl: (words) => [
    ...after(words, /^(-[a-zA-Z]*[uUb]|--user|--proxy-user|--cookie)$/),
    ...glued(words, /^(-[uUb](?=.)|--(proxy-)?user=)/),
  ],
  wget: (words) => glued(words, /^--(user|http-user|ftp-user)=(?=.*:)/),
  'redis-cli': (words) => after(words, /^(-a|--pass)$/),
  sshpass: (words) => [...after(words, /^-p$/), ...glued(words, /^-p(?=.)/)],
  ldap: (words) => [...after(words, /^-[wy]$/), ...glued(words, /^-w(?=.)/)],
  mongo: (words) => [...after(words, /^-p$/), ...glued(words, /^-p(?=[^o])/)],
  login: (words) => (words.includes('login') ? [...after(words, /^-p$/), ...glued(words, /^-p(?=.)/)] : []),
  htpasswd: (words) => (words.some((word) => /^-[a-zA-Z]*b/.test(word)) ? [[words.length - 1, 0]] : []),
  openssl: (words) => after(words, /^-(k|K|iv|hmac|macopt)$/),
  vault: (words) => [...after(words, /^login$/), ...glued(words, /^[\w.-]+=/)],
  aws: (words) => after(words, /(secret|token|key)/i),
  kubectl: (words) => glued(words, /^--from-literal=[^=]*=/),
  user: (words) => after(words, /^(-p|--password)$/),
  rabbitmqctl: (words) => (/^(add_user|change_password|authenticate_user)$/.test(words[1] ?? '') ? [[3, 0]] : []),
  zip: (words) => [...after(words, /^-[a-zA-Z]*P$/), ...glued(words, /^-[pP](?=.)/)],
  smbclient: (words) => glued(words, /^[^%]+%/),
  sqlcmd: (words) => [...after(words, /^-P$/), ...glued(words, /^-P(?=.)/)],
  mysqladmin: (words) => [...after(words, /^password$/), ...glued(words, /^-p(?=.)/)],
};

const families: readonly (readonly [RegExp, string])[] = [
  [/^mysqladmin$/, 'mysqladmin'],
  [/^(mysql|mariadb)/, 'mysql'],
  [/^ldap/, 'ldap'],
  [/^mongo/, 'mongo'],
  [/^(docker|podman|nerdctl|helm|oc|az|buildah|skopeo|npm|gh)$/, 'login'],
  [/^(useradd|usermod|adduser)$/, 'user'],
  [/^(zip|unzip|7z|7za|7zr)$/, 'zip'],
];

const after = (words: Words, before: RegExp) =>
  words.flatMap((word, index) =>
    before.test(word) && words[index + 1] !== undefined ? [[index + 1, 0] as const] : [],
  );

const glued = (words: Words, before: RegExp) =>
  words.flatMap((word, index) => {
    const found = before.exec(word);
    return found === null || index === 0 ? [] : [[index, found[0].length] as const];
  });

/** Secrets among the words of one command: for each word, where. */
export function secretsInWords(words: Words): Span[][] {
  const spans = words.map((word) => [...secretsInText(word), ...secretByName(word)]);
  words.forEach((word, index) => {
    const next = words[index + 1] ?? '';
    if (option.test(word) && !harmless.test(word) && !/^--[a-z]/.test(next) && isValue(next))
      spans[index + 1]?.push({ start: 0, end: next.length });
  });
  for (const { index, start } of secretsByPlace(words)) spans[index]?.push({ start, end: words[index]?.length ?? 0 });
  return spans;
}

/** Where a secret begins in one of several words; it goes to the end of it. */
type Placed = { index: number; start: number };

/** Secrets that nothing but their place tells: what follows `-p` of `mysql`, `-a` of `redis-cli`. */
export function secretsByPlace(words: Words): Placed[] {
  // A program that runs another has the other's arguments among its own.
  return words.flatMap((word, at) => {
    const family = familyOf(word.slice(word.lastIndexOf('/') + 1));
    const placed = family === undefined ? [] : (places[family]?.(words.slice(at)) ?? []);
    return placed
      .map(([index, start]) => ({ index: at + index, start }))
      .filter(({ index, start }) => isValue(words[index]?.slice(start) ?? ''));
  });
}

function familyOf(name: string): string | undefined {
  const family = families.find(([pattern]) => pattern.test(name))?.[1] ?? name;
  return Object.hasOwn(places, family) ? family : undefined;
}

/** A look that is cheaper: without one of these in it, a text runs no such program. */
export const mayPlaceSecrets = (text: string): boolean => running.test(text);
const running =
  /(?<![\w-])(?:mysql|mariadb|mongo|ldap|curl|wget|redis-cli|sshpass|docker|podman|nerdctl|helm|oc|az|buildah|skopeo|npm|gh|htpasswd|openssl|vault|aws|kubectl|user(?:add|mod)|adduser|rabbitmqctl|zip|unzip|7z|smbclient|sqlcmd)\w*[ \t\\]/;

function secretByName(word: string): Span[] {
  const [, name = '', sign = '', value = ''] = named.exec(word) ?? [];
  if (value === '' || harmless.test(name) || !isValue(value)) return [];
  return [{ start: name.length + sign.length, end: word.length }];
}
