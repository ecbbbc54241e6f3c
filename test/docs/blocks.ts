import { parseSync } from 'oxc-parser';
import { z } from 'zod';
import { simulateSchema } from '../../src/console/simulations.ts';
import { issuersSchema } from '../../src/identity/identity.ts';
import { documentKinds, documentSchemas, type TargetKind, targetKinds } from '../../src/model/documents.ts';
import { readYaml, whyUnusable } from '../../src/policy/policy.ts';
import { createTargets } from '../../src/targets/targets.ts';
import { at, type Check } from './fault.ts';
import type { Block } from './markdown.ts';
import { isShell } from './shell.ts';
import { callsIn } from './terraform.ts';

/** Languages that no check of ours reads; `''` is output, or a file of another program. */
const notRead = ['', 'mermaid', 'sql', 'python', 'go', 'text', 'console', 'http', 'dockerfile', 'ini', 'xml', 'diff'];
const read = ['yaml', 'json', 'hcl', 'js', 'ts'];

const targets = createTargets({
  allowPlaintext: false,
  allowLoopback: false,
  dialInstance: () => Promise.reject(new Error()),
  alarm: () => {},
});
const settings = new Map<TargetKind, z.ZodType>();
for (const kind of targetKinds) settings.set(kind, (await targets.of({ document: { kind } } as never)).settings);
const settingsOf = (kind: TargetKind): z.ZodType => settings.get(kind) ?? z.never();

type Recognised = { kind: string; error?: string | undefined };

/** What a text is and, where it is not right, what the product's own schema says of it. Undefined where it is nothing of the product's. */
function recognise(text: string, info = ''): Recognised | undefined {
  const value = readYaml(text);
  const [, target] = /^settings of (\w+)$/.exec(info) ?? [];
  if (isTarget(target)) return { kind: `settings of ${target}`, error: errorOf(settingsOf(target), value) };
  if (Array.isArray(value)) return { kind: 'issuers', error: errorOf(issuersSchema, value) };
  if (typeof value !== 'object' || value === null) return undefined;
  const has = (...names: string[]) => names.every((name) => Object.hasOwn(value, name));
  if (has('settings'))
    return { kind: 'connection', error: errorOf(documentSchemas.connections, value) ?? settingsError(value) };
  if (has('principals'))
    return { kind: 'policy', error: errorOf(documentSchemas.policies, value) ?? whyUnusable('policies', { ...value }) };
  if (has('members')) return { kind: 'group', error: errorOf(documentSchemas.groups, value) };
  if (has('member')) return { kind: 'agent', error: errorOf(documentSchemas.agents, value) };
  if (has('documents')) return { kind: 'simulation', error: errorOf(simulateSchema, value) };
  if (Object.values(value).every((columns) => typeof columns === 'object'))
    return { kind: 'classification', error: errorOf(documentSchemas.classifications, value) };
  return undefined;
}

const isTarget = (name: unknown): name is TargetKind => targetKinds.some((kind) => kind === name);

function settingsError(connection: object): string | undefined {
  const document = documentSchemas.connections.parse(connection);
  return errorOf(settingsOf(document.kind), document.settings);
}

function errorOf(schema: z.ZodType, value: unknown): string | undefined {
  const { error } = schema.safeParse(value);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** The texts of a block: YAML may hold several, parted by `---`. */
const textsOf = ({ lang, code }: Block) => (lang === 'yaml' ? code.split(/^---$/m) : [code]);

/** What each block of a document was taken for, such as `connection`; a fault where it is that and not right, or cannot be told. */
export function judge(block: Block): Recognised[] {
  if (isShell(block.lang) || notRead.includes(block.lang)) return [];
  if (block.lang === 'hcl') return callsIn(block.code).flatMap(inputsOf);
  if (!read.includes(block.lang)) return [{ kind: 'unknown', error: `nobody here reads ${block.lang}` }];
  if (block.lang === 'js' || block.lang === 'ts') return [programOf(block)];
  return textsOf(block).map((text) => {
    try {
      const otherwise = text.includes('…')
        ? { kind: 'excerpt' }
        : { kind: 'unknown', error: 'no document of the product, and no excerpt (…)' };
      return recognise(text, block.info) ?? otherwise;
    } catch (error) {
      return { kind: 'unreadable', error: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** The documents and issuers that the module is given. */
function inputsOf(call: Record<string, unknown>): Recognised[] {
  const issuers =
    call['issuers'] === undefined ? [] : [{ kind: 'issuers', error: errorOf(issuersSchema, call['issuers']) }];
  const documents = documentKinds.flatMap((kind) =>
    Object.entries(Object(call[kind])).map(([name, document]) => {
      const error =
        errorOf(documentSchemas[kind], document) ??
        (kind === 'connections' ? settingsError(Object(document)) : undefined);
      return { kind: `input of ${kind}`, error: error && `${name}: ${error}` };
    }),
  );
  return [...issuers, ...documents];
}

function programOf({ lang, code }: Block): Recognised {
  const { errors } = parseSync(`block.${lang}`, code.replaceAll('…', ''));
  return { kind: 'program', error: errors[0]?.message };
}

/** Every block in a language that we read is what it seems to be, by the product's own schemas. */
export const blocksAreRight: Check = (document) =>
  document.blocks.flatMap((block) =>
    judge(block)
      .filter(({ error }) => error !== undefined)
      .map(({ kind, error }) => at(document, block.line, `this ${kind} is refused: ${error}`)),
  );
