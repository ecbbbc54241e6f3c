import type { DetectedClass, Span } from './classes.ts';

/**
 * Keys and tokens by how their issuers mark them. Each expression starts where no token goes on (the look-behind)
 * with a fixed mark, and repeats one class of characters only: so no text makes any of them slow.
 */
const marked: readonly [DetectedClass, RegExp][] = [
  ['JSON_WEB_TOKEN', /(?<![\w-])eyJ[\w-]{10,}\.[\w-]{4,}(?:\.[\w-]*){1,3}/g],
  ['GCP_API_KEY', /(?<![\w-])AIza[\w-]{35}(?![\w-])/g],
  ['AWS_CREDENTIALS', /(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])/g],
  ['AUTH_TOKEN', /(?<![\w-])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{36,})/g],
  [
    'AUTH_TOKEN',
    /(?<![\w-])(?:xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{20,}|ya29\.[\w.-]{20,}|[rs]k_(?:live|test)_\w{16,})/g,
  ],
  ['AUTH_TOKEN', /(?<![\w-])sk-(?=[\w-]*\d)[\w-]{20,}/g],
  ['AUTH_TOKEN', /(?<=(?<![\w-])bearer[ \t]{1,4})(?=[a-z._~+/=-]*\d)[\w.~+/=-]{20,}/gi],
];

/** AWS secrets have no mark: 40 letters of base64 that are no digest in hex. */
const awsSecret = /(?<![A-Za-z0-9/+])(?![0-9a-f]{40}(?![A-Za-z0-9/+=]))[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;
const awsContext = /(?<![a-z])aws|secret_?access_?key/i;

/** Where something stands that would be a secret if its line spoke of AWS; -1 where nothing does. */
export function mayBecomeAwsSecret(line: string): number {
  return line.search(awsSecret);
}

/** Without one of these there is no secret: one look instead of ten. */
const anyMark =
  /eyJ|AIza|A[KS]IA|gh[pousr]_|github_pat_|glpat-|npm_|xox|xapp-|ya29\.|[rs]k_|sk-|bearer|-----BEGIN|private_key|aws|secret/i;

export function findSecrets(text: string, found: Span[]) {
  if (!anyMark.test(text)) return;
  for (const [name, expression] of marked) findAll(name, expression, text, found);
  if (awsContext.test(text) || /A[KS]IA[A-Z0-9]{16}/.test(text)) findAll('AWS_CREDENTIALS', awsSecret, text, found);
  findPrivateKeys(text, found);
  findServiceAccountKeys(text, found);
}

function findAll(name: DetectedClass, expression: RegExp, text: string, found: Span[]) {
  for (const { index, 0: match } of text.matchAll(expression))
    found.push({ class: name, start: index, end: index + match.length });
}

/** PEM (RFC 7468), OpenSSH and PGP. One that was cut off is a key to the end of the text. */
function findPrivateKeys(text: string, found: Span[]) {
  const opening = '-----BEGIN ';
  for (let start = text.indexOf(opening); start !== -1; start = text.indexOf(opening, start + 1)) {
    if (!/^[A-Z0-9 ]{0,30}PRIVATE KEY/.test(text.slice(start + opening.length, start + 60))) continue;
    const closing = text.indexOf('-----END ', start);
    const end = closing === -1 ? text.length : endOfLine(text, closing + '-----END '.length);
    found.push({ class: 'ENCRYPTION_KEY', start, end });
    start = end;
  }
}

function endOfLine(text: string, from: number): number {
  const dashes = text.indexOf('-----', from);
  return dashes === -1 ? text.length : dashes + '-----'.length;
}

/** The key file of a service account, as JSON, also within a string of JSON. */
function findServiceAccountKeys(text: string, found: Span[]) {
  const type = text.indexOf('service_account');
  const key = text.indexOf('private_key');
  if (type === -1 || key === -1) return;
  const start = text.lastIndexOf('{', Math.min(type, key));
  const end = text.indexOf('}', Math.max(type, key));
  if (start !== -1) found.push({ class: 'GCP_CREDENTIALS', start, end: end === -1 ? text.length : end + 1 });
}
