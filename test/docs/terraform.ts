import { at, type Check } from './fault.ts';
import type { Block } from './markdown.ts';
import type { Repository } from './repository.ts';

/** The module, as its files declare it. */
export type Module = {
  inputs: ReadonlyMap<string, ReadonlySet<string>>;
  outputs: ReadonlySet<string>;
  resources: ReadonlySet<string>;
};

export function readModule({ files, read }: Repository): Module {
  const code = [...files]
    .filter((path) => /^terraform\/\w+\.tf$/.test(path))
    .map(read)
    .join('\n');
  const declared = (kind: string) => [
    ...code.matchAll(new RegExp(`^${kind} "(\\w+)"(?: "(\\w+)")? \\{\\n([\\s\\S]*?)\\n\\}`, 'gm')),
  ];
  return {
    inputs: new Map(declared('variable').map(([, name = '', , body = '']) => [name, fieldsOf(body)])),
    outputs: new Set(declared('output').map(([, name = '']) => name)),
    resources: new Set([
      ...declared('resource').map(([, type, name]) => `${type}.${name}`),
      ...declared('data').map(([, type, name]) => `data.${type}.${name}`),
    ]),
  };
}

/** The fields of an input that is an object, however deep. */
function fieldsOf(body: string): Set<string> {
  const [, type = ''] = /^ {2}type\s*= ([\s\S]*?)\n {2}\w/m.exec(body) ?? [];
  return new Set([...type.matchAll(/^ +(\w+)\s*=/gm)].map(([, name = '']) => name));
}

const RESOURCE = /\b(?:module\.sallyport\.)?((?:data\.)?google_\w+\.\w+)/g;

/** Every resource, input and output of the module that a document names is declared; a block that calls it gives it what it takes. */
export function terraformExists(module: Module): Check {
  return (document) => {
    const texts = [
      { text: document.prose, line: 1 },
      ...document.blocks.map(({ code, line }) => ({ text: code, line })),
    ];
    const named = texts.flatMap(({ text, line }) =>
      [...text.matchAll(RESOURCE)]
        .filter(([, address = '']) => !module.resources.has(address))
        .map(({ 1: address, index }) =>
          at(document, line + text.slice(0, index).split('\n').length - 1, `Terraform makes no ${address}`),
        ),
    );
    const calls = document.blocks
      .filter(({ lang }) => lang === 'hcl')
      .flatMap((block) => callFaults(module, block).map((what) => at(document, block.line, what)));
    const isOfModule = document.path.startsWith('terraform/') || document.blocks.some(({ lang }) => lang === 'hcl');
    const spans = isOfModule ? document.spans : [];
    const fields = spans.flatMap(({ text, line }) => {
      const [, input = '', field = ''] = /^(?:var\.)?(\w+)\.(\w+)(?: = .*)?$/.exec(text) ?? [];
      const there = text.endsWith('.json') ? undefined : module.inputs.get(input);
      return there === undefined || there.size === 0 || there.has(field)
        ? []
        : [at(document, line, `the input ${input} has no ${field}`)];
    });
    const inputs = spans
      .map(({ text, line }) => ({ line, name: /^var\.(\w+)/.exec(text)?.[1] ?? '' }))
      .filter(({ name }) => name !== '' && !module.inputs.has(name))
      .map(({ name, line }) => at(document, line, `there is no input ${name}`));
    return [...named, ...calls, ...fields, ...inputs];
  };
}

/** Of a module, how it is told where it comes from; of any block, what is said to Terraform itself. */
const ofTerraform = ['source', 'version', 'providers', 'depends_on', 'count', 'for_each'];

function callFaults({ inputs }: Module, { code }: Block): string[] {
  return entriesOf(code).flatMap(({ path, name }) => {
    const [block, input] = path;
    if (block !== 'module') return [];
    if (input === undefined)
      return inputs.has(name) || ofTerraform.includes(name) ? [] : [`the module takes no ${name}`];
    const fields = inputs.get(input) ?? new Set();
    return fields.size === 0 || fields.has(name) || path.length > 2 ? [] : [`the input ${input} takes no ${name}`];
  });
}

/** Each `name =` with the names that it stands within. */
function entriesOf(code: string): { path: readonly string[]; name: string }[] {
  const bare = code.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll(/(#|\/\/).*$/gm, '');
  const found: { path: readonly string[]; name: string }[] = [];
  const open: string[] = [];
  let name = '';
  for (const [sign, , named] of bare.matchAll(/(\w+)\s*=(?!=)|(\w+)(?=[^\n{}=]*\{)|[{}]/g)) {
    const [, assigned] = /^(\w+)\s*=$/.exec(sign) ?? [];
    if (sign === '{') open.push(name);
    else if (sign === '}') open.pop();
    else if (assigned !== undefined) found.push({ path: [...open], name: assigned });
    if (sign !== '{' && sign !== '}') name = assigned ?? named ?? name;
  }
  return found;
}
