/** HCL as far as documentation writes it: attributes, blocks, objects and lists. What is computed is the text `example`. */
export type Body = { attributes: Record<string, unknown>; blocks: { type: string; labels: string[]; body: Body }[] };

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_][\w-]*(?:\.[\w*-]+)*|[{}[\]()=:,?\n]|[^\s]/g;

/** A string with what Terraform would put into it replaced, so that it keeps the form of an address or a name. */
const textOf = (quoted: string) =>
  quoted
    .slice(1, -1)
    .replaceAll(/\$\{[^}]*region[^}]*\}/g, 'europe-west1')
    .replaceAll(/\$\{[^}]*\}/g, 'example')
    .replaceAll('\\"', '"');

export function readHcl(code: string): Body {
  const bare = code.replaceAll(
    /("(?:[^"\\\n]|\\.)*")|(?:#|\/\/).*$/gm,
    (_, quoted: string | undefined) => quoted ?? '',
  );
  const tokens = bare.match(TOKEN) ?? [];
  let at = 0;
  const skip = (...signs: string[]) => {
    while (signs.includes(tokens[at] ?? '')) at += 1;
  };

  function body(end: string | undefined): Body {
    const read: Body = { attributes: {}, blocks: [] };
    for (skip('\n', ','); at < tokens.length && tokens[at] !== end; skip('\n', ',')) {
      const name = nameOf(tokens[at++] ?? '');
      const labels: string[] = [];
      while (tokens[at]?.startsWith('"')) labels.push(nameOf(tokens[at++] ?? ''));
      const sign = tokens[at++];
      if (sign === '{') read.blocks.push({ type: name, labels, body: body('}') });
      else read.attributes[name] = value();
    }
    at += 1;
    return read;
  }

  function value(): unknown {
    const token = tokens[at++] ?? '';
    if (token === '{') return body('}').attributes;
    if (token === '[') return list();
    const next = tokens[at] ?? '\n';
    if (!['\n', ',', '}', ']'].includes(next)) return computed();
    if (token.startsWith('"')) return textOf(token);
    if (/^-?\d/.test(token)) return Number(token);
    return ({ true: true, false: false, null: null } as Record<string, unknown>)[token] ?? 'example';
  }

  function list(): unknown[] {
    const items: unknown[] = [];
    for (skip('\n', ','); at < tokens.length && tokens[at] !== ']'; skip('\n', ',')) items.push(value());
    at += 1;
    return items;
  }

  /** Up to where it ends, whatever it is. */
  function computed(): string {
    for (let depth = 0; at < tokens.length; at += 1) {
      const token = tokens[at] ?? '';
      if (depth === 0 && ['\n', ',', '}', ']'].includes(token)) break;
      depth += '({['.includes(token) ? 1 : ')}]'.includes(token) ? -1 : 0;
    }
    return 'example';
  }

  return body(undefined);
}

const nameOf = (token: string) => (token.startsWith('"') ? textOf(token) : token);
