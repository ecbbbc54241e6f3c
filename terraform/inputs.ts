/** A declared input or output. */
export type Block = { name: string; body: string };

/** A field of an input that is an object. `type` and `initial` (its default) are as they stand in the file. */
export type Field = { path: string; type: string; initial: string | undefined; says: string };

export function blocks(text: string, kind: 'variable' | 'output'): Block[] {
  const found = text.matchAll(new RegExp(`^${kind} "(\\w+)" \\{\\n([\\s\\S]*?)\\n\\}`, 'gm'));
  return [...found].map(([, name = '', body = '']) => ({ name, body }));
}

export const descriptionOf = ({ body }: Block) => /^ {2}description = "(.*)"$/m.exec(body)?.[1] ?? '';

/** An object's fields have a table of their own. */
export function typeOf({ body }: Block): string {
  const written = /^ {2}type\s+= (.*)$/m.exec(body)?.[1] ?? '';
  if (!written.endsWith('object({')) return written;
  return { list: 'list of objects', map: 'objects by name' }[written.slice(0, -'(object({'.length)] ?? 'object';
}

export function defaultOf({ body }: Block): string | undefined {
  return /^ {2}default\s+= (.*)$/m.exec(body)?.[1];
}

const opening = /^(\w+)\s*= (?:optional\()?((?:map|list)\()?object\(\{$/;
const closing = /^\}\)\)*(?:, (.*?))?\)*,?$/;
const field = /^(\w+)\s*= (?:optional\((.*)\)|(.*))$/;

/** Fields of an object type, nested ones too, each with the comment above it. Throws where one has none. */
export function fieldsOf({ name, body }: Block): Field[] {
  const type = /^ {2}type\s+= .*object\(\{\n([\s\S]*?)\n {2}\}\)/m.exec(body)?.[1];
  if (type === undefined) return [];
  const fields: Field[] = [];
  const within = [name];
  let says = '';
  for (const line of type.split('\n').map((text) => text.trim())) {
    const [, inner, many] = opening.exec(line) ?? [];
    const [, plain, optional, required] = field.exec(line) ?? [];
    if (line.startsWith('# ')) says = `${says} ${line.slice(2)}`.trim();
    else if (inner !== undefined) {
      const kind = many === undefined ? 'object' : many === 'map(' ? 'objects by name' : 'list of objects';
      add([...within, inner].join('.'), kind, line.includes('optional(') ? 'none' : undefined);
      within.push(inner);
    } else if (closing.test(line)) within.pop();
    else if (plain !== undefined) {
      const [kind, initial] = optional === undefined ? [required ?? '', undefined] : split(optional);
      add([...within, plain].join('.'), kind, initial);
    }
  }
  return fields;

  function add(path: string, kind: string, initial: string | undefined) {
    if (says === '') throw new Error(`${path} says nowhere what it is.`);
    fields.push({ path, type: kind, initial, says });
    says = '';
  }
}

/** `list(string), []` → type and default; a default that is not said is none. */
function split(optional: string): [string, string] {
  let depth = 0;
  for (const [place, character] of [...optional].entries()) {
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) return [optional.slice(0, place), optional.slice(place + 2)];
  }
  return [optional, 'none'];
}
