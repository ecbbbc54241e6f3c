import { at, type Check } from './fault.ts';
import { readHcl } from './hcl.ts';
import type { Block } from './markdown.ts';
import type { Repository } from './repository.ts';

/** The module, as its files declare it. */
/** `maps`: the inputs of which each value is such an object. */
export type Module = {
  maps: ReadonlySet<string>;
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
    maps: new Set(
      declared('variable')
        .filter(([, , , body = '']) => /^ {2}type\s*= map\(object\(/m.test(body))
        .map(([, name = '']) => name),
    ),
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

function callFaults(module: Module, { code }: Block): string[] {
  return callsIn(code).flatMap((call) =>
    Object.entries(call).flatMap(([name, value]) => {
      const fields = module.inputs.get(name);
      if (fields === undefined) return ofTerraform.includes(name) ? [] : [`the module takes no ${name}`];
      const objects = module.maps.has(name) ? Object.values(Object(value)) : [value].flat();
      const given = objects.filter((one) => typeof one === 'object' && one !== null).flatMap((one) => Object.keys(one));
      return fields.size === 0
        ? []
        : given.filter((field) => !fields.has(field)).map((field) => `the input ${name} takes no ${field}`);
    }),
  );
}

/** What the module is given in a block: in a call of it, or in a part of one, which is a block of attributes alone. */
export function callsIn(code: string): Record<string, unknown>[] {
  const { attributes, blocks } = readHcl(code);
  const calls = blocks.filter(({ type }) => type === 'module').map(({ body }) => body.attributes);
  return blocks.length === 0 ? [attributes] : calls;
}
