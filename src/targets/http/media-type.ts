export type MediaType = { type: string; parameters: ReadonlyMap<string, string> };

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const whole = new RegExp(
  `^(${token}/${token})((?:[ \\t]*;[ \\t]*${token}=(?:${token}|"[^"\\\\]*"))*)[ \\t]*;?[ \\t]*$`,
);
const parameter = new RegExp(`(${token})=(?:(${token})|"([^"\\\\]*)")`, 'g');

/** A media type (RFC 9110, 8.3.1), in lower case; undefined where it is none, or says something twice. */
export function readMediaType(text: string): MediaType | undefined {
  const [, type, rest = ''] = whole.exec(text) ?? [];
  if (type === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = '', plain, quoted] of rest.matchAll(parameter)) {
    if (parameters.has(name.toLowerCase())) return undefined;
    parameters.set(name.toLowerCase(), plain ?? quoted ?? '');
  }
  return { type: type.toLowerCase(), parameters };
}

/** Whether a type is one of those, in which `text/*` and `application/*+json` stand for many. */
export function isAmong(type: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const [before = '', after] = pattern.split('*');
    if (after === undefined) return type === pattern;
    return type.length > before.length + after.length && type.startsWith(before) && type.endsWith(after);
  });
}

/** Whether its bytes are UTF-8, as far as the type says. */
export function isUtf8({ parameters }: MediaType): boolean {
  return /^(utf-?8|us-ascii)$/i.test(parameters.get('charset') ?? 'utf-8');
}

export const isJson = (type: string) => isAmong(type, ['application/json', 'application/*+json']);
export const isEvents = (type: string) => type === 'text/event-stream';
export const isJsonLines = (type: string) =>
  isAmong(type, ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines']);
